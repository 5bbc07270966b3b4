import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contains, networkOf, formatNetwork, parseAddress, parseNetwork } from '../lib/address.ts'
import { FLAG } from '../model/log-record.ts'
import { BlockedWatch } from './blocked-watch.ts'
import { batchOf, START_MS } from './testing/batches.ts'

function watchOf(...targets: string[]): BlockedWatch {
  const watch = new BlockedWatch(5)
  for (const target of targets) assert.equal(watch.add(target), true)
  return watch
}

test('lines from blocked targets are counted per batch with the arrival', () => {
  const watch = watchOf('198.51.100.7', '198.51.100.8', '203.0.113.0/24', '2001:db8:7::/64')
  const batch = batchOf(
    [
      '198.51.100.7',
      '198.51.100.9',
      '203.0.113.77',
      '198.51.100.7',
      '2001:db8:7::abcd',
      '2001:db8:7:1::',
    ].map((from) => ({ from, category: 'other' })),
    60,
  )
  assert.deepEqual(watch.observe(batch), [
    { target: '198.51.100.7', lastSeenAtMs: START_MS + 60_000, count: 2, reports: [] },
    { target: '203.0.113.0/24', lastSeenAtMs: START_MS + 60_000, count: 1, reports: [] },
    { target: '2001:db8:7::/64', lastSeenAtMs: START_MS + 60_000, count: 1, reports: [] },
  ])
  assert.deepEqual(watch.observe(batchOf([{ from: '192.0.2.1' }], 61)), [])
})

test('in replay the latest event time counts', () => {
  const watch = watchOf('198.51.100.7')
  const [seen] = watch.observe(batchOf([{ at: 5 }, { at: 9 }, { at: 7 }]))
  assert.deepEqual(seen, { target: '198.51.100.7', lastSeenAtMs: START_MS + 9000, count: 3, reports: [] })
})

test('an address within a blocked range keeps both alive', () => {
  const watch = watchOf('198.51.100.0/24', '198.51.100.7')
  assert.deepEqual(
    watch.observe(batchOf([{}])).map(({ target }) => target),
    ['198.51.100.7', '198.51.100.0/24'],
  )
})

test('lines that cannot be read for certain keep nothing alive', () => {
  const watch = watchOf('198.51.100.7')
  assert.deepEqual(
    watch.observe(batchOf([{ flags: FLAG.ambiguous }, { flags: FLAG.unparsed }, { from: '' }])),
    [],
  )
})

test('a removed target is no longer seen, and texts that are no network are refused', () => {
  const watch = watchOf('198.51.100.7', '198.51.100.0/24')
  assert.equal(watch.add('198.51.100.7'), false)
  assert.equal(watch.add('198.51.100.7/32'), false)
  assert.equal(watch.add('example'), false)
  assert.equal(watch.remove('198.51.100.7'), true)
  assert.equal(watch.remove('198.51.100.7'), false)
  assert.equal(watch.size, 1)
  assert.deepEqual(
    watch.observe(batchOf([{}])).map(({ target }) => target),
    ['198.51.100.0/24'],
  )
  watch.replace(['198.51.100.7'])
  assert.deepEqual(
    watch.observe(batchOf([{}])).map(({ target }) => target),
    ['198.51.100.7'],
  )
})

test('after any additions and removals it agrees with a plain list', () => {
  const address = fc
    .tuple(fc.boolean(), fc.nat(3), fc.nat(7))
    .map(([isV4, a, b]) => (isV4 ? `198.51.${96 + a}.${b}` : `2001:db8:${a}::${b}`))
  const target = fc.tuple(address, fc.constantFrom(0, 1, 4, 8, 64)).map(([text, shorter]) => {
    const words = parseAddress(text) ?? [0, 0, 0, 0]
    return formatNetwork(networkOf(words, 128 - (text.includes(':') ? shorter : Math.min(shorter, 24))))
  })
  const step = fc.oneof(
    fc.record({ add: target }),
    fc.record({ remove: target }),
    fc.record({ from: address }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const watch = new BlockedWatch(11)
      const plain = new Set<string>()
      for (const one of steps) {
        if ('add' in one)
          assert.equal(watch.add(one.add), !plain.has(one.add) && plain.add(one.add).has(one.add))
        else if ('remove' in one) assert.equal(watch.remove(one.remove), plain.delete(one.remove))
        else {
          const words = parseAddress(one.from) ?? [0, 0, 0, 0]
          const expected = [...plain].filter((text) =>
            contains(parseNetwork(text) ?? networkOf([0, 0, 0, 0], 128), words),
          )
          const seen = watch.observe(batchOf([{ from: one.from }])).map((entry) => entry.target)
          assert.deepEqual(seen.sort(), expected.sort())
        }
      }
      assert.equal(watch.size, plain.size)
    }),
    { numRuns: 200 },
  )
})

test('with reports it tells per firewall what was let through and what was denied, and by which list', () => {
  const watch = new BlockedWatch(5, true)
  watch.add('198.51.100.7')
  const [seen] = watch.observe(
    batchOf(
      [
        { at: 1, disposition: 'allowed', texts: { device: 'FW-02', subtype: 'start', rule: 'Web' } },
        { at: 2, disposition: 'alerted', texts: { device: 'FW-02' } },
        { at: 3, disposition: 'allowed', texts: { device: 'FW-02', subtype: 'end' } },
        { at: 4, disposition: 'allowed', texts: { device: 'FW-02', action: 'close' } },
        { at: 5, texts: { rule: 'Deny', sourceEdl: 'Blacklist' } },
        { at: 6, texts: { rule: 'Sensor' } },
        { at: 7, disposition: 'unknown' },
      ],
      60,
    ),
  )
  const at = (second: number): number => START_MS + second * 1000
  assert.equal(seen?.count, 7)
  assert.deepEqual(seen?.reports, [
    {
      device: 'FW-02',
      sender: '192.0.2.1',
      allowed: 2,
      lastAllowedAtMs: at(2),
      ended: 2,
      lastEndedAtMs: at(4),
      denied: 0,
      firstDeniedAtMs: null,
      lastDeniedAtMs: null,
      deniedByList: 0,
      rule: 'Web',
      sourceEdl: null,
    },
    {
      device: 'FW-01',
      sender: '192.0.2.1',
      allowed: 0,
      lastAllowedAtMs: null,
      ended: 0,
      lastEndedAtMs: null,
      denied: 2,
      firstDeniedAtMs: at(5),
      lastDeniedAtMs: at(6),
      deniedByList: 1,
      rule: 'Deny',
      sourceEdl: 'Blacklist',
    },
  ])
  assert.equal(
    watch.observe(batchOf([{ at: 70 }], 61))[0]?.reports[0]?.lastDeniedAtMs,
    at(61),
    'not later than its arrival',
  )
})

test('reports keep to their bounds: firewalls beyond them are in the count alone', () => {
  const watch = new BlockedWatch(5, true)
  watch.add('198.51.100.7')
  const events = Array.from({ length: 40 }, (_, i) => ({ texts: { device: `FW-${i}` } }))
  const [seen] = watch.observe(batchOf(events, 0))
  assert.equal(seen?.count, 40)
  assert.equal(seen?.reports.length, 16)
})
