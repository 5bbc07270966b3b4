/**
 * Row 11: kill -9 of the whole service again and again while it reads a file of numbered lines at full speed; at the
 * end every number must be stored exactly once. Measures how long it takes to be ready again.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { askLogStore, storedRecords } from '../log-store.ts'
import { quantile } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { startService } from '../service.ts'
import { writeWorkload } from '../workload.ts'

const KILLS = 10
const LIMIT_MS = 300_000

export const kill: Part = async ({ lines: asked, folder, say }) => {
  const lines = asked * 3 // more than the kills leave time for
  const watched = join(folder, 'watched')
  mkdirSync(watched)
  say(`writing ${lines} numbered lines`)
  const options = { lines, seed: 1, sources: 200_000, linesPerSecond: 20_000, endMs: Date.now() }
  // CSV, since the custom format has no place for a number
  writeWorkload(join(watched, 'SYD-FW-01.log'), { ...options, format: 'csv', numbered: true })
  const dataFolder = join(folder, 'data')
  const settings = { 'files.watch': join(watched, '*.log'), 'decisions.maxPerMinute': 1_000_000 }
  const readyMs: number[] = []
  for (let round = 0; round < KILLS; round++) {
    const startMs = performance.now()
    const service = await startService({ dataFolder, settings })
    readyMs.push(performance.now() - startMs)
    await delay(200 + ((round * 397) % 900))
    await service.kill()
    await delay(100)
  }
  say('reading the rest')
  const startMs = performance.now()
  const service = await startService({ dataFolder, settings })
  readyMs.push(performance.now() - startMs)
  const endMs = performance.now() + LIMIT_MS
  let last = -1
  for (let now = 0; now !== last || now < lines; ) {
    if (performance.now() > endMs) break
    last = now
    await delay(1000)
    now = await storedRecords(dataFolder)
  }
  const counted = await askLogStore<{ records: string; distinct: string }>(
    dataFolder,
    "SELECT count() AS records, uniqExact(sessionId) AS distinct FROM logs WHERE sessionId != ''",
  )
  await service.stop()
  const records = Number(counted.records)
  const distinct = Number(counted.distinct)
  const lost = lines - 1 - distinct // session id 0 is none
  const figures: Figure[] = [
    {
      row: 11,
      what: `kill -9 ${KILLS} times at full load: lines lost`,
      value: lost,
      unit: 'lines',
      target: { atMost: 0 },
      work: null,
      note: `of ${lines}`,
    },
    {
      row: 11,
      what: 'the same: lines stored twice',
      value: records - distinct,
      unit: 'lines',
      target: { atMost: 0 },
      work: null,
      note: '',
    },
    {
      row: 11,
      what: 'the same: started → ready, longest',
      value: Math.max(...readyMs) / 1000,
      unit: 's',
      target: { atMost: 5 },
      work: null,
      note: `median ${quantile(readyMs, 0.5).toFixed(0)} ms; ready is: the list and the control socket answer`,
    },
  ]
  return figures
}
