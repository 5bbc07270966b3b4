/**
 * What people do to many targets at once, in parts: a part is one piece of the keeper's work and one transaction, so
 * that neither detectors' decisions nor whoever fetches the list wait for 10,000 targets. The answers are those of one
 * target after the other: one that shares an address with what its part changes already begins the next part.
 *
 * Limits: a part is all or nothing, the request is not; when the state cannot be written, what was written before stays
 * and the AppError `state-unavailable` says how many.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Network } from '../lib/address.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { StateChange } from '../model/state.ts'
import type { Keeper } from './keeper.ts'
import { NetworkMap } from './network-map.ts'
import { done, type Outcome } from './outcome.ts'
import { parseTarget } from './target.ts'

/** Targets of a part: some 15 ms with what follows from them, of which no 10 are held at a time. */
const MOST_TARGETS = 250
/** No part plans for longer: a target may touch many decisions. */
const MOST_PLANNING_MS = 8

export interface Planned<Value> {
  readonly value: Value
  readonly changes: readonly StateChange[]
  /** The networks whose decisions and entries it changes; what shares an address with them is judged after it. */
  readonly touched: readonly Network[]
}

export interface PartsOptions {
  /** Judged and not carried out. */
  readonly isDryRun?: boolean
  /** To be done at the beginning of each part. */
  readonly begin?: () => void
}

/** Plans and carries out one target after the other; `plan` sees what came of those before. */
export async function inParts<Value>(
  keeper: Keeper,
  targets: readonly string[],
  plan: (target: string, index: number) => Outcome<Planned<Value>>,
  options: PartsOptions = {},
): Promise<Outcome<Value>[]> {
  const outcomes: Outcome<Value>[] = []
  while (outcomes.length < targets.length) {
    if (outcomes.length > 0) await nextTurn()
    const before = outcomes.length
    try {
      const part = await keeper.serially(() => onePart(keeper, targets, before, plan, options))
      outcomes.push(...part)
    } catch (thrown) {
      throw partlyWritten(thrown, outcomes.filter(({ ok }) => ok).length, targets.length)
    }
  }
  return outcomes
}

/** The same for a single target. */
export async function inOnePart<Value>(
  keeper: Keeper,
  target: string,
  plan: (target: string) => Outcome<Planned<Value>>,
  options: PartsOptions = {},
): Promise<Outcome<Value>> {
  const [outcome] = await inParts(keeper, [target], plan, options)
  return outcome as Outcome<Value>
}

async function onePart<Value>(
  keeper: Keeper,
  targets: readonly string[],
  from: number,
  plan: (target: string, index: number) => Outcome<Planned<Value>>,
  { isDryRun = false, begin }: PartsOptions,
): Promise<Outcome<Value>[]> {
  begin?.()
  const outcomes: Outcome<Value>[] = []
  const changes: StateChange[] = []
  const touched = new NetworkMap<true>()
  const isTouched = (network: Network): boolean => touched.overlapping(network).length > 0
  const startMs = keeper.clock.monotonicMs()
  for (let index = from; index < Math.min(from + MOST_TARGETS, targets.length); index++) {
    const target = targets[index] ?? ''
    if (index > from && keeper.clock.monotonicMs() - startMs >= MOST_PLANNING_MS) break
    const network = parseTarget(target)
    if (network.ok && isTouched(network.value)) break
    const planned = plan(target, index)
    if (!planned.ok) {
      outcomes.push(planned)
      continue
    }
    // An id names no network before it is found.
    if (planned.value.touched.some(isTouched)) break
    outcomes.push(done(planned.value.value))
    if (isDryRun) continue
    changes.push(...planned.value.changes)
    for (const one of planned.value.touched) touched.set(one, true)
  }
  if (changes.length > 0) await keeper.keepNow(changes)
  return outcomes
}

function partlyWritten(thrown: unknown, count: number, all: number): unknown {
  if (count === 0 || !(thrown instanceof AppError) || thrown.code !== 'state-unavailable') return thrown
  return new AppError(
    'state-unavailable',
    `${count} of ${all} targets are changed, the others not: the state could not be written (${messageOf(thrown.cause)})`,
    thrown,
  )
}
