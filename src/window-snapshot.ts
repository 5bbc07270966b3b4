/**
 * Windows of hours, kept over a restart in `windows.snapshot` of the data folder (rules with `save`, detect/rule.ts; the
 * short windows are read back from the log store). Written every few minutes and at the end, replaced atomically.
 *
 * A snapshot is taken in steps of a few ms with batches in between, and each part goes to the file at once, so neither the
 * pipeline is held up nor memory needed for a copy of the tables. Its parts thus show different moments, all of them after
 * the time that the file tells. What came since that time is read back from the log store too, and what a part knows of
 * it already counts once (detect/rule.ts says why that is harmless); so a snapshot that is a few minutes old loses nothing.
 *
 * The file: sealed lines of JSON (text, blank, its CRC-32), each but the first and last followed by the bytes of the part
 * that it tells of. One that is damaged, cut, too old or of another version is left alone and told; then the windows are
 * rebuilt from stored records as far as time allows (restore-windows.ts). A rule refuses parts that it cannot read by itself.
 *
 * `engine reset` removes the file, and one that is being written is given up. Should the service die before that, the file
 * still tells of which reset it knew; main knows the last one by the audit log, and an older file is left alone.
 */
import { rename, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { Detector, SavedPart } from './detect/detector.ts'
import type { Clock } from './lib/clock.ts'
import { messageOf, systemCodeOf } from './lib/errors.ts'
import { RULES } from './model/detection.ts'
import { syncFolder, writeSynced } from './store/logs/durable-file.ts'

const FILE = 'windows.snapshot'
/** Raised when the file changes its form; each rule has a version of its own inside its parts. */
const VERSION = 2
const EVERY_MS = 180_000
/** Work of a step before batches have their turn; a step may take 2 ms longer (spread-snapshot.ts). */
const STEP_MS = 2
/** The longest window that is kept: an older snapshot says nothing any more. */
const MAX_AGE_MS = 86_400_000
/** A clock that was set back makes a snapshot look younger than now, by so much at most. */
const AHEAD_MS = 120_000
const LINE_LIMIT_BYTES = 1 << 16

const headSchema = z.object({
  version: z.literal(VERSION),
  savedAtMs: z.number(),
  /** When windows had been reset last; null never. */
  resetAtMs: z.number().nullable(),
})
type Head = z.infer<typeof headSchema>
const partSchema = z.object({
  profile: z.string(),
  rule: z.enum(RULES),
  bytes: z.int().min(0),
  crc: z.int().min(0),
})
const endSchema = z.object({ parts: z.int().min(0) })

export interface WindowSnapshotOptions {
  readonly dataFolder: string
  readonly detector: Pick<Detector, 'saveWindows' | 'loadWindows'>
  readonly clock: Clock
  /** When windows were reset last, by main; null never. */
  readonly resetAtMs: number | null
  /** Told of a snapshot that could not be read, taken, written or removed, and why. */
  readonly report: (message: string) => void
}

export class WindowSnapshot {
  readonly #options: WindowSnapshotOptions
  readonly #path: string
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  #resetAtMs: number | null
  /** When the windows that were loaded were saved, by arrival; null when none were. */
  loadedAtMs: number | null = null

  private constructor(options: WindowSnapshotOptions) {
    this.#options = options
    this.#path = join(options.dataFolder, FILE)
    this.#resetAtMs = options.resetAtMs
  }

  /** Gives the detector what was kept, to be called before its first batch, and begins to keep. Never rejects. */
  static async open(options: WindowSnapshotOptions): Promise<WindowSnapshot> {
    const snapshot = new WindowSnapshot(options)
    await snapshot.#load()
    snapshot.#timer = setInterval(() => void snapshot.write(), EVERY_MS)
    return snapshot
  }

  async #load(): Promise<void> {
    const { detector, clock, report, resetAtMs } = this.#options
    try {
      const { head, parts } = decode(await readFile(this.#path))
      if (head.resetAtMs !== resetAtMs) return // of windows that were reset since
      const ageMs = clock.nowMs() - head.savedAtMs
      if (ageMs > MAX_AGE_MS || ageMs < -AHEAD_MS) {
        report(`${FILE} is of ${new Date(head.savedAtMs).toISOString()} and too old or ahead of the clock`)
        return
      }
      const refused = detector.loadWindows(parts)
      if (refused.length > 0)
        report(`${FILE} was not taken by ${refused.join(', ')}: of another version, or damaged`)
      else this.loadedAtMs = head.savedAtMs
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') report(`${FILE} cannot be read (${messageOf(error)})`)
    }
  }

  /** Writes the windows as they are now. Never rejects. */
  write(): Promise<void> {
    return this.#afterwards('written', () => this.#writeNow())
  }

  /**
   * Forgets what was kept: to be called at once when the detector's windows were reset. Resolves when the file is gone
   * from the disk. Never rejects.
   */
  reset(atMs: number): Promise<void> {
    this.#resetAtMs = atMs
    return this.#afterwards('removed', async () => {
      await rm(this.#path, { force: true })
      await syncFolder(this.#options.dataFolder)
    })
  }

  #afterwards(what: string, work: () => Promise<void>): Promise<void> {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#options.report(`${FILE} cannot be ${what} (${messageOf(error)})`)
    })
    return this.#writing
  }

  async #writeNow(): Promise<void> {
    const temporary = `${this.#path}.new`
    const resetAtMs = this.#resetAtMs
    await writeSynced(temporary, this.#encode(resetAtMs))
    if (this.#resetAtMs !== resetAtMs) {
      await rm(temporary, { force: true })
      return
    }
    await rename(temporary, this.#path)
    await syncFolder(this.#options.dataFolder)
  }

  /** The bytes of the file. Ends early, with a file that is cut, when windows are reset meanwhile. */
  async *#encode(resetAtMs: number | null): AsyncGenerator<Uint8Array, void, undefined> {
    const { detector, clock } = this.#options
    // The time of the beginning: what single parts saw later comes again from the log store, and counts once.
    yield sealed({ version: VERSION, savedAtMs: clock.nowMs(), resetAtMs } satisfies Head)
    let parts = 0
    let restAtMs = clock.monotonicMs() + STEP_MS
    for (const piece of detector.saveWindows()) {
      if (piece !== null) {
        const { profile, rule, part } = piece
        yield sealed({ profile, rule, bytes: part.length, crc: crc32(part) })
        yield part
        parts++
      }
      if (clock.monotonicMs() < restAtMs) continue
      await nextTurn() // batches may go in between
      if (this.#resetAtMs !== resetAtMs) return
      restAtMs = clock.monotonicMs() + STEP_MS
    }
    yield sealed({ parts })
  }

  /** Writes a last time. Never rejects. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.write()
  }
}

function sealed(line: object): Uint8Array {
  const text = JSON.stringify(line)
  return Buffer.from(`${text} ${crc32(text).toString(16)}\n`)
}

/** Throws when the file is damaged, cut or of another version. */
function decode(bytes: Buffer): { head: Head; parts: SavedPart[] } {
  let at = 0
  const nextLine = (): unknown => {
    const end = bytes.subarray(at, at + LINE_LIMIT_BYTES).indexOf('\n')
    const line = end === -1 ? '' : bytes.toString('utf8', at, at + end)
    const text = line.slice(0, line.lastIndexOf(' '))
    if (text === '' || crc32(text).toString(16) !== line.slice(text.length + 1))
      throw new Error(at === 0 ? 'it has no head, or one of another version' : 'it is damaged or cut')
    at += end + 1
    return JSON.parse(text)
  }
  const head = headSchema.safeParse(nextLine())
  if (!head.success) throw new Error('it is of another version')
  const parts: SavedPart[] = []
  for (;;) {
    const line = nextLine()
    if (endSchema.safeParse(line).data?.parts === parts.length) return { head: head.data, parts }
    const { profile, rule, bytes: size, crc } = partSchema.parse(line)
    const part = bytes.subarray(at, at + size)
    at += size
    if (part.length !== size || crc32(part) !== crc) throw new Error('a part of it is damaged')
    parts.push({ profile, rule, part: new Uint8Array(part) }) // aligned, and the file's buffer is let go
  }
}
