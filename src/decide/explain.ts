/**
 * Why an address is blocked or not, in sentences that a person can read aloud and as JSON: what was seen, which rule
 * with which numbers found what, which guard refused, since when and until when, and the frozen lines. The names of the
 * older system stand beside ours.
 */
import { formatNetwork, type Network } from '../lib/address.ts'
import { messageOf } from '../lib/errors.ts'
import type { AllowEntry, Decision } from '../model/decision.ts'
import { type Detection, ORIGINAL_NAMES, type RuleName } from '../model/detection.ts'
import type { Grace, StoredDetection } from '../model/state.ts'
import type { Keeper } from './keeper.ts'
import { done, type Outcome } from './outcome.ts'
import { originalNameOf } from './rule-names.ts'
import { instantOf, plural, quoted, reasonOf } from './sentences.ts'
import { parseTarget } from './target.ts'

const ENDED_SHOWN = 5
const DETECTIONS_SHOWN = 5
/** Longest line of evidence in a sentence, in characters; the JSON form has the whole. */
const LINE_LIMIT = 500

/** What the stored logs or the detectors' counters know of the address. The caller asks them. */
export interface SeenLines {
  readonly records: number
  readonly firstAtMs: number | null
  readonly lastAtMs: number | null
  readonly devices: readonly string[]
  readonly ports: number | null
  readonly destinations: number | null
  /** Lines that did not count, with the guard that left them out as a predicate: `is older than ...`. */
  readonly skipped: readonly { readonly reason: string; readonly count: number }[]
}

export type BlockState = 'blocked' | 'held' | 'shadow' | 'not-blocked'

/** A decision or detection for people: the network as text, and what the older system called the rule. */
export interface DecisionView extends Omit<Decision, 'target'> {
  readonly target: string
  readonly originalName: string | null
}

export interface DetectionView extends Omit<Detection, 'source'> {
  readonly source: string
  readonly originalName: string | null
}

export interface Explanation {
  readonly address: string
  readonly state: BlockState
  readonly isOnList: boolean
  readonly sentences: readonly string[]
  readonly protectedReason: string | null
  readonly allow: (Omit<AllowEntry, 'target'> & { readonly target: string }) | null
  readonly grace: (Omit<Grace, 'target'> & { readonly target: string }) | null
  /** Active decisions that touch the address: blocks first. */
  readonly active: readonly DecisionView[]
  /** The newest ended ones. */
  readonly ended: readonly DecisionView[]
  /** The newest detections with what became of them. */
  readonly detections: readonly (Omit<StoredDetection, 'detection'> & { readonly detection: DetectionView })[]
  readonly lines: SeenLines | null
}

/** Refused only when the text is no address or network. When the state cannot be read, memory answers and says so. */
export async function explainAddress(
  keeper: Keeper,
  text: string,
  lines: SeenLines | null,
): Promise<Outcome<Explanation>> {
  const parsed = parseTarget(text)
  if (!parsed.ok) return parsed
  const target = parsed.value
  const nowMs = keeper.clock.nowMs()
  const { registry, protection } = keeper
  const active = registry.overlapping(target).map((known) => known.decision)
  const history = await readHistory(keeper, target)
  const state = stateOf(active)
  const isOnList = keeper.published.overlapping(target).length > 0
  const protectedReason = protection.reasonFor(target)
  const allow = registry.allowing(target, nowMs) ?? null
  const grace = registry.grace(target, nowMs) ?? null
  const address = formatNetwork(target)
  const sentences = [
    ...stateSentences(address, state, isOnList, keeper),
    ...active.map(activeSentence),
    ...(protectedReason === null ? [] : [`${protectedReason}.`]),
    ...(allow === null ? [] : [`${keeper.allowReason(target) ?? ''}.`]),
    ...(grace === null ? [] : [graceSentence(grace)]),
    ...history.detections.map(detectionSentence),
    ...evidenceSentences(history.detections),
    ...history.ended.map(endedSentence),
    ...(lines === null ? [] : lineSentences(lines)),
    ...(history.problem === null ? [] : [`The history could not be read: ${history.problem}.`]),
  ]
  if (active.length + history.detections.length + history.ended.length === 0 && history.problem === null) {
    sentences.push('No rule has found anything against it, and nobody has blocked it by hand.')
  }
  return done({
    address,
    state,
    isOnList,
    sentences,
    protectedReason,
    allow: allow === null ? null : { ...allow, target: formatNetwork(allow.target) },
    grace: grace === null ? null : { ...grace, target: formatNetwork(grace.target) },
    active: active.map(viewOfDecision),
    ended: history.ended.map(viewOfDecision),
    detections: history.detections.map((stored) => ({
      ...stored,
      detection: viewOfDetection(stored.detection),
    })),
    lines,
  })
}

interface History {
  readonly ended: readonly Decision[]
  readonly detections: readonly StoredDetection[]
  readonly problem: string | null
}

async function readHistory(keeper: Keeper, target: Network): Promise<History> {
  const { repository } = keeper
  try {
    const ended = await repository.decisions({ state: 'ended', overlapping: target, limit: ENDED_SHOWN })
    const detections = await repository.detections({ overlapping: target, limit: DETECTIONS_SHOWN })
    return { ended, detections, problem: null }
  } catch (thrown) {
    // What is in memory is still worth telling; the reader learns that the rest is missing.
    return { ended: [], detections: [], problem: messageOf(thrown) }
  }
}

function stateOf(active: readonly Decision[]): BlockState {
  const modes = new Set(active.map((decision) => decision.mode))
  if (modes.has('block')) return 'blocked'
  if (modes.has('hold')) return 'held'
  return modes.has('shadow') ? 'shadow' : 'not-blocked'
}

function stateSentences(address: string, state: BlockState, isOnList: boolean, keeper: Keeper): string[] {
  const { engine } = keeper.registry
  const list = isOnList ? 'It is on the list that firewalls fetch.' : 'It is not on the list.'
  const head = {
    blocked: `${address} is blocked. ${list}`,
    held: `${address} is held for review: a person must release it. ${list}`,
    shadow: `${address} is not blocked; a rule in shadow mode would have blocked it.`,
    'not-blocked': `${address} is not blocked.`,
  }[state]
  const sentences = [head]
  if (engine.frozen)
    sentences.push(
      `The list is frozen since ${instantOf(engine.frozenChangedAtMs)} by ${engine.frozenChangedBy}: ${engine.frozenReason}.`,
    )
  if (!engine.on)
    sentences.push(
      `The engine is off since ${instantOf(engine.onChangedAtMs)} by ${engine.onChangedBy}: ${engine.onReason}.`,
    )
  return sentences
}

/** `port-scan (Port Scan Attack v1)`; the rule alone where the older system had no name. */
function ruleText(rule: RuleName): string {
  const original = ORIGINAL_NAMES[rule]
  return original === null ? rule : `${rule} (${original})`
}

function originText(decision: Decision): string {
  if (decision.rule !== null) {
    const device = decision.device === null ? '' : ` on evidence of ${quoted(decision.device)}`
    return `by the rule ${ruleText(decision.rule)}${device}`
  }
  if (decision.origin === 'feed') return 'by a feed'
  return `by hand (${ORIGINAL_NAMES.manual}) by ${decision.createdBy}`
}

/** `198.51.100.7 (Testland, severity high)`; the target alone where neither is known. */
function targetText({ target, country, severity }: Decision): string {
  const known = [
    country === null ? null : quoted(country),
    severity === null ? null : `severity ${severity}`,
  ].filter((part) => part !== null)
  return known.length === 0 ? formatNetwork(target) : `${formatNetwork(target)} (${known.join(', ')})`
}

function activeSentence(decision: Decision): string {
  const verb = { block: 'blocked', hold: 'held', shadow: 'noted in shadow' }[decision.mode]
  const until =
    decision.expiresAtMs === null
      ? 'until a person removes it'
      : decision.origin === 'manual'
        ? `until ${instantOf(decision.expiresAtMs)}`
        : `until ${instantOf(decision.expiresAtMs)} unless it is seen again, last seen ${instantOf(decision.lastSeenAtMs)}`
  const since = `since ${instantOf(decision.createdAtMs)}`
  return `${targetText(decision)} is ${verb} ${since} ${originText(decision)}, ${until}: ${quoted(decision.reason)}.`
}

function endedSentence(decision: Decision): string {
  const verb = { block: 'blocked', hold: 'held', shadow: 'noted in shadow' }[decision.mode]
  const span = `from ${instantOf(decision.createdAtMs)} to ${instantOf(decision.endedAtMs ?? Number.NaN)}`
  const end = `ended by ${decision.endedBy ?? 'system'} (${quoted(decision.endReason ?? 'no reason')})`
  return `${targetText(decision)} was ${verb} ${span} ${originText(decision)}, ${end}.`
}

function graceSentence(grace: Grace): string {
  const since = `${grace.by} lifted a block of ${formatNetwork(grace.target)} on ${instantOf(grace.createdAtMs)}`
  return `${since} (${quoted(grace.reason)}): detectors leave it alone until ${instantOf(grace.untilMs)}.`
}

function detectionSentence({ atMs, detection, verdict, reason }: StoredDetection): string {
  const word = detection.proof === 'handshake' ? 'proven by a handshake' : 'the source could be forged'
  // Detections of earlier versions do not say why.
  const proof = detection.proofReason === '' ? word : `${word} (${quoted(detection.proofReason)})`
  const what = reasonOf(detection)
  const found = `${detection.sourceAddress} ${what}; ${proof}`
  // Reasons of holds and shadow verdicts end with what was found, which stands before them here.
  const why = quoted(
    reason.replace(/^held for review: /, '').replace(new RegExp(`[:;] ${RegExp.escape(what)}$`), ''),
  )
  const verdictText = {
    block: 'it was blocked',
    hold: `it was held for review: ${why}`,
    refuse: `a block was refused: ${why}`,
    none: `nothing was done: ${why}`,
  }[verdict]
  return `On ${instantOf(atMs)} ${ruleText(detection.rule)} found: ${found}; ${verdictText}.`
}

function evidenceSentences(detections: readonly StoredDetection[]): string[] {
  const evidence = detections.find((stored) => stored.detection.evidence.length > 0)?.detection.evidence ?? []
  return evidence.map((line, i) => `Line ${i + 1} of ${evidence.length}: ${quoted(line, LINE_LIMIT)}`)
}

function lineSentences(lines: SeenLines): string[] {
  if (lines.records === 0) return ['The stored logs have no line from it.']
  const span = `from ${instantOf(lines.firstAtMs ?? Number.NaN)} to ${instantOf(lines.lastAtMs ?? Number.NaN)}`
  const reach = [
    lines.destinations === null ? null : plural(lines.destinations, 'destination'),
    lines.ports === null ? null : plural(lines.ports, 'port'),
  ].filter((part) => part !== null)
  const reached = reach.length === 0 ? '' : `, reaching ${reach.join(' and ')}`
  const devices =
    lines.devices.length === 0
      ? ''
      : `, reported by ${lines.devices.map((device) => quoted(device)).join(', ')}`
  return [
    `The stored logs have ${plural(lines.records, 'line')} from it ${span}${reached}${devices}.`,
    ...lines.skipped.map(
      ({ reason, count }) =>
        `${plural(count, 'line')} did not count. ${count === 1 ? 'It' : 'Each'} ${quoted(reason)}.`,
    ),
  ]
}

export function viewOfDecision(decision: Decision): DecisionView {
  return { ...decision, target: formatNetwork(decision.target), originalName: originalNameOf(decision) }
}

function viewOfDetection(detection: Detection): DetectionView {
  return {
    ...detection,
    source: formatNetwork(detection.source),
    originalName: ORIGINAL_NAMES[detection.rule],
  }
}
