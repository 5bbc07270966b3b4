import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLAG } from '../model/log-record.ts'
import { DeviceClocks } from './device-clocks.ts'
import { batchOf, type Event, makeDetector, portScan } from './testing/batches.ts'

const HOUR = 3600

/** Live batches, one a second, of a device whose clock is `ahead` seconds ahead. */
function teach(clocks: DeviceClocks, ahead: number, seconds: number, from = 0, device = 'FW-01'): void {
  for (let i = from; i < from + seconds; i++)
    clocks.observe(batchOf([{ at: i + ahead, texts: { device } }], i))
}

function offsetOf(clocks: DeviceClocks, device = 'FW-01'): number | null | undefined {
  return clocks.list().find((one) => one.device === device)?.clockOffsetMs
}

test('an offset is known after 8 samples over 5 seconds, not before', () => {
  const clocks = new DeviceClocks(1)
  teach(clocks, 10 * HOUR, 7)
  assert.equal(offsetOf(clocks), null)
  teach(clocks, 10 * HOUR, 1, 7)
  assert.equal(offsetOf(clocks), -10 * HOUR * 1000)
  const batch = batchOf([{ at: 8 + 10 * HOUR }], 8)
  clocks.observe(batch)
  assert.equal(batch.clockOffsetMs[0], -10 * HOUR * 1000)
  assert.equal((batch.flags[0] as number) & FLAG.skewed, 0)
})

test('many samples within a moment are not enough', () => {
  const clocks = new DeviceClocks(1)
  for (let i = 0; i < 100; i++) clocks.observe(batchOf([{ at: -HOUR }], i / 50))
  assert.equal(offsetOf(clocks), null)
})

test('less than 2 seconds counts as 0', () => {
  const clocks = new DeviceClocks(1)
  teach(clocks, -1.9, 20)
  assert.equal(offsetOf(clocks), 0)
})

test('up to 15 hours is corrected, more is insane and never corrected', () => {
  const clocks = new DeviceClocks(1)
  teach(clocks, -15 * HOUR, 10, 0, 'far')
  teach(clocks, -15 * HOUR - 1, 10, 0, 'too-far')
  const [far, tooFar] = ['far', 'too-far'].map((name) => clocks.list().find(({ device }) => device === name))
  assert.deepEqual([far?.clockInsane, far?.clockOffsetMs], [false, 15 * HOUR * 1000])
  assert.deepEqual([tooFar?.clockInsane, tooFar?.clockOffsetMs], [true, (15 * HOUR + 1) * 1000])
  const batch = batchOf([{ at: 0, texts: { device: 'too-far' } }], 15 * HOUR)
  clocks.observe(batch)
  assert.equal(batch.clockOffsetMs[0], 0)
  assert.equal(clocks.insane[0], 1)
})

test('a backlog that is caught up, or a file that is read, says nothing about the clock', () => {
  const clocks = new DeviceClocks(1)
  for (let i = 0; i < 40; i++) clocks.observe(batchOf([{ at: -HOUR + i * 90 }], i))
  assert.equal(offsetOf(clocks), null)
  const file = new DeviceClocks(1)
  for (let i = 0; i < 40; i++) {
    const batch = batchOf([{ at: -HOUR }], i)
    batch.raw.live = false
    file.observe(batch)
    assert.equal((batch.flags[0] as number) & FLAG.skewed, 0)
  }
  assert.equal(offsetOf(file), null)
})

test('a change of the clock is learned anew', () => {
  const clocks = new DeviceClocks(1)
  teach(clocks, 0, 40)
  teach(clocks, HOUR, 40, 40)
  assert.equal(offsetOf(clocks), -HOUR * 1000)
})

test('jitter does not move a learned offset', () => {
  const clocks = new DeviceClocks(1)
  teach(clocks, HOUR, 10)
  for (let i = 10; i < 60; i++) clocks.observe(batchOf([{ at: i + HOUR + (i % 3) / 2 }], i))
  assert.equal(offsetOf(clocks), -HOUR * 1000)
})

test('records more than 2 minutes beyond the offset are flagged skewed', () => {
  const clocks = new DeviceClocks(1)
  teach(clocks, HOUR, 10)
  const times = [HOUR, HOUR + 121, HOUR - 121, HOUR + 119, HOUR - 119]
  const batch = batchOf(
    times.map((at) => ({ at: at + 10 })),
    10,
  )
  clocks.observe(batch)
  assert.deepEqual(
    times.map((_, row) => ((batch.flags[row] as number) & FLAG.skewed) !== 0),
    [false, true, true, false, false],
  )
})

test('devices are told apart within a batch, and a line without one goes by its sender', () => {
  const clocks = new DeviceClocks(1)
  const names = ['A', 'B', 'A', 'AB', '', 'B']
  for (let i = 0; i < 10; i++)
    clocks.observe(
      batchOf(
        names.map((device) => ({ at: i + (device === 'B' ? HOUR : 0), texts: { device } })),
        i,
      ),
    )
  assert.equal(offsetOf(clocks, 'A'), 0)
  assert.equal(offsetOf(clocks, 'B'), -HOUR * 1000)
  const known = clocks.list().map(({ device, records }) => `${device}:${records}`)
  assert.deepEqual(known.sort(), ['192.0.2.1:10', 'A:20', 'AB:10', 'B:20'])
})

test('ten thousand invented devices neither fill the memory nor push out one that is heard', () => {
  const clocks = new DeviceClocks(7)
  teach(clocks, HOUR, 10)
  for (let i = 0; i < 100; i++) {
    const invented = Array.from({ length: 100 }, (_, k) => ({ texts: { device: `x${i}-${k}` } }))
    clocks.observe(batchOf([{ at: 10 + i + HOUR }, ...invented], 10 + i))
  }
  assert.ok(clocks.list().length <= 2048)
  assert.ok(clocks.forgotten > 0)
  assert.equal(offsetOf(clocks), -HOUR * 1000)
})

test('a scan reported by a device in the wrong time zone is found, at our time', () => {
  const { detector, feed } = makeDetector({}, { live: true })
  const east = (events: Event[]): Event[] =>
    events.map((event) => ({ ...event, at: (event.at ?? 0) + 10 * HOUR }))
  for (let i = 0; i < 10; i++) feed(east([{ at: i, port: 443, from: '198.51.100.99' }]), i)
  const found = portScan(11, { at: 10 }).flatMap((event) => feed(east([event]), event.at))
  assert.equal(found.length, 1)
  assert.equal(found[0]?.detectedAtMs, found[0]?.receivedAtMs)
  assert.equal(detector.devices()[0]?.clockOffsetMs, -10 * HOUR * 1000)
})
