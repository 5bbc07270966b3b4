/**
 * Windows of hours, kept over a restart in `windows.snapshot` of the data folder (rules with `save`, detect/rule.ts; the
 * short windows are read back from the log store). Written every few minutes and at the end, one rule at a time between
 * two batches, replaced atomically. What came after it is read back from the log store too, so a snapshot that is a few
 * minutes old loses nothing.
 *
 * The file: a line of JSON that tells version, time and the parts with their sizes and checksums, then the parts. One
 * that is damaged, too old or of another version is left alone and told; then the windows are rebuilt from stored
 * records as far as time allows (restore-windows.ts). A rule refuses parts that it cannot read by itself.
 */
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import type { Detector, SavedWindows } from './detect/detector.ts'
import type { Clock } from './lib/clock.ts'
import { messageOf, systemCodeOf } from './lib/errors.ts'
import { RULES } from './model/detection.ts'
import { syncFolder, writeSynced } from './store/logs/durable-file.ts'

const FILE = 'windows.snapshot'
/** Raised when the file changes its form; each rule has a version of its own inside its parts. */
const VERSION = 1
const EVERY_MS = 180_000
/** The longest window that is kept: an older snapshot says nothing any more. */
const MAX_AGE_MS = 86_400_000
/** A clock that was set back makes a snapshot look younger than now, by so much at most. */
const AHEAD_MS = 120_000
const HEAD_LIMIT_BYTES = 1 << 20

const headSchema = z.object({
  version: z.literal(VERSION),
  savedAtMs: z.number(),
  sets: z.array(
    z.object({
      profile: z.string(),
      rule: z.enum(RULES),
      parts: z.array(z.object({ bytes: z.int().min(0), crc: z.int().min(0) })),
    }),
  ),
})
type Head = z.infer<typeof headSchema>

export interface WindowSnapshotOptions {
  readonly dataFolder: string
  readonly detector: Pick<Detector, 'saveWindows' | 'loadWindows'>
  readonly clock: Clock
  /** Told of a snapshot that could not be read, taken or written, and why. */
  readonly report: (message: string) => void
}

export class WindowSnapshot {
  readonly #options: WindowSnapshotOptions
  readonly #path: string
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  /** When the windows that were loaded were saved, by arrival; null when none were. */
  loadedAtMs: number | null = null

  private constructor(options: WindowSnapshotOptions) {
    this.#options = options
    this.#path = join(options.dataFolder, FILE)
  }

  /** Gives the detector what was kept, to be called before its first batch, and begins to keep. Never rejects. */
  static async open(options: WindowSnapshotOptions): Promise<WindowSnapshot> {
    const snapshot = new WindowSnapshot(options)
    await snapshot.#load()
    snapshot.#timer = setInterval(() => void snapshot.write(), EVERY_MS)
    return snapshot
  }

  async #load(): Promise<void> {
    const { detector, clock, report } = this.#options
    try {
      const { head, sets } = decode(await readFile(this.#path))
      const ageMs = clock.nowMs() - head.savedAtMs
      if (ageMs > MAX_AGE_MS || ageMs < -AHEAD_MS) {
        report(`${FILE} is of ${new Date(head.savedAtMs).toISOString()} and too old or ahead of the clock`)
        return
      }
      const refused = detector.loadWindows(sets)
      if (refused.length > 0)
        report(`${FILE} was not taken by ${refused.join(', ')}: of another version, or damaged`)
      else this.loadedAtMs = head.savedAtMs
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') report(`${FILE} cannot be read (${messageOf(error)})`)
    }
  }

  /** Writes the windows as they are now. Never rejects. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow())
    return this.#writing
  }

  async #writeNow(): Promise<void> {
    const { detector, clock, dataFolder, report } = this.#options
    try {
      // The time of the first rule: what the others saw later comes again from the log store, and counts once.
      const savedAtMs = clock.nowMs()
      const sets: SavedWindows[] = []
      for (const saved of detector.saveWindows()) {
        sets.push(saved)
        await nextTurn() // a batch may go in between
      }
      await writeSynced(`${this.#path}.new`, encode(savedAtMs, sets))
      await rename(`${this.#path}.new`, this.#path)
      await syncFolder(dataFolder)
    } catch (error) {
      report(`${FILE} cannot be written (${messageOf(error)})`)
    }
  }

  /** Writes a last time. Never rejects. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.write()
  }
}

function encode(savedAtMs: number, sets: readonly SavedWindows[]): Uint8Array[] {
  const head: Head = {
    version: VERSION,
    savedAtMs,
    sets: sets.map(({ profile, rule, parts }) => ({
      profile,
      rule,
      parts: parts.map((part) => ({ bytes: part.length, crc: crc32(part) })),
    })),
  }
  const text = JSON.stringify(head)
  return [Buffer.from(`${text}\n${crc32(text).toString(16)}\n`), ...sets.flatMap(({ parts }) => parts)]
}

/** Throws when the file is damaged or of another version. */
function decode(bytes: Buffer): { head: Head; sets: SavedWindows[] } {
  const end = bytes.subarray(0, HEAD_LIMIT_BYTES).indexOf('\n')
  const sumEnd = end === -1 ? -1 : bytes.indexOf('\n', end + 1)
  if (end === -1 || sumEnd === -1) throw new Error('it has no head')
  const text = bytes.toString('utf8', 0, end)
  if (crc32(text).toString(16) !== bytes.toString('latin1', end + 1, sumEnd))
    throw new Error('its head is damaged')
  const parsed = headSchema.safeParse(JSON.parse(text))
  if (!parsed.success) throw new Error('it is of another version')
  let at = sumEnd + 1
  const sets = parsed.data.sets.map(({ profile, rule, parts }) => ({
    profile,
    rule,
    parts: parts.map(({ bytes: size, crc }) => {
      const part = bytes.subarray(at, at + size)
      at += size
      if (part.length !== size || crc32(part) !== crc) throw new Error('a part of it is damaged')
      return new Uint8Array(part) // aligned, and the file's buffer is let go
    }),
  }))
  return { head: parsed.data, sets }
}
