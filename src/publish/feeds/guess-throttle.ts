/**
 * Strangers who ask for feeds that they may not have: per address a few tries a minute are answered, then none. IPv6
 * counts by /64. Bounded: past MOST_ADDRESSES the one that tried longest ago is forgotten.
 */
import { formatNetwork, isV4, networkOf, parseAddress } from '../../lib/address.ts'

const TRIES_PER_MINUTE = 30
const MINUTE_MS = 60_000
const MOST_ADDRESSES = 10_000

export class GuessThrottle {
  readonly #tries = new Map<string, { sinceMs: number; count: number }>()

  /** Counts a try; false: it is one too many. */
  mayTry(address: string, nowMs: number): boolean {
    const key = keyOf(address)
    const known = this.#tries.get(key)
    const isFresh = known === undefined || nowMs - known.sinceMs >= MINUTE_MS
    const next = isFresh ? { sinceMs: nowMs, count: 1 } : { ...known, count: known.count + 1 }
    this.#tries.delete(key)
    this.#tries.set(key, next)
    const oldest = this.#tries.keys().next()
    if (this.#tries.size > MOST_ADDRESSES && oldest.done !== true) this.#tries.delete(oldest.value)
    return next.count <= TRIES_PER_MINUTE
  }
}

function keyOf(address: string): string {
  const words = parseAddress(address)
  return words === null || isV4(words) ? address : formatNetwork(networkOf(words, 64))
}
