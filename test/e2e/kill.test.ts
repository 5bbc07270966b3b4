/** kill -9 at full speed: what was taken in is stored exactly once, and the list is right, whenever the kill strikes. */
import assert from 'node:assert/strict'
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../src/demo/random.ts'
import {
  askLogs,
  killIfThere,
  logStoresOf,
  type ServiceProcess,
  startChild,
  storedRecords,
} from './child-service.ts'
import { temporaryFolder, until } from './harness.ts'
import { benignLine, numberedLine, type Numbers, numbersSql } from './numbered-lines.ts'

const SEED = 20_251_122
const KILLS_OF_EACH = 10
/** Written per round as fast as the disk takes it, from before the kill until after it. */
const LINES_PER_ROUND = 12_000
const LINES_AT_ONCE = 500
const LATEST_KILL_MS = 450
const SCANNERS = 20
const STORED_LIMIT_MS = 120_000
const LISTED_LIMIT_MS = 15_000
const SENTINEL = '192.0.2.255'
/** Lines between two ports of one scanner: its eleven lie across a kill at least. */
const SCAN_STEP = 1500

describe('kill -9', () => {
  test('twenty times, of main and of the log store: every line of a followed file is stored once, and the list is right', async (t) => {
    const random = seededRandom(SEED)
    const folder = await temporaryFolder(t)
    const dataFolder = join(folder, 'data')
    const logs = join(folder, 'Firewall')
    await mkdir(logs)
    const sets = ['syslog.udp.listen=', 'syslog.tcp.listen=', `files.watch=${logs}/*.log`]
    const writer = await NumberedWriter.open(join(logs, 'edge-fw-1.log'), random)
    const victims = shuffled(
      [...Array(KILLS_OF_EACH).fill('main'), ...Array(KILLS_OF_EACH).fill('log store')] as Victim[],
      random,
    )
    const startedMs = performance.now()

    let service = await startChild(t, { dataFolder, sets })
    await service.ready()
    for (const victim of victims) {
      const writing = writer.write(LINES_PER_ROUND)
      await sleep(random() * LATEST_KILL_MS)
      if (victim === 'main') {
        const listed = await service.list()
        await service.end('SIGKILL')
        service = await startChild(t, { dataFolder, sets })
        await writing
        await service.ready()
        await until('who was listed is listed again', async () => {
          const list = new Set(await service.list())
          return listed.every((entry) => entry === SENTINEL || list.has(entry))
        })
      } else {
        await killLogStore(service)
        await writing
      }
    }
    await writer.close()
    const count = writer.count
    const killedMs = performance.now() - startedMs
    await lastAnswer(
      () => storedRecords(dataFolder),
      (records) => records >= count,
      STORED_LIMIT_MS,
    )
    t.diagnostic(
      `${count} lines, 20 kills in ${(killedMs / 1000).toFixed(1)} s, all stored after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`,
    )

    const [numbers] = (await askLogs<Numbers>(dataFolder, numbersSql(count))) ?? []
    assert.deepEqual(
      { ...numbers, records: Number(numbers?.records), numbers: Number(numbers?.numbers) },
      { records: count, numbers: count, missing: [], twice: [] },
    )
    assert.deepEqual(await readdir(join(dataFolder, 'quarantine')), [])
    assert.deepEqual(
      await lastAnswer(
        () => service.list(),
        (list) => list.length === SCANNERS,
        LISTED_LIMIT_MS,
      ),
      writer.scanners,
    )
    assert.deepEqual(await service.end('SIGTERM'), { code: 0, signal: null })
  })
})

type Victim = 'main' | 'log store'

/** The last answer, once it is as wished or the time is up: the assertion behind it then shows what is wrong. */
async function lastAnswer<Value>(
  ask: () => Promise<Value>,
  is: (value: Value) => boolean,
  limitMs: number,
): Promise<Value> {
  const endMs = performance.now() + limitMs
  for (;;) {
    const value = await ask()
    if (is(value) || performance.now() > endMs) return value
    await sleep(50)
  }
}

async function killLogStore(service: ServiceProcess): Promise<void> {
  await until(
    'there is a log store to kill',
    async () => {
      const [processId] = await logStoresOf(service.dataFolder)
      return processId !== undefined && killIfThere(processId)
    },
    30_000,
  )
}

function shuffled<Item>(items: Item[], random: () => number): Item[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[items[i], items[j]] = [items[j] as Item, items[i] as Item]
  }
  return items
}

/** Appends numbered lines, cut anywhere: benign ones, and among them scanners and some who stop one port short of it. */
class NumberedWriter {
  readonly #file: FileHandle
  readonly #random: () => number
  #count = 0

  private constructor(file: FileHandle, random: () => number) {
    this.#file = file
    this.#random = random
  }

  static async open(path: string, random: () => number): Promise<NumberedWriter> {
    return new NumberedWriter(await open(path, 'a'), random)
  }

  /** Lines written. */
  get count(): number {
    return this.#count
  }

  /** Who must be on the list at the end. */
  get scanners(): string[] {
    return Array.from({ length: SCANNERS }, (_, i) => `198.51.100.${i + 1}`).sort(byNumber)
  }

  async write(lines: number): Promise<void> {
    for (let written = 0; written < lines; written += LINES_AT_ONCE) {
      const texts = Array.from({ length: LINES_AT_ONCE }, () => this.#line(this.#count++))
      const bytes = Buffer.from(`${texts.join('\n')}\n`)
      const cut = Math.floor(this.#random() * bytes.length)
      await this.#file.appendFile(bytes.subarray(0, cut))
      await this.#file.appendFile(bytes.subarray(cut))
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #line(number: number): string {
    // Scanner s probes port 1000 + k at line s * 10,000 + k * SCAN_STEP + s; its twin stops after ten and repeats them.
    for (let s = 0; s < SCANNERS; s++) {
      const since = number - s * 10_000 - s
      const k = since / SCAN_STEP
      if (Number.isInteger(k) && k >= 0 && k <= 10)
        return numberedLine({ number, source: `198.51.100.${s + 1}`, port: 1000 + k })
      const twin = (since - 100) / SCAN_STEP
      if (Number.isInteger(twin) && twin >= 0 && twin < 20)
        return numberedLine({ number, source: `198.51.100.${s + 101}`, port: 1000 + (twin % 10) })
    }
    return benignLine(number)
  }
}

function byNumber(a: string, b: string): number {
  return Number(a.split('.').at(-1)) - Number(b.split('.').at(-1))
}
