/**
 * How often a source was blocked before, for `decisions.repeatOffender`: detector blocks that ran out by themselves.
 * Those that a person lifted are no offence. Bounded: the targets that ended longest ago give way, so a very old
 * offender counts as new, never the other way round.
 */
import type { Network } from '../lib/address.ts'
import type { Decision } from '../model/decision.ts'
import type { PastBlock } from '../model/state.ts'
import { networkKey } from './network-map.ts'

const MAX_TARGETS = 200_000

export class PastBlocks {
  /** Ends of blocks per target, in order of the last end. */
  readonly #ends = new Map<string | number, number[]>()

  constructor(known: readonly PastBlock[]) {
    for (const { target, endedAtMs } of known.toSorted((a, b) => a.endedAtMs - b.endedAtMs))
      this.#add(target, endedAtMs)
  }

  /** Takes an ended decision in; others than run-out detector blocks are left out. */
  take(decision: Decision): void {
    const { origin, mode, endedAtMs, endedBy } = decision
    if (origin !== 'detector' || mode !== 'block' || endedAtMs === null || endedBy !== 'system') return
    this.#add(decision.target, endedAtMs)
  }

  /** Blocks of exactly this target that ended since then. */
  count(target: Network, sinceMs: number): number {
    const ends = this.#ends.get(networkKey(target))
    return ends === undefined ? 0 : ends.filter((ms) => ms >= sinceMs).length
  }

  #add(target: Network, endedAtMs: number): void {
    const key = networkKey(target)
    const ends = this.#ends.get(key) ?? []
    if (ends.includes(endedAtMs)) return
    this.#ends.delete(key)
    this.#ends.set(key, [...ends.slice(-MAX_ENDS + 1), endedAtMs])
    if (this.#ends.size <= MAX_TARGETS) return
    const oldest = this.#ends.keys().next()
    if (oldest.done !== true) this.#ends.delete(oldest.value)
  }
}

/** More offences than this do not lengthen a block any more. */
const MAX_ENDS = 20
