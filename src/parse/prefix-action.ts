/**
 * What the free prefix of a packet filter's log rule says was done. Netfilter and RouterOS log a packet without saying
 * what becomes of it; administrators write it into the prefix: `[UFW BLOCK]`, `SFW2-INext-DROP-DEFLT`,
 * `Shorewall:net2fw:ACCEPT:`, `[WAN_LOCAL-default-D]`. A prefix that says nothing, or both, is unknown.
 */
import { DISPOSITION } from '../model/log-record.ts'
import { ascii, isDigit, isWord } from './bytes.ts'

interface ActionWord {
  readonly word: Uint8Array
  readonly disposition: number
  /** What is written into the record where the prefix has only a short form; null where the word itself is. */
  readonly action: Uint8Array | null
}
const { allowed, blocked, unknown } = DISPOSITION
const AUDIT = ascii('audit')
/** By first letter, a to z. */
const WORDS: ActionWord[][] = Array.from({ length: 26 }, () => [])
function add(disposition: number, ...words: readonly (readonly [string, string?])[]): void {
  for (const [word, action] of words) {
    const bucket = WORDS[word.charCodeAt(0) - 0x61] as ActionWord[]
    bucket.push({ word: ascii(word), disposition, action: action === undefined ? null : ascii(action) })
  }
}
add(blocked, ['block'], ['blocked'], ['drop'], ['dropped'], ['reject'], ['rejected'], ['deny'], ['denied'])
add(blocked, ['rej', 'reject'], ['drp', 'drop'], ['refuse'], ['refused'])
add(
  allowed,
  ['allow'],
  ['allowed'],
  ['accept'],
  ['accepted'],
  ['permit'],
  ['permitted'],
  ['pass'],
  ['passed'],
)
add(allowed, ['acc', 'accept'])
add(unknown, ['audit'], ['log'])

const DROP: ActionWord = { word: ascii('d'), disposition: blocked, action: ascii('drop') }
const ACCEPT: ActionWord = { word: ascii('a'), disposition: allowed, action: ascii('accept') }
const REJECT: ActionWord = { word: ascii('r'), disposition: blocked, action: ascii('reject') }
const DEFAULT = ascii('default')

/** The reader's result; one serves a whole parser. */
export class PrefixAction {
  disposition = unknown as number
  /** The word as it stands in the prefix; empty when it says nothing. */
  start = 0
  end = 0
  /** What to write instead of the word; null for the word itself. */
  action: Uint8Array | null = null
  /** Only watched, not decided: UFW logs the same packet again with what became of it. */
  isAudit = false
  /** `[RULESET-NUMBER-D]` of VyOS, EdgeOS and UniFi: where the rule set and the number lie; empty in other forms. */
  rulesetStart = 0
  rulesetEnd = 0
  numberStart = 0
  numberEnd = 0

  read(bytes: Uint8Array, start: number, end: number): void {
    this.disposition = unknown
    this.start = 0
    this.end = 0
    this.action = null
    this.isAudit = false
    this.rulesetEnd = this.rulesetStart
    this.numberEnd = this.numberStart
    if (bytes[start] === 0x5b && this.#readRuleset(bytes, start + 1, end)) return
    this.#readWords(bytes, start, end)
  }

  /** `[WAN_LOCAL-default-D]` and `[WAN_LOCAL-D-2147483647]`: letters and number at the end, by position. */
  #readRuleset(bytes: Uint8Array, from: number, end: number): boolean {
    let close = from
    while (close < end && bytes[close] !== 0x5d) close++
    if (close === end) return false
    const last = lastHyphen(bytes, from, close)
    const before = last < 0 ? -1 : lastHyphen(bytes, from, last)
    if (before <= from) return false
    if (isRuleNumber(bytes, before + 1, last)) {
      return this.#takeRuleset(bytes, from, before, before + 1, last, last + 1, close)
    }
    if (!isRuleNumber(bytes, last + 1, close)) return false
    return this.#takeRuleset(bytes, from, before, last + 1, close, before + 1, last)
  }

  #takeRuleset(
    bytes: Uint8Array,
    from: number,
    to: number,
    numberStart: number,
    numberEnd: number,
    letterStart: number,
    letterEnd: number,
  ): boolean {
    if (letterEnd - letterStart !== 1) return false
    const letter = bytes[letterStart]
    const word = letter === 0x44 ? DROP : letter === 0x41 ? ACCEPT : letter === 0x52 ? REJECT : null
    if (word === null) return false
    this.disposition = word.disposition
    this.action = word.action
    this.start = letterStart
    this.end = letterEnd
    this.rulesetStart = from
    this.rulesetEnd = to
    this.numberStart = numberStart
    this.numberEnd = numberEnd
    return true
  }

  #readWords(bytes: Uint8Array, start: number, end: number): void {
    let contradicts = false
    for (let at = start; at < end; at++) {
      if (!isLetter(bytes[at] as number)) continue
      const from = at
      while (at < end && isLetter(bytes[at] as number)) at++
      const word = wordOf(bytes, from, at)
      if (word === null) continue
      if (word.disposition === unknown && this.end > this.start) continue // `LOG` beside `DROP`
      if (
        word.disposition !== unknown &&
        this.disposition !== unknown &&
        this.disposition !== word.disposition
      ) {
        contradicts = true
      }
      this.isAudit = word.disposition === unknown && isWord(bytes, from, at, AUDIT)
      this.disposition = word.disposition
      this.action = word.action
      this.start = from
      this.end = at
    }
    if (!contradicts) return
    this.disposition = unknown
    this.action = null
    this.end = this.start
  }
}

function wordOf(bytes: Uint8Array, from: number, to: number): ActionWord | null {
  const length = to - from
  if (length < 3 || length > 9) return null
  const bucket = WORDS[((bytes[from] as number) | 0x20) - 0x61] as ActionWord[]
  for (const entry of bucket) if (isWord(bytes, from, to, entry.word)) return entry
  return null
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

function lastHyphen(bytes: Uint8Array, from: number, to: number): number {
  for (let at = to - 1; at >= from; at--) if (bytes[at] === 0x2d) return at
  return -1
}

/** Digits, or `default`. */
function isRuleNumber(bytes: Uint8Array, from: number, to: number): boolean {
  if (isWord(bytes, from, to, DEFAULT)) return true
  if (to === from || to - from > 10) return false
  for (let at = from; at < to; at++) if (!isDigit(bytes[at] as number)) return false
  return true
}
