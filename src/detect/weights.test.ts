import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contains, networkOf, parseAddress, parseNetwork } from '../lib/address.ts'
import { AddressKinds, KIND } from './address-kind.ts'
import { networks } from './testing/batches.ts'
import {
  DestinationWeights,
  firstWordOfCopy,
  hostOfCopy,
  isCopiedHost,
  isCopiedPort,
  LARGEST_WEIGHT,
  portOfCopy,
  type WeightedNetwork,
} from './weights.ts'

const weighted = (text: string, weight: number): WeightedNetwork => {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(text)
  return { network, weight }
}
const words = (text: string): Uint32Array => Uint32Array.from(parseAddress(text) ?? [])

test('the narrowest network decides, and others have none', () => {
  const weights = new DestinationWeights([
    weighted('203.0.113.0/24', 3),
    weighted('203.0.113.64/26', 0),
    weighted('203.0.113.70', 7),
    weighted('2001:db8:a::/48', 2),
    weighted('2001:db8:a::5', 5),
  ])
  const cases = {
    '203.0.112.255': null,
    '203.0.113.0': 3,
    '203.0.113.63': 3,
    '203.0.113.64': 0,
    '203.0.113.70': 7,
    '203.0.113.71': 0,
    '203.0.113.127': 0,
    '203.0.113.128': 3,
    '203.0.113.255': 3,
    '203.0.114.0': null,
    '2001:db8:a::1': 2,
    '2001:db8:a::5': 5,
    '2001:db8:b::1': null,
  }
  for (const [address, weight] of Object.entries(cases))
    assert.equal(weights.weightOf(words(address), 0), weight, address)
})

test('weights of random networks are those of a plain search', () => {
  const near = fc.integer({ min: 0, max: 255 })
  const network = fc
    .tuple(near, fc.integer({ min: 120, max: 128 }), fc.integer({ min: 0, max: LARGEST_WEIGHT }))
    .map(([low, prefix, weight]) => ({
      network: networkOf([0, 0, 0xffff, (0xcb007100 + low) >>> 0], prefix),
      weight,
    }))
  fc.assert(
    fc.property(
      fc.uniqueArray(network, {
        maxLength: 20,
        selector: (one) => `${one.network.words[3]}/${one.network.prefixLength}`,
      }),
      near,
      (given, low) => {
        const address = [0, 0, 0xffff, (0xcb007100 + low) >>> 0] as const
        const expected = given
          .filter(({ network: one }) => contains(one, address))
          .toSorted((a, b) => b.network.prefixLength - a.network.prefixLength)[0]
        assert.equal(
          new DestinationWeights(given).weightOf(Uint32Array.from(address), 0),
          expected?.weight ?? null,
        )
      },
    ),
  )
})

test('a copy is a value that no record that counts can have', () => {
  const kinds = new AddressKinds(networks())
  const [, , , host = 0] = words('203.0.113.9')
  const copies = Array.from({ length: LARGEST_WEIGHT }, (_, copy) => hostOfCopy(host, copy))
  assert.equal(copies[0], host)
  assert.equal(new Set(copies).size, LARGEST_WEIGHT)
  assert.ok(copies.slice(1).every((word) => isCopiedHost(word, true) && kinds.ofV4(word) === KIND.noHost))
  assert.ok(!isCopiedHost(host, true))
  const [first = 0, b = 0, c = 0, d = 0] = words('2001:db8:a::1')
  const v6 = Array.from({ length: LARGEST_WEIGHT }, (_, copy) => firstWordOfCopy(first, copy))
  assert.equal(v6[0], first)
  assert.ok(v6.slice(1).every((word) => isCopiedHost(word, false) && kinds.of(word, b, c, d) === KIND.noHost))
  assert.ok(!isCopiedHost(first, false))
  assert.equal(portOfCopy(22, 0), 22)
  assert.ok(isCopiedPort(portOfCopy(65_535, 1)) && !isCopiedPort(65_535))
})
