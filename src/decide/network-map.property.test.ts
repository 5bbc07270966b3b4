/** A map of networks against a list that is looked through: holders and overlaps, and their order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatNetwork, type Network, networkOf } from '../lib/address.ts'
import { network } from './decide-fixture.ts'
import { NetworkMap, shareAddress } from './network-map.ts'

const V4_LENGTHS = [8, 12, 16, 17, 20, 23, 24, 25, 28, 31, 32]
const V6_LENGTHS = [0, 12, 19, 31, 32, 33, 47, 48, 49, 64, 96, 112, 127, 128]
const v4 = fc
  .record({
    b: fc.constantFrom(0, 255),
    c: fc.constantFrom(0, 1, 255),
    d: fc.nat(3),
    length: fc.constantFrom(...V4_LENGTHS),
  })
  .map(({ b, c, d, length }) =>
    networkOf([0, 0, 0xffff, ((198 << 24) | (b << 16) | (c << 8) | d) >>> 0], 96 + length),
  )
const v6 = fc
  .record({
    first: fc.constantFrom(0x20010db8, 0, 0x20010db9),
    second: fc.constantFrom(0, 1, 0x10000, 0xffff0000),
    last: fc.nat(3),
    length: fc.constantFrom(...V6_LENGTHS),
  })
  .map(({ first, second, last, length }) => networkOf([first, second, 0, last], length))
const anyNetwork = fc.oneof(v4, v6, fc.constant(network('0.0.0.0/0')))

test('whatever is put and taken, all that shares an address is found: around it the narrowest first, in it the oldest', () => {
  const step = fc.record({ isDelete: fc.boolean(), network: anyNetwork })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.array(anyNetwork, { maxLength: 8 }), (steps, asked) => {
      const map = new NetworkMap<number>()
      const list: { network: Network; value: number }[] = []
      const check = (wanted: Network): void => {
        const found = list.filter((entry) => shareAddress(entry.network, wanted))
        const around = found
          .filter((entry) => entry.network.prefixLength <= wanted.prefixLength)
          .sort((a, b) => b.network.prefixLength - a.network.prefixLength)
        const inside = found.filter((entry) => !around.includes(entry))
        assert.deepEqual(
          map.overlapping(wanted),
          [...around, ...inside].map(({ value }) => value),
          formatNetwork(wanted),
        )
        assert.equal(map.holder(wanted), around[0]?.value)
      }
      for (const [value, { isDelete, network: given }] of steps.entries()) {
        const at = list.findIndex((entry) => formatNetwork(entry.network) === formatNetwork(given))
        if (isDelete) {
          assert.equal(map.delete(given), at !== -1)
          if (at !== -1) list.splice(at, 1)
        } else {
          map.set(given, value)
          if (at === -1) list.push({ network: given, value })
          else list[at] = { network: given, value }
        }
        check(given)
      }
      for (const wanted of asked) check(wanted)
      assert.equal(map.size, list.length)
      assert.deepEqual(
        [...map.networks()].map(formatNetwork),
        list.map((entry) => formatNetwork(entry.network)),
      )
    }),
    { numRuns: 300 },
  )
})
