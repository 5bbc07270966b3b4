/**
 * The one-time setup code: printed at start while nobody has an account, it proves to the first-run page that the
 * person has access to the machine. Only its hash is kept, in memory; a new start makes a new code; it ends
 * after 30 minutes or with its use.
 */
import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import type { Clock } from './lib/clock.ts'

/** No letters or digits that look alike. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'
const GROUPS = 4
const GROUP_LETTERS = 4
const VALID_MS = 30 * 60_000

export class SetupCode {
  readonly text: string
  readonly #hash: Buffer
  readonly #endsAtMs: number
  readonly #clock: Clock
  #used = false

  constructor(clock: Clock, pick: (below: number) => number = (below) => randomInt(below)) {
    this.#clock = clock
    const letter = (): string => ALPHABET.charAt(pick(ALPHABET.length))
    const group = (): string => Array.from({ length: GROUP_LETTERS }, letter).join('')
    this.text = Array.from({ length: GROUPS }, group).join('-')
    this.#hash = hashOf(this.text)
    this.#endsAtMs = clock.nowMs() + VALID_MS
  }

  /** True once, for the right code in time. Compared in constant time. */
  redeem(text: string): boolean {
    if (this.#used || this.#clock.nowMs() >= this.#endsAtMs) return false
    if (!timingSafeEqual(this.#hash, hashOf(text.trim().toUpperCase()))) return false
    this.#used = true
    return true
  }
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
