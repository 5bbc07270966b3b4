/**
 * A record as a line in the column order of PAN-OS's CSV logs (PAN-OS 10.1 and later, docs.paloaltonetworks.com, "Syslog
 * Field Descriptions"), for tools that read those: TRAFFIC and THREAT, each in its own order, without a head line, as the
 * firewall sends them. What the record does not have is an empty column, also of a record of another vendor; of other
 * PAN-OS types only the columns that all types share are filled. Times are UTC. Text that a spreadsheet would execute gets
 * a `'` in front, and is quoted where it has more than letters, digits and a few signs.
 */
import { safeCellText } from '../lib/csv.ts'

type Value = string | number | readonly string[] | null
type Fields = { readonly [name: string]: Value | undefined }

/** Columns behind time and type, by number, that both orders share. */
const SHARED: Readonly<Record<number, string>> = {
  7: 'sourceAddress',
  8: 'destinationAddress',
  9: 'natSourceAddress',
  10: 'natDestinationAddress',
  11: 'rule',
  12: 'sourceUser',
  13: 'destinationUser',
  14: 'application',
  16: 'sourceZone',
  17: 'destinationZone',
  22: 'sessionId',
  23: 'repeatCount',
  24: 'sourcePort',
  25: 'destinationPort',
  27: 'natDestinationPort',
  29: 'protocol',
  30: 'action',
}
const TRAFFIC: Readonly<Record<number, string>> = {
  ...SHARED,
  32: 'bytesSent',
  33: 'bytesReceived',
  39: 'sequenceNumber',
  41: 'sourceCountry',
  42: 'destinationCountry',
  44: 'packetsSent',
  45: 'packetsReceived',
  46: 'sessionEndReason',
  52: 'device',
  65: 'ruleId',
  75: 'clientAddress',
  95: 'sourceEdl',
}
const THREAT: Readonly<Record<number, string>> = {
  ...SHARED,
  31: 'url',
  34: 'severity',
  35: 'direction',
  36: 'sequenceNumber',
  38: 'sourceCountry',
  39: 'destinationCountry',
  59: 'device',
  69: 'threatCategory',
  76: 'ruleId',
  79: 'clientAddress',
  99: 'sourceEdl',
}
const TRAFFIC_BYTES = 31
const TRAFFIC_TIME = 102
const THREAT_ID = 32
const THREAT_TIME = 107

/** Fields of a record that a row is made of. */
export const PALOALTO_CSV_FIELDS: readonly string[] = [
  ...new Set([
    'receivedAt',
    'eventTime',
    'format',
    'deviceSerial',
    'type',
    'subtype',
    'threatId',
    'threatName',
    ...Object.values(TRAFFIC),
    ...Object.values(THREAT),
  ]),
]

/** One line with its line end. */
export function paloaltoCsvRow(record: Fields): string {
  const type = typeOf(record)
  const isThreat = type === 'THREAT'
  const columns: Value[] = ['', timeOf(record['receivedAt']), record['deviceSerial'] ?? null, type]
  columns[4] = record['subtype'] ?? null
  columns[6] = timeOf(record['eventTime'])
  if (isThreat || type === 'TRAFFIC') {
    for (const [column, name] of Object.entries(isThreat ? THREAT : TRAFFIC))
      columns[Number(column)] = record[name] ?? null
    const { bytesSent, bytesReceived } = record
    if (isThreat) columns[THREAT_ID] = threatOf(record)
    else if (typeof bytesSent === 'number' && typeof bytesReceived === 'number')
      columns[TRAFFIC_BYTES] = bytesSent + bytesReceived
    columns[isThreat ? THREAT_TIME : TRAFFIC_TIME] = record['eventTime'] ?? null
  }
  return `${Array.from(columns, cellOf).join(',')}\r\n`
}

/** Of another vendor's record the order that its fields ask for. */
function typeOf({ format, type, severity, threatId, threatName }: Fields): string {
  if (typeof format === 'string' && format.startsWith('paloalto-'))
    return typeof type === 'string' ? type : ''
  return severity == null && threatId == null && threatName == null ? 'TRAFFIC' : 'THREAT'
}

/** `Name(12345)`. */
function threatOf({ threatId, threatName }: Fields): string | null {
  if (threatId == null) return typeof threatName === 'string' ? threatName : null
  return `${typeof threatName === 'string' ? threatName : ''}(${String(threatId)})`
}

/** `2026/11/22 08:30:00`, UTC. */
function timeOf(iso: Value | undefined): string | null {
  return typeof iso === 'string' ? iso.slice(0, 19).replaceAll('-', '/').replace('T', ' ') : null
}

function cellOf(value: Value | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = safeCellText(typeof value === 'string' ? value : value.join(' '))
  return /^[\p{L}\p{N} ._:/()-]*$/u.test(text) ? text : `"${text.replaceAll('"', '""')}"`
}
