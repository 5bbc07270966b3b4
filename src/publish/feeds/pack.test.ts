import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../../lib/address.ts'
import { network } from './feed-fixture.ts'
import { networkAt, networkColumnsOf } from './network-columns.ts'
import { type PackOptions, type PackResult, pack } from './pack.ts'

interface Asked extends Partial<PackOptions> {
  readonly never?: readonly string[]
  readonly spared?: readonly string[]
  readonly values?: readonly number[]
}

function packTexts(texts: readonly string[], asked: Asked = {}): PackResult {
  const { never = [], spared = [], values = texts.map(() => 1), ...options } = asked
  return pack({
    entries: networkColumnsOf(texts.map(network)),
    values: Float64Array.from(values),
    never: networkColumnsOf(never.map(network)),
    spared: networkColumnsOf(spared.map(network)),
    options: { aggregate: 'lossless', capacity: null, capacityScope: 'firewall', shards: 1, ...options },
  })
}

const rowsOf = ({ rows }: PackResult): string[] =>
  Array.from({ length: rows.prefixLengths.length }, (_, i) => formatNetwork(networkAt(rows, i)))

const NEIGHBOURS = ['198.51.100.0', '198.51.100.2', '198.51.100.64', '198.51.100.67', '203.0.113.9']

test('IPv4 comes before IPv6, the families never merge, and IPv6 merges as IPv4 does', () => {
  assert.deepEqual(rowsOf(packTexts(['2001:db8:0:1::/64', '::1', '203.0.113.7', '2001:db8::/64'])), [
    '203.0.113.7',
    '::1',
    '2001:db8::/63',
  ])
})

test('merging stops at /8 and /19, and what would block every address is refused', () => {
  assert.deepEqual(rowsOf(packTexts(['10.0.0.0/8', '11.0.0.0/8', '2001::/19', '2001:2000::/19'])), [
    '10.0.0.0/8',
    '11.0.0.0/8',
    '2001::/19',
    '2001:2000::/19',
  ])
  assert.deepEqual([...packTexts(['0.0.0.0/0', '::/0', '203.0.113.7']).refused], [0, 1])
})

test('nothing is merged with collateral while the list fits', () => {
  const aggregate = { collateralPerPrefix: 200 }
  assert.equal(rowsOf(packTexts(NEIGHBOURS, { aggregate })).length, 5)
  assert.equal(rowsOf(packTexts(NEIGHBOURS, { aggregate, capacity: 5 })).length, 5)
})

test('the cheapest merge comes first, and no more than needed', () => {
  const aggregate = { collateralPerPrefix: 200 }
  const four = packTexts(NEIGHBOURS, { aggregate, capacity: 4 })
  assert.deepEqual(rowsOf(four), ['198.51.100.0/30', '198.51.100.64', '198.51.100.67', '203.0.113.9'])
  assert.deepEqual([...four.rows.collateral], [2, 0, 0, 0])
  const two = packTexts(NEIGHBOURS, { aggregate, capacity: 2 })
  assert.deepEqual(rowsOf(two), ['198.51.100.0/25', '203.0.113.9'])
  assert.deepEqual([...two.rows.collateral], [124, 0])
})

test('above the budget entries are left out instead', () => {
  const packed = packTexts(NEIGHBOURS, {
    aggregate: { collateralPerPrefix: 2 },
    capacity: 2,
    values: [1, 1, 5, 5, 1],
  })
  assert.deepEqual(rowsOf(packed), ['198.51.100.0/30', '198.51.100.64/30'])
  assert.equal(packed.leftOut.prefixLengths.length, 1)
})

test('a peer with completed sessions forbids merging over it, unless it was itself decided about', () => {
  const asked = { aggregate: { collateralPerPrefix: 2 }, capacity: 4 }
  const beside = packTexts(NEIGHBOURS, { ...asked, spared: ['198.51.100.1'] })
  assert.ok(rowsOf(beside).includes('198.51.100.64/30'))
  const itself = packTexts(NEIGHBOURS, { ...asked, spared: ['198.51.100.0'] })
  assert.ok(rowsOf(itself).includes('198.51.100.0/30'))
  const network = packTexts(NEIGHBOURS, { ...asked, spared: ['198.51.100.0/31', '198.51.100.64/31'] })
  assert.equal(
    network.rows.collateral.reduce((a, b) => a + b),
    0,
  )
})

test('a limit of each file counts in each shard, one of the firewall over all', () => {
  const texts = Array.from({ length: 64 }, (_, i) => `2001:db8:${i.toString(16)}::1`)
  const each = packTexts(texts, { shards: 4, capacity: 3, capacityScope: 'list' })
  assert.deepEqual([...each.shardStart], [0, 3, 6, 9, 12])
  const all = packTexts(texts, { shards: 4, capacity: 3 })
  assert.equal(all.shardStart.at(-1), 3)
})

test('an entry stays in its shard when others come and go', () => {
  const texts = Array.from({ length: 64 }, (_, i) => `2001:db8:${i.toString(16)}::1`)
  const shardOfEach = (entries: string[]): Map<string, number> => {
    const packed = packTexts(entries, { shards: 5 })
    const rows = rowsOf(packed)
    return new Map(rows.map((row, i) => [row, packed.shardStart.findLastIndex((start) => start <= i)]))
  }
  const whole = shardOfEach(texts)
  assert.equal(new Set(whole.values()).size, 5)
  for (const [row, shard] of shardOfEach(texts.filter((_, i) => i % 3 === 0)))
    assert.equal(shard, whole.get(row))
  // what every process has to answer, now and later
  assert.deepEqual(
    texts.slice(0, 4).map((text) => whole.get(text.replace(':0::', '::'))),
    [4, 0, 2, 0],
  )
})

test('options out of range are refused', () => {
  assert.throws(() => packTexts([], { shards: 0 }), /shards/)
  assert.throws(() => packTexts([], { shards: 31 }), /shards/)
  assert.throws(() => packTexts([], { capacity: 0 }), /capacity/)
  assert.throws(() => packTexts([], { aggregate: { collateralPerPrefix: 65_537 } }), /collateral/)
  assert.equal(rowsOf(packTexts([])).length, 0)
})
