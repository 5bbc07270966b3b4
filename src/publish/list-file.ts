/**
 * The last good copy of the block list on disk, so that it is served right after a start, before decisions are loaded
 * and even if they cannot be. Files in `<data>/lists`:
 *   blacklist.txt           the newest copy, exactly the bytes served
 *   blacklist.previous.txt  the copy before it
 *   blacklist.json          revision, checksum and times of both
 * A copy is written whole: the description first, then a link from newest to previous, then a rename of the fsynced
 * new text over the newest, then an fsync of the folder. So at every moment `blacklist.txt` is one whole, described
 * revision. Saves are coalesced to one a second and never wait in the way of a fetch.
 */
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import { messageOf, systemCodeOf } from '../lib/errors.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import { LatestWriter } from './latest-writer.ts'
import { bodyFault, checksumOf, etagOf, type ListSnapshot } from './list-snapshot.ts'
import { syncFolder, writeDurably } from './synced-file.ts'

/** Above any list a firewall loads (150,000 entries are 2.2 MB); guards the reader against a wrong file. */
const MAX_BYTES = 256 * 1024 * 1024

const TEXT = 'blacklist.txt'
const PREVIOUS = 'blacklist.previous.txt'
const DESCRIPTION = 'blacklist.json'

const copySchema = z.object({
  revision: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  entries: z.int().min(0),
  bytes: z.int().min(1),
  madeAtMs: z.int().min(0),
})
type Copy = z.infer<typeof copySchema>
const descriptionSchema = z.object({ copies: z.array(copySchema).max(2) })

export interface LoadedList {
  /** Null when there is no copy that can be trusted. */
  readonly snapshot: ListSnapshot | null
  /** One sentence for each thing that was not as it should be; empty when all was well or this is the first start. */
  readonly findings: readonly string[]
}

export class ListFile {
  readonly #folder: string
  readonly #clock: Clock
  readonly #alarms: AlarmSink
  readonly #writer: LatestWriter<ListSnapshot>
  /** Newest first. */
  #copies: Copy[] = []

  constructor(options: { folder: string; clock: Clock; alarms: AlarmSink; minIntervalMs?: number }) {
    this.#folder = options.folder
    this.#clock = options.clock
    this.#alarms = options.alarms
    this.#writer = new LatestWriter({
      clock: options.clock,
      minIntervalMs: options.minIntervalMs,
      write: (snapshot) => this.#write(snapshot),
      onWritten: () => this.#written(),
      onFailed: (error) => this.#failed(error),
    })
  }

  /** The newest copy that is whole. Never rejects: what went wrong is in `findings` and in an alarm. */
  async load(): Promise<LoadedList> {
    const findings: string[] = []
    const described = await this.#readDescription(findings)
    let snapshot: ListSnapshot | null = null
    for (const name of [TEXT, PREVIOUS]) {
      snapshot = await this.#readCopy(name, described, findings)
      if (snapshot !== null) break
    }
    if (snapshot !== null && findings.length > 0) {
      findings.push(`Serving revision ${snapshot.revision} with ${snapshot.entries} entries.`)
    }
    if (findings.length > 0) {
      this.#alarms.raise({
        code: 'list-file-damaged',
        severity: snapshot === null ? 'critical' : 'warning',
        message: findings.join(' '),
        mend: 'The file is written anew with the next revision; look for a full or failing disk.',
      })
    }
    return { snapshot, findings }
  }

  /** Keeps a revision; returns at once. Of several that wait, the newest is written. */
  save(snapshot: ListSnapshot): void {
    this.#writer.save(snapshot)
  }

  /** Writes what waits and resolves when it is on disk or has failed (an alarm says so). */
  close(): Promise<void> {
    return this.#writer.close()
  }

  #written(): void {
    this.#alarms.clear('list-file-not-written')
    this.#alarms.clear('list-file-damaged')
  }

  /** The list is served from memory all the same; only the copy for the next start is old. */
  #failed(error: unknown): void {
    this.#alarms.raise({
      code: 'list-file-not-written',
      severity: 'warning',
      message: `Cannot write the block list to ${join(this.#folder, TEXT)}: ${messageOf(error)}. It is still served from memory.`,
      mend: 'Free space on the disk of data.dir and see that its owner may write there.',
    })
  }

  async #write(snapshot: ListSnapshot): Promise<void> {
    const sha256 = checksumOf(snapshot.body)
    if (this.#copies[0]?.sha256 === sha256) return
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const copy: Copy = {
      revision: snapshot.revision,
      sha256,
      entries: snapshot.entries,
      bytes: snapshot.body.length,
      madeAtMs: Math.floor(snapshot.madeAtMs),
    }
    const copies = [copy, ...this.#copies].slice(0, 2)
    await writeDurably(join(this.#folder, `${TEXT}.tmp`), snapshot.body)
    await writeDurably(
      join(this.#folder, `${DESCRIPTION}.tmp`),
      Buffer.from(`${JSON.stringify({ copies })}\n`),
    )
    await rename(join(this.#folder, `${DESCRIPTION}.tmp`), join(this.#folder, DESCRIPTION))
    await this.#keepPrevious()
    await rename(join(this.#folder, `${TEXT}.tmp`), join(this.#folder, TEXT))
    await syncFolder(this.#folder)
    this.#copies = copies
  }

  /** The newest copy gets the second name too, unless it is not the one that we know to be whole. */
  async #keepPrevious(): Promise<void> {
    if (this.#copies.length === 0) return
    const linked = join(this.#folder, `${PREVIOUS}.tmp`)
    await rm(linked, { force: true })
    try {
      await link(join(this.#folder, TEXT), linked)
    } catch (error) {
      // Someone removed the newest copy; the one before it then stays the previous.
      if (systemCodeOf(error) === 'ENOENT') return
      throw error
    }
    await rename(linked, join(this.#folder, PREVIOUS))
  }

  async #readDescription(findings: string[]): Promise<readonly Copy[] | null> {
    const path = join(this.#folder, DESCRIPTION)
    try {
      return descriptionSchema.parse(JSON.parse(await readFile(path, 'utf8'))).copies
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return null
      findings.push(
        `The description ${path} of the last block list cannot be read (${firstLine(messageOf(error))}).`,
      )
      return null
    }
  }

  async #readCopy(
    name: string,
    described: readonly Copy[] | null,
    findings: string[],
  ): Promise<ListSnapshot | null> {
    const path = join(this.#folder, name)
    const body = await readWhole(path, findings)
    if (body === null) {
      if (described !== null && name === TEXT) findings.push(`The last block list ${path} is missing.`)
      return null
    }
    const sha256 = checksumOf(body)
    const copy = described?.find((candidate) => candidate.sha256 === sha256)
    const fault =
      bodyFault(body) ?? (described !== null && copy === undefined ? 'its checksum does not match' : null)
    if (fault !== null) {
      findings.push(`The last block list ${path} is damaged (${fault}) and is not used.`)
      return null
    }
    if (copy === undefined) findings.push(`The block list ${path} has no description; its lines are whole.`)
    const lines = body.reduce((count, byte) => count + Number(byte === 10), 0)
    const known: Copy = copy ?? { revision: 0, sha256, entries: lines, bytes: body.length, madeAtMs: 0 }
    this.#copies = name === TEXT && copy !== undefined ? [known] : []
    return {
      body,
      etag: etagOf(sha256),
      revision: known.revision,
      entries: known.entries,
      refused: 0,
      // Never in the future: a clock set back must not give dates that validators cannot pass.
      madeAtMs: copy === undefined ? this.#clock.nowMs() : Math.min(known.madeAtMs, this.#clock.nowMs()),
      dateIsUnique: false,
      origin: 'file',
    }
  }
}

async function readWhole(path: string, findings: string[]): Promise<Buffer | null> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    if (size > MAX_BYTES) {
      findings.push(`${path} has ${size} bytes, which is no block list.`)
      return null
    }
    return await file.readFile()
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') findings.push(`Cannot read ${path}: ${messageOf(error)}.`)
    return null
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
