/** What the tests of the state database share: a folder per test, a store in it, rows with defaults. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Network, parseNetwork } from '../../lib/address.ts'
import { ManualClock } from '../../lib/clock.ts'
import type { Decision } from '../../model/decision.ts'
import type { Detection } from '../../model/detection.ts'
import type { AuditEntry, StateChange, StoredDetection } from '../../model/state.ts'
import { StateStore } from './state-store.ts'

export const NOW_MS = Date.UTC(2026, 10, 22, 12)

export class StateFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'state-store-'))
  path = join(this.folder, 'state.sqlite')
  readonly reports: string[] = []

  open(): StateStore {
    return new StateStore({
      path: this.path,
      clock: new ManualClock(NOW_MS),
      report: (message) => this.reports.push(message),
    })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export function network(text: string): Network {
  const parsed = parseNetwork(text)
  assert.ok(parsed, text)
  return parsed
}

export function decision(target: string, changes: Partial<Decision> = {}): Decision {
  return {
    id: `decision-${target}`,
    target: network(target),
    scope: 'address',
    origin: 'detector',
    rule: 'port-scan',
    reason: 'reached 11 ports',
    proof: 'spoofable',
    severity: null,
    country: null,
    mode: 'block',
    createdAtMs: NOW_MS,
    lastSeenAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1000,
    endedAtMs: null,
    endedBy: null,
    endReason: null,
    lifetimeMs: null,
    offences: 1,
    tags: [],
    device: 'fw1',
    createdBy: 'system',
    ...changes,
  }
}

export function stored(source: string, changes: Partial<StoredDetection> = {}): StoredDetection {
  const detection: Detection = {
    rule: 'port-scan',
    mode: 'enforce',
    source: network(source),
    sourceAddress: source,
    destination: '203.0.113.10',
    port: null,
    count: 11,
    threshold: 10,
    windowSeconds: 600,
    firstSeenAtMs: NOW_MS - 1,
    detectedAtMs: NOW_MS,
    receivedAtMs: Number.NaN,
    proof: 'spoofable',
    lateral: false,
    device: 'fw1',
    sourceCountry: null,
    severity: null,
    proofReason: 'only first packets were seen',
    finding: null,
    settingsVersion: '00000000',
    technique: 'T1595.001',
    witnesses: [{ value: '22', atMs: NOW_MS }],
    evidence: ["line with 'quotes', \u0000 and \ufffd"],
  }
  const verdict = 'refuse'
  return {
    id: `detection-${source}`,
    atMs: NOW_MS,
    detection,
    verdict,
    reason: 'r',
    decisionId: null,
    ...changes,
  }
}

export const put = (one: Decision): StateChange => ({ kind: 'decision', decision: one })
export const audit = (n: number, changes: Partial<AuditEntry> = {}): StateChange => ({
  kind: 'audit',
  entry: {
    id: `audit-${n}`,
    atMs: NOW_MS + n,
    actor: 'anna',
    action: 'block.add',
    subject: '198.51.100.7',
    reason: 'r',
    details: { b: n, a: [1, null] },
    ...changes,
  },
})
