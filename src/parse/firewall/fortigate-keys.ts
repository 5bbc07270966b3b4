/**
 * The grammar of FortiGate's syslog text, and the keys that we read:
 *
 *   date=2025-02-20 time=12:28:20 devname="FW" devid="FG..." eventtime=... tz="+0100" logid="0000000013" type="traffic" ...
 *
 * Pairs are separated by blanks, or by commas when the first pair ends with one. A value in quotes may hold anything; a
 * quote in it is written `\"`. A value without quotes ends at the separator. FortiOS 4 had other names for some keys.
 * Source: FortiOS Log Message Reference 6.0 to 7.6; FIELD.md C.
 */
import { COMMA, endOfQuoted, EQUALS, isBlank, isDigit, QUOTE } from '../bytes.ts'
import { KeyPlaces } from '../key-places.ts'
import { ValueSpans } from '../key-spans.ts'
import { KeyTable, WordCodes } from '../key-table.ts'
import type { Line } from '../line.ts'
import { blankPairs } from '../pair-kernel.ts'

const NAMES = [
  'date',
  'time',
  'eventtime',
  'itime',
  'tz',
  'devname',
  'devid',
  'logid',
  'type',
  'subtype',
  'eventtype',
  'level',
  'crlevel',
  'severity',
  'srcip',
  'srcport',
  'srcintf',
  'srccountry',
  'dstip',
  'dstport',
  'dstintf',
  'dstcountry',
  'sessionid',
  'proto',
  'action',
  'utmaction',
  'policyid',
  'policyname',
  'service',
  'app',
  'user',
  'dstuser',
  'unauthuser',
  'xauthuser',
  'sentbyte',
  'rcvdbyte',
  'sentpkt',
  'rcvdpkt',
  'transip',
  'tranip',
  'tranport',
  'attack',
  'attackid',
  'virus',
  'virusid',
  'botnetdomain',
  'direction',
  'dir',
  'status',
  'reason',
  'remip',
  'remport',
  'locip',
  'locport',
  'userip',
  'ui',
  'url',
  'filename',
  'count',
  'catdesc',
  'forwardedfor',
  'tunneltype',
  'logdesc',
  'hostname',
] as const

/** Names that other versions of FortiOS give to the same values. */
const OTHER_NAMES = {
  device_id: 'devid',
  log_id: 'logid',
  pri: 'level',
  src: 'srcip',
  src_port: 'srcport',
  src_int: 'srcintf',
  src_country: 'srccountry',
  dst: 'dstip',
  dst_port: 'dstport',
  dst_int: 'dstintf',
  dst_country: 'dstcountry',
  session_id: 'sessionid',
  serial: 'sessionid',
  sent: 'sentbyte',
  rcvd: 'rcvdbyte',
  sent_pkt: 'sentpkt',
  rcvd_pkt: 'rcvdpkt',
  attack_name: 'attack',
  attack_id: 'attackid',
  tran_ip: 'transip',
} as const

type Name = (typeof NAMES)[number]
export const KEY = Object.fromEntries(NAMES.map((name, i) => [name, i])) as Record<Name, number>

const ALL_NAMES = [...NAMES, ...Object.keys(OTHER_NAMES)]
/** Key by index in `ALL_NAMES`. */
const KEY_OF = Int16Array.from(ALL_NAMES, (name, i) =>
  i < NAMES.length ? i : KEY[OTHER_NAMES[name as keyof typeof OTHER_NAMES]],
)

const table = new KeyTable(ALL_NAMES)
export const spans = new ValueSpans(table, NAMES.length, [], true)
const places = new KeyPlaces(true)
const leads = new KeyPlaces()
const usual = blankPairs(places, spans.start, spans.end)

/** Keys of bare values in the middle of FortiGate's lines: a line that ends with one was cut there. */
export const NEVER_LAST = new Uint8Array(NAMES.length)
for (const name of [
  'srcip',
  'srcport',
  'dstip',
  'dstport',
  'transip',
  'tranip',
  'tranport',
  'remip',
  'locip',
] as const) {
  NEVER_LAST[KEY[name]] = 1
}

/** What a leading key says of whose line it is. */
const LEAD = { none: 0, known: 1, own: 2, oldDevice: 3 } as const
/**
 * Keys with which a line begins, whole or cut at its start; none of other vendors' lines do so in this order. Some no
 * other vendor writes there. FortiOS 4, FortiMail and FortiWeb begin alike: the device id tells.
 */
const LEADING = new WordCodes({
  date: LEAD.known,
  time: LEAD.known,
  timestamp: LEAD.known,
  itime: LEAD.known,
  devname: LEAD.known,
  tz: LEAD.known,
  type: LEAD.known,
  subtype: LEAD.known,
  level: LEAD.known,
  logdesc: LEAD.known,
  devid: LEAD.own,
  logid: LEAD.own,
  logver: LEAD.own,
  eventtime: LEAD.own,
  vd: LEAD.own,
  faclogindex: LEAD.own,
  device_id: LEAD.oldDevice,
})
const MAX_LEADING = 10

/** Letters, digits, `_`, `-` and `.`. */
const IS_KEY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const lower = byte | 0x20
  const isLetter = lower >= 0x61 && lower <= 0x7a
  return isLetter || isDigit(byte) || byte === 0x5f || byte === 0x2d || byte === 0x2e ? 1 : 0
})
const MAX_KEY_BYTES = 40

/** End of the key at `at`; a `=` follows it, else -1. */
function endOfKey(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + MAX_KEY_BYTES)
  let to = at
  while (to < limit && IS_KEY_BYTE[bytes[to] as number] === 1) to++
  return to > at && to < end && bytes[to] === EQUALS ? to : -1
}

function isSeparator(byte: number): boolean {
  return isBlank(byte) || byte === COMMA
}

/** Whether the text begins as FortiGate's lines do: known leading keys up to one that is FortiGate's own. */
export function beginsLikeFortiGate(bytes: Uint8Array, view: DataView, from: number, end: number): boolean {
  let at = from
  for (let pair = 0; pair < MAX_LEADING; pair++) {
    while (at < end && (bytes[at] as number) <= COMMA && isSeparator(bytes[at] as number)) at++
    let value = at + leads.match(view, at, end, pair)
    let lead = leads.target
    if (value === at) {
      const keyEnd = endOfKey(bytes, at, end)
      if (keyEnd < 0) return false
      lead = LEADING.of(bytes, at, keyEnd, LEAD.none)
      value = keyEnd + 1
      leads.keep(view, at, value - at, lead, pair)
    }
    if (lead === LEAD.own) return true
    if (lead === LEAD.none) return false
    const isQuoted = bytes[value] === QUOTE
    if (isQuoted) value++
    if (lead === LEAD.oldDevice) return bytes[value] === 0x46 && isFirewallModel(bytes[value + 1])
    const stop = isQuoted ? endOfQuoted(bytes, view, value, end) : endOfPlain(bytes, value, end, true)
    if (!isQuoted && holdsPair(bytes, value, stop)) return false
    at = stop + 1
  }
  return false
}

/** Whether a bare value holds the marks of another grammar: `time=1740054504|hostname=gw`. */
function holdsPair(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === 0x7c || bytes[at] === EQUALS) return true
  return false
}

/** FG..., FW... (with wireless): FortiMail's ids begin with FE, FortiWeb's with FV. */
function isFirewallModel(second: number | undefined): boolean {
  return second === 0x47 || second === 0x57
}

/** Bytes above the comma separate nothing: most are told apart by one comparison. */
function endOfPlain(bytes: Uint8Array, from: number, end: number, isByComma: boolean): number {
  let at = from
  while (at < end) {
    const byte = bytes[at] as number
    if (byte <= COMMA && (byte === 0x20 || byte === 0x09 || (isByComma && byte === COMMA))) return at
    at++
  }
  return end
}

/** Finds the pairs of the text. Returns whether its last value was not closed. */
export function findPairs(line: Line, from: number): boolean {
  const { bytes, view, end } = line
  const isCopied = line.isCopied()
  spans.clear()
  let at = from
  let isByComma = false
  for (let place = 0; ; place++) {
    while (at < end && (bytes[at] as number) <= COMMA && isSeparator(bytes[at] as number)) at++
    if (at >= end) return false
    if (isCopied && !isByComma) {
      const stopped = usual.read(at, end, place)
      if (stopped > at) {
        at = stopped
        place = usual.state[0] as number
        spans.last = usual.state[1] as number
        while (at < end && (bytes[at] as number) <= COMMA && isSeparator(bytes[at] as number)) at++
        if (at >= end) return false
      }
    }
    let start = at + places.match(view, at, end, place)
    let key = places.target
    if (start === at) {
      const keyEnd = endOfKey(bytes, at, end)
      if (keyEnd < 0) {
        at = endOfPlain(bytes, at, end, isByComma) + 1
        continue
      }
      const index = table.indexOf(bytes, at, keyEnd)
      key = index < 0 ? -1 : (KEY_OF[index] as number)
      start = keyEnd + 1
      places.keep(view, at, start - at, key, place)
    }
    spans.last = key
    let stop: number
    if (start < end && bytes[start] === QUOTE) {
      start++
      stop = endOfQuoted(bytes, view, start, end)
      while (stop < end - 1 && !isSeparator(bytes[stop + 1] as number)) {
        // A quote inside that nobody escaped: where the value ends is not sure any more.
        spans.ambiguous = true
        stop = endOfQuoted(bytes, view, stop + 1, end)
      }
      if (key >= 0) spans.set(bytes, key, start, stop)
      if (stop >= end) return true
      stop++
    } else {
      stop = endOfPlain(bytes, start, end, isByComma || place === 0)
      if (key >= 0) spans.set(bytes, key, start, stop)
    }
    if (place === 0) isByComma = bytes[stop] === COMMA
    at = stop + 1
  }
}
