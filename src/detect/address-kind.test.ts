import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Address, parseAddress } from '../lib/address.ts'
import { AddressKinds, KIND, SPECIAL_PURPOSE_SET } from './address-kind.ts'
import { networks } from './testing/batches.ts'

const REGISTRY = new AddressKinds(networks())

const cases: [address: string, kind: keyof typeof KIND][] = [
  ['8.8.8.8', 'public'],
  ['9.255.255.255', 'public'],
  ['10.0.0.0', 'inside'],
  ['100.63.255.255', 'public'],
  ['100.64.0.0', 'inside'],
  ['100.128.0.0', 'public'],
  ['169.254.0.1', 'inside'],
  ['172.15.255.255', 'public'],
  ['172.16.0.0', 'inside'],
  ['172.32.0.0', 'public'],
  ['192.0.0.1', 'inside'],
  ['192.0.1.255', 'public'],
  ['192.0.2.1', 'inside'],
  ['192.168.0.1', 'inside'],
  ['192.169.0.1', 'public'],
  ['198.17.255.255', 'public'],
  ['198.19.255.255', 'inside'],
  ['198.51.100.0', 'inside'],
  ['198.51.101.0', 'public'],
  ['203.0.113.255', 'inside'],
  ['203.0.114.0', 'public'],
  ['223.255.255.255', 'public'],
  ['0.1.2.3', 'noHost'],
  ['127.1.2.3', 'noHost'],
  ['224.0.0.1', 'noHost'],
  ['255.255.255.255', 'noHost'],
  ['2606:4700::1', 'public'],
  ['2001:db8::1', 'inside'],
  ['2001::1', 'inside'],
  ['2002:a00:1::', 'inside'],
  ['64:ff9b::a00:1', 'inside'],
  ['fc00::1', 'inside'],
  ['fe80::1', 'inside'],
  ['ff02::1', 'noHost'],
  ['::1', 'noHost'],
  ['::7f00:1', 'noHost'],
  ['4000::1', 'noHost'],
  ['e000::1', 'noHost'],
]

for (const [text, kind] of cases)
  test(`${text} is ${kind}`, () => {
    assert.equal(REGISTRY.of(...(parseAddress(text) as Address)), KIND[kind])
  })

test('networks.public makes special-purpose networks public, and nothing else', () => {
  const kinds = new AddressKinds(networks('10.0.0.0/8', '198.18.0.0/16', '203.0.113.128/25', 'fd00::/8'))
  const of = (text: string): number => kinds.of(...(parseAddress(text) as Address))
  assert.deepEqual(['10.1.1.1', '198.18.1.1', '203.0.113.128', 'fd00::1'].map(of), [
    KIND.public,
    KIND.public,
    KIND.public,
    KIND.public,
  ])
  assert.deepEqual(['198.19.1.1', '203.0.113.127', '192.168.1.1', 'fc00::1'].map(of), [
    KIND.inside,
    KIND.inside,
    KIND.inside,
    KIND.inside,
  ])
})

test('the tables by octet agree with the registry for any IPv4 address', () => {
  const near = fc.constantFrom(
    0x64400000,
    0xa9fe0000,
    0xac100000,
    0xc0000000,
    0xc0586300,
    0xc0a80000,
    0xc6120000,
    0xcb007100,
  )
  const word = fc.oneof(
    fc.nat(0xffffffff),
    fc.tuple(near, fc.integer({ min: -512, max: 0x200000 })).map(([base, more]) => base + more),
  )
  fc.assert(
    fc.property(word, (v4) => {
      const isPublic = !SPECIAL_PURPOSE_SET.hasWords(0, 0, 0xffff, v4)
      assert.equal(REGISTRY.of(0, 0, 0xffff, v4) === KIND.public, isPublic)
    }),
    { numRuns: 2000 },
  )
})
