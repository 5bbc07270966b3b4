/**
 * FortiGate's CEF (FortiOS 5.6 to 7.6, "FortiOS to CEF log field mapping guidelines"):
 *
 *   CEF:0|Fortinet|Fortigate|v7.2.8|00013|traffic:forward close|3|deviceExternalId=FG.. FTNTFGTeventtime=.. cat=traffic:forward ..
 *
 * The keys: cef-fortigate-keys.ts.
 * Meaning as in fortigate-kv.ts, whose words are used. `duser` is FortiOS's `user` (the source's), `app` its `service`,
 * `outcome` its `status`, `sproc` its `ui`, and deviceDirection 0 its `direction="incoming"`.
 */
import { ATTACKER, CATEGORY, DISPOSITION, FORMAT, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { readAddress } from '../address-bytes.ts'
import { ascii, readDecimal } from '../bytes.ts'
import { setLowerWord, setUpperWord } from '../fields.ts'
import { WordCodes } from '../key-table.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { severityOfLevel } from '../value-fields.ts'
import { FORTIGATE, R, REGISTER_TOTAL } from './cef-fortigate-keys.ts'
import { HEADER } from './cef-header.ts'
import { header, isCefOf, readCef, VENDOR } from './cef-reader.ts'
import {
  ACTIONS,
  ATTACK_SUBTYPES,
  attackerByDirection,
  DIRECTION,
  KIND,
  LEVELS,
  LOGINS,
  MAIL_SERVICES,
  OUTCOMES,
  SESSION_ENDS,
  SEVERITIES,
  SSL_TUNNELS,
  TUNNEL_UP,
  TYPES,
  VISITS,
} from './fortigate-words.ts'
import { ALL_KINDS, deviceAndTimeGroup, numberGroups, placeGroups, textGroup } from './pair-groups.ts'
import { ESCAPES, numberOf, setCommon, setEither, setValue } from './pair-record.ts'
import { Pairs, SEPARATOR } from './pair-scan.ts'
import type { ValueGroup } from './shape.ts'
import { PairShapes } from './pair-shapes.ts'

const pairs = new Pairs(REGISTER_TOTAL)
/** `deviceDirection`: FortiOS writes 1 for `outgoing`, 0 for `incoming`. */
const DIRECTIONS = new WordCodes({ 1: DIRECTION.toServer, 0: DIRECTION.toClient })
const CLIENT_TO_SERVER = ascii('client-to-server')
const SERVER_TO_CLIENT = ascii('server-to-client')

const text = (slot: number, registers: readonly number[], isUser = false): ValueGroup =>
  textGroup(pairs, ESCAPES.cef, slot, registers, isUser)
/** Registers that tell the source where no key does. */
function peerGroup(
  registers: readonly number[],
  more: readonly number[],
  read: (line: Line, into: RecordBatch, row: number) => boolean,
): ValueGroup {
  const slot = ADDRESS_SLOT.sourceAddress
  return {
    registers,
    needs: [R.source, R.source6, ...more],
    addresses: [slot],
    kinds: ALL_KINDS,
    read(line, into, row) {
      if (!pairs.has(R.source)) return read(line, into, row)
      setEither(line, into, row, pairs, slot, R.source, R.source6)
      return true
    },
  }
}

const shapes = new PairShapes(pairs, [
  ...numberGroups(pairs),
  text(TEXT_SLOT.rule, [R.policyName, R.ruleId]),
  text(TEXT_SLOT.ruleId, [R.ruleId]),
  text(TEXT_SLOT.sourceUser, [R.sourceUser, R.unknownUser], true),
  text(TEXT_SLOT.destinationUser, [R.destinationUser], true),
  text(TEXT_SLOT.application, [R.application, R.service]),
  text(TEXT_SLOT.threatCategory, [R.categoryText]),
  ...placeGroups(pairs, ESCAPES.cef),
  peerGroup([R.remote, R.remotePort], [], (line, into, row) => {
    if (!setPeer(line, into, row, ADDRESS_SLOT.sourceAddress, R.remote)) return false
    into.sourcePort[row] = portOf(line, R.remotePort)
    return true
  }),
  peerGroup([R.origin], [R.remote, R.userAddress], (line, into, row) => {
    if (pairs.has(R.remote) || pairs.has(R.userAddress)) return false
    readOrigin(line, into, row)
    return true
  }),
  deviceAndTimeGroup(pairs, ESCAPES.cef),
  {
    // `remip` and `locip` stand in with their own ports
    registers: [R.sourcePort, R.destinationPort],
    needs: [R.source, R.remote, R.destination, R.local],
    kinds: ALL_KINDS,
    read: () =>
      (pairs.has(R.source) || !pairs.has(R.remote)) && (pairs.has(R.destination) || !pairs.has(R.local)),
  },
  {
    registers: [R.sourcePort, R.destinationPort, R.service],
    needs: [R.direction, R.threatName, R.virus, R.botnet, R.eventType],
    kinds: 1 << CATEGORY.threat,
    read(line, into, row) {
      into.attacker[row] = attackerOf(line, into, row, registerOfName())
      return true
    },
  },
])

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0) {
    const kind = 1 << (into.category[row] as number)
    shapes.learn(line, into, row, FORTIGATE, SEPARATOR.blank, header.extension, kind)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  if (!readCef(line, pairs, FORTIGATE)) return 0
  setCommon(line, into, row, pairs, ESCAPES.cef)
  readPeers(line, into, row)
  readNames(line, into, row)
  const kind = readType(line, into, row)
  if (kind !== KIND.event) readDisposition(into, row, line)
  if (kind === KIND.traffic) {
    into.category[row] = CATEGORY.traffic
    if (codeOf(line, R.action, SESSION_ENDS, 0) === 1) {
      setLowerWord(into, row, TEXT_SLOT.sessionEndReason, line, startOf(R.action), endOf(R.action))
    }
  } else if (kind === KIND.event) readLogin(line, into, row)
  else if (kind === KIND.threat) readThreat(line, into, row)
  readSeverity(line, into, row)
  return -1
}

const startOf = (register: number): number => pairs.start[register] as number
const endOf = (register: number): number => pairs.end[register] as number

function codeOf(line: Line, register: number, words: WordCodes, otherwise: number): number {
  if (!pairs.has(register)) return otherwise
  return words.of(line.bytes, startOf(register), endOf(register), otherwise)
}

/** Events name their peer otherwise: `remip`, `userip`, or the address in `ui`. */
function readPeers(line: Line, into: RecordBatch, row: number): void {
  if (!pairs.has(R.source)) {
    if (setPeer(line, into, row, ADDRESS_SLOT.sourceAddress, R.remote)) {
      into.sourcePort[row] = portOf(line, R.remotePort)
    } else if (!setPeer(line, into, row, ADDRESS_SLOT.sourceAddress, R.userAddress))
      readOrigin(line, into, row)
  }
  if (!pairs.has(R.destination) && setPeer(line, into, row, ADDRESS_SLOT.destinationAddress, R.local)) {
    into.destinationPort[row] = portOf(line, R.localPort)
  }
}

function setPeer(line: Line, into: RecordBatch, row: number, slot: number, register: number): boolean {
  if (!pairs.has(register)) return false
  return readAddress(
    line.bytes,
    startOf(register),
    endOf(register),
    into.addresses,
    row * ADDRESS_STRIDE + slot,
  )
}

function portOf(line: Line, register: number): number {
  const port = numberOf(line, pairs, register)
  return port >= 0 && port <= 65_535 ? port : 0
}

/** `https(192.0.2.1)`, or the address alone. */
function readOrigin(line: Line, into: RecordBatch, row: number): void {
  if (!pairs.has(R.origin)) return
  const { bytes } = line
  let from = startOf(R.origin)
  let to = endOf(R.origin)
  if (bytes[to - 1] === 0x29) {
    to--
    let open = to - 1
    while (open > from && bytes[open] !== 0x28) open--
    from = open + 1
  }
  readAddress(bytes, from, to, into.addresses, row * ADDRESS_STRIDE + ADDRESS_SLOT.sourceAddress)
}

function readNames(line: Line, into: RecordBatch, row: number): void {
  const rule = pairs.has(R.policyName) ? R.policyName : R.ruleId
  setValue(line, into, row, TEXT_SLOT.rule, pairs, rule, ESCAPES.cef)
  if (!pairs.has(R.application)) {
    setValue(line, into, row, TEXT_SLOT.application, pairs, R.service, ESCAPES.cef)
  }
  if (!pairs.has(R.sourceUser)) {
    setValue(line, into, row, TEXT_SLOT.sourceUser, pairs, R.unknownUser, ESCAPES.cef, true)
  }
  setValue(line, into, row, TEXT_SLOT.threatCategory, pairs, R.categoryText, ESCAPES.cef)
}

/** Type and subtype from `cat` (`traffic:forward`), else from the header's name; returns the KIND. */
function readType(line: Line, into: RecordBatch, row: number): number {
  const { bytes } = line
  let from = header.start[HEADER.name] as number
  let to = from
  const nameEnd = header.end[HEADER.name] as number
  if (pairs.has(R.category)) {
    from = startOf(R.category)
    to = endOf(R.category)
  } else while (to < nameEnd && bytes[to] !== 0x20) to++
  let colon = from
  while (colon < to && bytes[colon] !== 0x3a) colon++
  setUpperWord(into, row, TEXT_SLOT.type, line, from, colon)
  if (colon + 1 < to) setLowerWord(into, row, TEXT_SLOT.subtype, line, colon + 1, to)
  else if (pairs.has(R.subtype)) {
    setLowerWord(into, row, TEXT_SLOT.subtype, line, startOf(R.subtype), endOf(R.subtype))
  }
  return TYPES.of(line.bytes, from, colon, KIND.none)
}

function readDisposition(into: RecordBatch, row: number, line: Line): void {
  const own = codeOf(line, R.action, ACTIONS, DISPOSITION.unknown)
  const byProfile = codeOf(line, R.profileAction, ACTIONS, DISPOSITION.unknown)
  into.disposition[row] = byProfile === DISPOSITION.blocked ? DISPOSITION.blocked : own
}

/** `severity` of the attack, else `crlevel` on threats, else the level, else the header's level counted from below. */
function readSeverity(line: Line, into: RecordBatch, row: number): void {
  let severity = codeOf(line, R.severity, SEVERITIES, SEVERITY.none)
  if (severity === SEVERITY.none && into.category[row] === CATEGORY.threat) {
    severity = codeOf(line, R.crLevel, SEVERITIES, SEVERITY.none)
  }
  if (severity === SEVERITY.none) {
    const reversed = readDecimal(
      line.bytes,
      header.start[HEADER.severity] as number,
      header.end[HEADER.severity] as number,
    )
    severity = severityOfLevel(codeOf(line, R.level, LEVELS, Number.isNaN(reversed) ? -1 : 8 - reversed))
  }
  into.severity[row] = severity
}

/** What names the threat. */
function registerOfName(): number {
  return pairs.has(R.threatName) ? R.threatName : pairs.has(R.virus) ? R.virus : R.botnet
}

function readThreat(line: Line, into: RecordBatch, row: number): void {
  const name = registerOfName()
  const id = numberOf(line, pairs, pairs.has(R.threatId) ? R.threatId : R.virusId)
  if (id > 0) into.threatId[row] = id
  const at = row * TEXT_STRIDE + TEXT_SLOT.subtype
  const subtypeStart = into.text[at] as number
  const isAttackLog = ATTACK_SUBTYPES.of(line.bytes, subtypeStart, into.text[at + 1] as number, 0) === 1
  readDirection(line, into, row)
  if (!isAttackLog || (!pairs.has(name) && !(id > 0))) return
  into.category[row] = CATEGORY.threat
  setValue(line, into, row, TEXT_SLOT.threatName, pairs, name, ESCAPES.cef)
  if (into.disposition[row] === DISPOSITION.allowed) into.disposition[row] = DISPOSITION.alerted
  into.attacker[row] = attackerOf(line, into, row, name)
}

/** As fortigate-kv.ts. */
function attackerOf(line: Line, into: RecordBatch, row: number, name: number): number {
  if (name === R.botnet) return ATTACKER.none
  if (codeOf(line, R.eventType, VISITS, 0) === 1 || codeOf(line, R.threatName, VISITS, 0) === 1) {
    return ATTACKER.none
  }
  if (name === R.virus && codeOf(line, R.service, MAIL_SERVICES, 0) === 1) return ATTACKER.none
  return attackerByDirection(
    codeOf(line, R.direction, DIRECTIONS, DIRECTION.none),
    into.sourcePort[row] as number,
    into.destinationPort[row] as number,
    name === R.threatName,
  )
}

function readDirection(line: Line, into: RecordBatch, row: number): void {
  const direction = codeOf(line, R.direction, DIRECTIONS, DIRECTION.none)
  if (direction === DIRECTION.none) return
  const word = direction === DIRECTION.toServer ? CLIENT_TO_SERVER : SERVER_TO_CLIENT
  into.setDecodedText(row, TEXT_SLOT.direction, word)
  line.refresh()
}

function readLogin(line: Line, into: RecordBatch, row: number): void {
  let outcome = codeOf(line, R.action, LOGINS, -1)
  if (outcome < 0) {
    const isTunnel =
      codeOf(line, R.action, TUNNEL_UP, 0) === 1 && codeOf(line, R.tunnelType, SSL_TUNNELS, 0) === 1
    if (!isTunnel) return
    outcome = OUTCOME.success
  }
  into.category[row] = CATEGORY.login
  if (outcome === OUTCOME.none) outcome = codeOf(line, R.outcome, OUTCOMES, OUTCOME.none)
  into.outcome[row] = outcome
}

export const fortigateCef: LineFormat = {
  code: FORMAT.fortigateCef,
  name: 'fortigate-cef',
  reasons: ['fortigate-cef: the header has fewer than 7 fields'],
  recognise: (line) => isCefOf(line, VENDOR.fortinet),
  read,
}
