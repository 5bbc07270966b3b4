import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Json } from '../model/state.ts'
import type { Topic } from '../publish/notify/notice.ts'
import { audit, decision, network, put, StateFolder, stored } from '../store/state/state-fixture.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { type NoticeSources, readNotices } from './notice-reader.ts'

function setUp(
  t: TestContext,
  topics: readonly Topic[] = ['block', 'held', 'lift'],
): { state: StateStore; sources: NoticeSources } {
  const folder = new StateFolder()
  const state = folder.open()
  t.after(async () => {
    await state.close()
    folder.remove()
  })
  const sources: NoticeSources = {
    state,
    geo: () => null,
    timeZone: () => 'UTC',
    linkOf: (target) => `https://192.0.2.1/ip/${target}`,
    wants: (topic) => topics.includes(topic),
  }
  return { state, sources }
}

let made = 0
const row = (action: string, subject: string, details: Json, actor = 'system', reason = 'a reason') =>
  audit(++made, { action, subject, details, actor, reason })

test('a block of a detector is told with rule, country, our addresses, times and lines', async (t) => {
  const { state, sources } = setUp(t)
  const one = stored('198.51.100.7', { verdict: 'block', decisionId: 'decision-198.51.100.7' })
  const evidence = {
    ...one,
    detection: { ...one.detection, evidence: ['a\nline'] },
  }
  await state.commit([
    put(decision('198.51.100.7', { severity: 'high', country: 'Testland' })),
    { kind: 'detection', stored: evidence },
    row('decision.block', '198.51.100.7', { id: 'decision-198.51.100.7' }),
  ])
  const { notices, sequence } = await readNotices(sources, 0)
  assert.equal(sequence, 1)
  const [notice] = notices
  assert.ok(notice)
  assert.equal(notice.title, '198.51.100.7 blocked (port-scan)')
  assert.deepEqual(notice.sentences, ['It reached 11 ports.'])
  assert.deepEqual(notice.lines, ['a\\x0aline'])
  assert.equal(notice.link, 'https://192.0.2.1/ip/198.51.100.7')
  assert.deepEqual(notice.facts, [
    ['Country and network', 'Testland'],
    ['Severity', 'high'],
    ['Our addresses reached', '203.0.113.10'],
    ['First seen', '2026-11-22 11:59:59 UTC'],
    ['Convicted', '2026-11-22 12:00:00 UTC'],
    ['Blocked until', '2026-11-22 12:00:01 UTC'],
    ['Seen by', 'fw1'],
    ['Evidence', 'spoofable: only first packets were seen'],
    ['Name in the older system', 'Port Scan Attack v1'],
  ])
  assert.equal(notice.block?.sourceAddress, '198.51.100.7')
  assert.equal(notice.block?.proof, 'spoofable')
})

test('of a sweep or slow scan our addresses are those that count, ports taken off', async (t) => {
  const { state, sources } = setUp(t)
  const one = stored('198.51.100.8', { verdict: 'block', decisionId: 'decision-198.51.100.8' })
  const witnesses = [
    '203.0.113.1:22',
    '203.0.113.1:23',
    '2001:db8::1',
    '[2001:db8::2]:443',
    'no address',
  ].map((value) => ({ value, atMs: 0 }))
  await state.commit([
    put(decision('198.51.100.8')),
    { kind: 'detection', stored: { ...one, detection: { ...one.detection, destination: null, witnesses } } },
    row('decision.block', '198.51.100.8', { id: 'decision-198.51.100.8' }),
  ])
  const [notice] = (await readNotices(sources, 0)).notices
  assert.deepEqual(notice?.block?.reached, ['203.0.113.1', '2001:db8::1', '2001:db8::2'])
})

test('blocks by people, holds, releases and lifts are told with who and why; a withdrawal once', async (t) => {
  const { state, sources } = setUp(t)
  const manual = decision('198.51.100.9', { origin: 'manual', rule: null, proof: null, reason: 'asked for' })
  const held = decision('198.51.100.10', { mode: 'hold', reason: 'held for review: too many' })
  await state.commit([
    put(manual),
    put(held),
    row('block.add', '198.51.100.9', { id: manual.id }, 'anna'),
    row('decision.hold', '198.51.100.10', { id: held.id }),
    row('hold.release', '198.51.100.10', { id: held.id }, 'anna'),
    row('block.lift', '198.51.100.9', { id: manual.id, rule: null }, 'bert', 'a mistake'),
    row('hold.refuse', '198.51.100.11', { rule: 'port-scan' }, 'bert'),
    row('block.withdraw', '198.51.100.12', {}, 'bert'),
    row('block.withdraw', '198.51.100.13', {}, 'bert'),
    row('withdraw', 'list', { count: 2, device: 'fw1' }, 'bert'),
    row('setting.change', 'smtp.host', {}, 'bert'),
  ])
  const { notices, sequence } = await readNotices(sources, 0)
  assert.equal(sequence, 9)
  assert.deepEqual(
    notices.map(({ topic, title }) => [topic, title]),
    [
      ['block', '198.51.100.9 blocked by anna'],
      ['held', '198.51.100.10 held for review (port-scan)'],
      ['block', '198.51.100.10 released by anna'],
      ['lift', '198.51.100.9 lifted by bert'],
      ['lift', '198.51.100.11 not blocked by bert'],
      ['lift', '2 blocks withdrawn by bert'],
    ],
  )
  assert.deepEqual(notices[0]?.sentences, ['Reason: asked for.'])
  assert.deepEqual(notices[3]?.sentences, ['Reason: a mistake.'])
  assert.deepEqual((await readNotices(sources, sequence)).notices, [])
})

test('whoever wants the audit log gets every row, and what nobody wants is not made', async (t) => {
  const { state, sources } = setUp(t, ['audit'])
  await state.commit([
    row('block.add', '198.51.100.9', {}, 'anna'),
    row('setting.change', 'smtp.host', { before: 1 }),
  ])
  const { notices } = await readNotices(sources, 0)
  assert.deepEqual(
    notices.map(({ topic, title }) => [topic, title]),
    [
      ['audit', 'block.add 198.51.100.9'],
      ['audit', 'setting.change smtp.host'],
    ],
  )
  assert.match(notices[1]?.facts.map(String).join('\n') ?? '', /details,\{"before":1\}/)
})

test('more rows than are read at once are read the next time; another log is begun anew', async (t) => {
  const { state, sources } = setUp(t, ['lift'])
  const lifts = Array.from({ length: 700 }, (_, i) => row('block.lift', `198.51.100.${i % 250}`, i, 'bert'))
  await state.commit(lifts)
  const told: string[] = []
  const steps: number[] = []
  for (let after = 0; after < 700; ) {
    const { notices, sequence } = await readNotices(sources, after, 300)
    told.push(...notices.map(({ subject }) => subject))
    steps.push(sequence)
    after = sequence
  }
  assert.deepEqual(steps, [300, 600, 700])
  assert.deepEqual(
    told,
    Array.from({ length: 700 }, (_, i) => `198.51.100.${i % 250}`),
  )
  assert.deepEqual(await readNotices(sources, 5000), { notices: [], sequence: 700 })
})

test('networks are told as networks', async (t) => {
  const { state, sources } = setUp(t)
  const wide = decision('198.51.100.0/24', { origin: 'manual', rule: null, reason: 'a hoster' })
  assert.equal(wide.target.prefixLength, network('198.51.100.0/24').prefixLength)
  await state.commit([put(wide), row('block.add', '198.51.100.0/24', { id: wide.id }, 'anna')])
  const [notice] = (await readNotices(sources, 0)).notices
  assert.deepEqual(
    [notice?.title, notice?.sentences],
    ['198.51.100.0/24 blocked by anna', ['Reason: a hoster.']],
  )
})
