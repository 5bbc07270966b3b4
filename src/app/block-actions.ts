/**
 * What the control API does to blocks and to the allowlist, and how they are listed: people's changes go through the
 * decider's desks, which write the audit log. A trial (`dryRun`) says what would become of each target.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ChangeResult, Reply, ServiceActions } from '../api/control-contract.ts'
import { viewOfAllowEntry, viewOfDecision } from '../api/decision-views.ts'
import type { AddedAllowEntry } from '../decide/allow-desk.ts'
import type { ExtendedBlock, LiftedBlock } from '../decide/block-desk.ts'
import type { Decider } from '../decide/decider.ts'
import type { Outcome } from '../decide/outcome.ts'
import { instantOf } from '../decide/sentences.ts'
import { hasTag } from '../decide/tag-desk.ts'
import { refuseWidth } from '../decide/target.ts'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import type { Decision } from '../model/decision.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { resultOf } from './change-result.ts'

const ENDED_LIMIT = 10_000
/** Targets judged by a trial before all else has its turn: a wide one costs milliseconds. */
const TRIALS_PER_TURN = 10

type BlockActions = Pick<
  ServiceActions,
  | 'listBlocks'
  | 'listTags'
  | 'addBlocks'
  | 'extendBlocks'
  | 'tagBlocks'
  | 'removeBlocks'
  | 'releaseHeld'
  | 'refuseHeld'
>

export function blockActions(decider: () => Decider, state: () => StateStore): BlockActions {
  return {
    listBlocks: (input) => listBlocks(decider(), state(), input),
    addBlocks: async ({ targets, reason, until, dryRun, confirmWide = false }, { user }) => {
      const untilMs = until === null ? null : Date.parse(until)
      const blocks = targets.map((target) => ({ target, reason, untilMs, confirmWide }))
      const outcomes = await decider().blocks.addMany(blocks, user, dryRun)
      const word = dryRun ? 'would be blocked' : 'blocked'
      return { dryRun, results: resultsOf(targets, outcomes, ({ note }) => note ?? word) }
    },
    extendBlocks: async ({ targets, reason, until, dryRun }, { user }) => {
      const untilMs = until === null ? null : Date.parse(until)
      const outcomes = await decider().blocks.extendMany(targets, untilMs, user, reason, dryRun)
      return { dryRun, results: resultsOf(targets, outcomes, (told) => extendedText(told, dryRun)) }
    },
    listTags: () => decider().tags.inUse(),
    tagBlocks: async ({ targets, add, remove, reason, dryRun }, { user }) => {
      const outcomes = await decider().tags.change(targets, { add, remove }, user, reason, dryRun)
      const word = dryRun ? 'would have' : 'has'
      const textOf = ({ tags }: Decision): string =>
        `${word} ${tags.length === 0 ? 'no tags' : `the tags ${tags.join(', ')}`}`
      return { dryRun, results: resultsOf(targets, outcomes, textOf) }
    },
    removeBlocks: async ({ targets, reason, dryRun }, { user }) => {
      if (dryRun) return trialOf(targets, dryLift(decider(), ['block', 'hold'], 'lifted'))
      const outcomes = await decider().blocks.liftMany(targets, user, reason)
      const textOf = ({ graceUntilMs }: LiftedBlock): string =>
        graceUntilMs === null ? 'lifted' : `lifted; detectors leave it alone until ${instantOf(graceUntilMs)}`
      return { dryRun, results: resultsOf(targets, outcomes, textOf) }
    },
    releaseHeld: async ({ targets, reason, dryRun }, { user }) => {
      if (dryRun) return trialOf(targets, dryLift(decider(), ['hold'], 'released'))
      const outcomes = await decider().blocks.releaseMany(targets, user, reason)
      return { dryRun, results: resultsOf(targets, outcomes, () => 'released: it is on the list') }
    },
    refuseHeld: async ({ targets, reason, dryRun }, { user }) => {
      if (dryRun) return trialOf(targets, dryLift(decider(), ['hold'], 'refused'))
      const outcomes = await decider().blocks.refuseMany(targets, user, reason)
      return { dryRun, results: resultsOf(targets, outcomes, () => 'refused: it is not blocked') }
    },
  }
}

/** `would be blocked until ...; now until removed`. */
function extendedText({ decision, before }: ExtendedBlock, isDryRun: boolean): string {
  const endOf = ({ expiresAtMs }: Decision): string =>
    expiresAtMs === null ? 'until removed' : `until ${instantOf(expiresAtMs)}`
  const byHand = before.origin === 'manual' ? '' : ', by hand from then on'
  const [does, was] = isDryRun ? ['would be blocked', 'now'] : ['blocked', 'was']
  return `${does} ${endOf(decision)} (${was} ${endOf(before)}${byHand})`
}

type AllowActions = Pick<ServiceActions, 'listAllow' | 'addAllow' | 'removeAllow'>

export function allowActions(decider: () => Decider): AllowActions {
  return {
    listAllow: () => decider().allow.list().map(viewOfAllowEntry),
    addAllow: async ({ targets, reason, until, dryRun, confirmWide = false }, { user }) => {
      const untilMs = until === null ? null : Date.parse(until)
      if (dryRun) return trialOf(targets, dryAllow(decider(), confirmWide))
      const requests = targets.map((target) => ({ target, reason, untilMs, confirmWide }))
      const outcomes = await decider().allow.addMany(requests, user)
      const textOf = ({ lifted }: AddedAllowEntry): string =>
        lifted.length === 0 ? 'allowed' : `allowed; lifted ${namesOf(lifted)}`
      return { dryRun, results: resultsOf(targets, outcomes, textOf) }
    },
    removeAllow: async ({ targets, reason, dryRun }, { user }) => {
      if (dryRun) return trialOf(targets, dryUnallow(decider()))
      const outcomes = await decider().allow.removeMany(targets, user, reason)
      return { dryRun, results: resultsOf(targets, outcomes, () => 'removed from the allowlist') }
    },
  }
}

function resultsOf<Value>(
  targets: readonly string[],
  outcomes: readonly Outcome<Value>[],
  textOf: (value: Value) => string,
): ChangeResult[] {
  return outcomes.map((outcome, i) => resultOf(targets[i] ?? '', outcome, textOf))
}

function namesOf(decisions: readonly Decision[]): string {
  return decisions.map(({ target }) => formatNetwork(target)).join(', ')
}

/** What a change would do to one target, without doing it. */
type DryRun = (target: string) => ChangeResult

async function trialOf(
  targets: readonly string[],
  dryRun: DryRun,
): Promise<{ dryRun: boolean; results: ChangeResult[] }> {
  const results: ChangeResult[] = []
  for (const target of targets) {
    results.push(dryRun(target))
    if (results.length % TRIALS_PER_TURN === 0) await nextTurn()
  }
  return { dryRun: true, results }
}

function dryLift(decider: Decider, modes: readonly ('block' | 'hold')[], word: string): DryRun {
  return (target) => {
    const network = parseNetwork(target)
    const decision = network === null ? null : decider.standing(network, modes)
    if (decision === null) return { target, outcome: 'not-found', message: 'there is no such block' }
    return { target, outcome: 'done', message: `would be ${word}: ${decision.reason}` }
  }
}

function dryAllow(decider: Decider, isConfirmed: boolean): DryRun {
  return (target) => {
    const wanted = parseNetwork(target)
    const width = wanted === null ? null : refuseWidth(wanted, isConfirmed)
    if (width !== null) return resultOf(target, width, () => '')
    const lifted = wanted === null ? [] : decider.overlapping(wanted)
    const also = lifted.length === 0 ? '' : `; would lift ${namesOf(lifted)}`
    return { target, outcome: 'done', message: `would be allowed${also}` }
  }
}

function dryUnallow(decider: Decider): DryRun {
  const known = new Set(decider.allow.list().map((entry) => formatNetwork(entry.target)))
  return (target) =>
    known.has(target)
      ? { target, outcome: 'done', message: 'would be removed from the allowlist' }
      : { target, outcome: 'not-found', message: 'there is no such entry' }
}

async function listBlocks(
  decider: Decider,
  state: StateStore,
  input: Parameters<ServiceActions['listBlocks']>[0],
): Promise<Iterable<Reply<'listBlocks'>>> {
  const overlapping = input.target === undefined ? null : parseNetwork(input.target, true)
  const sinceMs = input.since === undefined ? null : Date.parse(input.since)
  const { before } = input
  const wanted = (decision: Decision): boolean =>
    (input.mode === undefined ? decision.mode === 'block' : decision.mode === input.mode) &&
    (input.rule === undefined || decision.rule === input.rule) &&
    (input.origin === undefined || decision.origin === input.origin) &&
    (input.device === undefined || decision.device === input.device) &&
    (input.tag === undefined || hasTag(decision, input.tag)) &&
    (sinceMs === null || decision.createdAtMs >= sinceMs) &&
    (before === undefined || decision.id < before)
  const decisions: Iterable<Decision> =
    input.ended === true
      ? await state.decisions({
          state: 'ended',
          ...(overlapping === null ? {} : { overlapping }),
          limit: ENDED_LIMIT,
        })
      : overlapping === null
        ? decider.inNoOrder()
        : decider.overlapping(overlapping)
  const found: Decision[] = []
  for (const decision of decisions) if (wanted(decision)) found.push(decision)
  return viewsOf(found.sort((a, b) => (a.id < b.id ? 1 : -1)))
}

/** Made one by one as they are read: of 100,000 a page shows a few. */
function* viewsOf(decisions: readonly Decision[]): Generator<Reply<'listBlocks'>, void, undefined> {
  for (const decision of decisions) yield viewOfDecision(decision)
}
