/** Sources grouped by who announces them: sums, what is not known, and how far it has looked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reply, ServiceActions } from '../api/control-contract.ts'
import { ownerActions } from './owner-actions.ts'
import type { Parts } from './parts.ts'

const ADA = { user: 'ada' }
const SPAN = { filter: '', from: '2026-11-22T00:00:00.000Z', to: '2026-11-22T08:00:00.000Z' }

type Item = Reply<'topList'>['items'][number]
const item = (value: string | null, count: number, lastAt = SPAN.from): Item => ({
  value,
  count,
  filter: '',
  firstAt: SPAN.from,
  lastAt,
  sources: 1,
  destinations: 1,
})
const geo = {
  hasOwners: true,
  ownerOf: (address: string) => {
    if (address.startsWith('203.')) return null
    return { asNumber: address.startsWith('198.') ? 64_500 : 64_501, name: 'Example Net' }
  },
}
const ask = (items: Item[], parts: object = { geo }, limit = 10): Promise<Reply<'topOwners'>> => {
  const topList = (() => Promise.resolve({ ...SPAN, field: 'addr.src', items })) as ServiceActions['topList']
  const { topOwners } = ownerActions(parts as Parts, { topList })
  return Promise.resolve(topOwners({ filter: '', limit }, ADA))
}

test('sources are summed by owner, the most lines first, with a condition that finds them', async () => {
  const told = await ask([
    item('192.0.2.1', 5),
    item('198.51.100.7', 4, SPAN.to),
    item('198.51.100.8', 3),
    item('203.0.113.9', 2),
    item(null, 1),
  ])
  assert.deepEqual(
    told.items.map(({ asNumber, count, sources, lastAt }) => [asNumber, count, sources, lastAt]),
    [
      [64_500, 7, 2, SPAN.to],
      [64_501, 5, 1, SPAN.from],
    ],
  )
  assert.equal(told.items[0]?.filter, '( ( addr.src eq 198.51.100.7 ) or ( addr.src eq 198.51.100.8 ) )')
  assert.equal(told.items[1]?.filter, '( addr.src eq 192.0.2.1 )')
  assert.deepEqual([told.unknown, told.sources, told.isWhole, told.hasDatabase], [3, 5, true, true])
})

test('without a database nothing is invented, and a thousand sources are said to be not all', async () => {
  const many = Array.from({ length: 1000 }, (_, i) => item(`198.51.${i >> 8}.${i & 255}`, 1))
  const none = await ask(many, { geo: null })
  assert.deepEqual([none.items, none.unknown, none.hasDatabase, none.isWhole], [[], 1000, false, false])
  const told = await ask(many)
  assert.equal(told.items[0]?.count, 1000)
  assert.equal(told.items[0]?.filter, null)
})
