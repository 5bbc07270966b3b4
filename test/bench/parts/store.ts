/**
 * Rows 3 and 9: a file followed by the whole service, from the first byte read until every line is in the log table;
 * and what a record costs on disk once the engine has merged its parts.
 */
import { mkdirSync, readdirSync, readlinkSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { askLogStore, storedRecords } from '../log-store.ts'
import { treeUsage } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { startService } from '../service.ts'
import { writeWorkload } from '../workload.ts'

const LIMIT_SECONDS = 600

function store(keepRaw: boolean, target: number, diskTarget: number): Part {
  return async ({ lines, folder, say }) => {
    const written = join(folder, 'written.custom.log')
    say(`writing ${lines} lines`)
    const options = { lines, seed: 1, sources: 200_000, linesPerSecond: 20_000, endMs: Date.now() }
    writeWorkload(written, { ...options, format: 'custom' })
    const watched = join(folder, 'watched')
    mkdirSync(watched)
    const dataFolder = join(folder, 'data')
    const service = await startService({
      dataFolder,
      settings: {
        'files.watch': join(watched, '*.log'),
        'logs.keepRaw': keepRaw,
        'decisions.maxPerMinute': 1_000_000,
      },
    })
    while ((await storedRecords(dataFolder)) !== 0) await delay(50)
    say('measuring')
    const path = join(watched, 'SYD-FW-01.log')
    renameSync(written, path)
    const endMs = performance.now() + LIMIT_SECONDS * 1000
    while (!isOpen(service.processId, path)) await delay(2)
    const startMs = performance.now()
    const startCpu = treeUsage(service.processId).cpuSeconds
    let stored = 0
    while (stored < lines) {
      if (performance.now() > endMs) throw new Error(`${stored} of ${lines} lines stored`)
      await delay(100)
      stored = await storedRecords(dataFolder)
    }
    const wallSeconds = (performance.now() - startMs) / 1000
    const cpuSeconds = treeUsage(service.processId).cpuSeconds - startCpu
    if (stored !== lines) throw new Error(`${stored} records of ${lines} lines`)
    const bytes = await mergedBytes(dataFolder)
    await service.stop()
    const raw = keepRaw ? 'with raw text' : 'without raw text'
    const figures: Figure[] = [
      {
        row: 3,
        what: `file → parse → detect → stored durably, ${raw}`,
        value: lines / wallSeconds,
        unit: 'lines/s',
        target: { atLeast: target },
        work: { lines, wallSeconds, cpuSeconds, file: path },
        note: 'until the last line is in the log table; all processes share the cores',
      },
      {
        row: 9,
        what: `disk per stored record, ${raw}`,
        value: bytes / lines,
        unit: 'bytes',
        target: { atMost: diskTarget },
        work: null,
        note: 'active parts after merging',
      },
    ]
    return figures
  }
}

/** Whether a process has the file open. */
function isOpen(processId: number, path: string): boolean {
  const folder = `/proc/${processId}/fd`
  return readdirSync(folder).some((name) => {
    try {
      return readlinkSync(join(folder, name)) === path
    } catch {
      return false // closed between the listing and the reading
    }
  })
}

async function mergedBytes(dataFolder: string): Promise<number> {
  await askLogStore(dataFolder, 'SELECT 1 AS one')
  const size = (): Promise<{ bytes: string; parts: string }> =>
    askLogStore(
      dataFolder,
      "SELECT sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts WHERE active AND table = 'logs'",
    )
  // merges run by themselves; what they have reached when they rest is what an operator sees
  let last = await size()
  for (let quietRounds = 0; quietRounds < 10; ) {
    await delay(300)
    const now = await size()
    quietRounds = now.parts === last.parts ? quietRounds + 1 : 0
    last = now
  }
  return Number(last.bytes)
}

export const storeWithRaw = store(true, 500_000, 32)
export const storeWithoutRaw = store(false, 800_000, 15)
