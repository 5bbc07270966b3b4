/**
 * What was learned of the devices' clocks, kept over a restart in `device-clocks.json` of the data folder: without it
 * the first lines of a firewall hours off would count at the wrong time, or not at all, until its offset is learned
 * anew. Written once a minute where something changed, and at the end. A file that is missing, damaged or older than
 * MAX_AGE_MS is as good as none: offsets are learned within seconds. Names of devices come from outside and are only
 * ever values in it.
 */
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Detector } from './detect/detector.ts'
import type { Clock } from './lib/clock.ts'
import { messageOf, systemCodeOf } from './lib/errors.ts'
import { syncFolder, writeSynced } from './store/logs/durable-file.ts'

const FILE = 'device-clocks.json'
const EVERY_MS = 60_000
/** A device that was silent for so long may have been set right meanwhile. */
const MAX_AGE_MS = 30 * 86_400_000
/** As many as DeviceClocks holds. */
const MAX_DEVICES = 2048

const saved = z.object({
  version: z.literal(1),
  clocks: z
    .array(
      z.object({
        device: z.string().min(1).max(255),
        offsetMs: z.number(),
        insane: z.boolean(),
        lastSeenAtMs: z.number(),
      }),
    )
    .max(MAX_DEVICES),
})

export interface KeptClocksOptions {
  readonly dataFolder: string
  readonly detector: Pick<Detector, 'saveClocks' | 'loadClocks'>
  readonly clock: Clock
  /** Told once that the file cannot be read or written. */
  readonly report: (message: string) => void
}

export class KeptClocks {
  readonly #options: KeptClocksOptions
  readonly #path: string
  #written = ''
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  #hasReported = false

  private constructor(options: KeptClocksOptions) {
    this.#options = options
    this.#path = join(options.dataFolder, FILE)
  }

  /** Gives the detector what was kept and begins to keep what it learns. Never rejects. */
  static async open(options: KeptClocksOptions): Promise<KeptClocks> {
    const kept = new KeptClocks(options)
    await kept.#load()
    kept.#timer = setInterval(() => void kept.write(), EVERY_MS)
    return kept
  }

  async #load(): Promise<void> {
    const { detector, clock } = this.#options
    try {
      const { clocks } = saved.parse(JSON.parse(await readFile(this.#path, 'utf8')))
      const sinceMs = clock.nowMs() - MAX_AGE_MS
      detector.loadClocks(clocks.filter(({ lastSeenAtMs }) => lastSeenAtMs >= sinceMs))
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') this.#report(`cannot be read (${messageOf(error)})`)
    }
  }

  /** Writes what changed since the last time. Never rejects. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow())
    return this.#writing
  }

  async #writeNow(): Promise<void> {
    const clocks = this.#options.detector.saveClocks().slice(0, MAX_DEVICES)
    // When a device was heard last changes all the time and is worth no write by itself.
    const essence = JSON.stringify(clocks.map(({ lastSeenAtMs: _lastSeenAtMs, ...rest }) => rest))
    if (essence === this.#written || (this.#written === '' && clocks.length === 0)) return
    try {
      const text = JSON.stringify({ version: 1, clocks })
      await writeSynced(`${this.#path}.new`, [Buffer.from(text, 'utf8')])
      await rename(`${this.#path}.new`, this.#path)
      await syncFolder(this.#options.dataFolder)
      this.#written = essence
    } catch (error) {
      this.#report(`cannot be written (${messageOf(error)})`)
    }
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.write()
  }

  #report(what: string): void {
    if (this.#hasReported) return
    this.#hasReported = true
    this.#options.report(`${FILE} ${what}: clocks of devices are learned anew after a restart`)
  }
}
