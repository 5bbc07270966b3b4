/** The columns that the table of events can show: what each needs of a record, how it is filtered by, how wide it is. */
import type { TextKey } from '../../i18n/en.ts'

export type ColumnKind =
  | 'time'
  | 'action'
  | 'source'
  | 'address'
  | 'severity'
  | 'number'
  | 'bytes'
  | 'list'
  | 'text'

export interface Column {
  readonly field: string
  readonly label: TextKey
  /** Name in the filter language; null: it is not filtered by. */
  readonly filter: string | null
  readonly kind: ColumnKind
  readonly widthPx: number
}

function column(
  field: string,
  filter: string | null,
  kind: ColumnKind,
  widthPx: number,
): readonly [string, Column] {
  return [field, { field, label: `field.${field}` as TextKey, filter, kind, widthPx }]
}

/** In the order in which they are offered. */
export const COLUMNS: ReadonlyMap<string, Column> = new Map([
  column('receivedAt', null, 'time', 112),
  column('eventTime', null, 'time', 112),
  column('action', 'action', 'action', 98),
  column('type', 'type', 'text', 92),
  column('subtype', 'subtype', 'text', 92),
  column('sourceAddress', 'addr.src', 'source', 172),
  column('sourcePort', 'port.src', 'number', 70),
  column('sourceCountry', 'srcloc', 'text', 100),
  column('sourceUser', 'user.src', 'text', 130),
  column('sourceZone', 'zone.src', 'text', 90),
  column('destinationAddress', 'addr.dst', 'address', 130),
  column('destinationPort', 'port.dst', 'number', 56),
  column('destinationCountry', 'dstloc', 'text', 100),
  column('destinationUser', 'user.dst', 'text', 130),
  column('destinationZone', 'zone.dst', 'text', 90),
  column('protocol', 'proto', 'text', 64),
  column('application', 'app', 'text', 88),
  column('rule', 'rule', 'text', 120),
  column('severity', 'severity', 'severity', 90),
  column('threatName', 'name-of-threatid', 'text', 180),
  column('threatId', 'threatid', 'number', 78),
  column('threatCategory', 'category', 'text', 120),
  column('device', 'device_name', 'text', 98),
  column('bytes', null, 'bytes', 80),
  column('bytesSent', 'bytes_sent', 'bytes', 90),
  column('bytesReceived', 'bytes_received', 'bytes', 96),
  column('packetsSent', 'pkts_sent', 'number', 80),
  column('packetsReceived', 'pkts_received', 'number', 80),
  column('sessionEndReason', 'session_end_reason', 'text', 116),
  column('sessionId', 'sessionid', 'text', 90),
  column('direction', 'direction', 'text', 124),
  column('attacker', 'attacker', 'text', 90),
  column('outcome', 'outcome', 'text', 84),
  column('url', 'url', 'text', 220),
  column('natSourceAddress', 'addr.natsrc', 'address', 140),
  column('natDestinationAddress', 'addr.natdst', 'address', 140),
  column('natDestinationPort', 'port.natdst', 'number', 80),
  column('clientAddress', 'addr.client', 'address', 140),
  column('sourceEdl', 'edl', 'text', 120),
  column('deviceSerial', 'serial', 'text', 120),
  column('relay', 'relay', 'text', 120),
  column('sender', 'sender', 'text', 130),
  column('vendor', 'vendor', 'text', 140),
  column('format', 'format', 'text', 120),
  column('ruleId', 'rule_uuid', 'text', 140),
  column('sequenceNumber', 'seqno', 'text', 110),
  column('repeatCount', 'repeatcnt', 'number', 80),
  column('flags', 'flags', 'list', 140),
  column('unparsedReason', 'unparsed_reason', 'text', 220),
])

export const COLUMN_SETS = {
  usual: [
    'receivedAt',
    'action',
    'sourceAddress',
    'destinationAddress',
    'destinationPort',
    'application',
    'rule',
    'severity',
    'device',
  ],
  traffic: [
    'receivedAt',
    'action',
    'sourceAddress',
    'sourcePort',
    'destinationAddress',
    'destinationPort',
    'protocol',
    'application',
    'rule',
    'bytes',
    'sessionEndReason',
  ],
  threats: [
    'receivedAt',
    'action',
    'severity',
    'threatName',
    'sourceAddress',
    'destinationAddress',
    'destinationPort',
    'threatCategory',
    'url',
  ],
  people: [
    'receivedAt',
    'action',
    'sourceUser',
    'sourceAddress',
    'sourceZone',
    'destinationAddress',
    'destinationPort',
    'destinationZone',
    'rule',
  ],
  nat: [
    'receivedAt',
    'action',
    'sourceAddress',
    'natSourceAddress',
    'destinationAddress',
    'natDestinationAddress',
    'destinationPort',
    'natDestinationPort',
    'rule',
  ],
  origin: ['receivedAt', 'eventTime', 'device', 'sender', 'relay', 'format', 'type', 'subtype', 'flags'],
} as const satisfies Record<string, readonly string[]>

export type ColumnSet = keyof typeof COLUMN_SETS

/** The columns of names joined by commas; the usual ones where none is known. */
export function columnsOf(names: string | undefined): readonly Column[] {
  const known = (names ?? '').split(',').flatMap((name) => COLUMNS.get(name) ?? [])
  const fields: readonly string[] = known.length > 0 ? [] : COLUMN_SETS.usual
  return known.length > 0 ? [...new Set(known)] : fields.flatMap((name) => COLUMNS.get(name) ?? [])
}

/** What a row needs beside its columns: for its looks, for what is done with it, and for the card of a phone. */
const ALWAYS = [
  'receivedAt',
  'action',
  'disposition',
  'attacker',
  'sourceAddress',
  'destinationAddress',
  'destinationPort',
  'application',
  'rule',
  'severity',
  'sessionId',
  'device',
  'threatId',
]

/** Names of fields to ask for. */
export function fieldsFor(columns: readonly Column[]): string[] {
  const needed = columns.flatMap(({ field }) =>
    field === 'bytes' ? ['bytesSent', 'bytesReceived'] : [field],
  )
  return [...new Set([...ALWAYS, ...needed])].sort()
}
