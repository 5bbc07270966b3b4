import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeDetector, portScan, START_MS } from './detect/testing/batches.ts'
import { KeptClocks } from './kept-clocks.ts'
import { ManualClock } from './lib/clock.ts'

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ads-clocks-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

const HOUR = 3600

async function open(
  dataFolder: string,
  atSeconds: number,
): Promise<ReturnType<typeof makeDetector> & { kept: KeptClocks; said: string[] }> {
  const said: string[] = []
  const made = makeDetector({}, { live: true })
  const clock = new ManualClock(START_MS + atSeconds * 1000)
  const report = (message: string): void => void said.push(message)
  const kept = await KeptClocks.open({ dataFolder, detector: made.detector, clock, report })
  return { ...made, kept, said }
}

test('the offset of a device five hours off is known after a restart, from its first line on', async (t) => {
  const folder = await folderFor(t)
  const before = await open(folder, 0)
  for (let second = 0; second < 10; second++) before.feed([{ at: second - 5 * HOUR }], second)
  await before.kept.stop()

  const after = await open(folder, 60)
  assert.equal(after.detector.devices()[0]?.clockOffsetMs, 5 * HOUR * 1000)
  const [found] = after.feed(portScan(11, { at: 61 - 5 * HOUR }), 72)
  assert.equal(found?.detectedAtMs, START_MS + 71_000)
  await after.kept.stop()
  assert.deepEqual([...before.said, ...after.said], [])
})

test('a clock that was insane stays so, with its offset shown', async (t) => {
  const folder = await folderFor(t)
  const before = await open(folder, 0)
  for (let second = 0; second < 10; second++) before.feed([{ at: second - 20 * HOUR }], second)
  await before.kept.stop()
  const after = await open(folder, 60)
  const [device] = after.detector.devices()
  assert.deepEqual([device?.clockInsane, device?.clockOffsetMs], [true, 20 * HOUR * 1000])
  assert.deepEqual(after.feed(portScan(20, { at: 61 - 20 * HOUR }), 81), [])
  assert.equal(after.detector.counters()['skippedInsaneClock'], 20)
  await after.kept.stop()
})

test('samples of its own correct what was kept', async (t) => {
  const folder = await folderFor(t)
  const before = await open(folder, 0)
  for (let second = 0; second < 10; second++) before.feed([{ at: second - 5 * HOUR }], second)
  await before.kept.stop()
  const after = await open(folder, 60)
  for (let second = 60; second < 75; second++) after.feed([{ at: second }], second)
  assert.equal(after.detector.devices()[0]?.clockOffsetMs, 0)
  await after.kept.stop()
})

test('a damaged or too old file is told or left aside, and nothing is learned from it', async (t) => {
  const folder = await folderFor(t)
  const path = join(folder, 'device-clocks.json')
  await writeFile(path, '{"version":1,"clocks":[{"device":')
  const damaged = await open(folder, 0)
  assert.equal(damaged.said.length, 1)
  assert.equal(damaged.detector.devices().length, 0)
  await damaged.kept.stop()
  const old = { device: 'FW-01', offsetMs: 1e7, insane: false, lastSeenAtMs: START_MS - 31 * 86_400_000 }
  await writeFile(path, JSON.stringify({ version: 1, clocks: [old] }))
  const aged = await open(folder, 0)
  assert.equal(aged.detector.devices().length, 0)
  await aged.kept.stop()
  assert.deepEqual(JSON.parse(await readFile(path, 'utf8')).clocks, [old])
})
