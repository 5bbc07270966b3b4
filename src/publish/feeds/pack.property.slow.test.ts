/**
 * 10,000 random sets of decisions against an oracle that counts single addresses: 1024 places in four blocks, of which
 * every network covers a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatNetwork, type Network, networkOf, parseAddress } from '../../lib/address.ts'
import { covers, networkAt, networkColumnsOf } from './network-columns.ts'
import { type Aggregation, type PackedRows, type PackResult, pack, shardOf } from './pack.ts'

const RUNS = 10_000
const PLACES = 256

/** Base address of a block, and the prefix length of one place in it (128-bit form). */
const BLOCKS = [
  { base: addressOf('198.51.100.0'), place: 128 },
  { base: addressOf('203.0.113.0'), place: 128 },
  { base: addressOf('2001:db8::'), place: 64 },
  { base: addressOf('2001:db8:1:1::'), place: 128 },
] as const

type Address = Network['words']

function addressOf(text: string): Address {
  const words = parseAddress(text)
  if (words === null) throw new TypeError(text)
  return words
}

/** The network of 2^size places around a place of a block. */
function networkIn(block: number, place: number, size: number): Network {
  const { base, place: prefixLength } = BLOCKS[block] as (typeof BLOCKS)[number]
  const words: [number, number, number, number] = [...base]
  words[prefixLength / 32 - 1] = (words[prefixLength / 32 - 1] as number) + place
  return networkOf(words, prefixLength - size)
}

/** The places that a network covers. */
function placesOf(network: Network): { block: number; first: number; count: number } {
  const block = BLOCKS.findIndex(
    ({ base, place }) =>
      network.prefixLength >= place - 8 &&
      formatNetwork(networkOf(network.words, place - 8)) === formatNetwork(networkOf(base, place - 8)),
  )
  const found = BLOCKS[block]
  assert.ok(found !== undefined, `${formatNetwork(network)} is outside all blocks`)
  const first = (network.words[found.place / 32 - 1] as number) & 0xff
  return { block, first, count: 2 ** (found.place - network.prefixLength) }
}

function coverageOf(networks: Iterable<Network>): Uint8Array {
  const covered = new Uint8Array(BLOCKS.length * PLACES)
  for (const network of networks) {
    const { block, first, count } = placesOf(network)
    covered.fill(1, block * PLACES + first, block * PLACES + first + count)
  }
  return covered
}

const overlaps = (a: Uint8Array, b: Uint8Array): boolean => a.some((value, i) => value === 1 && b[i] === 1)

/** The fewest aligned runs that cover exactly what is covered. */
function fewestRows(covered: Uint8Array): number {
  const count = (first: number, length: number): number => {
    const part = covered.subarray(first, first + length)
    if (!part.includes(1)) return 0
    return part.includes(0) ? count(first, length / 2) + count(first + length / 2, length / 2) : 1
  }
  return BLOCKS.reduce((sum, _, block) => sum + count(block * PLACES, PLACES), 0)
}

const networks = (maxLength: number): fc.Arbitrary<Network[]> =>
  fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 9 }))
      // most are single places in one corner, so that halves meet
      .map(([block, place, size]) =>
        networkIn(block, size > 3 ? place & 31 : place, size > 6 ? 0 : size >> 1),
      ),
    { maxLength },
  )

interface Case {
  readonly decided: Network[]
  readonly values: number[]
  readonly never: Network[]
  readonly spared: Network[]
  readonly capacity: number
  readonly budget: number
  readonly shards: number
}

const cases: fc.Arbitrary<Case> = fc.record({
  decided: networks(40),
  values: fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 40, maxLength: 40 }),
  never: networks(4),
  spared: networks(4),
  capacity: fc.integer({ min: 1, max: 24 }),
  budget: fc.integer({ min: 1, max: 40 }),
  shards: fc.integer({ min: 1, max: 4 }),
})

function packCase(
  one: Case,
  aggregate: Aggregation,
  limits: { capacity?: number; scope?: 'firewall' | 'list' } = {},
): PackResult {
  return pack({
    entries: networkColumnsOf(one.decided),
    values: Float64Array.from(one.values.slice(0, one.decided.length)),
    never: networkColumnsOf(one.never),
    spared: networkColumnsOf(one.spared),
    options: {
      aggregate,
      capacity: limits.capacity ?? null,
      capacityScope: limits.scope ?? 'firewall',
      shards: one.shards,
    },
  })
}

const networksOf = (rows: PackedRows): Network[] =>
  Array.from({ length: rows.prefixLengths.length }, (_, i) => networkAt(rows, i))

const allowedOf = (one: Case): Network[] => {
  const never = coverageOf(one.never)
  return one.decided.filter((network) => !overlaps(coverageOf([network]), never))
}

const check = (property: (one: Case) => void): void =>
  fc.assert(fc.property(cases, property), { numRuns: RUNS, seed: 20_260_304 })

test('lossless: covers exactly what was decided and may be published, by the fewest rows', () => {
  check((whole) => {
    const one = { ...whole, shards: 1 }
    const { rows, leftOut, refused } = packCase(one, 'lossless')
    const expected = coverageOf(allowedOf(one))
    assert.deepEqual(coverageOf(networksOf(rows)), expected)
    assert.equal(rows.prefixLengths.length, fewestRows(expected))
    assert.equal(leftOut.prefixLengths.length, 0)
    assert.equal(refused.length, one.decided.length - allowedOf(one).length)
  })
})

test('without aggregation: every network that may be published, once', () => {
  check((one) => {
    const { rows } = packCase(one, 'none')
    const written = networksOf(rows).map(formatNetwork)
    assert.deepEqual(written.toSorted(), [...new Set(allowedOf(one).map(formatNetwork))].toSorted())
  })
})

test('never more than the capacity; what stays is worth at least what is left out; together they are everything', () => {
  check((one) => {
    const scope = one.budget % 2 === 0 ? 'firewall' : 'list'
    const { rows, leftOut, shardStart, members } = packCase(one, 'lossless', {
      capacity: one.capacity,
      scope,
    })
    const count = rows.prefixLengths.length
    if (scope === 'firewall') assert.ok(count <= one.capacity)
    else
      for (let shard = 0; shard < one.shards; shard++)
        assert.ok((shardStart[shard + 1] as number) - (shardStart[shard] as number) <= one.capacity)
    assert.equal(shardStart.at(-1), count)
    const all = [...networksOf(rows), ...networksOf(leftOut)]
    assert.deepEqual(coverageOf(all), coverageOf(allowedOf(one)))
    if (scope === 'firewall' && leftOut.values.length > 0) {
      assert.equal(count, one.capacity)
      assert.ok(Math.min(...rows.values) >= Math.max(...leftOut.values))
    }
    const told = [rows, leftOut].flatMap((part) =>
      Array.from(part.memberStart, (start, i) => members.slice(start, part.memberEnd[i])),
    )
    assert.equal(new Set(told.flatMap((part) => [...part])).size, allowedOf(one).length)
  })
})

test('with collateral: no allowlisted or protected address, no peer beside the decisions, never above the budget', () => {
  check((one) => {
    const { rows, leftOut } = packCase(one, { collateralPerPrefix: one.budget }, { capacity: one.capacity })
    assert.ok(rows.prefixLengths.length <= one.capacity)
    const decided = coverageOf(allowedOf(one))
    const covered = coverageOf([...networksOf(rows), ...networksOf(leftOut)])
    assert.ok(!overlaps(covered, coverageOf(one.never)))
    const beside = coverageOf(one.spared).map((value, i) => (decided[i] === 1 ? 0 : value))
    assert.ok(!overlaps(covered, beside))
    assert.ok(decided.every((value, i) => value === 0 || covered[i] === 1))
    for (const [i, network] of networksOf(rows).entries()) {
      const { block, first, count } = placesOf(network)
      const places = decided.subarray(block * PLACES + first, block * PLACES + first + count)
      const collateral = places.filter((value) => value === 0).length
      // the places of the last block are parts of a /64, which counts as one
      if (block === 3) assert.ok((rows.collateral[i] as number) <= 1)
      else assert.equal(rows.collateral[i], collateral)
      assert.ok(block === 3 || collateral <= one.budget)
    }
  })
})

test('the rows do not depend on the order of the entries, and are in the order of the list', () => {
  check((one) => {
    const order = one.decided.map((_, i) => i).sort((a, b) => ((a * 7919) % 41) - ((b * 7919) % 41))
    const shuffled: Case = {
      ...one,
      decided: order.map((i) => one.decided[i] as Network),
      values: order.map((i) => one.values[i] as number),
      never: one.never.toReversed(),
      spared: one.spared.toReversed(),
    }
    for (const aggregate of ['none', 'lossless', { collateralPerPrefix: one.budget }] as const) {
      const a = packCase(one, aggregate, { capacity: one.capacity })
      const b = packCase(shuffled, aggregate, { capacity: one.capacity })
      assert.deepEqual(networksOf(a.rows), networksOf(b.rows))
      assert.deepEqual(a.rows.values, b.rows.values)
      assert.deepEqual(a.shardStart, b.shardStart)
      assert.deepEqual(networksOf(a.leftOut), networksOf(b.leftOut))
    }
  })
})

test('an entry is in the shard that its address alone decides', () => {
  check((one) => {
    const { rows, shardStart } = packCase({ ...one, never: [] }, 'lossless')
    const entries = networkColumnsOf(one.decided)
    for (let i = 0; i < one.decided.length; i++) {
      const alone = networkColumnsOf([one.decided[i] as Network])
      const shard = shardOf(alone, 0, one.shards)
      const from = shardStart[shard] as number
      const end = shardStart[shard + 1] as number
      const isThere = Array.from({ length: end - from }, (_, k) => covers(rows, from + k, entries, i)).some(
        Boolean,
      )
      assert.ok(isThere, `${formatNetwork(one.decided[i] as Network)} is not in shard ${shard}`)
    }
  })
})
