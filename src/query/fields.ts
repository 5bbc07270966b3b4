/**
 * The fields of the filter language: PAN-OS names first, our own beside them, and for each what kind of value it takes
 * and where it lies in a record. Every field of the record (model/log-record.ts) can be asked for by its own name too.
 */
import {
  type AddressField,
  ATTACKERS,
  CATEGORIES,
  DISPOSITIONS,
  FORMATS,
  OUTCOMES,
  type PortField,
  type QuantityField,
  SEVERITIES,
  type TextField,
} from '../model/log-record.ts'

/** Columns by the shape of their values. */
export type TextColumn = TextField | 'sender' | 'vendor' | 'raw'
export type NumberColumn = QuantityField | 'threatId' | 'repeatCount'
export type CodeColumn = 'format' | 'category' | 'disposition' | 'attacker' | 'outcome' | 'severity'
export type TimeColumn = 'eventTime' | 'receivedAt'

/** `lower`, `upper`: how the record writes it, so that `TCP` finds `tcp`. */
type Case = 'lower' | 'upper' | 'as-is'

export type Field = { readonly name: string; readonly aliases: readonly string[]; readonly about: string } & (
  | { readonly kind: 'address'; readonly columns: readonly AddressField[]; readonly widen: boolean }
  | { readonly kind: 'port'; readonly columns: readonly PortField[] }
  | { readonly kind: 'text'; readonly columns: readonly TextColumn[]; readonly writing: Case }
  | { readonly kind: 'number'; readonly columns: readonly NumberColumn[] }
  | {
      readonly kind: 'code'
      readonly columns: readonly CodeColumn[]
      readonly names: readonly (string | null)[]
    }
  | {
      readonly kind: 'ordinal'
      readonly columns: readonly ['severity']
      readonly names: readonly (string | null)[]
    }
  | { readonly kind: 'time'; readonly columns: readonly [TimeColumn] }
  | { readonly kind: 'flags' }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'rule-hit' }
)
export type FieldKind = Field['kind']
export type FieldOf<Kind extends FieldKind> = Extract<Field, { kind: Kind }>

function address(
  name: string,
  columns: readonly AddressField[],
  aliases: readonly string[],
  about: string,
): Field {
  return { kind: 'address', name, columns, aliases, about, widen: false }
}

function port(name: string, columns: readonly PortField[], aliases: readonly string[], about: string): Field {
  return { kind: 'port', name, columns, aliases, about }
}

function text(
  name: string,
  columns: readonly TextColumn[],
  aliases: readonly string[],
  about: string,
  writing: Case = 'as-is',
): Field {
  return { kind: 'text', name, columns, aliases, about, writing }
}

function number(name: string, column: NumberColumn, about: string): Field {
  return { kind: 'number', name, columns: [column], aliases: [column], about }
}

function code(
  name: CodeColumn,
  aliases: readonly string[],
  names: readonly (string | null)[],
  about: string,
): Field {
  return { kind: 'code', name, columns: [name], aliases, names, about }
}

export const FIELDS: readonly Field[] = [
  address(
    'addr',
    ['sourceAddress', 'destinationAddress'],
    ['ip', 'address'],
    'source or destination address',
  ),
  address('addr.src', ['sourceAddress'], ['src', 'sourceAddress'], 'source address'),
  address('addr.dst', ['destinationAddress'], ['dst', 'destinationAddress'], 'destination address'),
  address('addr.natsrc', ['natSourceAddress'], ['natsrc', 'natSourceAddress'], 'source after NAT'),
  address(
    'addr.natdst',
    ['natDestinationAddress'],
    ['natdst', 'natDestinationAddress'],
    'destination after NAT',
  ),
  address('addr.client', ['clientAddress'], ['xff', 'clientAddress'], 'forwarded-for address, never trusted'),
  {
    kind: 'address',
    name: 'src.net24',
    aliases: [],
    columns: ['sourceAddress'],
    widen: true,
    about: 'the /24 (IPv6: /48) around an address',
  },
  port('port', ['sourcePort', 'destinationPort'], [], 'source or destination port'),
  port('port.src', ['sourcePort'], ['sport', 'sourcePort'], 'source port'),
  port('port.dst', ['destinationPort'], ['dport', 'destinationPort'], 'destination port'),
  port(
    'port.natdst',
    ['natDestinationPort'],
    ['natdport', 'natDestinationPort'],
    'destination port after NAT',
  ),
  {
    kind: 'time',
    name: 'receive_time',
    aliases: ['receivedAt'],
    columns: ['receivedAt'],
    about: 'arrival here',
  },
  {
    kind: 'time',
    name: 'time_generated',
    aliases: ['eventTime'],
    columns: ['eventTime'],
    about: "the event's time",
  },
  {
    kind: 'ordinal',
    name: 'severity',
    aliases: [],
    columns: ['severity'],
    names: SEVERITIES,
    about: 'informational < low < medium < high < critical',
  },
  text('action', ['action'], [], "the firewall's own word", 'lower'),
  code('disposition', [], DISPOSITIONS, 'what the firewall did: allowed, blocked, alerted'),
  { kind: 'blocked', name: 'blocked', aliases: [], about: 'whether the source is blocked now: yes or no' },
  { kind: 'rule-hit', name: 'rule_hit', aliases: [], about: 'our rule that blocks the source now' },
  text('rule', ['rule'], ['rulename'], "the firewall's rule"),
  text('rule_uuid', ['ruleId'], ['ruleId'], "the rule's UUID or number"),
  text('app', ['application'], ['application'], 'application'),
  text('user', ['sourceUser', 'destinationUser'], [], 'source or destination user'),
  text('user.src', ['sourceUser'], ['sourceUser'], 'source user'),
  text('user.dst', ['destinationUser'], ['destinationUser'], 'destination user'),
  text('zone', ['sourceZone', 'destinationZone'], [], 'source or destination zone'),
  text('zone.src', ['sourceZone'], ['from', 'sourceZone'], 'source zone'),
  text('zone.dst', ['destinationZone'], ['to', 'destinationZone'], 'destination zone'),
  text('proto', ['protocol'], ['protocol'], 'IP protocol', 'lower'),
  text('type', ['type'], [], "the firewall's log type", 'upper'),
  text('subtype', ['subtype'], [], "the firewall's log subtype", 'lower'),
  number('threatid', 'threatId', 'number of the threat'),
  text('name-of-threatid', ['threatName'], ['threatName', 'threat_name', 'threat'], 'name of the threat'),
  text('category', ['threatCategory'], ['threatCategory', 'thr_category'], 'category of threat or URL'),
  text('direction', ['direction'], [], 'client-to-server or server-to-client', 'lower'),
  text('session_end_reason', ['sessionEndReason'], ['sessionEndReason'], 'why the session ended'),
  text('loc', ['sourceCountry', 'destinationCountry'], ['country'], 'source or destination country'),
  text('srcloc', ['sourceCountry'], ['sourceCountry'], 'source country, as the firewall says it'),
  text('dstloc', ['destinationCountry'], ['destinationCountry'], 'destination country'),
  text('device_name', ['device'], ['device'], 'the firewall'),
  text('serial', ['deviceSerial'], ['deviceSerial'], "the firewall's serial number"),
  text('relay', ['relay'], [], 'syslog server or Panorama in between'),
  text('sender', ['sender'], [], 'who sent the line to us'),
  text('vendor', ['vendor'], [], 'maker of the firewall'),
  code(
    'format',
    [],
    FORMATS.map(({ name }) => name),
    'shape of the line',
  ),
  {
    kind: 'code',
    name: 'event',
    aliases: ['eventCategory'],
    columns: ['category'],
    names: CATEGORIES,
    about: 'kind of event',
  },
  code('attacker', [], ATTACKERS, 'which side attacked'),
  code('outcome', [], OUTCOMES, 'of a login'),
  { kind: 'flags', name: 'flags', aliases: [], about: 'what is odd about the record' },
  text('sessionid', ['sessionId'], ['sessionId'], "the firewall's session"),
  text('seqno', ['sequenceNumber'], ['sequenceNumber'], "the firewall's number of the record"),
  number('repeatcnt', 'repeatCount', 'events that the line stands for'),
  number('bytes_sent', 'bytesSent', 'bytes, client to server'),
  number('bytes_received', 'bytesReceived', 'bytes, server to client'),
  number('pkts_sent', 'packetsSent', 'packets, client to server'),
  number('pkts_received', 'packetsReceived', 'packets, server to client'),
  text('edl', ['sourceEdl'], ['sourceEdl'], 'external list that matched the source'),
  text('url', ['url'], ['misc', 'filename'], 'URL or file name'),
  text('unparsed_reason', ['unparsedReason'], ['unparsedReason'], 'why the line could not be read'),
  text('raw', ['raw'], [], 'the line as it came'),
]

const BY_NAME: ReadonlyMap<string, Field> = new Map(
  FIELDS.flatMap((field) =>
    [field.name, ...field.aliases].map((name) => [name.toLowerCase(), field] as const),
  ),
)

/** The field of a name or alias, in any case; null when there is none. */
export function fieldNamed(name: string): Field | null {
  return BY_NAME.get(name.toLowerCase()) ?? null
}

/** All names that are understood, lower case. */
export const FIELD_NAMES: readonly string[] = [...BY_NAME.keys()]

export const OPERATORS = [
  'eq',
  'neq',
  'in',
  'notin',
  'geq',
  'leq',
  'gt',
  'lt',
  'contains',
  'startswith',
] as const
export type Operator = (typeof OPERATORS)[number]

const SYMBOLS: Readonly<Record<string, Operator>> = {
  '=': 'eq',
  '==': 'eq',
  '!=': 'neq',
  '>=': 'geq',
  '<=': 'leq',
  '>': 'gt',
  '<': 'lt',
}

/** The operator of a word (in any case) or sign; null when it is none. */
export function operatorNamed(word: string): Operator | null {
  const lower = word.toLowerCase()
  return OPERATORS.find((operator) => operator === lower) ?? SYMBOLS[lower] ?? null
}

const EQUALITY = ['eq', 'neq', 'in', 'notin'] as const
const ORDER = ['geq', 'leq', 'gt', 'lt'] as const

/** What can be asked of each kind of field. */
export const OPERATORS_OF: Readonly<Record<FieldKind, readonly Operator[]>> = {
  address: EQUALITY,
  port: [...EQUALITY, ...ORDER],
  text: [...EQUALITY, 'contains', 'startswith'],
  number: [...EQUALITY, ...ORDER],
  code: EQUALITY,
  ordinal: [...EQUALITY, ...ORDER],
  time: ['in', 'notin', 'eq', ...ORDER],
  flags: [...EQUALITY, 'contains'],
  blocked: ['eq', 'neq'],
  'rule-hit': EQUALITY,
}

/** Texts in which a bare word is looked for; the raw line is not among them, since it is the dearest to read. */
export const SEARCHED_TEXTS: readonly TextColumn[] = [
  'device',
  'rule',
  'application',
  'threatName',
  'threatCategory',
  'sourceUser',
  'destinationUser',
  'sourceZone',
  'destinationZone',
  'sourceCountry',
  'destinationCountry',
  'action',
  'type',
  'subtype',
  'sessionEndReason',
  'url',
]
