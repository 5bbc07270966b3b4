/**
 * What the control API can do, carried out on the parts: people's changes go through the decider's desks, which write
 * the audit log. Outcomes become the sentences that the command line prints.
 */
import type { Accounts } from '../api/accounts/accounts.ts'
import {
  type Caller,
  type ChangeResult,
  type Explanation,
  type Reply,
  type ServiceActions,
} from '../api/control-contract.ts'
import { viewOfAllowEntry, viewOfDecision } from '../api/decision-views.ts'
import type { Decider } from '../decide/decider.ts'
import type { Explanation as Told } from '../decide/explain.ts'
import { errorCodeOf, type Outcome } from '../decide/outcome.ts'
import { instantOf } from '../decide/sentences.ts'
import type { Settings } from '../config/schema.ts'
import { formatNetwork, isV4, type Network, overlaps, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import type { Decision, DecisionMode } from '../model/decision.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { Backtests } from './backtests.ts'
import { clockSentences, countSentences, countView, exceptionView } from './explain-counts.ts'
import { enforcementOf, firewallActions } from './firewall-actions.ts'
import { explainLine } from './explain-line.ts'
import { aboutActions } from './about-actions.ts'
import { accountActions } from './account-actions.ts'
import { addressActions } from './address-actions.ts'
import { certificateActions } from './certificate-actions.ts'
import { crowdsecActions } from './crowdsec-actions.ts'
import { importActions } from './import-actions.ts'
import { feedsActions } from './feeds-actions.ts'
import { notifyActions } from './notify-actions.ts'
import { overviewActions } from './overview-actions.ts'
import type { Parts } from './parts.ts'
import { reportActions, type ReportedEvidence, reportedEvidence } from './report-actions.ts'
import { resultOf } from './change-result.ts'
import { recordActions } from './record-actions.ts'
import { seenLines } from './seen-lines.ts'
import type { SettingsDesk } from './settings-desk.ts'
import { statusView } from './status.ts'
import { removeForsakenViews, viewActions } from './view-actions.ts'

/** Targets named in the answer of `withdraw`. */
const WITHDRAW_SHOWN = 1000
const ENDED_LIMIT = 10_000

export interface ActionOptions {
  readonly parts: Parts
  readonly settings: SettingsDesk
  /** Ends the service after the answer is out. */
  readonly stop: (reason: string) => void
}

export function serviceActions({ parts, settings, stop }: ActionOptions): ServiceActions {
  const decider = (): Decider =>
    parts.decider ?? fail('the decisions are not loaded yet: try again in a moment')
  const accounts = (): Accounts =>
    parts.accounts ?? fail('the accounts are not loaded yet: try again in a moment')
  const state = (): StateStore => parts.state ?? fail('the state is not open yet: try again in a moment')
  return {
    status: () => statusView(parts),
    ...blockActions(decider, state),
    ...allowActions(decider),
    ...aboutActions(parts),
    ...accountActions(accounts, state, async (caller) =>
      removeForsakenViews(state(), parts.clock, (id) => accounts().userById(id) !== undefined, caller),
    ),
    ...addressActions(parts, decider, state),
    ...certificateActions(parts, state),
    ...crowdsecActions(parts, state),
    ...importActions(parts, decider, state),
    ...reportActions(parts, decider, state, () => settings.settings),
    ...firewallActions(parts),
    ...feedsActions(parts, decider),
    ...notifyActions(parts, state),
    ...overviewActions(parts, decider, state, () => settings.settings),
    ...recordActions(parts, () => settings.settings, decider),
    ...viewActions(state, parts.clock),
    checkAllow: ({ targets }) => ({ results: targets.map((target) => checkOne(decider(), target)) }),
    withdraw: async (input, { user }) => withdraw(decider(), input, user),
    setFreeze: (input, caller) => setFreeze(parts, decider(), input, caller),
    setEngine: (input, caller) => setEngine(parts, decider(), input, caller),
    explain: async ({ address }) => explain(parts, settings, decider(), address),
    explainLine: async (input) =>
      explainLine(parts, settings.settings, input, (address) => explain(parts, settings, decider(), address)),
    ...backtestActions(parts, settings, decider),
    listSettings: () => settings.views(),
    changeSettings: (input, { user }) => settings.change(input.changes, user, input.reason),
    reload: () => settings.reload(),
    stop: (_, { user }) => {
      setImmediate(() => stop(`asked by ${user}`))
      return { message: 'stopping' }
    },
  }
}

function backtestActions(
  parts: Parts,
  settings: SettingsDesk,
  decider: () => Decider,
): Pick<ServiceActions, 'backtest' | 'backtestLines'> {
  const backtests = new Backtests(parts)
  return {
    backtest: (input) => backtests.rows(input, settings.settings, decider()),
    backtestLines: async ({ source, from, to }) => ({ lines: await backtests.lines(source, from, to) }),
  }
}

type BlockActions = Pick<
  ServiceActions,
  'listBlocks' | 'addBlocks' | 'extendBlocks' | 'removeBlocks' | 'releaseHeld' | 'refuseHeld'
>

function blockActions(decider: () => Decider, state: () => StateStore): BlockActions {
  return {
    listBlocks: (input) => listBlocks(decider(), state(), input),
    addBlocks: async ({ targets, reason, until, dryRun }, { user }) => {
      const untilMs = until === null ? null : Date.parse(until)
      const blocks = targets.map((target) => ({ target, reason, untilMs }))
      const outcomes = await decider().blocks.addMany(blocks, user, dryRun)
      const results = outcomes.map((outcome, i) =>
        resultOf(targets[i] ?? '', outcome, ({ note }) => note ?? (dryRun ? 'would be blocked' : 'blocked')),
      )
      return { dryRun, results }
    },
    extendBlocks: ({ targets, reason, until, dryRun }, { user }) =>
      each(targets, dryRun && dryLift(decider(), ['block'], 'given another end'), async (target) =>
        resultOf(
          target,
          await decider().blocks.extend(target, until === null ? null : Date.parse(until), user, reason),
          ({ expiresAtMs }) =>
            expiresAtMs === null ? 'blocked until removed' : `blocked until ${instantOf(expiresAtMs)}`,
        ),
      ),
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

type AllowActions = Pick<ServiceActions, 'listAllow' | 'addAllow' | 'removeAllow'>

function allowActions(decider: () => Decider): AllowActions {
  return {
    listAllow: () => decider().allow.list().map(viewOfAllowEntry),
    addAllow: async ({ targets, reason, until, dryRun }, { user }) => {
      const untilMs = until === null ? null : Date.parse(until)
      return each(targets, dryRun && dryAllow(decider()), async (target) =>
        resultOf(target, await decider().allow.add({ target, reason, untilMs }, user), ({ lifted }) =>
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

function fail(message: string): never {
  throw new AppError('state-unavailable', message)
}

const reasonOr = (reason: string): string => (reason === '' ? 'by command' : reason)

function valueOf<Value>(outcome: Outcome<Value>): Value {
  if (outcome.ok) return outcome.value
  throw new AppError(errorCodeOf(outcome.code), outcome.message)
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

function dryAllow(decider: Decider): DryRun {
  const active = decider.active()
  return (target) => {
    const wanted = parseNetwork(target)
    const lifted = active.filter((decision) => wanted !== null && overlaps(decision.target, wanted))
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

function checkOne(decider: Decider, target: string): { target: string; allowed: boolean; message: string } {
  const { entry, protectedReason } = valueOf(decider.allow.check(target))
  if (entry !== null) {
    const message = `allowed by the entry ${formatNetwork(entry.target)} of ${entry.createdBy}: ${entry.reason}`
    return { target, allowed: true, message }
  }
  if (protectedReason !== null) return { target, allowed: true, message: `never blocked: ${protectedReason}` }
  return { target, allowed: false, message: 'not allowlisted and not protected: it can be blocked' }
}

async function withdraw(
  decider: Decider,
  input: Parameters<ServiceActions['withdraw']>[0],
  user: string,
): Promise<Reply<'withdraw'>> {
  const criteria = {
    ...(input.since === undefined ? {} : { sinceMs: Date.parse(input.since) }),
    ...(input.rule === undefined ? {} : { rule: input.rule }),
    ...(input.device === undefined ? {} : { device: input.device }),
  }
  const decisions = input.dryRun
    ? valueOf(decider.blocks.previewWithdraw(criteria))
    : valueOf(await decider.blocks.withdraw(criteria, user, input.reason)).decisions
  const targets = decisions.slice(0, WITHDRAW_SHOWN).map(({ target }) => formatNetwork(target))
  return { dryRun: input.dryRun, count: decisions.length, targets }
}

async function setFreeze(
  parts: Parts,
  decider: Decider,
  { frozen, reason }: Parameters<ServiceActions['setFreeze']>[0],
  { user }: Caller,
): Promise<Reply<'setFreeze'>> {
  const before = decider.engine.flags.frozen
  const desk = decider.engine
  const outcome = await (frozen ? desk.freeze(user, reasonOr(reason)) : desk.unfreeze(user, reasonOr(reason)))
  const flags = valueOf(outcome)
  parts.events.engineSwitched({ state: frozen ? 'frozen' : 'thawed', by: user, reason })
  const { holds } = decider.counters()
  const waiting = holds === 0 ? '' : `; ${holds} held for review (blocks list --held, blocks release)`
  const word = frozen ? 'frozen: nothing is added to it until it is unfrozen' : `no longer frozen${waiting}`
  return {
    changed: before !== flags.frozen,
    message: `the list is ${before === frozen ? 'already ' : ''}${word}`,
  }
}

async function setEngine(
  parts: Parts,
  decider: Decider,
  { action, reason }: Parameters<ServiceActions['setEngine']>[0],
  { user }: Caller,
): Promise<Reply<'setEngine'>> {
  if (action === 'reset') {
    valueOf(await decider.engine.reset(user, reasonOr(reason)))
    return {
      changed: true,
      message: 'windows and counters are cleared; blocks, allowlist and settings are kept',
    }
  }
  const on = action === 'on'
  const was = decider.engine.flags.on
  valueOf(await decider.engine.switch(on, user, reasonOr(reason)))
  if (was === on) return { changed: false, message: `the engine is ${action} already` }
  parts.events.engineSwitched({ state: action, by: user, reason })
  const message = on
    ? 'the engine is on'
    : 'the engine is off: lines are received and stored, and no detector blocks, until it is switched on again'
  return { changed: true, message }
}

async function explain(
  parts: Parts,
  settings: SettingsDesk,
  decider: Decider,
  address: string,
): Promise<Explanation> {
  const network = parseNetwork(address, true)
  const lines = await seenLines(parts, settings.settings, address)
  const inspection = network === null ? null : ((await parts.pipeline?.inspect(network)) ?? null)
  const told = valueOf(await decider.explain(address, lines))
  const decision = decider.active().find(({ id }) => id === told.active[0]?.id)
  const enforcement = enforcementOf(parts, address)
  const reported = await reportsOf(parts, told.address)
  return {
    address: told.address,
    verdict: verdictOf(told),
    sentences: [
      ...told.sentences,
      ...reported.sentences,
      ...(inspection === null
        ? ['What the rules count of it now could not be asked.']
        : countSentences(inspection.counts, 'now', inspection.more)),
      ...clockSentences(parts.pipeline?.status?.devices ?? [], lines?.devices ?? []),
      ...enforcement.sentences,
      ...(await peerSentences(parts, settings.settings, network)),
      ...whereabouts(parts, address),
    ],
    evidence: [
      ...reported.lines,
      ...told.detections.flatMap(({ detection }) => [...detection.evidence]),
    ].slice(0, 20),
    block: decision === undefined ? null : viewOfDecision(decision),
    enforcement: enforcement.enforcement,
    counts: (inspection?.counts ?? []).map(countView),
    exceptions: (inspection?.exceptions ?? []).map(exceptionView),
  }
}

/** What other programs have reported of it; nothing while the state cannot be read. */
async function reportsOf({ state, events }: Parts, target: string): Promise<ReportedEvidence> {
  try {
    if (state !== null) return await reportedEvidence(state, target)
  } catch (error) {
    events.partFailed('state', 'read what was reported of an address', error)
  }
  return { sentences: [], lines: [] }
}

/** Whether it is a known peer, which matters to decisions only while the guard is on. */
async function peerSentences(
  { peers, logs }: Parts,
  settings: Settings,
  network: Network | null,
): Promise<string[]> {
  if (network === null || logs === null || !settings['detection.guards.knownPeers']) return []
  if (network.prefixLength < (isV4(network.words) ? 128 : 64)) return []
  const { isPeer, why } = await peers.noteOf(network)
  if (isPeer === null) return [`Whether it is a known peer could not be asked: ${why}.`]
  return [`It is ${isPeer ? 'a' : 'no'} known peer: ${why}.`]
}

/** Country and network owner, from the operator's databases. */
function whereabouts({ geo }: Parts, address: string): string[] {
  const host = address.split('/', 1)[0] ?? ''
  const country = geo?.countryOf(host) ?? null
  const owner = geo?.ownerOf(host) ?? null
  const number = owner?.asNumber == null ? '' : `AS${owner.asNumber} `
  return [
    ...(country === null ? [] : [`The address database places it in ${country}.`]),
    ...(owner === null ? [] : [`It is announced by ${number}${owner.name ?? 'a network without a name'}.`]),
  ]
}

function verdictOf(told: Told): Explanation['verdict'] {
  if (told.isOnList) return 'blocked'
  if (told.protectedReason !== null) return 'protected'
  if (told.allow !== null) return 'allowed'
  if (told.state === 'held') return 'held'
  if (told.grace !== null) return 'grace'
  return told.state === 'shadow' ? 'shadow' : told.state === 'blocked' ? 'blocked' : 'not-blocked'
}
