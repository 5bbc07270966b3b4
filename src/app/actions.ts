/**
 * What the control API can do, carried out on the parts: people's changes go through the decider's desks, which write
 * the audit log. Outcomes become the sentences that the command line prints.
 */
import type { Accounts } from '../api/accounts/accounts.ts'
import { saidOf } from '../api/contract/sentence.ts'
import { type Caller, type Explanation, type Reply, type ServiceActions } from '../api/control-contract.ts'
import { viewOfDecision } from '../api/decision-views.ts'
import type { Decider } from '../decide/decider.ts'
import type { Explanation as Told } from '../decide/explain.ts'
import { errorCodeOf, type Outcome } from '../decide/outcome.ts'
import type { Settings } from '../config/schema.ts'
import { formatNetwork, isV4, type Network, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { Backtests } from './backtests.ts'
import { clockSentences, countSentences, countView, exceptionView } from './explain-counts.ts'
import { enforcementOf, firewallActions } from './firewall-actions.ts'
import { explainLine } from './explain-line.ts'
import { aboutActions } from './about-actions.ts'
import { allowActions, blockActions } from './block-actions.ts'
import { accountActions } from './account-actions.ts'
import { addressActions } from './address-actions.ts'
import { certificateActions } from './certificate-actions.ts'
import { crowdsecActions } from './crowdsec-actions.ts'
import { importActions } from './import-actions.ts'
import { feedsActions } from './feeds-actions.ts'
import { notifyActions } from './notify-actions.ts'
import { ownerActions } from './owner-actions.ts'
import { overviewActions } from './overview-actions.ts'
import type { Parts } from './parts.ts'
import { reportActions, type ReportedEvidence, reportedEvidence } from './report-actions.ts'
import { recordActions } from './record-actions.ts'
import { seenLines } from './seen-lines.ts'
import type { SettingsDesk } from './settings-desk.ts'
import { statusView } from './status.ts'
import { removeForsakenViews, viewActions } from './view-actions.ts'

/** Targets named in the answer of `withdraw`. */
const WITHDRAW_SHOWN = 1000

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
  const records = recordActions(parts, () => settings.settings, decider)
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
    ...records,
    ...ownerActions(parts, records),
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

function fail(message: string): never {
  throw new AppError('state-unavailable', message)
}

const reasonOr = (reason: string): string => (reason === '' ? 'by command' : reason)

function valueOf<Value>(outcome: Outcome<Value>): Value {
  if (outcome.ok) return outcome.value
  throw new AppError(errorCodeOf(outcome.code), outcome.message)
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
  const sentences = [
    ...told.sentences,
    ...reported.sentences,
    ...(inspection === null
      ? ['What the rules count of it now could not be asked.']
      : countSentences(inspection.counts, 'now', inspection.more)),
    ...clockSentences(parts.pipeline?.status?.devices ?? [], lines?.devices ?? []),
    ...enforcement.sentences,
    ...(await peerSentences(parts, settings.settings, network)),
    ...whereabouts(parts, address),
  ]
  return {
    address: told.address,
    verdict: verdictOf(told),
    sentences,
    said: sentences.map(saidOf),
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
