/** Blocks that other programs report: guards, brake, evidence in the explanation, and a webhook of any shape. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Input } from '../api/control-contract.ts'
import { defaultSettings } from '../config/schema.ts'
import { NOW_MS, RememberedAlarms, rules } from '../decide/decide-fixture.ts'
import { Decider } from '../decide/decider.ts'
import { MemoryRepository } from '../decide/memory-repository.ts'
import { formatNetwork } from '../lib/address.ts'
import { ManualClock } from '../lib/clock.ts'
import { MemoryObjects } from '../publish/crowdsec/bouncer-fixture.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Parts } from './parts.ts'
import { reportActions, reportedEvidence } from './report-actions.ts'

const caller = { user: 'siem-token' }
const HOUR_MS = 3_600_000

let clock: ManualClock
let decider: Decider
let journal: MemoryObjects
let actions: ReturnType<typeof reportActions>

beforeEach(async () => {
  clock = new ManualClock(NOW_MS)
  const repository = new MemoryRepository()
  decider = await Decider.open({ repository, rules: rules(), clock, alarms: new RememberedAlarms() })
  journal = new MemoryObjects()
  const settings = { ...defaultSettings(), 'decisions.maxPerMinute': 5 }
  actions = reportActions(
    { clock } as unknown as Parts,
    () => decider,
    () => journal as unknown as StateStore,
    () => settings,
  )
})

const report = (...targets: string[]): Input<'reportBlocks'> => ({
  targets,
  source: 'honeypot-1',
  reason: 'tried 40 passwords',
  confidence: 90,
  evidence: ['Nov 22 12:00:00 sshd: Failed password for root from 198.51.100.7'],
  until: null,
  dryRun: false,
})

const listed = (): string[] => decider.published().map(formatNetwork).toSorted()

test('what is reported is blocked with its source and confidence, and its evidence is kept by target', async () => {
  const { results } = await actions.reportBlocks(report('198.51.100.7', '10.0.0.1'), caller)
  assert.deepEqual(
    results.map(({ target, outcome }) => [target, outcome]),
    [
      ['198.51.100.7', 'done'],
      ['10.0.0.1', 'refused'],
    ],
  )
  const [block] = decider.active()
  assert.deepEqual(
    [block?.origin, block?.createdBy, block?.reason],
    ['manual', 'siem-token', 'reported by honeypot-1, confidence 90 of 100: tried 40 passwords'],
  )
  const told = await reportedEvidence(journal as unknown as StateStore, '198.51.100.7')
  assert.deepEqual(told.sentences, [
    'Reported by honeypot-1 with confidence 90 of 100 through siem-token on 2026-11-22 12:00:00 UTC: tried 40 passwords.',
  ])
  assert.deepEqual(told.lines, report().evidence)
})

test('a second report of the same address changes nothing and adds its evidence; a dry run does neither', async () => {
  await actions.reportBlocks(report('198.51.100.7'), caller)
  const { results } = await actions.reportBlocks(report('198.51.100.7'), caller)
  assert.equal(results[0]?.outcome, 'unchanged')
  await actions.reportBlocks({ ...report('198.51.100.8'), dryRun: true }, caller)
  assert.equal(journal.entries.length, 2)
  assert.deepEqual(listed(), ['198.51.100.7'])
})

test('a program that runs wild is braked, and may go on a minute later', async () => {
  const wild = Array.from({ length: 8 }, (_, i) => `198.51.100.${i}`)
  const { results } = await actions.reportBlocks(report(...wild), caller)
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['done', 'done', 'done', 'done', 'done', 'refused', 'refused', 'refused'],
  )
  assert.match(results[7]?.message ?? '', /more than 5 blocks .*decisions\.maxPerMinute/)
  clock.advance(60_000)
  await actions.reportBlocks(report('198.51.100.7'), caller)
  assert.equal(listed().length, 6)
})

test('a webhook of any shape: the address stands where the query says, the rest is evidence', async () => {
  const body = {
    search_name: 'Brute force\u001b[2J',
    result: { src_ip: ['198.51.100.7', ' 198.51.100.8 '], count: 40 },
  }
  const query = { adsField: 'result.src_ip', adsHours: 24 }
  const { results } = await actions.webhookBlocks({ ...body, ...query }, caller)
  assert.deepEqual(
    results.map(({ target }) => target),
    ['198.51.100.7', '198.51.100.8'],
  )
  const [block] = decider.active()
  assert.equal(block?.expiresAtMs, NOW_MS + 24 * HOUR_MS)
  assert.ok(block.reason.startsWith('reported by siem-token: Brute force'))
  assert.ok(!block.reason.includes('\u001b'))
  const { lines } = await reportedEvidence(journal as unknown as StateStore, '198.51.100.7')
  assert.deepEqual(JSON.parse(lines[0] ?? ''), body)
})

test('a webhook without an address there is refused, and nothing inherited is taken for one', async () => {
  const send = async (body: Record<string, unknown>, adsField: string): Promise<unknown> =>
    actions.webhookBlocks({ ...body, adsField, adsHours: 1 }, caller)
  await assert.rejects(send({ result: {} }, 'result.src_ip'), /no address at result\.src_ip/)
  await assert.rejects(send({}, 'constructor.name'), /no address/)
  await assert.rejects(send({ ip: '198.51.100.7; rm' }, 'ip'), /is no address or network/)
  assert.deepEqual(listed(), [])
})
