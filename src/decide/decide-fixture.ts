/** What the tests of decide share: a detection with defaults, networks from text, alarms that are remembered. */
import { defaultSettings, type Settings } from '../config/schema.ts'
import { ManualClock } from '../lib/clock.ts'
import { type Network, parseNetwork } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import type { StateChange, StateRepository } from '../model/state.ts'
import type { AlarmInput, AlarmSink } from '../telemetry/alarms.ts'
import { Decider, type DeciderOptions } from './decider.ts'
import { type DecisionRules, decisionRules } from './decision-rules.ts'
import { MemoryRepository } from './memory-repository.ts'

/** The tests' present. */
export const NOW_MS = Date.UTC(2026, 10, 22, 12, 0, 0)

export function network(text: string): Network {
  const parsed = parseNetwork(text)
  if (parsed === null) throw new TypeError(`${text} is not a network`)
  return parsed
}

/** The documentation ranges count as public, as in every test. */
export function rules(changes: Partial<Settings> = {}): DecisionRules {
  const documentation = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32']
  return decisionRules({ ...defaultSettings(), 'networks.public': documentation, ...changes })
}

/** A port scan of 203.0.113.10 by the source, live at NOW_MS. */
export function detection(source: string, changes: Partial<Detection> = {}): Detection {
  return {
    rule: 'port-scan',
    mode: 'enforce',
    source: network(source),
    sourceAddress: source.split('/')[0] ?? source,
    destination: '203.0.113.10',
    port: null,
    count: 11,
    threshold: 10,
    windowSeconds: 600,
    firstSeenAtMs: NOW_MS - 60_000,
    detectedAtMs: NOW_MS,
    receivedAtMs: NOW_MS,
    proof: 'spoofable',
    lateral: false,
    device: 'fw1',
    sourceCountry: 'Nowhere',
    severity: null,
    proofReason: 'only first packets were seen',
    finding: null,
    settingsVersion: '00000000',
    technique: 'T1595.001',
    witnesses: [{ value: '22', atMs: NOW_MS }],
    evidence: [`SrcIP=${source}; DstIP=203.0.113.10; DstPort=22`],
    ...changes,
  }
}

export class RememberedAlarms implements AlarmSink {
  readonly standing = new Map<string, AlarmInput>()

  raise(alarm: AlarmInput): void {
    this.standing.set(alarm.code, alarm)
  }

  clear(code: string): void {
    this.standing.delete(code)
  }

  get codes(): string[] {
    return [...this.standing.keys()]
  }
}

/** A repository in memory whose writes fail while `isBroken`. */
export class BreakableRepository extends MemoryRepository {
  isBroken = false

  override async commit(changes: readonly StateChange[]): Promise<void> {
    if (this.isBroken) throw new Error('disk is gone')
    await super.commit(changes)
  }
}

export interface Bench {
  readonly decider: Decider
  readonly clock: ManualClock
  readonly alarms: RememberedAlarms
  readonly repository: BreakableRepository
}

export async function openBench(
  changes: Partial<Settings> = {},
  options: Partial<DeciderOptions> = {},
): Promise<Bench> {
  const clock = new ManualClock(NOW_MS)
  const alarms = new RememberedAlarms()
  const repository = new BreakableRepository()
  const decider = await Decider.open({ repository, rules: rules(changes), clock, alarms, ...options })
  return { decider, clock, alarms, repository }
}

/** The decider that a restart on the same repository gives. */
export function reopen(bench: Bench, repository: StateRepository = bench.repository): Promise<Decider> {
  return Decider.open({ repository, rules: rules(), clock: bench.clock, alarms: bench.alarms })
}
