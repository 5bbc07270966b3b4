import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Network, networkOf, parseNetwork } from '../../lib/address.ts'
import { IntervalSet, networkColumnsOf, sortedOrder } from './network-columns.ts'

const network = (text: string): Network => {
  const parsed = parseNetwork(text)
  if (parsed === null) throw new TypeError(text)
  return parsed
}

test('sorting by digits gives the order of sorting by comparison', () => {
  const word = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xffffffff }), fc.constant(0xffff))
  const any = fc
    .tuple(word, word, word, word, fc.integer({ min: 0, max: 128 }), fc.nat(5))
    .map(([a, b, c, d, prefixLength, group]) => ({ network: networkOf([a, b, c, d], prefixLength), group }))
  fc.assert(
    fc.property(fc.array(any, { maxLength: 60 }), (entries) => {
      const columns = networkColumnsOf(entries.map((entry) => entry.network))
      const groups = Uint32Array.from(entries, ({ group }) => group)
      assert.deepEqual(sortedOrder(columns, groups, 6, 0), sortedOrder(columns, groups, 6))
    }),
    { numRuns: 300, seed: 1 },
  )
})

test('a set of intervals knows what it shares an address with, each family apart', () => {
  const set = new IntervalSet(
    networkColumnsOf(
      ['198.51.100.16/28', '198.51.100.20', '203.0.113.255', '2001:db8:5::/48', '::/8'].map(network),
    ),
  )
  const asks = (text: string): boolean => {
    const { words, prefixLengths } = networkColumnsOf([network(text)])
    return set.overlaps(!text.includes(':'), words, 0, prefixLengths[0] as number)
  }
  for (const text of ['198.51.100.16', '198.51.100.31', '198.51.100.0/24', '203.0.113.254/31', '0.0.0.0/1'])
    assert.equal(asks(text), text !== '0.0.0.0/1', text)
  for (const text of ['198.51.100.15', '198.51.100.32', '203.0.113.254', '192.0.2.1'])
    assert.equal(asks(text), false, text)
  assert.equal(asks('2001:db8:5:ffff::/64'), true)
  assert.equal(asks('2001:db8::/32'), true)
  assert.equal(asks('2001:db8:6::/48'), false)
  assert.equal(asks('::1'), true, 'an IPv6 network around the IPv4-mapped block is no IPv4 network')
})
