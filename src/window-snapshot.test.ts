import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { DetectionSettings } from './detect/settings.ts'
import { type Event, makeDetector, portScan, START_MS, testSettings } from './detect/testing/batches.ts'
import { ManualClock } from './lib/clock.ts'
import { WindowSnapshot } from './window-snapshot.ts'

const HOUR = 3600
/** More than 10 pairs within 6 hours fire, and nothing else. */
const SLOW = {
  slowScan: {
    mode: 'enforce',
    counts: [0, 10, 0],
    windowsMs: [HOUR * 1000, 6 * HOUR * 1000, 24 * HOUR * 1000],
  },
} as const

async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ads-windows-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

type Opened = ReturnType<typeof makeDetector> & { snapshot: WindowSnapshot; said: string[] }

async function open(
  t: TestContext,
  dataFolder: string,
  atSeconds: number,
  resetAtMs: number | null = null,
): Promise<Opened> {
  const said: string[] = []
  const made = makeDetector(SLOW, { live: true })
  const clock = new ManualClock(START_MS + atSeconds * 1000)
  const report = (message: string): void => void said.push(message)
  const snapshot = await WindowSnapshot.open({
    dataFolder,
    detector: made.detector,
    clock,
    resetAtMs,
    report,
  })
  t.after(() => snapshot.stop())
  return { ...made, snapshot, said }
}

/** The n-th pair of one slow scanner, every half hour. */
function step(n: number): Event {
  return { at: n * 1800, to: `203.0.113.${n + 1}`, port: 1000 + n }
}

function scanSlowly({ feed }: Opened, from: number, to: number): number[] {
  const fired: number[] = []
  for (let n = from; n < to; n++) {
    const found = feed([step(n)], n * 1800).filter(({ rule }) => rule === 'slow-scan')
    if (found.length > 0) fired.push(n)
  }
  return fired
}

test('a slow scan over a restart in the middle of six hours is convicted by the pair that would have convicted it', async (t) => {
  const folder = await folderFor(t)
  const unbroken = scanSlowly(await open(t, join(folder, 'none'), 0), 0, 12)
  assert.deepEqual(unbroken, [10])
  const before = await open(t, folder, 0)
  assert.deepEqual(scanSlowly(before, 0, 6), [])
  await before.snapshot.stop()
  const after = await open(t, folder, 6 * 1800)
  assert.notEqual(after.snapshot.loadedAtMs, null)
  assert.deepEqual(scanSlowly(after, 6, 12), [10])
  assert.deepEqual(after.said, [])
})

test('records that are read once more after the snapshot count once', async (t) => {
  const folder = await folderFor(t)
  const before = await open(t, folder, 0)
  scanSlowly(before, 0, 6)
  await before.snapshot.stop()
  const after = await open(t, folder, 6 * 1800)
  assert.deepEqual(scanSlowly(after, 3, 6), [])
  assert.deepEqual(scanSlowly(after, 6, 12), [10])
})

test('a snapshot that is damaged, cut, of another version or a day old is told and left alone', async (t) => {
  const folder = await folderFor(t)
  const path = join(folder, 'windows.snapshot')
  const before = await open(t, folder, 0)
  scanSlowly(before, 0, 6)
  await before.snapshot.stop()
  const whole = await readFile(path)
  const flipped = Buffer.from(whole)
  flipped[whole.length - 5] = (flipped[whole.length - 5] as number) ^ 1
  const middle = Buffer.from(whole)
  middle[whole.length >> 1] = (middle[whole.length >> 1] as number) ^ 1
  const bad: [Buffer, number, RegExp][] = [
    [flipped, 60, /damaged/],
    [middle, 60, /damaged/],
    [whole.subarray(0, whole.length - 9), 60, /cut/],
    [whole.subarray(0, whole.lastIndexOf('{"parts"')), 60, /cut/],
    [whole.subarray(0, 20), 60, /no head/],
    [Buffer.from(whole.toString('latin1').replace('"version":2', '"version":9'), 'latin1'), 60, /version/],
    [Buffer.from('{"version":9} 7f9f9bf9\n'), 60, /version/],
    [Buffer.from('{"version":1}\n8a1f\n'), 60, /version/],
    [whole, 25 * HOUR, /too old/],
  ]
  for (const [bytes, atSeconds, expected] of bad) {
    await writeFile(path, bytes)
    const after = await open(t, folder, atSeconds)
    assert.equal(after.snapshot.loadedAtMs, null)
    assert.match(after.said.join('\n'), expected)
    assert.equal(after.detector.counters()['slowScanKeys'] ?? 0, 0)
  }
})

test('windows that were reset do not come back, neither from the file nor from one that the reset did not reach', async (t) => {
  const folder = await folderFor(t)
  const path = join(folder, 'windows.snapshot')
  const before = await open(t, folder, 0)
  scanSlowly(before, 0, 10)
  await before.snapshot.write()
  const old = await readFile(path)
  const resetAtMs = START_MS + 5 * HOUR * 1000
  before.detector.reset()
  await before.snapshot.reset(resetAtMs)
  await assert.rejects(readFile(path), { code: 'ENOENT' })
  await writeFile(path, old) // as after a crash before it was removed
  const after = await open(t, folder, 5 * HOUR, resetAtMs)
  assert.equal(after.snapshot.loadedAtMs, null)
  assert.deepEqual(after.said, [])
  assert.deepEqual(scanSlowly(after, 10, 20), [])
  await after.snapshot.write()
  const last = await open(t, folder, 10 * HOUR, resetAtMs)
  assert.notEqual(last.snapshot.loadedAtMs, null)
  assert.deepEqual(scanSlowly(last, 20, 21), [20])
})

test('a snapshot that is being written when windows are reset is given up', async (t) => {
  const folder = await folderFor(t)
  const before = await open(t, folder, 0)
  scanSlowly(before, 0, 10)
  const writing = before.snapshot.write()
  before.detector.reset()
  await before.snapshot.reset(START_MS)
  await writing
  assert.deepEqual(await readdir(folder), [])
  assert.deepEqual(before.said, [])
})

test('settings that change live keep the windows that are valid', () => {
  const { detector, feed } = makeDetector(SLOW, { live: true })
  const now = (n: number): Event => ({ ...step(n), at: n })
  assert.deepEqual(feed([0, 1, 2, 3, 4, 5, 6, 7].map(now), 7), [])
  const changed = { ...SLOW.slowScan, counts: [0, 8, 0] }
  detector.configure(
    testSettings({ slowScan: changed, portScan: { mode: 'enforce', ports: 20, windowMs: 600_000 } }),
  )
  assert.deepEqual(
    feed([now(8)], 8).map(({ rule, count }) => [rule, count]),
    [['slow-scan', 9]],
  )
})

test('a threshold of port scan that falls below what was counted fires at the next record', () => {
  const rule = (ports: number): { portScan: DetectionSettings['portScan'] } => ({
    portScan: { mode: 'enforce', ports, windowMs: 600_000 },
  })
  const { detector, feed } = makeDetector(rule(15), { live: true })
  assert.deepEqual(feed(portScan(14), 14), [])
  detector.configure(testSettings(rule(10)))
  const [found] = feed(portScan(1, { at: 15 }, 15), 15)
  assert.deepEqual([found?.rule, found?.threshold], ['port-scan', 10])
  assert.ok((found?.count ?? 0) > 10)
})
