import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import type { Journal, JournalEntry, ObjectRepository, StoredObject } from '../../model/object.ts'
import { DELIVERY_KIND, type Delivery, deliveryOf } from './delivery.ts'
import type { Batch, SendResult } from './notice.ts'
import { alarmOf, noticeOf, NOW_MS, recipientOf } from './notice-fixture.ts'
import { Outbox } from './outbox.ts'
import type { Recipient } from './recipient.ts'

const MINUTE_MS = 60_000

/** Objects and journal in memory: this folder must not import the store. */
class MemoryStore implements ObjectRepository, Journal {
  readonly kept = new Map<string, StoredObject>()
  entries: JournalEntry[] = []
  isAway = false

  objects(kind: string): Promise<StoredObject[]> {
    return Promise.resolve([...this.kept.values()].filter((known) => known.kind === kind))
  }
  object(kind: string, id: string): Promise<StoredObject | null> {
    return Promise.resolve(this.kept.get(`${kind} ${id}`) ?? null)
  }
  changeObject({
    kind,
    id,
    body,
    by,
  }: Parameters<ObjectRepository['changeObject']>[0]): ReturnType<ObjectRepository['changeObject']> {
    if (this.isAway) return Promise.reject(new Error('disk full'))
    if (body === null) this.kept.delete(`${kind} ${id}`)
    else
      this.kept.set(`${kind} ${id}`, {
        kind,
        id,
        body: JSON.parse(JSON.stringify(body)),
        version: 1,
        changedAtMs: 0,
        changedBy: by,
      })
    return Promise.resolve({ ok: true, version: 1 })
  }
  appendJournal(entries: readonly JournalEntry[]): Promise<void> {
    if (this.isAway) return Promise.reject(new Error('disk full'))
    this.entries.push(...entries)
    return Promise.resolve()
  }
  journal({ kind, subject, beforeId, limit }: Parameters<Journal['journal']>[0]): Promise<JournalEntry[]> {
    const fitting = this.entries.filter(
      (entry) =>
        entry.kind === kind &&
        (subject === undefined || entry.subject === subject) &&
        (beforeId === undefined || entry.id < beforeId),
    )
    return Promise.resolve(fitting.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit))
  }
  pruneJournal(): Promise<number> {
    return Promise.resolve(0)
  }
  deliveries(): Delivery[] {
    return this.entries
      .filter(({ kind }) => kind === DELIVERY_KIND)
      .map((entry) => deliveryOf(entry))
      .filter((delivery) => delivery !== null)
  }
}

function setUp(recipients: readonly Recipient[] = [recipientOf()], store = new MemoryStore()) {
  const clock = new ManualClock(NOW_MS)
  const sent: { to: string; batch: Batch }[] = []
  const health: (string | null)[] = []
  const failures: unknown[] = []
  const answers: SendResult[] = []
  const outbox = new Outbox({
    clock,
    store,
    timeZone: () => 'UTC',
    send: ({ id }, batch) => {
      sent.push({ to: id, batch })
      return Promise.resolve(answers.shift() ?? { ok: true, detail: '250 queued' })
    },
    onHealth: (_, reason) => health.push(reason),
    report: (what, error) => failures.push([what, error]),
  })
  outbox.setRecipients(recipients)
  /** A second after another, as the service does it. */
  const pass = async (ms: number, stepMs = 1000): Promise<void> => {
    for (let gone = 0; gone < ms; gone += stepMs) {
      clock.advance(Math.min(stepMs, ms - gone))
      outbox.tick()
      await outbox.idle()
    }
  }
  const subjects = (): string[][] => sent.map(({ batch }) => batch.notices.map(({ subject }) => subject))
  const offer = (subject: string): void => outbox.offer(noticeOf({ subject, atMs: clock.nowMs() }))
  return { clock, store, outbox, sent, answers, health, failures, pass, subjects, offer }
}

const down: SendResult = { ok: false, isPermanent: false, reason: '450 try later' }

test('blocks of one burst come in one mail, and the next mail not before five minutes', async () => {
  const { pass, offer, subjects, store } = setUp()
  offer('198.51.100.1')
  await pass(1000)
  offer('198.51.100.2')
  await pass(2000)
  assert.deepEqual(subjects(), [['198.51.100.1', '198.51.100.2']])
  offer('198.51.100.3')
  await pass(4 * MINUTE_MS, 10_000)
  offer('198.51.100.4')
  assert.equal(subjects().length, 1)
  await pass(MINUTE_MS + 1000)
  assert.deepEqual(subjects()[1], ['198.51.100.3', '198.51.100.4'])
  assert.deepEqual(
    store.deliveries().map(({ outcome, what, attempt }) => [outcome, what, attempt]),
    [
      ['delivered', '2 new blocks', 1],
      ['delivered', '2 new blocks', 1],
    ],
  )
})

test('ten thousand notices in a minute are at most ten mails an hour, memory stays bounded, the rest is counted', async () => {
  const { outbox, pass, sent, offer, store } = setUp([recipientOf({ digestMinutes: 0 })])
  for (let second = 0; second < 60; second++) {
    for (let i = 0; i < 167; i++) offer(`198.51.100.${i % 250}`)
    await pass(1000)
    assert.ok(outbox.statusOf('soc').waiting <= 200)
  }
  await pass(50 * MINUTE_MS, 10_000)
  assert.equal(sent.length, 10)
  await pass(3 * 60 * MINUTE_MS, 60_000)
  const told = sent.flatMap(({ batch }) => batch.notices).length
  const counted = sent.reduce((sum, { batch }) => sum + (batch.more.block ?? 0), 0)
  assert.equal(told + counted, 60 * 167)
  assert.ok(sent.every(({ batch }) => batch.notices.length <= 50))
  assert.ok(store.entries.length < 1500, `${store.entries.length} rows`)
})

test('room is that of the slowest who is well: one that fails holds up nobody', async () => {
  const audits = ['audit'] as const
  const siem = recipientOf({
    id: 'siem',
    to: { channel: 'siem', host: '192.0.2.9', port: 514, transport: 'udp', format: 'cef' },
    topics: [...audits],
    digestMinutes: 0,
    perHour: 0,
  })
  const { outbox, answers, pass, clock } = setUp([siem, recipientOf()])
  assert.equal(outbox.roomFor('audit'), Number.MAX_SAFE_INTEGER)
  for (let i = 0; i < 600; i++) outbox.offer(noticeOf({ topic: 'audit', block: null, atMs: clock.nowMs() }))
  assert.equal(outbox.roomFor('audit'), 4400)
  answers.push(down)
  await pass(3000)
  assert.equal(outbox.statusOf('siem').failures, 1)
  assert.equal(outbox.roomFor('audit'), Number.MAX_SAFE_INTEGER)
})

test('a critical alarm finds room in a full line, and passes quiet hours alone', async () => {
  const { outbox, pass, subjects, offer, clock } = setUp([
    recipientOf({ quiet: { from: '11:00', to: '13:00' } }),
  ])
  for (let i = 0; i < 250; i++) offer(`198.51.100.${i}`)
  outbox.offer(alarmOf({ severity: 'critical', subject: 'feed-leak', atMs: clock.nowMs() }))
  await pass(10_000)
  assert.deepEqual(subjects(), [['feed-leak']])
  assert.equal(outbox.statusOf('soc').waiting, 199)
  await pass(61 * MINUTE_MS, 30_000)
  assert.equal(subjects()[1]?.length, 50)
})

test('an alarm that comes and goes is told once, as it is at last; minor ones are not told to who wants none', async () => {
  const { outbox, pass, sent, clock } = setUp()
  for (const title of ['The disk fills', 'No longer: The disk fills', 'The disk fills again'])
    outbox.offer(alarmOf({ title, atMs: clock.nowMs() }))
  outbox.offer(alarmOf({ severity: 'info', subject: 'small', atMs: clock.nowMs() }))
  await pass(3000)
  assert.deepEqual(
    sent.map(({ batch }) => batch.notices.map(({ title }) => title)),
    [['The disk fills again']],
  )
})

test('a passing failure is tried again with growing waits, with what came meanwhile; health is told', async () => {
  const { pass, offer, answers, subjects, health, store, outbox } = setUp()
  answers.push(down, down)
  offer('198.51.100.1')
  await pass(3000)
  assert.equal(subjects().length, 1)
  assert.match(outbox.statusOf('soc').lastFailure?.reason ?? '', /450/)
  offer('198.51.100.2')
  await pass(29_000)
  assert.equal(subjects().length, 2)
  await pass(2 * MINUTE_MS)
  assert.deepEqual(subjects()[2], ['198.51.100.1', '198.51.100.2'])
  assert.deepEqual(health, ['450 try later', null])
  assert.deepEqual(
    store.deliveries().map(({ outcome, attempt }) => [outcome, attempt]),
    [
      ['failed', 1],
      ['failed', 2],
      ['delivered', 3],
    ],
  )
})

test('the wait that the other side asks for is kept', async () => {
  const { pass, offer, answers, sent } = setUp([recipientOf({ digestMinutes: 0 })])
  answers.push({ ...down, retryAfterMs: 10 * MINUTE_MS })
  offer('198.51.100.1')
  await pass(3000)
  await pass(9 * MINUTE_MS, 10_000)
  assert.equal(sent.length, 1)
  await pass(2 * MINUTE_MS, 10_000)
  assert.equal(sent.length, 2)
})

test('what is refused for good is given up at once, what fails for a day is given up then', async () => {
  const { pass, offer, answers, store, health, outbox } = setUp()
  answers.push({ ok: false, isPermanent: true, reason: '550 no such user' })
  offer('198.51.100.1')
  await pass(3000)
  assert.deepEqual(health, ['550 no such user'])
  assert.equal(outbox.statusOf('soc').waiting, 0)

  answers.push(...Array.from({ length: 100 }, () => down))
  offer('198.51.100.2')
  await pass(26 * 60 * MINUTE_MS, MINUTE_MS)
  const last = store.deliveries().at(-1)
  assert.equal(last?.outcome, 'given-up')
  assert.match(last?.reason ?? '', /could not be delivered for 24 h/)
  assert.equal(outbox.statusOf('soc').waiting, 0)
  assert.ok(store.deliveries().length < 25)
})

test('after a restart what waited goes out, and the pace is kept', async () => {
  const first = setUp()
  first.offer('198.51.100.1')
  await first.pass(3000)
  first.offer('198.51.100.2')
  await first.pass(3000)

  const second = setUp([recipientOf()], first.store)
  await second.outbox.load()
  await second.pass(4 * MINUTE_MS, 10_000)
  assert.deepEqual(second.subjects(), [])
  await second.pass(2 * MINUTE_MS, 10_000)
  assert.deepEqual(second.subjects(), [['198.51.100.2']])
})

test('what is on its way when the process dies is sent again after the start; a removed recipient leaves nothing', async () => {
  const { outbox, offer, clock, store } = setUp()
  const mute = new Outbox({
    clock,
    store,
    timeZone: () => 'UTC',
    send: () => new Promise(() => {}),
    onHealth: () => {},
    report: () => {},
  })
  mute.setRecipients([recipientOf()])
  mute.offer(noticeOf({ subject: '198.51.100.1', atMs: clock.nowMs() }))
  clock.advance(3000)
  mute.tick()
  await mute.save()
  await outbox.load()
  assert.equal(outbox.statusOf('soc').waiting, 1)
  offer('198.51.100.2')
  await outbox.save()
  assert.equal((await store.objects('outbox')).length, 1)
  outbox.setRecipients([])
  await outbox.save()
  assert.equal((await store.objects('outbox')).length, 0)
})

test('a state that cannot be written delays no message; what is to be kept waits for it, bounded', async () => {
  const { pass, offer, store, sent, failures, outbox } = setUp([
    recipientOf({ digestMinutes: 0, perHour: 0 }),
  ])
  store.isAway = true
  for (let i = 0; i < 2500; i++) offer('198.51.100.1')
  await pass(5000)
  assert.ok(sent.length > 0)
  assert.ok(failures.length > 0)
  store.isAway = false
  await pass(5000)
  assert.equal(store.entries.length + outbox.lostRows > 0, true)
  assert.ok(store.deliveries().some(({ outcome }) => outcome === 'delivered'))
})

test('a test goes out at once whatever the hour, and a delivery can be sent again from the log', async () => {
  const { outbox, sent, store, offer, pass } = setUp([recipientOf({ quiet: { from: '00:00', to: '00:00' } })])
  offer('198.51.100.1')
  await pass(5000)
  assert.equal(sent.length, 0)
  const body = await outbox.sendNow('soc', [noticeOf({ topic: 'test', subject: 'soc' })], 'test')
  assert.equal(body.outcome, 'delivered')
  assert.equal(body.cause, 'test')
  const [delivery] = store.deliveries()
  assert.ok(delivery)
  await outbox.replay(delivery.id)
  assert.deepEqual(
    sent.map(({ batch }) => batch.notices.map(({ subject }) => subject)),
    [['soc'], ['soc']],
  )
  await assert.rejects(outbox.replay('01996c3e-0000-7000-8000-0000000000ff'), { code: 'not-found' })
  await assert.rejects(outbox.sendNow('nobody', [], 'test'), { code: 'not-found' })
})

test('AbuseIPDB is offered only what a detector saw of a source that cannot be forged, one at a time', async () => {
  const { outbox, pass, sent, clock } = setUp([
    recipientOf({
      to: { channel: 'abuseipdb', sealedKey: 'x', dailyLimit: 10, proof: 'handshake' },
      topics: ['block'],
      digestMinutes: 0,
      perHour: 0,
    }),
  ])
  const atMs = clock.nowMs()
  const known = noticeOf({ atMs })
  assert.ok(known.block)
  outbox.offer(known)
  outbox.offer(noticeOf({ atMs, block: { ...known.block, proof: 'spoofable' } }))
  outbox.offer(noticeOf({ atMs, block: { ...known.block, origin: 'manual', sourceAddress: null } }))
  outbox.offer(noticeOf({ atMs, block: { ...known.block, sourceAddress: '198.51.100.8' } }))
  await pass(5000)
  assert.deepEqual(
    sent.map(({ batch }) => batch.notices.map(({ block }) => block?.sourceAddress)),
    [['198.51.100.7'], ['198.51.100.8']],
  )
})
