import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatNetwork, type Network, networkOf, parseNetwork } from '../lib/address.ts'
import { ManualClock } from '../lib/clock.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { BlockList, type RenderReport } from './block-list.ts'
import { bodyFault, compareTargets, type ListSnapshot, startSnapshot } from './list-snapshot.ts'

const START_MS = Date.UTC(2026, 0, 31, 12)
const SENTINEL = '192.0.2.255'

function networks(...texts: readonly string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text)
    assert.ok(network !== null, text)
    return network
  })
}

/** A list on a clock that stands still; `run` lets time pass and runs what is due then. */
function fixture(options: { refuse?: (target: Network) => string | null; initial?: ListSnapshot } = {}) {
  const clock = new ManualClock(START_MS)
  const alarms = new Alarms({ clock })
  const reports: RenderReport[] = []
  let due: { task: () => void; atMs: number } | null = null
  const list = new BlockList({
    clock,
    sentinel: SENTINEL,
    refuse: options.refuse ?? (() => null),
    alarms,
    initial: options.initial ?? null,
    onRendered: (report) => reports.push(report),
    schedule: (task, delayMs) => {
      const planned = { task, atMs: clock.nowMs() + delayMs }
      due = planned
      return () => {
        if (due === planned) due = null
      }
    },
  })
  const run = (ms: number): void => {
    const endMs = clock.nowMs() + ms
    while (due !== null && due.atMs <= endMs) {
      const { task, atMs } = due
      due = null
      clock.set(Math.max(atMs, clock.nowMs()))
      task()
    }
    clock.set(endMs)
  }
  const text = (): string => list.snapshot.body.toString('latin1')
  return { list, clock, alarms, reports, run, text }
}

describe('the body of the block list', () => {
  test('is the sentinel line alone when nothing is blocked, before and after the decisions are loaded', () => {
    const { list, run, text } = fixture()
    assert.equal(text(), `${SENTINEL}\n`)
    list.replace([])
    run(100)
    assert.equal(text(), `${SENTINEL}\n`)
    assert.equal(list.snapshot.entries, 0)
    list.apply({ added: networks('198.51.100.7'), removed: [] })
    run(100)
    list.apply({ added: [], removed: networks('198.51.100.7') })
    run(200)
    assert.equal(text(), `${SENTINEL}\n`)
  })

  test('is one target a line in numeric order, IPv4 before IPv6, a network before its addresses', () => {
    const { list, run, text } = fixture()
    list.replace(
      networks(
        '2001:db8::a',
        '203.0.113.10',
        '198.51.100.9',
        '203.0.113.0/24',
        '2001:db8::/64',
        '203.0.113.0',
      ),
    )
    run(100)
    assert.equal(
      text(),
      '198.51.100.9\n203.0.113.0/24\n203.0.113.0\n203.0.113.10\n2001:db8::/64\n2001:db8::a\n',
    )
  })

  test('never holds the sentinel beside entries, nor a network that is everything', () => {
    const { list, run, text, alarms } = fixture()
    list.replace(networks(SENTINEL, '198.51.100.9', '0.0.0.0/0', '::/0'))
    run(100)
    assert.equal(text(), '198.51.100.9\n')
    assert.equal(list.snapshot.refused, 3)
    assert.ok(alarms.has('list-entry-refused'))
  })

  test('is exactly the sorted set of the targets, whatever the order and the grouping of changes', () => {
    const target = fc
      .record({
        isV4: fc.boolean(),
        // Few values, so that additions, removals and duplicates meet.
        last: fc.integer({ min: 0, max: 40 }),
        host: fc.boolean(),
      })
      .map(({ isV4, last, host }) =>
        isV4
          ? networkOf([0, 0, 0xffff, 0xc6336400 + last * 7], host ? 128 : 124)
          : networkOf([0x20010db8, last * 0x1000001, 0, host ? 1 : 0], host ? 128 : 64),
      )
    const change = fc.record({ add: fc.boolean(), target, pauseMs: fc.constantFrom(0, 5, 50, 300) })
    fc.assert(
      fc.property(fc.array(target), fc.array(change, { maxLength: 60 }), (initial, changes) => {
        const { list, run, text } = fixture()
        const expected = new Map(initial.map((network) => [formatNetwork(network), network]))
        list.replace(initial)
        for (const { add, target: changed, pauseMs } of changes) {
          if (add) expected.set(formatNetwork(changed), changed)
          else expected.delete(formatNetwork(changed))
          list.apply(add ? { added: [changed], removed: [] } : { added: [], removed: [changed] })
          run(pauseMs)
          assert.equal(bodyFault(list.snapshot.body), null)
        }
        run(1000)
        const lines = [...expected.values()].sort(compareTargets).map(formatNetwork)
        assert.equal(text(), lines.length === 0 ? `${SENTINEL}\n` : `${lines.join('\n')}\n`)
        assert.equal(list.snapshot.entries, lines.length)
      }),
      { numRuns: 100 },
    )
  })
})

describe('revisions of the block list', () => {
  test('the first change after a quiet time is out within 50 ms, and a storm makes at most one a 100 ms', () => {
    const { list, run, reports } = fixture()
    list.replace([])
    run(1000)
    const before = reports.length
    for (let i = 0; i < 1000; i++) {
      list.apply({ added: [networkOf([0, 0, 0xffff, 0xc6330000 + i], 128)], removed: [] })
      if (i === 0) {
        run(50)
        assert.equal(reports.length - before, 1)
      } else run(1)
    }
    run(200)
    // 1,050 ms of storm.
    assert.ok(reports.length - before <= 12, `${reports.length - before} revisions`)
    assert.equal(list.snapshot.entries, 1000)
  })

  test('what is asked of one revision does not change with the next', () => {
    const { list, run } = fixture()
    list.replace(networks('198.51.100.9'))
    run(100)
    const first = list.snapshot
    const body = Buffer.from(first.body)
    list.apply({ added: networks('198.51.100.8'), removed: [] })
    run(200)
    assert.notEqual(list.snapshot.etag, first.etag)
    assert.equal(list.snapshot.revision, first.revision + 1)
    assert.ok(first.body.equals(body))
  })

  test('the same content keeps its validators and its revision', () => {
    const { list, run } = fixture()
    list.replace(networks('198.51.100.9'))
    run(100)
    const first = list.snapshot
    list.apply({ added: networks('198.51.100.8'), removed: [] })
    list.apply({ added: [], removed: networks('198.51.100.8') })
    run(5000)
    list.replace(networks('198.51.100.9', '198.51.100.9'))
    run(5000)
    assert.equal(list.snapshot.etag, first.etag)
    assert.equal(list.snapshot.revision, first.revision)
    assert.equal(list.snapshot.madeAtMs, first.madeAtMs)
  })

  test('two revisions of one second cannot be told by their date, and the date never goes back', () => {
    const { list, run, clock } = fixture()
    run(10_000)
    list.replace(networks('198.51.100.9'))
    run(50)
    assert.equal(list.snapshot.dateIsUnique, true)
    list.apply({ added: networks('198.51.100.8'), removed: [] })
    run(200)
    assert.equal(list.snapshot.dateIsUnique, false)
    const before = list.snapshot.madeAtMs
    clock.set(clock.nowMs() - 3_600_000)
    list.apply({ added: networks('198.51.100.7'), removed: [] })
    list.flush()
    assert.ok(list.snapshot.madeAtMs >= before)
    assert.equal(list.snapshot.dateIsUnique, false)
  })

  test('changes that come before the decisions are loaded wait, and the last good copy is served', () => {
    const copy: ListSnapshot = {
      ...startSnapshot('203.0.113.77', START_MS),
      revision: 41,
      entries: 1,
      origin: 'file',
    }
    const { list, run, text } = fixture({ initial: copy })
    list.apply({ added: networks('198.51.100.9'), removed: [] })
    run(10_000)
    assert.equal(text(), '203.0.113.77\n')
    assert.equal(list.snapshot.origin, 'file')
    list.replace(networks('203.0.113.77', '198.51.100.9'))
    run(100)
    assert.equal(text(), '198.51.100.9\n203.0.113.77\n')
    assert.equal(list.snapshot.revision, 42)
    assert.equal(list.snapshot.origin, 'decisions')
  })
})

describe('the last filter of the block list', () => {
  test('keeps an allowlisted target out, counts it and raises an alarm that names it', () => {
    const { list, run, text, alarms } = fixture({
      refuse: (target) => (formatNetwork(target) === '198.51.100.9' ? 'it is on the allowlist' : null),
    })
    list.replace(networks('198.51.100.9', '198.51.100.8'))
    run(100)
    assert.equal(text(), '198.51.100.8\n')
    assert.equal(list.snapshot.refused, 1)
    assert.match(alarms.active()[0]?.message ?? '', /198\.51\.100\.9: it is on the allowlist/)
    list.apply({ added: [], removed: networks('198.51.100.9') })
    run(200)
    assert.equal(alarms.active().length, 0)
  })

  test('is asked again about all targets when the allowlist changed, and lets go of what is refused no more', () => {
    const allowed = new Set<string>()
    const { list, run, text } = fixture({
      refuse: (target) => (allowed.has(formatNetwork(target)) ? 'it is on the allowlist' : null),
    })
    list.replace(networks('198.51.100.9', '198.51.100.8'))
    run(100)
    allowed.add('198.51.100.9')
    list.recheck()
    run(200)
    assert.equal(text(), '198.51.100.8\n')
    allowed.clear()
    list.recheck()
    run(200)
    assert.equal(text(), '198.51.100.8\n198.51.100.9\n')
  })

  test('that fails leaves the last whole list in place, with an alarm, and the list heals when it works again', () => {
    let isBroken = false
    const { list, run, text, alarms } = fixture({
      refuse: () => {
        if (isBroken) throw new Error('the allowlist is gone')
        return null
      },
    })
    list.replace(networks('198.51.100.9'))
    run(100)
    isBroken = true
    list.apply({ added: networks('198.51.100.8'), removed: networks('198.51.100.9') })
    run(5000)
    assert.equal(text(), '198.51.100.9\n')
    assert.match(alarms.active()[0]?.message ?? '', /the allowlist is gone/)
    isBroken = false
    run(2000)
    assert.equal(text(), '198.51.100.8\n')
    assert.equal(alarms.active().length, 0)
  })
})

test('a changed sentinel is served at once', () => {
  const { list, run, text } = fixture()
  list.replace([])
  run(100)
  list.setSentinel('203.0.113.255')
  run(200)
  assert.equal(text(), '203.0.113.255\n')
})

test('more entries than most firewalls load is an alarm', () => {
  const { list, run, alarms } = fixture()
  list.replace(Array.from({ length: 50_001 }, (_, i) => networkOf([0, 0, 0xffff, 0xc6120000 + i], 128)))
  run(100)
  assert.ok(alarms.has('list-over-capacity'))
})
