import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PipelineStatus } from '../pipeline-messages.ts'
import { pipelineFindings } from './pipeline-findings.ts'

const NOW_MS = Date.UTC(2026, 0, 15, 12)

const STATUS: PipelineStatus = {
  inputs: [],
  parser: {},
  detector: {},
  segments: {},
  devices: [],
  losses: [],
  unknownLines: [],
  senders: {
    known: 1,
    storeOnly: false,
    pending: 999,
    pendingLines: 5000,
    forgotten: 0,
    lastForgottenAtMs: null,
    list: [],
  },
  relay: null,
  queuedBatches: 0,
}
const RELAY = {
  to: 'udp://192.0.2.70:514',
  state: 'connected',
  reason: '',
  sentLines: 5,
  shedLines: 0,
  failedLines: 0,
  waitingLines: 0,
  waitingBytes: 0,
} as const

const found = (status: PipelineStatus | null): string[] =>
  pipelineFindings(status, NOW_MS).flatMap(({ findings }) => findings.map(({ code }) => code))

test('N14: too many senders are one finding, which goes ten minutes after the last was forgotten', () => {
  const over = (lastForgottenAtMs: number, forgotten: number): PipelineStatus => ({
    ...STATUS,
    senders: { ...STATUS.senders, forgotten, lastForgottenAtMs },
  })
  assert.deepEqual(found(null), [])
  assert.deepEqual(found(STATUS), [])
  assert.deepEqual(found(over(NOW_MS - 1000, 9)), ['too-many-senders'])
  assert.deepEqual(found(over(NOW_MS - 601_000, 9)), [])
  assert.deepEqual(
    pipelineFindings(over(NOW_MS, 1), NOW_MS),
    pipelineFindings(over(NOW_MS - 5, 9000), NOW_MS),
    'its text has no running numbers, or every second would raise it anew',
  )
})

test('a relay that is refused, fails or sheds is a finding; one that works or is off is none', () => {
  assert.deepEqual(found({ ...STATUS, relay: RELAY }), [])
  assert.deepEqual(found({ ...STATUS, relay: { ...RELAY, state: 'connecting' } }), [])
  assert.deepEqual(found({ ...STATUS, relay: { ...RELAY, state: 'failing', reason: 'refused' } }), [
    'relay-not-sent',
  ])
  assert.deepEqual(found({ ...STATUS, relay: { ...RELAY, state: 'refused', reason: 'a circle' } }), [
    'relay-not-sent',
  ])
  assert.deepEqual(found({ ...STATUS, relay: { ...RELAY, shedLines: 3 } }), ['relay-shed'])
})
