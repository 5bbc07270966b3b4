/**
 * PAN-OS logs in custom formats of the shape `key=value, key=value` or `key=value|key=value`, and Strata's e-mail form
 * (`Key=value Key=value`). Keys are PAN-OS's variables, Strata's names or what administrators usually write
 * (paloalto-variables.ts); others are stepped over. A value ends where the separator is followed by another key, so it may
 * hold separators; numbers and addresses also end at a blank in front of a key, since administrators forget separators.
 * A key twice with different values is `ambiguous`. Formats with other names are read by their template
 * (paloalto-template.ts).
 */
import { FLAG, FORMAT } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { COMMA, EQUALS, indexOfByte, isBlank, QUOTE, skipBlanks, trimEnd } from '../bytes.ts'
import { KeyPlaces } from '../key-places.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { WordTable } from '../word-table.ts'
import { MEANING, meaningReasons, readValues } from './paloalto-meaning.ts'
import { kindOfType, paloaltoValueGroups } from './paloalto-pair-groups.ts'
import { isTypeWord, TYPES } from './paloalto-types.ts'
import { NAME_TARGETS, TARGET, type TargetName, Values } from './paloalto-variables.ts'
import { ShapeMemory } from './shape-memory.ts'
import { END, NO_REGISTER, PlaceNotes } from './shape-places.ts'

const NAME = 'paloalto-keyvalue'
const PIPE = 0x7c
const BLANK = 0x20
const MAX_KEY_BYTES = 64
const MAX_KEYS = 1024
/** Keys looked at to tell whose line it is, and how many of them must be known. */
const RECOGNISED_OF = 8
const RECOGNISED = 3

/** Names that only PAN-OS and Strata give, in the front of their lines. */
const SIGNATURES = new WordTable(
  Object.fromEntries(
    `natsrc natdst natsport natdport natsourceip natdestinationip time_generated timegenerated receive_time timereceived
     time_received high_res_timestamp repeatcnt seqno actionflags vsys vsys_name vsys_id devicesn logsourceid logtype
     configversion session_end_reason thr_category srcloc dstloc rule_uuid inbound_if outbound_if logset
     threatid usr.id network.client.ip authpolicy serverprofile`
      .split(/\s+/)
      .map((name) => [name, 1]),
  ),
)

/** Targets whose values have no blanks. */
const IS_ONE_WORD = new Uint8Array(256)
for (const name of [
  'ignoredNumber',
  'type',
  'source',
  'destination',
  'natSource',
  'natDestination',
  'publicAddress',
  'publicAddress6',
  'sourcePort',
  'destinationPort',
  'natDestinationPort',
  'severity',
  'protocol',
  'application',
  'ruleId',
  'sessionId',
  'sequenceNumber',
  'repeatCount',
  'bytesSent',
  'bytesReceived',
  'packetsSent',
  'packetsReceived',
  'serial',
] as const satisfies readonly TargetName[]) {
  IS_ONE_WORD[TARGET[name]] = 1
}

const values = new Values()
const notes = new PlaceNotes()
const shapes = new ShapeMemory(values, paloaltoValueGroups(values, false))
/** Known keys: 1 + the target, and a bit that says that the name is PAN-OS's alone. */
const places = new KeyPlaces()
const OWN = 0x1000

/** 1 for letters and `_`, 2 for digits, `.` and `-`, which stand inside keys only. */
const KEY_BYTE = new Uint8Array(256)
for (const byte of Buffer.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_')) KEY_BYTE[byte] = 1
for (const byte of Buffer.from('0123456789.-')) KEY_BYTE[byte] = 2

/** End of the key that begins at `at` and has a `=` behind it, or -1. */
function endOfKey(bytes: Uint8Array, at: number, end: number): number {
  if (KEY_BYTE[bytes[at] as number] !== 1) return -1
  const limit = Math.min(end, at + MAX_KEY_BYTES + 1)
  let to = at + 1
  while (to < limit && KEY_BYTE[bytes[to] as number] !== 0) to++
  return to < limit && bytes[to] === EQUALS ? to : -1
}

/** Behind `endOfValue`: where the next key ends (-1 when there is none), its target, and whether only PAN-OS has it. */
let nextEnd = -1
let nextTarget = -1
let isNextOwn = false
/** Behind `endOfValue`: whether quotes that pair hold the value. */
let isQuoted = false

/** Looks whether the `index`-th key stands at `at`; sets `nextEnd`, `nextTarget` and `isNextOwn`. */
function isKey(line: Line, at: number, index: number): boolean {
  const { view, end } = line
  const length = places.match(view, at, end, index)
  if (length === 0) return isNewKey(line, at, index)
  nextEnd = at + length - 1
  nextTarget = (places.target & (OWN - 1)) - 1
  isNextOwn = places.target >= OWN
  return true
}

/** As `isKey`, for a key that did not stand at its place before: it is looked up and kept. */
function isNewKey({ bytes, view, end }: Line, at: number, index: number): boolean {
  nextEnd = endOfKey(bytes, at, end)
  if (nextEnd < 0) return false
  nextTarget = NAME_TARGETS.find(bytes, view, at, nextEnd)
  isNextOwn = nextTarget >= 0 && SIGNATURES.find(bytes, view, at, nextEnd) === 1
  places.keep(view, at, nextEnd + 1 - at, (nextTarget + 1) | (isNextOwn ? OWN : 0), index)
  return true
}

/** Where the value at `from` ends: at a separator with the `index`-th key behind it, or at the end. */
function endOfValue(line: Line, from: number, separator: number, index: number): number {
  const { bytes, view, end } = line
  isQuoted = false
  if (bytes[from] === QUOTE) {
    const close = endOfQuotes(bytes, from, end, separator)
    if (close > 0) {
      isQuoted = true
      const behind = skipBlanks(bytes, close, end)
      isKey(line, skipBlanks(bytes, bytes[behind] === separator ? behind + 1 : behind, end), index)
      return close
    }
  }
  const pattern = Math.imul(separator, 0x01010101)
  for (let at = indexOfByte(view, from, end, pattern); at < end; at = indexOfByte(view, at, end, pattern)) {
    const next = skipBlanks(bytes, at + 1, end)
    if (next >= end) {
      nextEnd = -1
      return at
    }
    if (isKey(line, next, index)) return at
    at = next // the blanks in between are looked at once
  }
  nextEnd = -1
  return end
}

/** Behind the closing quote, where the separator or the end follows; -1 when the quotes do not pair. */
function endOfQuotes(bytes: Uint8Array, from: number, end: number, separator: number): number {
  for (let at = from + 1; at < end; at++) {
    if (bytes[at] === 0x5c) at++
    else if (bytes[at] === QUOTE) {
      const next = skipBlanks(bytes, at + 1, end)
      if (next >= end || bytes[next] === separator || (separator === BLANK && next > at + 1)) return at + 1
    }
  }
  return -1
}

/** The line that `recognise` looked at, and its separator. */
const last: { bytes: Uint8Array | null; at: number; end: number; separator: number } = {
  bytes: null,
  at: -1,
  end: -1,
  separator: 0,
}

/** The separator of the line: what stands in front of its second key. 0 when there is none. */
function separatorOf(bytes: Uint8Array, from: number, end: number): number {
  const key = endOfKey(bytes, from, end)
  if (key < 0) return 0
  const limit = Math.min(end, key + 512)
  for (let at = key + 1; at < limit; at++) {
    const byte = bytes[at] as number
    if (byte !== COMMA && byte !== PIPE && byte !== BLANK) continue
    const next = skipBlanks(bytes, at + 1, end)
    if (next < end && endOfKey(bytes, next, end) > 0) return byte
    at = next - 1
  }
  return 0
}

/** Known keys in the front of the line, among them one that is PAN-OS's alone, or a log type as only PAN-OS writes it. */
function recognise(line: Line): boolean {
  const { bytes, end } = line
  if (KEY_BYTE[bytes[line.at] as number] !== 1) return false
  if (shapes.knows(line)) {
    last.bytes = null
    return true
  }
  const separator = separatorOf(bytes, line.at, end)
  last.bytes = bytes
  last.at = line.at
  last.end = end
  last.separator = separator
  if (separator === 0 || !isKey(line, line.at, 0)) return false
  let known = 0
  let isOwn = false
  for (let i = 1; i <= RECOGNISED_OF && nextEnd >= 0; i++) {
    const target = nextTarget
    const value = nextEnd + 1
    if (target >= 0) known++
    isOwn ||= isNextOwn
    if (isOwn && known >= RECOGNISED) return true
    const to = endOfValue(line, value, separator, i)
    if (target === TARGET.type) isOwn ||= isType(line, value, to)
    if (isOwn && known >= RECOGNISED) return true
  }
  return false
}

function isType({ bytes, view }: Line, from: number, to: number): boolean {
  const start = skipBlanks(bytes, from, to)
  const end = trimEnd(bytes, start, to)
  const isQuoted = end - start >= 2 && bytes[start] === QUOTE && bytes[end - 1] === QUOTE
  return isQuoted ? isTypeWord(bytes, view, start + 1, end - 1) : isTypeWord(bytes, view, start, end)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0 && !values.isDoubled) {
    const type = values.start[TARGET.type] as number
    const kind = kindOfType(TYPES.find(line.bytes, line.view, type, values.end[TARGET.type] as number))
    shapes.learnNoted(line, into, row, notes, kind)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  values.clear()
  notes.clear()
  const { bytes, view, end } = line
  const isKnown = last.at === line.at && last.end === end && last.bytes === bytes
  const separator = isKnown ? last.separator : separatorOf(bytes, line.at, end)
  isKey(line, line.at, 0)
  for (let i = 1; i < MAX_KEYS && nextEnd >= 0; i++) {
    const target = nextTarget
    const from = nextEnd + 1
    let to = endOfValue(line, from, separator, i)
    if (target >= 0 && IS_ONE_WORD[target] === 1) {
      const start = skipBlanks(bytes, from, to)
      const blank = blankBeforeKey(line, start, to)
      if (blank > 0) {
        to = blank
        isKey(line, skipBlanks(bytes, blank, end), i)
      }
    }
    // The last value of a line that was cut may be half of one.
    if (to >= end && (line.flags & FLAG.truncated) !== 0) break
    note(line, target, from, to, separator)
    take(bytes, target, from, to)
  }
  const type = values.start[TARGET.type] as number
  if (type < 0 || !isTypeWord(bytes, view, type, values.end[TARGET.type] as number)) return MEANING.type
  return readValues(values, line, into, row, false)
}

/** First blank in the range that has a key behind it, or -1: the separator was forgotten. */
function blankBeforeKey({ bytes, view }: Line, from: number, to: number): number {
  for (let at = indexOfLow(view, from, to); at < to; at = indexOfLow(view, at + 1, to)) {
    if (!isBlank(bytes[at] as number)) continue
    return endOfKey(bytes, skipBlanks(bytes, at, to), to) > 0 ? at : -1
  }
  return -1
}

/** First blank or byte below it in the range, or at least `end`; four bytes a step, as `indexOfByte`. */
function indexOfLow(view: DataView, start: number, end: number): number {
  for (let at = start; at < end; at += 4) {
    const word = view.getInt32(at, true)
    const low = (word - 0x21212121) & ~word & 0x80808080
    if (low !== 0) return at + ((31 - Math.clz32(low & -low)) >> 3)
  }
  return end
}

/**
 * Notes a value. One that ends where no separator stands, or that seems to be in quotes, may be read otherwise when it
 * differs; quotes that do not pair are looked for in all that follows.
 */
function note({ bytes, view, end }: Line, target: number, from: number, to: number, separator: number): void {
  const register = target <= TARGET.ignoredNumber ? NO_REGISTER : target
  const first = bytes[skipBlanks(bytes, from, to)]
  if (isQuoted && to - from >= 2) {
    if (target >= 0 && IS_ONE_WORD[target] === 1) notes.add(from, to, register, END.fixed)
    else notes.addString(bytes, view, from + 1, to - 1, register)
    return
  }
  if (bytes[from] === QUOTE) notes.isOdd = true
  const isPlain = (to >= end || bytes[to] === separator) && (first !== QUOTE || from === to)
  const ending = to >= end ? END.rest : notes.count === 0 ? END.firstKeyed : END.keyed
  notes.add(from, to, register, isPlain && nextEnd < 0 === to >= end ? ending : END.fixed)
}

function take(bytes: Uint8Array, target: number, from: number, to: number): void {
  if (target <= TARGET.ignoredNumber) return
  let start = skipBlanks(bytes, from, to)
  let end = trimEnd(bytes, start, to)
  if (end - start >= 2 && bytes[start] === QUOTE && bytes[end - 1] === QUOTE) {
    start++
    end--
  }
  values.set(bytes, target, start, end)
}

export const paloaltoKeyvalue: LineFormat = {
  code: FORMAT.paloaltoKeyvalue,
  name: NAME,
  reasons: meaningReasons(NAME),
  recognise,
  read,
}
