/**
 * Row 10: a flood of 100,000 forged sources a second, six times `--lines` records of it (a minute by default), with real
 * scanners among it, through every rule with the defaults: who escapes, what a record costs, and what memory it takes.
 */
import { defaultSettings } from '../../../src/config/schema.ts'
import { detectionSettings } from '../../../src/detect/settings.ts'
import { judge, runFlood, SCANNERS } from '../../flood.ts'
import type { Figure, Part } from '../part.ts'

const SECONDS = 540
const SOURCES_PER_SECOND = 100_000
const TIMES_LINES = 6
const MEMORY_BYTES = 2 * 2 ** 30

export const flood: Part = async ({ lines, say }) => {
  const settings = detectionSettings(defaultSettings())
  const figures: Figure[] = []
  for (const packets of [1, 2] as const) {
    const floodSeconds = Math.min(
      SECONDS,
      Math.max(1, Math.round((lines * TIMES_LINES) / SOURCES_PER_SECOND / packets)),
    )
    say(`${floodSeconds} s of ${SOURCES_PER_SECOND} forged sources a second with ${packets} packets each`)
    const options = {
      settings,
      seconds: SECONDS,
      floodSeconds,
      sourcesPerSecond: SOURCES_PER_SECOND,
      packets,
    }
    const result = runFlood({ ...options, scanners: Object.values(SCANNERS) })
    const { missed, others } = judge(result)
    const wrong = Object.values(others).reduce((sum, count) => sum + count, 0)
    const what = `flood of ${result.sources} forged sources in ${floodSeconds} s, ${packets} packets each`
    figures.push(
      {
        row: 10,
        what: `${what}: scanners that escape`,
        value: missed.length,
        unit: `of ${Object.keys(SCANNERS).length}`,
        target: { atMost: 0 },
        work: null,
        note: `${missed.join(', ') || 'none'}; ${wrong} others convicted; ${result.counters['evictions']} evictions`,
      },
      {
        row: 10,
        what: `${what}: detection`,
        value: result.records / result.cpuSeconds,
        unit: 'records/s per core',
        target: null,
        work: null,
        note: `${((result.cpuSeconds / result.records) * 1e9).toFixed(0)} ns a record`,
      },
      {
        row: 10,
        what: `${what}: memory of the process`,
        value: process.memoryUsage().rss,
        unit: 'bytes',
        target: { atMost: MEMORY_BYTES },
        work: null,
        note: `tables ${(bytesOf(result.counters) / 2 ** 20).toFixed(0)} MiB`,
      },
    )
  }
  return figures
}

function bytesOf(counters: Readonly<Record<string, number>>): number {
  return Object.entries(counters).reduce(
    (sum, [name, value]) => (name.endsWith('Bytes') ? sum + value : sum),
    0,
  )
}
