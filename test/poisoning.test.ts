/**
 * Lines that want to be read as something else, and clocks and orders that are wrong, through parser, numbering and
 * detector as the service has them (RELIABILITY.md 4.5 and 4.6): who is convicted, and the reason that is shown.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../src/config/schema.ts'
import { Detector } from '../src/detect/detector.ts'
import { RecentBatches } from '../src/detect/recent-batches.ts'
import { Sequences } from '../src/detect/sequences.ts'
import { detectionSettings } from '../src/detect/settings.ts'
import type { Detection } from '../src/model/detection.ts'
import { RawBatch } from '../src/model/raw-batch.ts'
import { RecordBatch } from '../src/model/record-batch.ts'
import { Parser } from '../src/parse/parser.ts'
import { parserOptions } from '../src/parse/parser-options.ts'
import { customLine, scan, TEST_NETWORKS } from './e2e/harness.ts'
import { judge, runFlood, SCANNERS } from './flood.ts'

const START_MS = Date.UTC(2026, 10, 22, 12)
const SECOND = 1000
const HOUR = 3600 * SECOND
const SETTINGS = {
  ...defaultSettings(),
  'time.zone': 'UTC',
  'networks.public': (TEST_NETWORKS[1] ?? '').split('=')[1]?.split(',') ?? [],
}

/** The stages of the pipeline that decide who is convicted, fed by hand. */
class Stages {
  readonly detector = new Detector({
    settings: detectionSettings(SETTINGS),
    seed: 3,
    recent: new RecentBatches(8),
    live: true,
  })
  readonly #parser = new Parser(parserOptions(SETTINGS))
  readonly #sequences = new Sequences(3)
  #sequence = 1
  /** Of the last batch, per line: the reason's name. */
  reasons: string[] = []
  records: RecordBatch = new RecordBatch(new RawBatch())

  feed(lines: readonly string[], arrivalMs = START_MS): Detection[] {
    const raw = new RawBatch()
    raw.receivedAtMs = arrivalMs
    raw.senders = ['192.0.2.1']
    for (const line of lines) {
      const bytes = Buffer.from(line)
      raw.reserve(bytes.length)
      raw.add(bytes, 0, bytes.length, 0)
    }
    this.records = new RecordBatch(raw)
    this.records.sequence = this.#sequence++
    this.#parser.parse(raw, this.records)
    this.#sequences.observe(this.records)
    const found = this.detector.observe(this.records)
    this.reasons = lines.map((_, row) => this.detector.explain(this.records, row)[0])
    return found
  }
}

const sources = (found: readonly Detection[]): string[] => found.map(({ sourceAddress }) => sourceAddress)
/** A threat in the order of columns of PAN-OS, with what an attacker can choose of it. */
const threat = (url: string, severity = 'critical'): string =>
  `<14>Nov 22 12:00:00 fw-1 1,2026/11/22 12:00:00,001801000001,THREAT,url,2561,2026/11/22 12:00:00,198.51.100.7,203.0.113.10,0.0.0.0,0.0.0.0,rule,,,web-browsing,vsys1,untrust,dmz,ethernet1/1,ethernet1/2,log,2026/11/22 12:00:00,1,1,40001,443,0,0,0x0,tcp,alert,${url},(9999),any,${severity},client-to-server,1,0x0,US,US,0,`

test('A01: keys written into a user name convict nobody, and the line says that it is ambiguous', () => {
  const stages = new Stages()
  const user = 'x; SrcIP=8.8.8.8; Severity=critical; Type= THREAT'
  assert.deepEqual(stages.feed(scan('198.51.100.7', 20, { user, atMs: START_MS })), [])
  assert.deepEqual([...new Set(stages.reasons)], ['ambiguous'])
  assert.equal(stages.detector.counters()['skippedAmbiguous'], 20)
})

test('A02: line ends and whole lines within a value stay one record, which convicts only whom it names', () => {
  const stages = new Stages()
  const inner = customLine({ source: '8.8.8.8', port: 443, type: 'THREAT', atMs: START_MS })
  const found = stages.feed([threat(`"example.com/${inner}"`), threat(`"a\r\n${inner}"`)])
  assert.equal(stages.records.count, 2)
  assert.deepEqual([...new Set(sources(found))], ['198.51.100.7'])
})

test('A03: quotes that move columns make no critical threat of a harmless line', () => {
  for (const url of ['"a"",x,y,critical', 'a,(9999),any,critical', '"a",critical,critical', 'a"b"c,"d,e']) {
    const stages = new Stages()
    assert.deepEqual(sources(stages.feed([threat(url, 'informational')])), [], url)
  }
})

test('A04: digits of other scripts, lists, and shortened or octal forms are no addresses', () => {
  for (const source of [
    '１９８.51.100.7',
    '198.51.100.7, 5.6.7.8',
    '198.51.100.007',
    '0x7f.1',
    '3232235777',
    '1.2.3',
  ]) {
    const stages = new Stages()
    assert.deepEqual(stages.feed(scan(source, 20, { atMs: START_MS })), [], source)
    assert.equal(stages.detector.counters()['countedInbound'], 0, source)
  }
})

test('A05: lines that cannot be read are counted for their device and convict nobody', () => {
  const stages = new Stages()
  const hidden = scan('198.51.100.7', 20, { atMs: START_MS }).map((line) => line.replaceAll('=', ':'))
  assert.deepEqual(stages.feed(hidden), [])
  assert.equal(stages.detector.counters()['skippedUnparsed'], 20)
  assert.equal(
    stages.detector.devices().reduce((sum, { unparsed }) => sum + unparsed, 0),
    20,
  )
})

/**
 * Seconds of a flood at its full rate; tables as large against it as those of the defaults are against a flood of a minute,
 * which the benchmark `flood` takes through.
 */
for (const [packets, floodSeconds] of [
  [1, 6],
  [2, 4],
] as const)
  test(`A07: among 100,000 forged sources a second with ${packets} packets each no real scanner escapes, and nobody else is convicted`, () => {
    const maxKeys = Math.floor((SETTINGS['detection.maxKeys'] * floodSeconds) / 60)
    const settings = detectionSettings({ ...defaultSettings(), 'detection.maxKeys': maxKeys })
    const scanners = Object.values(SCANNERS)
    const flood = { seconds: 540, floodSeconds, sourcesPerSecond: 100_000, packets }
    const result = runFlood({ ...flood, settings, scanners })
    assert.equal(result.sources, floodSeconds * 100_000)
    assert.deepEqual(judge(result), { missed: [], others: {} })
    const { evictions = 0, portScanKeys = 0, slowScanKeys = 0 } = result.counters
    assert.ok(evictions > 300_000, `${evictions} evictions`)
    // sources with few pairs, and half as many keys of the others
    assert.ok(portScanKeys <= maxKeys * 1.51 && slowScanKeys <= maxKeys * 0.51)
  })

test('A17: lines that come in any order within the window convict at the same count', () => {
  const events = Array.from({ length: 11 }, (_, i) =>
    customLine({ source: '198.51.100.7', port: 1000 + i, atMs: START_MS - i * 20 * SECOND }),
  )
  for (const lines of [events, events.toReversed(), [...events.slice(5), ...events.slice(0, 5)]]) {
    const stages = new Stages()
    const [found] = stages.feed(lines)
    assert.equal(found?.count, 11)
    assert.equal(found.witnesses[0]?.value, '1010')
  }
})

test('A17: a line that comes later than the window no longer adds to it', () => {
  const stages = new Stages()
  stages.feed(scan('198.51.100.7', 10, { atMs: START_MS }))
  const late = customLine({ source: '198.51.100.7', port: 99, atMs: START_MS - 601 * SECOND })
  assert.deepEqual(stages.feed([late]), [])
  assert.deepEqual(stages.reasons, ['inbound'])
  const inTime = customLine({ source: '198.51.100.7', port: 99, atMs: START_MS - 599 * SECOND })
  assert.equal(stages.feed([inTime]).length, 1)
})

test('A17: the same line three times is one value, and numbered ones are told as duplicates', () => {
  const stages = new Stages()
  const lines = scan('198.51.100.7', 10, { atMs: START_MS })
  assert.deepEqual(stages.feed([...lines, ...lines, ...lines]), [])
  const numbered = (number: number): string =>
    `<14>Nov 22 12:00:00 fw-1 1,2026/11/22 12:00:00,001801000001,TRAFFIC,drop,2561,2026/11/22 12:00:00,198.51.100.9,203.0.113.10,0.0.0.0,0.0.0.0,rule,,,not-applicable,vsys1,untrust,dmz,ethernet1/1,,log,2026/11/22 12:00:00,0,1,40001,443,0,0,0x0,tcp,deny,60,60,0,1,2026/11/22 12:00:00,0,any,0,${number},0x0,US,US,0,1,0`
  stages.feed([numbered(71), numbered(71), numbered(72)])
  assert.deepEqual(stages.reasons, ['inbound', 'duplicate', 'inbound'])
})

test('C02: a firewall in another zone is corrected once its offset is learned, which is shown', () => {
  const stages = new Stages()
  const off = (atMs: number, port: number): string =>
    customLine({ source: '198.51.100.7', port, atMs: atMs - 3 * HOUR, device: 'far-fw' })
  for (let i = 0; i < 10; i++) stages.feed([off(START_MS + i * SECOND, 5000)], START_MS + i * SECOND)
  const [device] = stages.detector.devices()
  assert.equal(device?.clockOffsetMs, 3 * HOUR)
  assert.equal(device.clockInsane, false)
  const at = START_MS + 60 * SECOND
  const [found] = stages.feed(
    Array.from({ length: 11 }, (_, i) => off(at, 2000 + i)),
    at,
  )
  assert.equal(found?.detectedAtMs, at)
})

test('C04: old, future and mad lines are told apart, counted, and convict nobody', () => {
  const stages = new Stages()
  const at = (offMs: number): string =>
    customLine({ source: '198.51.100.7', port: 22, atMs: START_MS + offMs })
  stages.feed([at(0), at(-23 * HOUR), at(-25 * HOUR), at(119 * SECOND), at(125 * SECOND), at(24 * HOUR)])
  assert.deepEqual(stages.reasons, ['inbound', 'inbound', 'tooOld', 'inbound', 'ahead', 'ahead'])
  const counters = stages.detector.counters()
  assert.equal(counters['skippedTooOld'], 1)
  assert.equal(counters['skippedAhead'], 2)
  for (let i = 0; i < 10; i++) {
    const atMs = START_MS + i * SECOND
    stages.feed(
      [customLine({ source: '198.51.100.8', port: 22, atMs: atMs - 20 * HOUR, device: 'mad-fw' })],
      atMs,
    )
  }
  const mad = scan('198.51.100.8', 20, { atMs: START_MS - 20 * HOUR, device: 'mad-fw' })
  assert.deepEqual(stages.feed(mad, START_MS + 10 * SECOND), [])
  assert.deepEqual([...new Set(stages.reasons)], ['insaneClock'])
})
