/**
 * Row 10: memory of the whole service, all its processes, pages that they share counted once. `memory`: at 100,000 lines/s for six times `--lines` lines (a minute
 * by default), appended to a followed file at that rate or as fast as the machine takes them, with about 1 million live
 * keys and with more than 5 million. `memory-hour`: at 20,000 lines/s for an hour, looked at every minute.
 */
import { closeSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { storedRecords } from '../log-store.ts'
import { treeNeededBytes, treeUsage, watchMemory, watchNeeded } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { type RunningService, startService } from '../service.ts'
import { generateLines, writeWorkload } from '../workload.ts'

const PER_SECOND = 100_000
const TICKS_PER_SECOND = 20
const GIB = 2 ** 30
/**
 * By the part of allowed sessions: of each other line the source is new, and makes a key of port scan and one of host sweep,
 * or one entry in their place. So the keys are those of a minute at that rate (`--lines 1000000`), were each rule to keep its own.
 */
const CASES = [
  { what: 'about 1 million live keys', allowed: 0.895, atMost: 1 },
  { what: 'more than 5 million live keys', allowed: 0.5, atMost: 2 },
]
const TAIL_SOURCES = 3_000_000

const HOUR_PER_SECOND = 20_000
const HOUR_SECONDS = 3600
const ROTATE_SECONDS = 300

export const memory: Part = async ({ lines: asked, folder, say }) => {
  const lines = asked * 6
  const figures: Figure[] = []
  for (const [n, one] of CASES.entries()) {
    const source = join(folder, 'lines.log')
    say(`writing ${lines} lines`)
    const endMs = Date.now() + lines * 0.003 + (lines / PER_SECOND) * 1000 // writing takes 3 us a line
    const options = {
      seed: 3,
      sources: TAIL_SOURCES,
      allowed: one.allowed,
      linesPerSecond: PER_SECOND,
      endMs,
    }
    const bytes = writeWorkload(source, { format: 'custom', lines, ...options })
    const followed = await startFollowing(join(folder, String(n)))
    const resident = watchMemory(followed.service.processId, 200)
    const needed = watchNeeded(followed.service.processId)
    say(`${one.what}: ${lines} lines at ${PER_SECOND}/s`)
    const startMs = performance.now()
    await append(source, followed.path, Math.ceil((bytes / lines) * (PER_SECOND / TICKS_PER_SECOND)))
    while ((await storedRecords(followed.service.dataFolder)) < lines) await delay(200)
    const wallSeconds = (performance.now() - startMs) / 1000
    const keys = await liveKeys(followed.service)
    const residentBytes = resident.stop()
    const peakBytes = needed.stop() ?? residentBytes
    await followed.service.stop()
    rmSync(source)
    figures.push({
      row: 10,
      what: `memory of the whole service at 100,000 lines/s, ${one.what}`,
      value: peakBytes / GIB,
      unit: 'GiB',
      target: { atMost: one.atMost },
      work: null,
      note: `${Math.round(lines / wallSeconds)} lines/s for ${wallSeconds.toFixed(0)} s; ${keys} live keys of port scan and host sweep, a source with few pairs being one; sum of resident sets ${(residentBytes / GIB).toFixed(2)} GiB`,
    })
  }
  return figures
}

export const memoryHour: Part = async ({ folder, say }) => {
  const { service, path } = await startFollowing(folder)
  let file = openSync(path, 'a')
  const looks: number[] = []
  const startMs = performance.now()
  for (let second = 0; second < HOUR_SECONDS; second++) {
    await delay(Math.max(0, startMs + second * 1000 - performance.now()))
    if (second > 0 && second % ROTATE_SECONDS === 0) {
      closeSync(file)
      rmSync(`${path}.old`, { force: true })
      renameSync(path, `${path}.old`)
      file = openSync(path, 'a')
    }
    const text: string[] = []
    generateLines(
      {
        format: 'custom',
        lines: HOUR_PER_SECOND,
        seed: second,
        sources: 200_000,
        linesPerSecond: HOUR_PER_SECOND,
        endMs: Date.now(),
      },
      (line) => text.push(line),
    )
    writeSync(file, `${text.join('\n')}\n`)
    if (second % 60 !== 59) continue
    looks.push(treeNeededBytes(service.processId) ?? treeUsage(service.processId).residentBytes)
    say(`minute ${looks.length}: ${((looks.at(-1) ?? 0) / GIB).toFixed(2)} GiB`)
  }
  closeSync(file)
  const lines = HOUR_SECONDS * HOUR_PER_SECOND
  while ((await storedRecords(service.dataFolder)) < lines) await delay(1000)
  const keys = await liveKeys(service)
  await service.stop()
  const quarters = [0, 1, 2, 3].map((quarter) => {
    const of = looks.slice(quarter * 15, quarter * 15 + 15)
    return of.reduce((sum, bytes) => sum + bytes, 0) / of.length / GIB
  })
  return [
    {
      row: 10,
      what: 'memory after an hour at 20,000 lines/s: mean of its last quarter, by that of its second',
      value: (quarters[3] ?? Number.NaN) / (quarters[1] ?? Number.NaN),
      unit: 'x',
      target: null,
      work: null,
      note: `quarters ${quarters.map((gib) => gib.toFixed(2)).join(', ')} GiB; all ${lines} lines stored; ${keys} live keys of port scan and host sweep`,
    },
  ]
}

interface Following {
  readonly service: RunningService
  /** The file that it follows. */
  readonly path: string
}

async function startFollowing(folder: string): Promise<Following> {
  const watched = join(folder, 'watched')
  mkdirSync(watched, { recursive: true })
  const service = await startService({
    dataFolder: join(folder, 'data'),
    settings: { 'files.watch': join(watched, '*.log'), 'decisions.maxPerMinute': 1_000_000 },
  })
  return { service, path: join(watched, 'SYD-FW-01.log') }
}

/** Appends a file to another at the rate of the part, in steps of so many bytes, wherever lines end. */
async function append(from: string, to: string, stepBytes: number): Promise<void> {
  const source = openSync(from, 'r')
  const into = openSync(to, 'a')
  const step = Buffer.allocUnsafe(stepBytes)
  const startMs = performance.now()
  for (let i = 0; ; i++) {
    await delay(Math.max(0, startMs + (i * 1000) / TICKS_PER_SECOND - performance.now()))
    const got = readSync(source, step)
    if (got === 0) break
    writeSync(into, step, 0, got)
  }
  closeSync(source)
  closeSync(into)
}

async function liveKeys(service: RunningService): Promise<number> {
  await delay(1500) // the status is a second old
  const { detector } = await service.status()
  return (detector['portScanKeys'] ?? 0) + (detector['hostSweepKeys'] ?? 0)
}
