/** Severity and country of decisions: from the evidence, from later evidence, from the operator's database, over a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../lib/address.ts'
import type { Decision } from '../model/decision.ts'
import type { Detection } from '../model/detection.ts'
import { detection, openBench, reopen } from './decide-fixture.ts'
import type { Decider } from './decider.ts'

const gradeOf = ({ severity, country }: Decision): unknown[] => [severity, country]
const blockedGrade = (decider: Decider): unknown[] => gradeOf(decider.active()[0] as Decision)

test('a decision has the severity of the record that convicted and the country that its firewall named', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('198.51.100.7', { severity: 'high', sourceCountry: 'Testland' })])
  assert.deepEqual(blockedGrade(decider), ['high', 'Testland'])
})

test('later evidence raises the severity and never lowers it; listeners are told, and a restart knows', async () => {
  const bench = await openBench()
  const { decider } = bench
  const told: string[][] = []
  decider.onListChange(({ added, removed, regraded = [] }) => {
    assert.deepEqual(removed, [])
    told.push([...added.map((one) => `+${formatNetwork(one)}`), ...regraded.map(formatNetwork)])
  })
  const one = (changes: Partial<Detection>): Detection => detection('198.51.100.7', changes)
  await decider.decide([one({ sourceCountry: null }), one({ sourceCountry: 'Testland', severity: 'medium' })])
  assert.deepEqual(blockedGrade(decider), ['medium', 'Testland'])
  await decider.decide([one({ severity: 'critical' })])
  await decider.decide([one({ severity: 'low', sourceCountry: 'Elsewhere' }), one({ severity: null })])
  assert.deepEqual(blockedGrade(decider), ['critical', 'Testland'])
  assert.deepEqual(told, [['+198.51.100.7'], ['198.51.100.7']])
  assert.deepEqual(blockedGrade(await reopen(bench)), ['critical', 'Testland'])
})

test('what is held is graded as well, and keeps it when it is released', async () => {
  const { decider } = await openBench()
  await decider.engine.freeze('anna', 'a test')
  await decider.decide([detection('198.51.100.7'), detection('198.51.100.7', { severity: 'high' })])
  assert.equal(decider.active()[0]?.mode, 'hold')
  await decider.engine.unfreeze('anna', 'the test goes on')
  const released = await decider.blocks.release('198.51.100.7', 'anna', 'real')
  assert.ok(released.ok)
  assert.deepEqual(gradeOf(released.value), ['high', 'Nowhere'])
})

test('where no line names a country the database of addresses does, and a range of addresses is no country', async () => {
  const asked: string[] = []
  const countryLookup = (address: string): string | null => {
    asked.push(address)
    return address === '198.51.100.9' ? null : 'Database-Land'
  }
  const { decider } = await openBench({}, { countryLookup })
  const countries = async (source: string, sourceCountry: string | null): Promise<unknown> => {
    const [judged] = await decider.decide([detection(source, { sourceCountry })])
    return judged?.decision?.country
  }
  assert.equal(await countries('198.51.100.7', null), 'Database-Land')
  assert.equal(await countries('198.51.100.8', '198.51.100.0-198.51.100.255'), 'Database-Land')
  assert.equal(await countries('198.51.100.9', 'Reserved'), null)
  assert.equal(await countries('198.51.100.10', ' Said by the firewall '), 'Said by the firewall')
  assert.deepEqual(asked, ['198.51.100.7', '198.51.100.8', '198.51.100.9'])
})

test('a block by hand has no severity, and a country where the database knows one place for it', async () => {
  const { decider } = await openBench({}, { countryLookup: () => 'Database-Land' })
  const add = async (target: string): Promise<unknown[]> => {
    const added = await decider.blocks.add({ target, reason: 'r', confirmWide: true }, 'anna')
    assert.ok(added.ok, JSON.stringify(added))
    return gradeOf(added.value.decision)
  }
  assert.deepEqual(await add('198.51.100.7'), [null, 'Database-Land'])
  assert.deepEqual(await add('2001:db8::/40'), [null, null])
  // A detector's finding about it is evidence against the address, not the person's reason.
  await decider.decide([detection('198.51.100.7', { severity: 'critical' })])
  const found = decider.active({ rule: 'manual' }).find(({ target }) => target.prefixLength === 128)
  assert.deepEqual(gradeOf(found as Decision), [null, 'Database-Land'])
})

test("a block by hand in place of a detector's keeps its country", async () => {
  const { decider } = await openBench()
  await decider.decide([detection('198.51.100.7', { severity: 'high', sourceCountry: 'Testland' })])
  const added = await decider.blocks.add({ target: '198.51.100.7', reason: 'r' }, 'anna')
  assert.ok(added.ok)
  assert.deepEqual(gradeOf(added.value.decision), [null, 'Testland'])
})

test('explain says country and severity of a block, and shows them as data', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('198.51.100.7', { severity: 'high', sourceCountry: 'Test\u202eland' })])
  const told = await decider.explain('198.51.100.7')
  assert.ok(told.ok)
  assert.match(
    told.value.sentences.join('\n'),
    /198\.51\.100\.7 \(Test land, severity high\) is blocked since/,
  )
  assert.equal(told.value.active[0]?.severity, 'high')
})
