/**
 * `npm run bench:web`: what people wait for. Searches over stored records (`search`), the page's first paint and weight
 * (`page`), and scrolling through 100,000 rows (`scroll`), in the real service and Chromium.
 *   --records N     stored records of a day (default 50,000,000: 4 GB on disk and some ten minutes of filling)
 *   --only A,B      parts (default all)
 *   --filter A,B    of the searches, those whose names hold one of these texts
 *   --folder DIR    keeps the store there, to be used again (default: a temporary one, removed at the end)
 * Prints tables; a missed target is printed, not an error.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { watchMemory } from '../measure.ts'
import { type RunningService, startService } from '../service.ts'
import { type Filled, fillStore } from './fill.ts'
import { measurePage } from './page.ts'
import { searchAll, searchTable } from './search.ts'

const DAY_MS = 86_400_000
const START_LIMIT_MS = 120_000
const SETTLE_MS = 3000
/** A word that nobody wrote is answered so soon once the service knows which texts are stored; how long that is waited for. */
const KNOWN_MS = 200
const KNOWN_LIMIT_MS = 60_000

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '50000000' },
    only: { type: 'string', default: 'search,page,scroll' },
    filter: { type: 'string', default: '' },
    folder: { type: 'string' },
  },
})

const say = (text: string): void => {
  process.stderr.write(`   ${text}\n`)
}

async function main(): Promise<void> {
  const parts = values.only.split(',')
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'ads-bench-web-'))
  try {
    mkdirSync(folder, { recursive: true })
    const dataFolder = join(folder, 'data')
    const filled = await fillStore({ dataFolder, records: Number(values.records), spanMs: DAY_MS, say })
    const size = (filled.bytesOnDisk / 2 ** 30).toFixed(1)
    process.stdout.write(`${filled.records.toLocaleString('en')} records of a day, ${size} GiB\n`)
    const service = await startService({ dataFolder })
    const memory = watchMemory(service.processId)
    try {
      await storeAnswers(service)
      if (parts.includes('search')) say(await textsKnown(service, filled))
      if (parts.includes('search')) {
        const asked = await searchAll(service, filled, values.filter.split(','), say)
        process.stdout.write(`\n${searchTable(asked)}\nload of the machine: ${loadavg()[0]?.toFixed(1)}\n`)
      }
      if (parts.includes('page') || parts.includes('scroll')) {
        const lines = await measurePage(service, filled, parts, say)
        process.stdout.write(`\n${lines.join('\n')}\n`)
      }
    } finally {
      process.stdout.write(`peak memory of the service ${Math.round(memory.stop() / 2 ** 20)} MiB\n`)
      await service.stop()
    }
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
  }
}

/** Waits for the log store, and for what the service reads of it at its start. */
async function storeAnswers(service: RunningService): Promise<void> {
  const endMs = performance.now() + START_LIMIT_MS
  for (;;) {
    try {
      await service.control.call('queryRecords', { filter: '', limit: 1 })
      break
    } catch (error) {
      if (performance.now() > endMs) throw error
      await delay(200) // not up yet: the limit ends the wait
    }
  }
  await delay(SETTLE_MS)
}

/** Waits for what the service reads in the background after its start; answers how long that took. */
async function textsKnown({ control }: RunningService, { fromMs, toMs }: Filled): Promise<string> {
  const range = { since: new Date(fromMs).toISOString(), until: new Date(toMs).toISOString() }
  const beganMs = performance.now()
  for (let round = 0; performance.now() - beganMs < KNOWN_LIMIT_MS; round++) {
    const askedMs = performance.now()
    await control.call('queryRecords', { ...range, filter: `notyetknown${round}`, limit: 1 })
    const tookMs = performance.now() - askedMs
    if (tookMs < KNOWN_MS) return `which texts are stored is known after ${seconds(askedMs - beganMs)} s`
    await delay(1000)
  }
  return `which texts are stored is not known after ${seconds(KNOWN_LIMIT_MS)} s: words are slow`
}

const seconds = (ms: number): string => (ms / 1000).toFixed(0)

await main()
