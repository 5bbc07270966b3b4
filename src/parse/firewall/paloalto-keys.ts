/**
 * The keys of the original's custom format and how they are found in a line (FIELD.md B.7):
 *
 *   SrcLocation=..; SrcIP=..; SrcPort=..; SrcUser=..; DstLocation=..; DstIP=..; DstPort=..; Action=..; RuleName=..;
 *   RuleID=..; TimeReceived=..; ThreatName=..; ThreatID=..; Severity=..; Subtype=..; Type= ..;
 *
 * Values are not escaped and may hold `;` and `=`, so a value ends only where a known key begins, and keys have an order.
 * A key is known by its name in any case behind a `;` (or at the front), blanks allowed, and a `=` behind it.
 */
import { ascii, EQUALS, indexOfByte, isBlank, isWord, skipBlanks } from '../bytes.ts'

export const KEYS = [
  'SrcLocation',
  'SrcIP',
  'SrcPort',
  'SrcUser',
  'DstLocation',
  'DstIP',
  'DstPort',
  'Action',
  'RuleName',
  'RuleID',
  'TimeReceived',
  'ThreatName',
  'ThreatID',
  'Severity',
  'Subtype',
  'Type',
] as const

export const KEY = Object.fromEntries(KEYS.map((key, i) => [key, i])) as Record<(typeof KEYS)[number], number>
export const KEY_COUNT = KEYS.length

export const SEMICOLONS = 0x3b3b3b3b
const LOWER_KEYS = KEYS.map((key) => ascii(key.toLowerCase()))

/** `; Key=` as little-endian words, the last one overlapping, four a key: compared at once in the usual line. */
const LITERAL_WORDS = new Int32Array(KEY_COUNT * 4)
const LITERAL_LENGTH = new Uint8Array(KEY_COUNT)
for (const [key, name] of KEYS.entries()) {
  const literal = ascii(`; ${name}=`)
  const view = new DataView(literal.buffer)
  const last = literal.length - 4
  LITERAL_LENGTH[key] = literal.length
  for (let word = 0; word < 4; word++) {
    LITERAL_WORDS[key * 4 + word] = view.getInt32(Math.min(word * 4, last), true)
  }
}

/** Length of `; Key=` in bytes. */
export function literalLength(key: number): number {
  return LITERAL_LENGTH[key] as number
}

/** The words of `; Key=`: at 0, 4, 8 and the last four bytes, which may overlap. */
export function literalWords(key: number): Int32Array {
  return LITERAL_WORDS.slice(key * 4, key * 4 + 4)
}

/** Whether `; Key=` stands at `at`, exactly as the manual writes it. The caller knows that it ends before `end`. */
export function isLiteral(view: DataView, at: number, key: number): boolean {
  const words = LITERAL_WORDS
  const last = (LITERAL_LENGTH[key] as number) - 4
  const base = key * 4
  if (view.getInt32(at, true) !== words[base]) return false
  if (view.getInt32(at + 4 < at + last ? at + 4 : at + last, true) !== words[base + 1]) return false
  if (last > 8 && view.getInt32(at + 8, true) !== words[base + 2]) return false
  return view.getInt32(at + last, true) === words[base + 3]
}

/** `SrcLocation=`, as words. */
export const FIRST_LITERAL = 'SrcLocation='
export const FIRST_LITERAL_BYTES = FIRST_LITERAL.length
const FIRST_WORDS = new Int32Array(ascii(FIRST_LITERAL).buffer)

/** Values that never hold a `;`: they end at the first one, whatever an administrator put behind them. */
const ENDS_AT_SEMICOLON = Uint8Array.from(KEYS, (key) =>
  [
    'SrcIP',
    'SrcPort',
    'DstIP',
    'DstPort',
    'Action',
    'RuleID',
    'TimeReceived',
    'Severity',
    'Subtype',
    'Type',
  ].includes(key)
    ? 1
    : 0,
)

/** Keys written by outsiders: the likely place of injected keys, in this order. */
const SUSPECTS = [KEY.SrcUser, KEY.ThreatName, KEY.ThreatID, KEY.RuleName]
const MAX_OCCURRENCES = 256

/** Where the values of a line's keys lie. One per parser, used again for every line. */
export class KeySpans {
  /** Start of a key's value, -1 when the key is not there. */
  readonly start = new Int32Array(KEY_COUNT)
  readonly end = new Int32Array(KEY_COUNT)
  /** True when a key stands twice or out of order: the values are the likeliest reading, not to be trusted. */
  ambiguous = false
  /** True when the last value has no `;` behind it. */
  unterminated = false
  /** True when the beginning of another key's name follows the last value: the line was cut there. */
  cutInKey = false
  /** The key that stands last. */
  last = 0
  /** Value start found by the last `keyAt`. */
  #valueStart = 0
  readonly #foundKey = new Uint8Array(MAX_OCCURRENCES)
  /** Position of the `;` in front of the key. */
  readonly #foundAt = new Int32Array(MAX_OCCURRENCES)
  readonly #foundValue = new Int32Array(MAX_OCCURRENCES)

  /** The known key that begins at `at` (blanks in front allowed), or -1. */
  keyAt(bytes: Uint8Array, from: number, end: number): number {
    const at = skipBlanks(bytes, from, end)
    let to = at
    while (to < end && to - at < 13 && isLetter(bytes[to] as number)) to++
    const equals = skipBlanks(bytes, to, end)
    if (to - at < 4 || equals >= end || bytes[equals] !== EQUALS) return -1
    this.#valueStart = equals + 1
    for (let key = 0; key < KEY_COUNT; key++) {
      if (isWord(bytes, at, to, LOWER_KEYS[key] as Uint8Array)) return key
    }
    return -1
  }

  /** Finds the values of the text at `at`. False when it does not begin with a known key. */
  find(bytes: Uint8Array, view: DataView, at: number, end: number): boolean {
    const { start, end: ends } = this
    start.fill(-1)
    this.ambiguous = false
    this.cutInKey = false
    let key = this.keyAt(bytes, at, end)
    if (key < 0) return false
    start[key] = this.#valueStart
    let from = this.#valueStart
    let firstSemicolon = -1
    for (;;) {
      const semicolon = indexOfByte(view, from, end, SEMICOLONS)
      if (semicolon >= end) break
      const next = key + 1
      const behind = next < KEY_COUNT ? semicolon + (LITERAL_LENGTH[next] as number) : end + 1
      if (behind <= end && isLiteral(view, semicolon, next)) {
        ends[key] = firstSemicolon >= 0 && ENDS_AT_SEMICOLON[key] === 1 ? firstSemicolon : semicolon
        key = next
        start[key] = behind
        from = behind
        firstSemicolon = -1
        continue
      }
      const found = this.keyAt(bytes, semicolon + 1, end)
      if (found < 0) {
        if (firstSemicolon < 0) firstSemicolon = semicolon
        from = semicolon + 1
      } else if (found > key) {
        ends[key] = firstSemicolon >= 0 && ENDS_AT_SEMICOLON[key] === 1 ? firstSemicolon : semicolon
        key = found
        start[key] = this.#valueStart
        from = this.#valueStart
        firstSemicolon = -1
      } else {
        this.#readAmbiguous(bytes, view, at, end)
        return true
      }
    }
    this.#closeLast(bytes, key, firstSemicolon, end)
    return true
  }

  #closeLast(bytes: Uint8Array, key: number, firstSemicolon: number, end: number): void {
    const start = this.start[key] as number
    let to = end
    let semicolon = end - 1
    while (semicolon >= start && bytes[semicolon] !== 0x3b) semicolon--
    this.last = key
    this.cutInKey = semicolon >= start && semicolon < end - 1 && isCutKey(bytes, semicolon + 1, end, key)
    this.unterminated = semicolon < start || (semicolon < end - 1 && ENDS_AT_SEMICOLON[key] === 0)
    if (this.cutInKey) {
      to = semicolon
      this.unterminated = false
    }
    if (firstSemicolon >= 0 && ENDS_AT_SEMICOLON[key] === 1) to = firstSemicolon
    else if (to > start && bytes[to - 1] === 0x3b) to--
    this.end[key] = to
  }

  /**
   * The likeliest reading of a line with keys twice or out of order: if the keys in excess all lie inside one value, the
   * keys in front of it and behind it are the real ones. Only for people; such a line never convicts.
   */
  #readAmbiguous(bytes: Uint8Array, view: DataView, at: number, end: number): void {
    const count = this.#collect(bytes, view, at, end)
    this.ambiguous = true
    this.unterminated = bytes[end - 1] !== 0x3b
    let holder: number = KEY.SrcUser
    for (const suspect of [...SUSPECTS, ...KEYS.keys()]) {
      if (!this.#fitsAround(suspect, count)) continue
      holder = suspect
      break
    }
    this.start.fill(-1)
    for (let i = 0; i < count; i++) {
      const key = this.#foundKey[i] as number
      if (key > holder || (this.start[key] as number) < 0) this.start[key] = this.#foundValue[i] as number
    }
    this.#closeAmbiguous(count, bytes, end)
  }

  #collect(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    let count = 0
    let semicolon = at - 1
    while (count < MAX_OCCURRENCES) {
      const key = this.keyAt(bytes, semicolon + 1, end)
      if (key >= 0) {
        this.#foundKey[count] = key
        this.#foundAt[count] = semicolon
        this.#foundValue[count] = this.#valueStart
        count++
      }
      semicolon = indexOfByte(view, semicolon + 1, end, SEMICOLONS)
      if (semicolon >= end) break
    }
    return count
  }

  /** Whether first occurrences up to `holder` and last ones behind it are in template order. */
  #fitsAround(holder: number, count: number): boolean {
    const first = new Int32Array(KEY_COUNT).fill(-1)
    const last = new Int32Array(KEY_COUNT).fill(-1)
    for (let i = 0; i < count; i++) {
      const key = this.#foundKey[i] as number
      if ((first[key] as number) < 0) first[key] = i
      last[key] = i
    }
    if ((first[holder] as number) < 0) return false
    let previous = -1
    let frontCount = 0
    let backFrom = count
    for (let key = 0; key < KEY_COUNT; key++) {
      const position = (key <= holder ? first[key] : last[key]) as number
      if (position < 0) continue
      if (position <= previous) return false
      previous = position
      if (key <= holder) frontCount++
      else backFrom = Math.min(backFrom, position)
    }
    let backCount = 0
    for (let key = holder + 1; key < KEY_COUNT; key++) if ((last[key] as number) >= 0) backCount++
    return (first[holder] as number) === frontCount - 1 && count - backFrom === backCount
  }

  /** A value ends where the next chosen key begins. */
  #closeAmbiguous(count: number, bytes: Uint8Array, end: number): void {
    for (let key = 0; key < KEY_COUNT; key++) {
      const start = this.start[key] as number
      if (start < 0) continue
      let to = end
      for (let i = 0; i < count; i++) {
        const isChosen = this.start[this.#foundKey[i] as number] === this.#foundValue[i]
        if (isChosen && (this.#foundValue[i] as number) > start) {
          to = Math.max(start, this.#foundAt[i] as number)
          break
        }
      }
      if (ENDS_AT_SEMICOLON[key] === 1) {
        let semicolon = start
        while (semicolon < to && bytes[semicolon] !== 0x3b) semicolon++
        to = semicolon
      } else if (to === end && to > start && bytes[to - 1] === 0x3b) to--
      this.end[key] = to
    }
  }
}

/** Whether the range is blanks or how the name of a key behind `key` begins, in any case, with nothing behind it. */
function isCutKey(bytes: Uint8Array, from: number, end: number, key: number): boolean {
  const at = skipBlanks(bytes, from, end)
  for (let next = key + 1; next < KEY_COUNT; next++) {
    const name = LOWER_KEYS[next] as Uint8Array
    if (end - at <= name.length && isWord(bytes, at, end, name.subarray(0, end - at))) return true
  }
  return false
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** Whether the template's first key stands at `at`, exactly as the manual writes it. */
export function isFirstLiteral(view: DataView, at: number): boolean {
  return (
    view.getInt32(at, true) === FIRST_WORDS[0] &&
    view.getInt32(at + 4, true) === FIRST_WORDS[1] &&
    view.getInt32(at + 8, true) === FIRST_WORDS[2]
  )
}

/** Whether a text begins with a known key: cheap test of the first byte, then of the word. */
export function beginsWithKey(spans: KeySpans, bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end) return false
  const first = (bytes[at] as number) | 0x20
  if (first !== 0x73 && first !== 0x64 && first !== 0x61 && first !== 0x72 && first !== 0x74) return false
  return !isBlank(first) && spans.keyAt(bytes, at, end) >= 0
}
