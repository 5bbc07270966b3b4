/**
 * The questions that a record is asked before it counts, in their order, for people: which it passed and which stopped
 * it. The reasons are those of counting.ts, so an explanation says what the counters count by.
 */
import type { ReasonName } from '../counting.ts'
import type { DetectionSettings } from '../settings.ts'

export interface GuardStep {
  readonly name: string
  readonly outcome: 'passed' | 'stopped' | 'off' | 'not-asked'
  /** What is asked, or with `stopped` the predicate of what stopped it. */
  readonly sentence: string
}

const STEPS: readonly (readonly [name: string, asks: string, reasons: readonly ReasonName[]])[] = [
  [
    'readable',
    'it can be read in one way, for the first time, from a sender that may be believed',
    ['unparsed', 'ambiguous', 'duplicate', 'untrustedSender'],
  ],
  [
    'kind',
    'it is traffic, a threat of enough severity by its source, or a failed login',
    ['otherType', 'lowSeverity', 'attackerNotSource'],
  ],
  [
    'addresses',
    'it has the addresses and ports of hosts',
    ['noPort', 'noAddress', 'noHost', 'sourceNotPublic'],
  ],
  ['direction', 'it comes from outside to us, or stays inside', ['outbound', 'notOwn']],
  [
    'late replies',
    "its ports are not those of a server's late reply",
    ['lateReplyUdp', 'lateReplyTcp', 'lateReplyEither'],
  ],
  ['resolvers', 'it is no reply of a public resolver', ['resolverReply']],
  ['content networks', 'it is no reply of a content network', ['contentReply']],
  [
    'clock',
    'its time is near its arrival, by a clock that can be believed',
    ['noTime', 'tooOld', 'ahead', 'insaneClock'],
  ],
  ['weight', 'its destination counts', ['weightZero']],
  ['exceptions', 'no exception takes it out of all rules', ['excepted']],
]

/** The steps of a record with its reason (its name and predicate in REASONS). */
export function guardSteps(
  [reason, predicate]: readonly [ReasonName, string],
  settings: DetectionSettings,
): GuardStep[] {
  const off = new Set([
    ...(settings.lateReplyGuard ? [] : ['late replies']),
    ...(settings.guards.resolvers ? [] : ['resolvers']),
    ...(settings.guards.contentNetworks || !settings.guards.networks.isEmpty ? [] : ['content networks']),
  ])
  const stoppedAt = STEPS.findIndex(([, , reasons]) => reasons.includes(reason))
  return STEPS.map(([name, asks], i) => {
    if (i === stoppedAt) return { name, outcome: 'stopped', sentence: `it ${predicate}` }
    if (stoppedAt !== -1 && i > stoppedAt) return { name, outcome: 'not-asked', sentence: asks }
    return { name, outcome: off.has(name) ? 'off' : 'passed', sentence: asks }
  })
}
