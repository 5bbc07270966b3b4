/**
 * The fields of Check Point's logs and the grammars in which they come:
 *
 *   [action:"Drop"; flags:"400644"; ...]                       Log Exporter, syslog; `::` behind some keys
 *   [sc4s@2620 action="Drop" ...], [Fields@1.3.6.1.4.1.2620 ...]   structured data of RFC 5424 (2620 is Check Point)
 *   time=1570561225|hostname=gw|action=Drop|...                Log Exporter, generic; OPSEC LEA readers write the same
 *   12:04:05 accept 192.0.2.1 >eth0 src: ...; dst: ...;        fw log; CPLogToSyslog has the pairs alone
 *   "1" "20Dec2019" "12:04:05" "eth1" ...                      columns of an exported log
 *
 * In quotes a backslash escapes `"`, `]` and itself; a quote that nobody escaped ends a value only where a pair may end.
 * Without quotes a value ends where the next pair begins: `origin=192.0.2.1|192.0.2.2|sequencenum=1` is two pairs.
 * Keys of the layers of a policy stand once per layer; the first is the one that decided first. Sources: Check Point
 * sk122323 (Log Exporter), sk144192 (fields), R81 Logging and Monitoring; FIELD.md C.
 */
import { indexOfByte, isBlank, isDigit, QUOTE, SEMICOLON, skipBlanks, trimEnd } from '../bytes.ts'
import { KeyPlaces } from '../key-places.ts'
import { ValueSpans } from '../key-spans.ts'
import { KeyTable } from '../key-table.ts'
import { NO_REGISTER, PlaceNotes } from './shape-places.ts'

/** Our name of each field, and every name that it has in one of the forms (blanks, `_` and `-` are the same). */
const FIELDS = {
  action: ['action'],
  time: ['time'],
  origin: ['origin', 'orig'],
  originName: ['originsicname', 'origin_sic_name'],
  product: ['product', 'productname', 'product_name'],
  subproduct: ['fw_subproduct'],
  source: ['src'],
  destination: ['dst'],
  sourcePort: ['s_port', 'sport_svc'],
  service: ['service', 'svc', 'd_port'],
  serviceId: ['service_id'],
  protocol: ['proto'],
  rule: ['rule'],
  ruleName: ['rule_name'],
  ruleUid: ['rule_uid'],
  inZone: ['inzone'],
  outZone: ['outzone'],
  severity: ['severity'],
  attack: ['attack'],
  protectionName: ['protection_name'],
  protectionType: ['protection_type'],
  natSource: ['xlatesrc'],
  natDestination: ['xlatedst'],
  natPort: ['xlatedport', 'xlatedport_svc'],
  user: ['user'],
  sourceUser: ['src_user_name'],
  destinationUser: ['dst_user_name'],
  administrator: ['administrator'],
  clientAddress: ['client_ip'],
  endpointAddress: ['endpoint_ip'],
  operation: ['operation'],
  auditStatus: ['audit_status'],
  authStatus: ['auth_status'],
  info: ['additional_info'],
  subject: ['subject'],
  application: ['appi_name', 'app_name'],
  category: ['matched_category'],
  resource: ['resource'],
  bytesSent: ['client_outbound_bytes', 'sent_bytes'],
  bytesReceived: ['server_outbound_bytes', 'received_bytes'],
  packetsSent: ['client_outbound_packets'],
  packetsReceived: ['server_outbound_packets'],
  sourceCountry: ['src_country'],
  destinationCountry: ['dst_country'],
  forwardedFor: ['proxy_src_ip'],
  objectName: ['objectname'],
  objectType: ['objecttype'],
  // Known only so that a line can be recognised by them.
  other: [
    'flags',
    'ifdir',
    'i/f_dir',
    'ifname',
    'i/f_name',
    'loguid',
    'logid',
    'alert',
    'version',
    'hostname',
    'sequencenum',
    'loc',
    'uuid',
    'has_accounting',
    'filename',
    'fileid',
    'contextnum',
    'confidence_level',
  ],
} as const

type Field = keyof typeof FIELDS
const FIELD_NAMES = Object.keys(FIELDS) as Field[]
export const KEY = Object.fromEntries(FIELD_NAMES.map((name, i) => [name, i])) as Record<Field, number>
const NAMES = FIELD_NAMES.flatMap((field) => [...FIELDS[field]])
const KEY_OF = Int16Array.from(FIELD_NAMES.flatMap((field) => FIELDS[field].map(() => KEY[field])))

/** Once per layer of the policy, or known to stand twice with other values. */
const MAY_REPEAT = [
  KEY.ruleName,
  KEY.ruleUid,
  KEY.rule,
  KEY.other,
  KEY.protectionType,
  KEY.category,
  KEY.application,
  KEY.resource,
  KEY.objectName,
  KEY.objectType,
]
const MAX_KEY_BYTES = 48
/** The quote four times. */
const QUOTES = 0x22222222
const SEMICOLONS = 0x3b3b3b3b
/** Of each form, since the marks behind its keys differ. */
const listed = new KeyPlaces()
const structured = new KeyPlaces()
const piped = new KeyPlaces()
const colons = new KeyPlaces()
/** A text without quotes that ends with one of these, and with no mark behind it, was cut there. */
export const NEVER_LAST = new Uint8Array(FIELD_NAMES.length)
for (const field of [
  'source',
  'destination',
  'sourcePort',
  'service',
  'natSource',
  'natDestination',
] as const) {
  NEVER_LAST[KEY[field]] = 1
}

const table = new KeyTable(NAMES)
export const spans = new ValueSpans(table, FIELD_NAMES.length, MAY_REPEAT)
/** The values of the line in hand; none of the forms that have no shapes. */
export const notes = new PlaceNotes()
const IS_REPEATED = new Uint8Array(FIELD_NAMES.length)
for (const field of MAY_REPEAT) IS_REPEATED[field] = 1

/** Register of a value for its note: none when a value in front of it has been taken, or its field is not read. */
function registerOf(field: number): number {
  if (field < 0 || field === KEY.other || (IS_REPEATED[field] === 1 && spans.has(field))) return NO_REGISTER
  return field
}

/** The field whose name fills the range, or -1. */
export function fieldAt(bytes: Uint8Array, start: number, end: number): number {
  const index = table.indexOf(bytes, start, end)
  return index < 0 ? -1 : (KEY_OF[index] as number)
}

/** End of a key that is closed by `mark`, or -1. Keys are letters, digits, blanks and a few marks. */
export function endOfKey(bytes: Uint8Array, at: number, end: number, mark: number): number {
  const limit = Math.min(end, at + MAX_KEY_BYTES)
  for (let to = at; to < limit; to++) {
    const byte = bytes[to] as number
    if (byte === mark) return to > at ? to : -1
    const lower = byte | 0x20
    const isName = (lower >= 0x61 && lower <= 0x7a) || isDigit(byte) || byte === 0x5f || byte === 0x2d
    if (!isName && byte !== 0x20 && byte !== 0x2f && byte !== 0x2e) return -1
  }
  return -1
}

/**
 * Position of the quote that ends a value, or `end`. `isList` says that pairs are parted by `;`: then a quote with
 * anything else behind it belongs to the value.
 */
function endOfQuoted(bytes: Uint8Array, view: DataView, from: number, end: number, isList: boolean): number {
  for (let at = from; ; at++) {
    at = indexOfByte(view, at, end, QUOTES)
    if (at >= end) return end
    if (isEscaped(bytes, from, at)) continue
    const next = skipBlanks(bytes, at + 1, end)
    if (next >= end) return at
    const mark = bytes[next] as number
    if (mark === 0x5d || (isList ? mark === SEMICOLON : next > at + 1)) return at
  }
}

/** Whether an odd number of backslashes stands in front. */
function isEscaped(bytes: Uint8Array, from: number, at: number): boolean {
  let slash = at
  while (slash > from && bytes[slash - 1] === 0x5c) slash--
  return ((at - slash) & 1) === 1
}

/** A `]` that ends the list: nothing is behind it. */
function isClosing(bytes: Uint8Array, at: number, end: number): boolean {
  return bytes[at] === 0x5d && skipBlanks(bytes, at + 1, end) >= end
}

/** How a list in brackets ends: not at all, with the text, or with more text behind it. */
export const LIST = { open: 0, closed: 1, followed: 2 } as const

/** Reads `key:"value"; ...`, from behind the bracket. Returns how the list ends (LIST). */
export function findListed(bytes: Uint8Array, view: DataView, from: number, end: number): number {
  let at = from
  for (let place = 0; at < end; place++) {
    while (at < end && (isBlank(bytes[at] as number) || bytes[at] === SEMICOLON)) at++
    if (at >= end) return LIST.open
    if (bytes[at] === 0x5d) return isClosing(bytes, at, end) ? LIST.closed : LIST.followed
    let start = at + listed.match(view, at, end, place)
    spans.last = listed.target
    if (start === at) {
      start = rememberListed(bytes, view, place, at, end)
      if (start < 0) {
        // Text that is no pair: a value may have ended too early.
        spans.ambiguous = true
        while (at < end && bytes[at] !== SEMICOLON) at++
        continue
      }
    }
    const stop = endOfQuoted(bytes, view, start, end, true)
    if (stop >= end) return LIST.open // what is left of a cut value may be a wrong one
    notes.addText(start, stop, registerOf(spans.last))
    if (spans.last >= 0) spans.set(bytes, spans.last, start, stop)
    at = stop + 1
  }
  return LIST.open
}

/** Finds the key at `at` and keeps it for the next line; returns where its value begins, or -1 when there is none. */
function rememberListed(bytes: Uint8Array, view: DataView, place: number, at: number, end: number): number {
  const keyEnd = endOfKey(bytes, at, end, 0x3a)
  if (keyEnd < 0) return -1
  let quote = keyEnd + 1
  if (bytes[quote] === 0x3a) quote++
  if (quote >= end || bytes[quote] !== QUOTE) return -1
  spans.last = fieldAt(bytes, at, keyEnd)
  listed.keep(view, at, quote + 1 - at, spans.last, place)
  return quote + 1
}

/** Reads `key="value" ...`, from behind the structured data's id. Returns how it ends (LIST). */
export function findStructured(bytes: Uint8Array, view: DataView, from: number, end: number): number {
  let at = from
  for (let place = 0; ; place++) {
    at = skipBlanks(bytes, at, end)
    if (at >= end) return LIST.open
    if (bytes[at] === 0x5d) return isClosing(bytes, at, end) ? LIST.closed : LIST.followed
    let start = at + structured.match(view, at, end, place)
    let field = structured.target
    if (start === at) {
      const keyEnd = endOfKey(bytes, at, end, 0x3d)
      if (keyEnd < 0 || bytes[keyEnd + 1] !== QUOTE) return LIST.open
      field = fieldAt(bytes, at, keyEnd)
      start = keyEnd + 2
      structured.keep(view, at, start - at, field, place)
    }
    const stop = endOfQuoted(bytes, view, start, end, false)
    if (stop >= end) return LIST.open // what is left of a cut value may be a wrong one
    spans.last = field
    notes.addText(start, stop, registerOf(field))
    if (field >= 0) spans.set(bytes, field, start, stop)
    at = stop + 1
  }
}

/** Start of the value of the `key=` at `at`, -1 when none stands there; sets `pairField`. */
function pipedValue(bytes: Uint8Array, view: DataView, at: number, end: number, place: number): number {
  const length = piped.match(view, at, end, place)
  pairField = piped.target
  if (length > 0) return at + length
  const keyEnd = endOfKey(bytes, at, end, 0x3d)
  if (keyEnd < 0) return -1
  pairField = fieldAt(bytes, at, keyEnd)
  piped.keep(view, at, keyEnd + 1 - at, pairField, place)
  return keyEnd + 1
}

/** Field of the key that `pipedValue` or `colonValue` found, -1 for one that we do not read. */
let pairField = -1

/** Reads `key=value|key=value`. A piece that is no pair belongs to the value in front of it. */
export function findPiped(bytes: Uint8Array, view: DataView, from: number, end: number): void {
  let at = from
  let start = pipedValue(bytes, view, at, end, 0)
  for (let place = 1; at < end; place++) {
    const field = start < 0 ? -1 : pairField
    const isPair = start >= 0
    if (!isPair) start = at
    let stop = nextPipe(bytes, start, end)
    let next = -1
    while (stop < end - 1) {
      next = pipedValue(bytes, view, stop + 1, end, place)
      if (next >= 0) break
      stop = nextPipe(bytes, stop + 1, end)
    }
    if (isPair) {
      spans.last = field
      if (stop < end) notes.addPiped(bytes, view, start, stop, registerOf(field))
      if (field >= 0) spans.set(bytes, field, start, trimEnd(bytes, start, stop))
    }
    at = stop + 1
    start = next
  }
}

function nextPipe(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== 0x7c) at += bytes[at] === 0x5c ? 2 : 1
  return Math.min(at, end)
}

/** Behind the `key:` at `at`, -1 when none stands there; sets `pairField`. */
function colonValue(bytes: Uint8Array, view: DataView, at: number, end: number, place: number): number {
  const length = colons.match(view, at, end, place)
  pairField = colons.target
  if (length > 0) return at + length - 1
  const keyEnd = endOfColonKey(bytes, at, end)
  if (keyEnd < 0) return -1
  pairField = fieldAt(bytes, at, keyEnd)
  // with the mark behind the colon
  if (keyEnd + 1 < end) colons.keep(view, at, keyEnd + 2 - at, pairField, place)
  return keyEnd + 1
}

/** Reads `key: value; key: value;`. A piece that is no pair belongs to the value in front of it. */
export function findColons(bytes: Uint8Array, view: DataView, from: number, end: number): void {
  let at = skipBlanks(bytes, from, end)
  let start = colonValue(bytes, view, at, end, 0)
  for (let place = 1; at < end; place++) {
    const field = start < 0 ? -1 : pairField
    const isPair = start >= 0
    let stop = nextSemicolon(view, isPair ? start : at, end)
    let next = skipBlanks(bytes, stop + 1, end)
    let behind = -1
    while (next < end) {
      behind = colonValue(bytes, view, next, end, place)
      if (behind >= 0) break
      stop = nextSemicolon(view, next, end)
      next = skipBlanks(bytes, stop + 1, end)
    }
    if (isPair) {
      spans.last = field
      if (field >= 0) spans.set(bytes, field, skipBlanks(bytes, start, stop), trimEnd(bytes, at, stop))
    }
    at = next
    start = behind
  }
}

/** End of a key with a colon and a blank behind it. */
export function endOfColonKey(bytes: Uint8Array, at: number, end: number): number {
  const keyEnd = endOfKey(bytes, at, end, 0x3a)
  if (keyEnd < 0) return -1
  return keyEnd + 1 >= end || isBlank(bytes[keyEnd + 1] as number) || bytes[keyEnd + 1] === SEMICOLON
    ? keyEnd
    : -1
}

function nextSemicolon(view: DataView, from: number, end: number): number {
  return Math.min(end, indexOfByte(view, from, end, SEMICOLONS))
}

/** Number, Date, Time, Interface, Origin, Type, Action, Service, Source Port, Source, Destination, Protocol, ... */
const COLUMNS: readonly number[] = [
  KEY.other,
  -2, // the date; with the time behind it one range
  -1,
  KEY.other,
  KEY.origin,
  -1, // Log, Alert, Control
  KEY.action,
  KEY.service,
  KEY.sourcePort,
  KEY.source,
  KEY.destination,
  KEY.protocol,
  KEY.rule,
  KEY.ruleName,
  -1,
  KEY.user,
  -3, // Information: pairs
  KEY.product,
  -1,
  KEY.sourceUser,
]

/** Reads the columns `"..." "..."` of an exported log. Returns whether there were enough. */
export function findColumns(bytes: Uint8Array, view: DataView, from: number, end: number): boolean {
  let at = from
  for (const [index, field] of COLUMNS.entries()) {
    at = skipBlanks(bytes, at, end)
    if (bytes[at] !== QUOTE || at >= end) return index > 12
    const start = at + 1
    const stop = endOfQuoted(bytes, view, start, end, false)
    if (field >= 0) {
      if (stop > start) spans.set(bytes, field, start, stop)
    } else if (field === -2) {
      const time = skipBlanks(bytes, stop + 1, end) + 1
      spans.set(bytes, KEY.time, start, Math.min(end, time + 8))
    } else if (field === -3) findColons(bytes, view, start, stop)
    at = stop + 1
  }
  return true
}
