/**
 * What the control API does to blocks and to the allowlist, and how they are listed: people's changes go through the
 * decider's desks, which write the audit log. A trial (`dryRun`) says what would become of each target.
 */
import type { ChangeResult, Reply, ServiceActions } from '../api/control-contract.ts'
import { viewOfAllowEntry, viewOfDecision } from '../api/decision-views.ts'
import type { ExtendedBlock } from '../decide/block-desk.ts'
import type { Decider } from '../decide/decider.ts'
import { instantOf } from '../decide/sentences.ts'
import { hasTag } from '../decide/tag-desk.ts'
import { refuseWidth } from '../decide/target.ts'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import type { Decision, DecisionMode } from '../model/decision.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { resultOf } from './change-result.ts'

const ENDED_LIMIT = 10_000

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
      const results = outcomes.map((outcome, i) =>
        resultOf(targets[i] ?? '', outcome, ({ note }) => note ?? (dryRun ? 'would be blocked' : 'blocked')),
      )
      return { dryRun, results }
    },
    extendBlocks: async ({ targets, reason, until, dryRun }, { user }) => {
      const untilMs = until === null ? null : Date.parse(until)
      const { blocks } = decider()
      const { results } = await each(targets, false, async (target) =>
        resultOf(target, await blocks.extend(target, untilMs, user, reason, dryRun), (told) =>
          extendedText(told, dryRun),
        ),
      )
      return { dryRun, results }
    },
    listTags: () => decider().tags.inUse(),
    tagBlocks: async ({ targets, add, remove, reason, dryRun }, { user }) => {
      const outcomes = await decider().tags.change(targets, { add, remove }, user, reason, dryRun)
      const word = dryRun ? 'would have' : 'has'
      const results = outcomes.map((outcome, i) =>
        resultOf(
          targets[i] ?? '',
          outcome,
          ({ tags }) => `${word} ${tags.length === 0 ? 'no tags' : `the tags ${tags.join(', ')}`}`,
        ),
      )
      return { dryRun, results }
    },
    removeBlocks: ({ targets, reason, dryRun }, { user }) =>
      each(targets, dryRun && dryLift(decider(), ['block', 'hold'], 'lifted'), async (target) =>
        resultOf(target, await decider().blocks.lift(target, user, reason), ({ graceUntilMs }) =>
          graceUntilMs === null
            ? 'lifted'
            : `lifted; detectors leave it alone until ${instantOf(graceUntilMs)}`,
        ),
      ),
    releaseHeld: ({ targets, reason, dryRun }, { user }) =>
      each(targets, dryRun && dryLift(decider(), ['hold'], 'released'), async (target) =>
        resultOf(
          target,
          await decider().blocks.release(target, user, reason),
          () => 'released: it is on the list',
        ),
      ),
    refuseHeld: ({ targets, reason, dryRun }, { user }) =>
      each(targets, dryRun && dryLift(decider(), ['hold'], 'refused'), async (target) =>
        resultOf(
          target,
          await decider().blocks.refuseHold(target, user, reason),
          () => 'refused: it is not blocked',
        ),
      ),
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
      return each(targets, dryRun && dryAllow(decider(), confirmWide), async (target) =>
        resultOf(
          target,
          await decider().allow.add({ target, reason, untilMs, confirmWide }, user),
          ({ lifted }) =>
            lifted.length === 0
              ? 'allowed'
              : `allowed; lifted ${lifted.map(({ target: was }) => formatNetwork(was)).join(', ')}`,
        ),
      )
    },
    removeAllow: ({ targets, reason, dryRun }, { user }) =>
      each(targets, dryRun && dryUnallow(decider()), async (target) =>
        resultOf(
          target,
          await decider().allow.remove(target, user, reason),
          () => 'removed from the allowlist',
        ),
      ),
  }
}

/** What a change would do to one target, without doing it. */
type DryRun = (target: string) => ChangeResult

/** One target after another, or with a dry run none. */
async function each(
  targets: readonly string[],
  dryRun: DryRun | false,
  change: (target: string) => Promise<ChangeResult>,
): Promise<{ dryRun: boolean; results: ChangeResult[] }> {
  const results: ChangeResult[] = []
  for (const target of targets) results.push(dryRun === false ? await change(target) : dryRun(target))
  return { dryRun: dryRun !== false, results }
}

function dryLift(decider: Decider, modes: readonly DecisionMode[], word: string): DryRun {
  const known = new Map(
    decider
      .active()
      .filter(({ mode }) => modes.includes(mode))
      .map((decision) => [formatNetwork(decision.target), decision]),
  )
  return (target) => {
    const decision = known.get(target)
    if (decision === undefined) return { target, outcome: 'not-found', message: 'there is no such block' }
    return { target, outcome: 'done', message: `would be ${word}: ${decision.reason}` }
  }
}

function dryAllow(decider: Decider, isConfirmed: boolean): DryRun {
  return (target) => {
    const wanted = parseNetwork(target)
    const width = wanted === null ? null : refuseWidth(wanted, isConfirmed)
    if (width !== null) return resultOf(target, width, () => '')
    const lifted = wanted === null ? [] : decider.overlapping(wanted)
    const also =
      lifted.length === 0
        ? ''
        : `; would lift ${lifted.map(({ target: was }) => formatNetwork(was)).join(', ')}`
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
  const decisions =
    input.ended === true
      ? await state.decisions({
          state: 'ended',
          ...(overlapping === null ? {} : { overlapping }),
          limit: ENDED_LIMIT,
        })
      : overlapping === null
        ? decider.active()
        : decider.overlapping(overlapping)
  return viewsOf(decisions.filter(wanted).sort((a, b) => (a.id < b.id ? 1 : -1)))
}

/** Made one by one as they are read: of 100,000 a page shows a few. */
function* viewsOf(decisions: readonly Decision[]): Generator<Reply<'listBlocks'>, void, undefined> {
  for (const decision of decisions) yield viewOfDecision(decision)
}
