/**
 * The revisions of one feed on disk, in `<data>/lists/feeds/<name>/`: for each a file with its bodies and a description
 * with its numbers, checksums and networks. The newest is the last good copy, served right after a start; the others are
 * for comparing and going back. Bodies are written and fsynced before the description, whose rename makes the revision
 * exist, so a crash leaves whole revisions only.
 *
 * Bounded: the newest KEPT_NEWEST, then one an hour for a day, then one a day for a week, 256 MiB in all. Writes are
 * coalesced to one a second; of several that wait the newest is written. Failure is an alarm, never an error to a fetch.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { z } from 'zod'
import type { Clock } from '../../lib/clock.ts'
import { messageOf, systemCodeOf } from '../../lib/errors.ts'
import type { AlarmSink } from '../../telemetry/alarms.ts'
import { LatestWriter } from '../latest-writer.ts'
import { checksumOf } from '../list-snapshot.ts'
import { syncFolder, writeDurably } from '../synced-file.ts'

const compress = promisify(gzip)
const expand = promisify(gunzip)

const KEPT_NEWEST = 10
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
const MAX_BYTES = 256 * 1024 * 1024
/** Guards the reader against a wrong file. */
const MAX_FILE_BYTES = 512 * 1024 * 1024

const describedSchema = z.object({
  revision: z.int().min(0),
  madeAtMs: z.number(),
  decisions: z.int().min(0),
  entries: z.int().min(0),
  contentType: z.string(),
  /** Of each shard. */
  files: z.array(
    z.object({ bytes: z.int().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/), entries: z.int().min(0) }),
  ),
  /** The only body is the list of networks. */
  isPlain: z.boolean(),
  /** Why it was made, when not by the decisions: a rollback, a release. */
  note: z.string().nullable(),
  storedBytes: z.int().min(0),
})
export type RevisionNote = z.infer<typeof describedSchema>

export interface RevisionToKeep {
  readonly revision: number
  readonly madeAtMs: number
  readonly decisions: number
  readonly entries: number
  readonly contentType: string
  readonly note: string | null
  readonly files: readonly { readonly body: Buffer; readonly entries: number }[]
  /** Canonical text of each row's network, in the order of the list, asked when it is written; null: the only body is that. */
  readonly networks: (() => readonly string[]) | null
}

export interface KeptRevision extends RevisionNote {
  readonly bodies: readonly Buffer[]
  readonly networks: readonly string[]
}

export interface RevisionStoreOptions {
  /** Of this feed; made when needed. */
  readonly folder: string
  readonly feed: string
  readonly clock: Clock
  readonly alarms: AlarmSink
  readonly minIntervalMs?: number | undefined
}

export class RevisionStore {
  readonly #options: RevisionStoreOptions
  readonly #writer: LatestWriter<RevisionToKeep>
  /** Newest first. */
  #notes: RevisionNote[] = []

  constructor(options: RevisionStoreOptions) {
    this.#options = options
    this.#writer = new LatestWriter({
      clock: options.clock,
      minIntervalMs: options.minIntervalMs,
      write: (revision) => this.#write(revision),
      onWritten: () => this.#written(),
      onFailed: (error) => this.#failed(error),
    })
  }

  /** What is on disk, newest first. */
  get notes(): readonly RevisionNote[] {
    return this.#notes
  }

  /** Reads the descriptions and the newest revision that is whole; null without one. Never rejects: faults are an alarm. */
  async open(): Promise<KeptRevision | null> {
    const { alarms, feed } = this.#options
    const findings: string[] = []
    const notes = await this.#readNotes(findings)
    this.#notes = notes
    let newest: KeptRevision | null = null
    for (const note of notes) {
      const read = await this.read(note.revision).catch((error: unknown) => messageOf(error))
      if (typeof read !== 'string' && read !== null) {
        newest = read
        break
      }
      findings.push(`Revision ${note.revision} is damaged (${read ?? 'it is missing'}) and not used.`)
      this.#notes = this.#notes.filter(({ revision }) => revision !== note.revision)
    }
    if (findings.length > 0) {
      alarms.raise({
        code: `feed-file-damaged:${feed}`,
        severity: newest === null ? 'critical' : 'warning',
        message: `${findings.slice(0, 3).join(' ')} ${newest === null ? 'No last good list of the feed is there.' : `Serving revision ${newest.revision}.`}`,
        mend: 'It is written anew with the next revision; look for a full or failing disk.',
      })
    }
    return newest
  }

  /** A revision on disk, checked against its checksums; null when there is none. Rejects when it is damaged. */
  async read(revision: number): Promise<KeptRevision | null> {
    const note = this.#notes.find((known) => known.revision === revision)
    if (note === undefined) return null
    const packed = await readWhole(this.#path(revision, 'gz'))
    const content = await expand(packed, { maxOutputLength: MAX_FILE_BYTES })
    const bodies: Buffer[] = []
    let at = 0
    for (const { bytes, sha256 } of note.files) {
      const body = content.subarray(at, at + bytes)
      if (checksumOf(body) !== sha256) throw new Error('its checksum does not match')
      // A copy of its own: a slice would hold the whole content.
      bodies.push(Buffer.from(body))
      at += bytes
    }
    const list = note.isPlain && note.entries > 0 ? (bodies[0] ?? content) : content.subarray(at)
    const text = list.toString('latin1')
    return { ...note, bodies, networks: text === '' ? [] : text.trimEnd().split('\n') }
  }

  /** Keeps a revision; returns at once. */
  save(revision: RevisionToKeep): void {
    this.#writer.save(revision)
  }

  /** Writes what waits and resolves when it is on disk or has failed. */
  close(): Promise<void> {
    return this.#writer.close()
  }

  /** The feed was removed: nothing of it stays. */
  async remove(): Promise<void> {
    this.#writer.drop()
    await this.close()
    this.#notes = []
    await rm(this.#options.folder, { recursive: true, force: true })
  }

  #path(revision: number, ending: 'gz' | 'json'): string {
    return join(this.#options.folder, `revision-${revision}.${ending}`)
  }

  #written(): void {
    const { alarms, feed } = this.#options
    alarms.clear(`feed-file-not-written:${feed}`)
    alarms.clear(`feed-file-damaged:${feed}`)
  }

  #failed(error: unknown): void {
    const { alarms, feed, folder } = this.#options
    alarms.raise({
      code: `feed-file-not-written:${feed}`,
      severity: 'warning',
      message: `Cannot write the feed ${feed} to ${folder}: ${messageOf(error)}. It is still served from memory.`,
      mend: 'Free space on the disk of data.dir and see that its owner may write there.',
    })
  }

  async #write(revision: RevisionToKeep): Promise<void> {
    const { folder } = this.#options
    if (this.#notes[0]?.revision === revision.revision) return
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const networks = revision.networks?.() ?? []
    const list = networks.length === 0 ? '' : `${networks.join('\n')}\n`
    const content = Buffer.concat([...revision.files.map(({ body }) => body), Buffer.from(list, 'latin1')])
    const packed = await compress(content, { level: 1 })
    const { madeAtMs, decisions, entries, contentType, note } = revision
    const described: RevisionNote = {
      revision: revision.revision,
      madeAtMs,
      decisions,
      entries,
      contentType,
      files: revision.files.map(({ body, entries: rows }) => ({
        bytes: body.length,
        sha256: checksumOf(body),
        entries: rows,
      })),
      isPlain: revision.networks === null,
      note,
      storedBytes: packed.length,
    }
    await writeDurably(this.#path(revision.revision, 'gz'), packed)
    const draft = `${this.#path(revision.revision, 'json')}.tmp`
    await writeDurably(draft, Buffer.from(`${JSON.stringify(described)}\n`))
    await rename(draft, this.#path(revision.revision, 'json'))
    await syncFolder(folder)
    this.#notes = [described, ...this.#notes.filter((known) => known.revision !== revision.revision)].sort(
      (a, b) => b.revision - a.revision,
    )
    await this.#thin()
  }

  async #thin(): Promise<void> {
    const kept = revisionsToKeep(this.#notes, this.#options.clock.nowMs())
    const gone = this.#notes.filter(({ revision }) => !kept.has(revision))
    for (const { revision } of gone) {
      // Description first: a body without one is no revision.
      await rm(this.#path(revision, 'json'), { force: true })
      await rm(this.#path(revision, 'gz'), { force: true })
    }
    this.#notes = this.#notes.filter(({ revision }) => kept.has(revision))
  }

  async #readNotes(findings: string[]): Promise<RevisionNote[]> {
    const { folder } = this.#options
    const names = await readdir(folder).catch((error: unknown) => {
      if (systemCodeOf(error) !== 'ENOENT') findings.push(`Cannot read ${folder}: ${messageOf(error)}.`)
      return []
    })
    const notes: RevisionNote[] = []
    for (const name of names) {
      const match = /^revision-(\d{1,15})\.json$/.exec(name)
      if (match === null) continue
      try {
        const note = describedSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))
        if (note.revision === Number(match[1]) && note.files.length > 0) notes.push(note)
        else findings.push(`${name} is not of this revision.`)
      } catch (error) {
        findings.push(`${name} cannot be read (${messageOf(error).split('\n', 1)[0] ?? ''}).`)
      }
    }
    return notes.sort((a, b) => b.revision - a.revision)
  }
}

/** Which revisions stay on disk: see the top of this file. `notes` newest first. */
export function revisionsToKeep(
  notes: readonly Pick<RevisionNote, 'revision' | 'madeAtMs' | 'storedBytes'>[],
  nowMs: number,
): ReadonlySet<number> {
  const kept = new Set<number>()
  const spans = new Set<string>()
  let bytes = 0
  for (const [i, { revision, madeAtMs, storedBytes }] of notes.entries()) {
    const ageMs = nowMs - madeAtMs
    const span =
      ageMs < DAY_MS
        ? `hour ${Math.floor(madeAtMs / HOUR_MS)}`
        : ageMs < 7 * DAY_MS
          ? `day ${Math.floor(madeAtMs / DAY_MS)}`
          : null
    const isFirstOfSpan = span !== null && !spans.has(span)
    if (i >= KEPT_NEWEST && !isFirstOfSpan) continue
    if (i > 0 && bytes + storedBytes > MAX_BYTES) continue
    bytes += storedBytes
    if (span !== null) spans.add(span)
    kept.add(revision)
  }
  return kept
}

async function readWhole(path: string): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes are no list`)
  return await file.readFile()
}
