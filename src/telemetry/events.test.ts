import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { Alarms } from './alarms.ts'
import { Events } from './events.ts'
import { createLog } from './log.ts'
import { createMetrics, metricsText } from './metrics.ts'

function fixture() {
  let text = ''
  const metrics = createMetrics({ withProcess: false })
  const log = createLog({ level: 'debug', form: 'json', stream: { write: (chunk) => (text += chunk) } })
  return { metrics, events: new Events(log, metrics), text: () => text, scrape: () => metricsText(metrics) }
}

test('an event moves its metric and writes its line', async () => {
  const { events, text, scrape } = fixture()
  events.listRendered({
    snapshot: { revision: 8, entries: 3, refused: 1, madeAtMs: 5000, body: Buffer.alloc(40) },
    durationMs: 12,
  })
  events.listFetched({
    address: '192.0.2.1',
    userAgent: 'curl',
    status: 200,
    revision: 8,
    bytes: 40,
    isComplete: true,
    durationMs: 2,
  })
  const metrics = (await scrape()).text
  for (const line of [
    'active_defense_list_entries 3',
    'active_defense_list_refused_entries 1',
    'active_defense_list_revisions_total 1',
    'active_defense_list_made_timestamp_seconds 5',
    'active_defense_list_fetches_total{status="200"} 1',
    'active_defense_list_fetch_bytes_total 40',
  ]) {
    assert.ok(metrics.includes(line), line)
  }
  assert.match(text(), /"msg":"block list changed"/)
  assert.match(text(), /"address":"192\.0\.2\.1".*"msg":"block list fetched"/)
})

test('no metric bears an address, and all are named by one scheme', async () => {
  const { events, scrape } = fixture()
  events.listFetched({
    address: '192.0.2.1',
    userAgent: 'x',
    status: 304,
    revision: 1,
    bytes: 0,
    isComplete: false,
    durationMs: 1,
  })
  events.partFailed('web', 'GET /', new Error('192.0.2.9 is away'))
  const { text } = await scrape()
  assert.doesNotMatch(text, /192\.0\.2/)
  for (const [, name, kind] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    assert.match(name ?? '', /^active_defense_[a-z_]+$/)
    if (kind === 'counter') assert.match(name ?? '', /_total$/)
  }
})

test('an alarm is logged when it begins and ends, and stands in a gauge meanwhile', async () => {
  const { events, text, scrape } = fixture()
  const alarms: Alarms = new Alarms({
    clock: new ManualClock(0),
    onChange: (change, alarm) => events.alarmChanged(change, alarm, alarms.counts()),
  })
  const alarm = { code: 'x', severity: 'critical', message: 'it broke', mend: 'mend it' } as const
  alarms.raise(alarm)
  alarms.raise(alarm)
  assert.match((await scrape()).text, /alarm_active\{severity="critical"\} 1/)
  alarms.clear('x')
  assert.match((await scrape()).text, /alarm_active\{severity="critical"\} 0/)
  const lines = text().trim().split('\n')
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', /"level":"error".*"mend":"mend it".*"msg":"it broke"/)
  assert.match(lines[1] ?? '', /no longer: it broke/)
})

test('running totals of a part become counters, over its restart too, with a bound on labels', async () => {
  const { metrics, scrape } = fixture()
  metrics.inputMessages.set({ input: 'udp' }, 100)
  metrics.inputMessages.set({ input: 'udp' }, 150)
  // The thread started anew.
  metrics.inputMessages.set({ input: 'udp' }, 30)
  assert.match((await scrape()).text, /input_messages_total\{input="udp"\} 180/)
  for (let i = 0; i < 100; i++) metrics.parseUnparsed.set({ reason: `reason ${i}` }, 1)
  assert.equal((await scrape()).text.match(/unparsed_records_total\{/g)?.length, 50)
  assert.equal(metrics.parseUnparsed.dropped, 50)
})
