/** What bouncers are told: that whoever follows the answers has exactly what is blocked, whatever happened in between. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseNetwork } from '../../lib/address.ts'
import { Blocks, DAY_MS, NOW_MS } from './bouncer-fixture.ts'
import type { Told } from './decision-board.ts'
import { goDuration, toldUntilMs } from './told-until.ts'

const values = (all: Iterable<Told>): string[] => Array.from(all, ({ value }) => value).toSorted()

describe('the board of decisions', () => {
  test('a bouncer that follows the answers holds exactly what is blocked, and an end is never told of what is in force', () => {
    const target = fc.constantFrom('198.51.100.1', '198.51.100.2', '192.0.2.0/26', '2001:db8::/64')
    const step = fc.oneof(
      fc.record({ kind: fc.constant('begin' as const), target }),
      fc.record({ kind: fc.constant('end' as const), target }),
      fc.record({ kind: fc.constantFrom('pull' as const, 'review' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, changesKept) => {
        const blocks = new Blocks(changesKept)
        blocks.begin('198.51.100.200')
        blocks.fill()
        const held = new Set<string>()
        let place: number | null = null
        const pull = (): void => {
          const next = blocks.board.place
          const changes = place === null ? null : blocks.board.since(place)
          if (changes === null) held.clear() // the whole list, with the ends of all that was
          for (const { value } of changes?.ended ?? []) {
            assert.ok(!blocks.board.has(value))
            held.delete(value)
          }
          for (const { value } of changes?.began ?? blocks.board.active()) held.add(value)
          place = next
        }
        for (const each of steps) {
          if (each.kind === 'begin') blocks.begin(each.target)
          if (each.kind === 'end') blocks.end(each.target)
          if (each.kind === 'review') blocks.board.review()
          if (each.kind === 'pull') pull()
        }
        pull()
        assert.deepEqual([...held].toSorted(), [...blocks.inForce.keys()].toSorted())
      }),
      { numRuns: 300 },
    )
  })

  test('a place that is too old or of another process is not known', () => {
    const blocks = new Blocks(2)
    blocks.fill()
    const place = blocks.board.place
    for (let i = 1; i <= 4; i++) blocks.begin(`198.51.100.${i}`)
    assert.equal(blocks.board.since(place), null)
    assert.equal(values(blocks.board.since(blocks.board.place - 1)?.began ?? []).length, 1)
    assert.equal(blocks.board.since(blocks.board.place + 1), null)
  })

  test('another decision for the same value is told as new, and as nothing ended', () => {
    const blocks = new Blocks()
    blocks.fill()
    blocks.begin('198.51.100.1')
    const place = blocks.board.place
    const manual = blocks.begin('198.51.100.1', { origin: 'manual', rule: null, expiresAtMs: null })
    for (let i = 0; i < 2; i++) blocks.board.review()
    const changes = blocks.board.since(place)
    assert.deepEqual(changes?.ended, [])
    assert.deepEqual(
      changes?.began.map(({ decision }) => decision.id),
      [manual.id],
    )
  })

  test('where a bouncer keeps the time of an earlier, shorter decision, the value is told again when that has passed', () => {
    const blocks = new Blocks()
    blocks.fill()
    blocks.begin('198.51.100.1', { lifetimeMs: DAY_MS, expiresAtMs: NOW_MS + DAY_MS })
    blocks.begin('198.51.100.1', { origin: 'manual', rule: null, expiresAtMs: null })
    for (let i = 0; i < 2; i++) blocks.board.review()
    const place = blocks.board.place
    blocks.clock.advance(DAY_MS - 1000)
    for (let i = 0; i < 2; i++) blocks.board.review()
    assert.deepEqual(values(blocks.board.since(place)?.began ?? []), [])
    blocks.clock.advance(2000)
    for (let i = 0; i < 2; i++) blocks.board.review()
    assert.deepEqual(values(blocks.board.since(place)?.began ?? []), ['198.51.100.1'])
  })

  test('the same holds for a decision that ended before this process began', () => {
    const blocks = new Blocks()
    blocks.begin('198.51.100.1', { lifetimeMs: DAY_MS, expiresAtMs: NOW_MS + DAY_MS })
    blocks.begin('198.51.100.1', { origin: 'manual', rule: null, expiresAtMs: null })
    blocks.fill()
    blocks.board.noteEnded(blocks.ended)
    const place = blocks.board.place
    blocks.clock.advance(DAY_MS + 1000)
    for (let i = 0; i < 2; i++) blocks.board.review()
    assert.deepEqual(values(blocks.board.since(place)?.began ?? []), ['198.51.100.1'])
  })

  test('a block that lives on is told again when the time that bouncers keep has passed, and only then', () => {
    const blocks = new Blocks()
    const begun = blocks.begin('198.51.100.1')
    blocks.fill()
    const [told] = [...blocks.board.active()]
    assert.equal(told?.atMs, NOW_MS + 20 * DAY_MS)
    blocks.inForce.set('198.51.100.1', { ...begun, expiresAtMs: NOW_MS + 49 * DAY_MS })
    const place = blocks.board.place
    blocks.clock.advance(19 * DAY_MS)
    for (let i = 0; i < 2; i++) blocks.board.review()
    assert.deepEqual(blocks.board.since(place)?.began, [])
    blocks.clock.advance(DAY_MS)
    for (let i = 0; i < 2; i++) blocks.board.review()
    assert.deepEqual(
      blocks.board.since(place)?.began.map(({ atMs }) => atMs),
      [NOW_MS + 40 * DAY_MS],
    )
  })

  test('what covers an address is found in both families', () => {
    const blocks = new Blocks()
    for (const text of ['198.51.100.1', '198.51.100.0/24', '2001:db8::/64', '192.0.2.1']) blocks.begin(text)
    blocks.fill()
    const covering = (text: string): string[] => {
      const network = parseNetwork(text)
      assert.ok(network !== null)
      return values(blocks.board.covering(network))
    }
    assert.deepEqual(covering('198.51.100.1'), ['198.51.100.0/24', '198.51.100.1'])
    assert.deepEqual(covering('198.51.100.2'), ['198.51.100.0/24'])
    assert.deepEqual(covering('2001:db8::7'), ['2001:db8::/64'])
    assert.deepEqual(covering('192.0.2.2'), [])
    blocks.end('198.51.100.0/24')
    assert.deepEqual(covering('198.51.100.2'), [])
  })
})

describe('durations', () => {
  test('are written as Go does, in whole seconds', () => {
    assert.deepEqual([1, 59_000, 60_000, 14_389_000, 20 * DAY_MS, -3_600_000, -1].map(goDuration), [
      '1s',
      '59s',
      '1m0s',
      '3h59m49s',
      '480h0m0s',
      '-1h0m0s',
      '-1s',
    ])
  })

  test('an end by hand is told as it is; none is longer than ipset takes', () => {
    const blocks = new Blocks()
    const until = (changes: Parameters<Blocks['begin']>[1], nowMs: number): number =>
      toldUntilMs(blocks.begin('198.51.100.1', changes), nowMs) - nowMs
    assert.equal(until({ origin: 'manual', expiresAtMs: NOW_MS + 5000 }, NOW_MS), 5000)
    assert.equal(until({ origin: 'manual', expiresAtMs: null }, NOW_MS + 3 * DAY_MS), 17 * DAY_MS)
    assert.equal(until({}, NOW_MS + 20 * DAY_MS), 20 * DAY_MS)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * DAY_MS }), (afterMs) => {
        const leftMs = until({ origin: 'manual', expiresAtMs: null }, NOW_MS + afterMs)
        assert.ok(leftMs > 0 && leftMs < 2_147_483_000)
      }),
    )
  })
})
