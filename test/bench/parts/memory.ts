/**
 * Row 10: the service's memory at 100,000 lines/s with a million live keys: a file of that many lines is appended at
 * that rate for a minute (or as fast as the machine takes it), every line of the long tail a new key.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { storedRecords } from '../log-store.ts'
import { watchMemory } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { startService } from '../service.ts'
import { generateLines } from '../workload.ts'

const PER_SECOND = 100_000
const TICK_LINES = 5000

export const memory: Part = async ({ lines: asked, folder, say }) => {
  const lines = asked * 3 // half a minute at the default
  const watched = join(folder, 'watched')
  mkdirSync(watched)
  const dataFolder = join(folder, 'data')
  const service = await startService({
    dataFolder,
    settings: { 'files.watch': join(watched, '*.log'), 'decisions.maxPerMinute': 1_000_000 },
  })
  const watch = watchMemory(service.processId, 200)
  const file = openSync(join(watched, 'SYD-FW-01.log'), 'a')
  say(`${lines} lines at ${PER_SECOND}/s`)
  const chunks: string[] = []
  let chunk: string[] = []
  const endMs = Date.now() + (lines / PER_SECOND) * 1000
  generateLines(
    { format: 'custom', lines, seed: 3, sources: 3_000_000, linesPerSecond: PER_SECOND, endMs },
    (line) => {
      chunk.push(line)
      if (chunk.length === TICK_LINES) {
        chunks.push(`${chunk.join('\n')}\n`)
        chunk = []
      }
    },
  )
  const startMs = performance.now()
  for (const [i, text] of chunks.entries()) {
    const dueMs = startMs + (i * TICK_LINES * 1000) / PER_SECOND
    await delay(Math.max(0, dueMs - performance.now()))
    writeSync(file, text)
  }
  closeSync(file)
  const expected = chunks.length * TICK_LINES
  while ((await storedRecords(dataFolder)) < expected) await delay(200)
  const wallSeconds = (performance.now() - startMs) / 1000
  await delay(1500) // the status is a second old
  const { detector } = await service.status()
  const peakBytes = watch.stop()
  await service.stop()
  const figure: Figure = {
    row: 10,
    what: 'memory of the whole service at 100,000 lines/s',
    value: peakBytes / 2 ** 30,
    unit: 'GiB',
    target: { atMost: 1 },
    work: null,
    note: `${Math.round(expected / wallSeconds)} lines/s for ${wallSeconds.toFixed(0)} s; ${(detector['portScanKeys'] ?? 0) + (detector['hostSweepKeys'] ?? 0)} live keys`,
  }
  return [figure]
}
