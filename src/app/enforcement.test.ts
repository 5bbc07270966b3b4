/** The proof of enforcement in the service: what counts as a fetch, what waits while the state cannot be written, what is restored. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Decider } from '../decide/decider.ts'
import { formatNetwork, type Network, parseNetwork } from '../lib/address.ts'
import { ManualClock } from '../lib/clock.ts'
import type { Journal, JournalEntry } from '../model/object.ts'
import type { Decision } from '../model/decision.ts'
import { FeedEvents, type FeedFetch } from '../publish/feeds/feed-events.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { Enforcement } from './enforcement.ts'

const START_MS = Date.UTC(2026, 0, 15, 12)
const TARGET = '198.51.100.7'

function net(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(text)
  return network
}

/** A service of one feed: blocks are told by hand. */
class World {
  readonly clock = new ManualClock(START_MS)
  readonly alarms = new Alarms({ clock: this.clock })
  readonly events = new FeedEvents((what, error) => assert.fail(`${what}: ${String(error)}`))
  readonly kept: JournalEntry[] = []
  readonly blocked = new Map<string, Decision>()
  isStateDown = false
  revision = 1
  #tell: Parameters<Decider['onListChange']>[0] = () => {}

  open(): Promise<Enforcement> {
    const journal: Journal = {
      appendJournal: (entries) => {
        if (this.isStateDown) return Promise.reject(new Error('disk full'))
        this.kept.push(...entries)
        return Promise.resolve()
      },
      journal: ({ limit, beforeId }) => {
        const older = this.kept.filter(({ id }) => beforeId === undefined || id < beforeId)
        return Promise.resolve(older.toReversed().slice(0, limit))
      },
      pruneJournal: () => Promise.resolve(0),
    }
    return Enforcement.open({
      journal,
      clock: this.clock,
      alarms: this.alarms,
      decider: {
        published: () => Array.from(this.blocked.values(), ({ target }) => target),
        blockOf: (target) => {
          const decision = this.blocked.get(formatNetwork(target))
          return decision === undefined ? null : { decision, lines: 0 }
        },
        onListChange: (listener) => {
          this.#tell = listener
          return () => {}
        },
      },
      feeds: {
        events: this.events,
        current: () => [{ feed: 'blacklist', revision: this.revision, entries: this.blocked.size }],
        networks: () => Array.from(this.blocked.values(), ({ target }) => target),
      },
    })
  }

  block(text: string): void {
    const target = net(text)
    const decision = { id: `decision-${text}`, target, createdAtMs: this.clock.nowMs() } as Decision
    this.blocked.set(text, decision)
    this.#tell({ added: [target], removed: [] })
    this.revision++
    const change = { added: [target], removed: [], isWhole: false, entries: this.blocked.size }
    this.events.published({ feed: 'blacklist', revision: this.revision, ...change, atMs: this.clock.nowMs() })
  }

  fetch(change: Partial<FeedFetch> = {}): void {
    this.events.fetched({
      feed: 'blacklist',
      address: '::ffff:203.0.113.1',
      userAgent: '',
      method: 'GET',
      status: 200,
      revision: this.revision,
      etag: '',
      shard: 1,
      bytes: 13,
      isComplete: true,
      credential: null,
      atMs: this.clock.nowMs(),
      durationMs: 1,
      ...change,
    })
  }
}

test('only a whole answer to a GET is a fetch, 304 among them', async () => {
  const world = new World()
  const enforcement = await world.open()
  world.block(TARGET)
  const fetchedAtMs = () =>
    enforcement.book.record(TARGET)?.marks.get('fetcher:203.0.113.1')?.fetchedAtMs ?? null
  for (const change of [{ method: 'HEAD' }, { status: 0 }, { isComplete: false }, { revision: 1 }]) {
    world.fetch(change)
    assert.equal(fetchedAtMs(), null, JSON.stringify(change))
  }
  world.fetch({ status: 304 })
  assert.equal(fetchedAtMs(), START_MS)
  await enforcement.stop()
})

test('steps wait while the state cannot be written, with an alarm, and are there after a restart', async () => {
  const world = new World()
  const enforcement = await world.open()
  world.isStateDown = true
  world.block(TARGET)
  world.fetch()
  world.clock.advance(2000)
  enforcement.tick()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(world.alarms.has('enforcement-not-kept'))
  world.isStateDown = false
  await enforcement.stop()
  assert.ok(!world.alarms.has('enforcement-not-kept'))
  assert.deepEqual(
    world.kept.map(({ subject, body }) => [subject, (body as { step: string }).step]),
    [
      [TARGET, 'published'],
      [TARGET, 'fetched'],
    ],
  )

  world.clock.advance(60_000)
  const again = await world.open()
  const record = again.book.record(TARGET)
  assert.deepEqual(record?.publications, [{ feed: 'blacklist', revision: 2, atMs: START_MS }])
  assert.equal(record?.marks.get('fetcher:203.0.113.1')?.fetchedAtMs, START_MS)
  await again.stop()
  assert.equal(world.kept.length, 2, 'nothing is written anew')
})

test('an alarm of a leak is raised by the lines and cleared when the block is lifted', async () => {
  const world = new World()
  const enforcement = await world.open()
  world.block(TARGET)
  world.fetch()
  world.clock.advance(600_000)
  const atMs = world.clock.nowMs()
  const none = { ended: 0, lastEndedAtMs: null, denied: 0, firstDeniedAtMs: null, lastDeniedAtMs: null }
  const report = {
    device: 'FW-01',
    sender: '203.0.113.1',
    allowed: 1,
    lastAllowedAtMs: atMs,
    ...none,
    deniedByList: 0,
    rule: 'Web',
    sourceEdl: null,
  }
  enforcement.seen([{ target: TARGET, lastSeenAtMs: atMs, count: 1, reports: [report] }])
  enforcement.raiseAlarms()
  assert.ok(world.alarms.has('enforcement-leak:fetcher:203.0.113.1'))
  enforcement.book.lifted(net(TARGET))
  enforcement.raiseAlarms()
  assert.ok(!world.alarms.has('enforcement-leak:fetcher:203.0.113.1'))
  await enforcement.stop()
})
