/**
 * Where reading of each followed file resumes, after the segments that said so are gone. One JSON file,
 * `positions.json`, replaced atomically, with the one before kept as `positions.json.1`: a damaged file falls back to
 * it, which only means that some segments are offered again (the store takes none twice).
 *
 * Order on acknowledgement: checkpoint first, then the segment is deleted. The positions at start are those of the
 * checkpoint, overlaid in order by the footers of later segments that still lie there. Later wins, not larger: an
 * emptied file begins at 0 again.
 */
import { copyFile, mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { messageOf, systemCodeOf } from '../../lib/errors.ts'
import type { FilePosition } from '../../model/raw-batch.ts'
import { replaceFile, syncFolder, writeSynced } from './durable-file.ts'

/** Files remembered; beyond it the one heard of longest ago is forgotten. */
export const FILES_LIMIT = 10_000

const FILE_NAME = 'positions.json'

const contentSchema = z.object({
  version: z.literal(1),
  /** Every segment up to this one is stored. */
  lastSegment: z.string().nullable(),
  positions: z.array(z.object({ fileId: z.string(), path: z.string(), offset: z.number().min(0) })),
})
type Content = z.infer<typeof contentSchema>

export class Checkpoint {
  readonly #folder: string
  readonly #path: string
  /** Least recently heard of first. */
  readonly #positions = new Map<string, FilePosition>()
  #lastSegment: string | null = null
  #hasFile = false

  private constructor(folder: string) {
    this.#folder = folder
    this.#path = join(folder, FILE_NAME)
  }

  /**
   * Reads the checkpoint of a folder. `report` is told when the file was damaged and the one before was taken, or
   * none was left (then followed files are read from their beginning, and nothing is lost).
   */
  static async open(folder: string, report: (problem: string) => void): Promise<Checkpoint> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const checkpoint = new Checkpoint(folder)
    for (const path of [checkpoint.#path, `${checkpoint.#path}.1`]) {
      const content = await read(path, report)
      if (content === null) continue
      checkpoint.#take(content.positions)
      checkpoint.#lastSegment = content.lastSegment
      checkpoint.#hasFile = path === checkpoint.#path
      break
    }
    return checkpoint
  }

  get lastSegment(): string | null {
    return this.#lastSegment
  }

  get positions(): FilePosition[] {
    return [...this.#positions.values()]
  }

  /** Notes that a segment is stored, and where its files stand; durable when the promise resolves. */
  async advance(segment: string, positions: readonly FilePosition[]): Promise<void> {
    this.#take(positions)
    this.#lastSegment = segment
    const content: Content = { version: 1, lastSegment: segment, positions: this.positions }
    const json = JSON.stringify(content)
    // The old file becomes `.1` only once the new one is whole on disk, so one of the two is always there.
    const text = `${json}\n${crc32(json).toString(16)}\n`
    if (this.#hasFile) {
      await writeSynced(`${this.#path}.tmp`, [Buffer.from(text)])
      await rename(this.#path, `${this.#path}.1`)
      await rename(`${this.#path}.tmp`, this.#path)
      await syncFolder(this.#folder)
    } else {
      await replaceFile(this.#path, this.#folder, text)
      await copyFile(this.#path, `${this.#path}.1`)
    }
    this.#hasFile = true
  }

  #take(positions: readonly FilePosition[]): void {
    overlay(this.#positions, positions)
  }
}

/** Puts newer positions over older ones and forgets the oldest beyond the limit. */
export function overlay(onto: Map<string, FilePosition>, newer: readonly FilePosition[]): void {
  for (const position of newer) {
    onto.delete(position.fileId)
    onto.set(position.fileId, position)
  }
  for (const oldest of onto.keys()) {
    if (onto.size <= FILES_LIMIT) break
    onto.delete(oldest)
  }
}

async function read(path: string, report: (problem: string) => void): Promise<Content | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') report(`cannot read ${path}: ${messageOf(error)}`)
    return null
  }
  const [json = '', crc = ''] = text.split('\n')
  if (crc32(json).toString(16) !== crc) {
    report(`${path} is damaged; the positions before it are used`)
    return null
  }
  const parsed = contentSchema.safeParse(JSON.parse(json))
  if (parsed.success) return parsed.data
  report(`${path} is of an unknown form: ${z.prettifyError(parsed.error)}`)
  return null
}
