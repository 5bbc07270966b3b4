/**
 * Check Point's CEF (Log Exporter of R80 and later):
 *
 *   CEF:0|Check Point|VPN-1 & FireWall-1|Check Point|Log|https|Unknown|act=Accept rt=1593013776000 spt=.. cs2Label=Rule Name cs2=.. origin=..
 *
 * Keys come more than once where several layers matched; the first layer is kept. `origin` is the gateway.
 *
 *   type      TRAFFIC, THREAT, LOGIN or LOG by blade (`product`) and action; subtype is the blade
 *   severity  `cp_severity`, else the header's (Low, Medium, High, Very-High)
 *   threats   logs of the blades that look for attacks; the source attacks, but where the blade tells of what a client
 *             fetched (Anti-Virus, Threat Emulation, Zero Phishing) nobody is named
 */
import { ATTACKER, CATEGORY, DISPOSITION, FORMAT, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import { type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { ascii } from '../bytes.ts'
import { setLowerWord, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { WordTable } from '../word-table.ts'
import { STANDARD_KEYS, setActionMeaning, severityOfHeader } from './cef.ts'
import { HEADER } from './cef-header.ts'
import { header, isCefOf, readCef, VENDOR } from './cef-reader.ts'
import { severityOfText } from './event-words.ts'
import { commonGroups } from './pair-groups.ts'
import { ESCAPES, setCommon } from './pair-record.ts'
import { keyTable, labelTable, REGISTER, REGISTER_COUNT } from './pair-registers.ts'
import { type PairKeys, Pairs, SEPARATOR } from './pair-scan.ts'
import { PairShapes } from './pair-shapes.ts'

const R = REGISTER

const CHECKPOINT: PairKeys = {
  keys: keyTable(REGISTER, {
    ...STANDARD_KEYS,
    origin: 'device',
    dvchost: 'device+1',
    suser: 'sourceUser',
    duser: 'destinationUser',
    user: 'sourceUser',
    src_user_name: 'sourceUser',
    inzone: 'sourceZone*',
    outzone: 'destinationZone*',
    out: 'sent',
    in: 'received',
    service_id: 'application*',
    app: 'application+1',
    appi_name: 'application+2',
    rule_name: 'rule*',
    rule_uid: 'ruleId*',
    request: 'url+1',
    resource: 'url',
    product: 'product',
    cp_severity: 'severity',
    severity: 'severity',
    proxy_src_ip: 'client',
    protection_name: 'threatName',
    malware_family: 'threatCategory',
    protection_type: 'threatCategory',
    src_country: 'sourceCountry',
    dst_country: 'destinationCountry',
  }),
  labels: labelTable(REGISTER, {
    'Rule Name': 'rule',
    'Threat Prevention Rule Name': 'rule',
    'Application Rule Name': 'rule',
    'Threat Prevention Rule ID': 'ruleId',
    'Application Name': 'application',
    'Protection Name': 'threatName',
    'Protection Type': 'threatCategory',
    'Source IPv6 Address': 'source6',
    'Destination IPv6 Address': 'destination6',
    'Virus Name': 'threatName',
    'Malware Name': 'threatName',
  }),
  repeatsCustomKeys: true,
}

const BLADE = { firewall: 0, attack: 1, fetched: 2 } as const
const BLADES = new WordTable({
  smartdefense: BLADE.attack,
  ips: BLADE.attack,
  'ddos protector': BLADE.attack,
  'anti-bot': BLADE.attack,
  'anti bot': BLADE.attack,
  'anti malware': BLADE.fetched,
  'anti-malware': BLADE.fetched,
  'anti-virus': BLADE.fetched,
  'anti virus': BLADE.fetched,
  'new anti virus': BLADE.fetched,
  'anti-exploit': BLADE.fetched,
  'threat emulation': BLADE.fetched,
  'threat extraction': BLADE.fetched,
  'zero phishing': BLADE.fetched,
})
const LOGINS = new WordTable({
  'log in': OUTCOME.success,
  login: OUTCOME.success,
  'failed log in': OUTCOME.failure,
  'failed login': OUTCOME.failure,
})

const TYPE = {
  traffic: ascii('TRAFFIC'),
  threat: ascii('THREAT'),
  login: ascii('LOGIN'),
  log: ascii('LOG'),
} as const
const TYPE_WORDS = [TYPE.log, TYPE.traffic, TYPE.threat, TYPE.login] as const

const pairs = new Pairs(REGISTER_COUNT)
const shapes = new PairShapes(pairs, commonGroups(pairs, ESCAPES.cef))

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0) {
    const kind = 1 << (into.category[row] as number)
    shapes.learn(line, into, row, CHECKPOINT, SEPARATOR.blank, header.extension, kind)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  if (!readCef(line, pairs, CHECKPOINT)) return 0
  setCommon(line, into, row, pairs, ESCAPES.cef)
  setActionMeaning(line, into, row)
  readMeaning(line, into, row)
  readSeverity(line, into, row)
  return -1
}

function readMeaning(line: Line, into: RecordBatch, row: number): void {
  const { bytes } = line
  const isNamed = pairs.has(R.product)
  const start = (isNamed ? pairs.start[R.product] : header.start[HEADER.product]) as number
  const end = (isNamed ? pairs.end[R.product] : header.end[HEADER.product]) as number
  setLowerWord(into, row, TEXT_SLOT.subtype, line, start, end)
  const blade = BLADES.find(bytes, line.view, start, end)
  const category = categoryOf(line, into, row, blade)
  into.category[row] = category
  into.setDecodedText(row, TEXT_SLOT.type, TYPE_WORDS[category] as Uint8Array)
  line.refresh()
  if (category === CATEGORY.other) into.disposition[row] = DISPOSITION.unknown
  else if (category === CATEGORY.threat) {
    into.attacker[row] = blade === BLADE.attack ? ATTACKER.source : ATTACKER.none
    if (into.disposition[row] === DISPOSITION.allowed) into.disposition[row] = DISPOSITION.alerted
    if (!pairs.has(R.threatName)) {
      const nameStart = header.start[HEADER.name] as number
      setText(into, row, TEXT_SLOT.threatName, line.bytes, nameStart, header.end[HEADER.name] as number)
    }
  }
}

function categoryOf(line: Line, into: RecordBatch, row: number, blade: number): number {
  if (blade === BLADE.attack || blade === BLADE.fetched) return CATEGORY.threat
  if (!pairs.has(R.action)) return CATEGORY.other
  const outcome = LOGINS.find(
    line.bytes,
    line.view,
    pairs.start[R.action] as number,
    pairs.end[R.action] as number,
  )
  if (outcome >= 0) {
    into.outcome[row] = outcome
    return CATEGORY.login
  }
  const hasSides =
    (pairs.has(R.source) || pairs.has(R.source6)) && (pairs.has(R.destination) || pairs.has(R.destination6))
  return hasSides ? CATEGORY.traffic : CATEGORY.other
}

function readSeverity(line: Line, into: RecordBatch, row: number): void {
  const own = pairs.has(R.severity)
    ? severityOfText(line, pairs.start[R.severity] as number, pairs.end[R.severity] as number)
    : SEVERITY.none
  into.severity[row] = own === SEVERITY.none ? severityOfHeader(line) : own
}

export const checkpointCef: LineFormat = {
  code: FORMAT.checkpointCef,
  name: 'checkpoint-cef',
  reasons: ['checkpoint-cef: the header has fewer than 7 fields'],
  recognise: (line) => isCefOf(line, VENDOR.checkpoint),
  read,
}
