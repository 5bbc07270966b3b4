/** Words on blocks: put on and taken off, found by, kept over a restart, and without weight for who is blocked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detection, NOW_MS, openBench, reopen } from './decide-fixture.ts'
import type { Outcome } from './outcome.ts'
import { hasTag } from './tag-desk.ts'

const codeOf = (outcome: Outcome<unknown> | undefined): string =>
  outcome === undefined ? 'nothing' : outcome.ok ? 'done' : outcome.code
const tagsOf = (bench: Awaited<ReturnType<typeof openBench>>): string[][] =>
  bench.decider.active().map(({ tags }) => [...tags])

test('words are put on blocks, held ones and notes, whatever their case once each, audited, and known after a restart', async () => {
  const bench = await openBench()
  const { decider } = bench
  await decider.blocks.add({ target: '198.51.100.7', reason: 'x' }, 'anna')
  await decider.decide([detection('198.51.100.8', { mode: 'shadow' })])
  await decider.engine.freeze('anna', 'change window')
  await decider.decide([detection('198.51.100.9')])
  const all = decider.active().map(({ id }) => id)
  const put = await decider.tags.change(all, { add: ['Botnet', 'botnet', 'x'], remove: [] }, 'ben', 'seen')
  assert.deepEqual(put.map(codeOf), ['done', 'done', 'done'])
  assert.deepEqual(tagsOf(bench), Array(3).fill(['Botnet', 'x']))
  const take = await decider.tags.change(['198.51.100.8'], { add: ['y'], remove: ['BOTNET'] }, 'ben', '')
  assert.deepEqual(take.map(codeOf), ['done'])
  assert.deepEqual(decider.tags.inUse(), [
    { tag: 'x', count: 3 },
    { tag: 'Botnet', count: 2 },
    { tag: 'y', count: 1 },
  ])
  const rows = bench.repository.auditEntries.filter(({ action }) => action === 'block.tag')
  assert.equal(rows.length, 4)
  assert.deepEqual(rows.at(-1)?.details, {
    id: decider.active().find(({ mode }) => mode === 'shadow')?.id,
    before: ['Botnet', 'x'],
    after: ['x', 'y'],
  })
  const again = await reopen(bench)
  assert.deepEqual(again.tags.inUse(), decider.tags.inUse())
  const found = again.active().filter((decision) => hasTag(decision, 'bOtNeT'))
  assert.equal(found.length, 2)
})

test('what is so already, unknown, or too much is refused each by itself, and a trial changes nothing', async () => {
  const bench = await openBench()
  const { decider } = bench
  await decider.blocks.add({ target: '198.51.100.7', reason: 'x' }, 'anna')
  await decider.blocks.add({ target: '198.51.100.8', reason: 'x' }, 'anna')
  await decider.tags.change(['198.51.100.7'], { add: ['a'], remove: [] }, 'ben', '')
  const targets = ['198.51.100.7', '198.51.100.8', '198.51.100.9', 'hello']
  const tried = await decider.tags.change(targets, { add: ['a'], remove: [] }, 'ben', '', true)
  assert.deepEqual(tried.map(codeOf), ['duplicate', 'done', 'not-found', 'not-an-address'])
  assert.deepEqual(decider.tags.inUse(), [{ tag: 'a', count: 1 }])
  const many = Array.from({ length: 21 }, (_, i) => `tag ${i}`)
  const [tooMany] = await decider.tags.change(['198.51.100.8'], { add: many, remove: [] }, 'ben', '')
  assert.equal(codeOf(tooMany), 'too-many-tags')
})

test('another end, a release and a block by hand keep the words; the list does not depend on them', async () => {
  const bench = await openBench()
  const { decider } = bench
  await decider.decide([detection('198.51.100.7')])
  let told = 0
  decider.onListChange(() => told++)
  await decider.tags.change(['198.51.100.7'], { add: ['a'], remove: [] }, 'ben', '')
  assert.equal(told, 0)
  assert.ok((await decider.blocks.extend('198.51.100.7', NOW_MS + 3_600_000, 'ben', 'longer')).ok)
  assert.deepEqual(tagsOf(bench), [['a']])
})
