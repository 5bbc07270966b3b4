/**
 * Which files are followed: looks through the globs, opens what is new, finds again by identity what was renamed or
 * copied, and lets go of what is gone. Where reading begins in a file that was read before, and which file's rest
 * comes before another's beginning, is decided here; reading itself is not.
 *
 *   path still the same file         go on
 *   path names another file now      the old one (still open) is read to its end, then the new one from 0
 *   first seen, identity known       resume at the stored position
 *   first seen, path known           it was rotated while we were stopped: the siblings (fw.log.1, fw.log-20251122)
 *                                    are searched for the file, or for a copy of it, and its rest is read first;
 *                                    siblings newer than that were written and rotated meanwhile: read whole
 */
import { type FSWatcher, watch } from 'node:fs'
import { access, constants, type FileHandle, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf, systemCodeOf } from '../lib/errors.ts'
import type { FilePosition } from '../model/raw-batch.ts'
import { type Finding, type InputContext, RareReporter } from './context.ts'
import { HEAD_BYTES, inodeOf } from './file-identity.ts'
import { type FileFailure, findingOf } from './file-findings.ts'
import { type OpenedFile, openLogFile, readHead } from './file-open.ts'
import type { FileSchedule, Followed } from './file-schedule.ts'
import { FileTail } from './file-tail.ts'
import { globRoot, listGlob } from './glob.ts'
import type { KnownPositions } from './known-positions.ts'
import { fileSender, type LineCounts } from './lines.ts'
import { isArchive, isRotationOf, originalsOf } from './rotation-name.ts'

export interface DiscoveryOptions {
  readonly globs: readonly string[]
  /** A renamed or removed file is closed when it did not grow for so long: writers keep it open until told. */
  readonly rotatedGraceMs: number
}

/** Less of a file than this does not tell whether it is a copy. */
const COPY_HEAD_BYTES = 64
const FIRST_RETRY_MS = 1000
const RETRY_LIMIT_MS = 60_000
const FILES_LIMIT = 4096
const WATCHED_FOLDERS_LIMIT = 64

export class FileDiscovery {
  /** Open files by `DEVICE:INODE`. */
  readonly followed = new Map<string, Followed>()
  readonly #options: DiscoveryOptions
  readonly #context: InputContext
  readonly #schedule: FileSchedule
  readonly #known: KnownPositions
  readonly #counts: LineCounts
  readonly #reporter: RareReporter
  readonly #byPath = new Map<string, Followed>()
  readonly #roots = new Map<string, string>()
  readonly #failures = new Map<string, FileFailure>()
  /** Rotated files and copies that were read to the end, by inode, with size and time of change then. */
  readonly #finished = new Map<string, string>()
  readonly #watchers = new Map<string, { watcher: FSWatcher; inode: string }>()
  /** Set when something appeared, vanished or was renamed. */
  onHint: () => void = () => {}

  constructor(
    options: DiscoveryOptions,
    context: InputContext,
    schedule: FileSchedule,
    known: KnownPositions,
    counts: LineCounts,
  ) {
    this.#options = options
    this.#context = context
    this.#schedule = schedule
    this.#known = known
    this.#counts = counts
    this.#reporter = new RareReporter(context)
  }

  /** Looks through all globs once. */
  async scan(): Promise<void> {
    const seen = new Set<string>()
    for (const pattern of this.#options.globs) {
      const root = globRoot(pattern)
      if (!(await this.#isFolderReadable(root))) continue
      const folders = new Set([root])
      for (const path of await listGlob(pattern)) {
        if (seen.has(path) || isArchive(path)) continue
        seen.add(path)
        folders.add(dirname(path))
        this.#roots.set(path, root)
        await this.#look(path, root)
      }
      for (const folder of folders) await this.#watch(folder)
    }
    for (const [path, file] of this.#byPath) if (!seen.has(path)) this.#letGo(path, file)
    for (const path of this.#failures.keys()) {
      if (!seen.has(path) && !this.#options.globs.some((glob) => globRoot(glob) === path)) {
        this.#failures.delete(path)
      }
    }
    await this.#closeFinished()
  }

  /** The file was truncated or begun anew in place: finds the rest of what it was, and reads it from its beginning. */
  async begunAnew(file: Followed): Promise<void> {
    const { tail } = file
    this.#known.add(tail.position())
    const lostBytes = tail.offset
    tail.restart()
    file.storedOffset = 0
    const root = this.#roots.get(tail.path)
    if (root !== undefined && !file.isRotated) {
      file.after = await this.#openRests(tail.path, root, tail.inode)
    }
    this.#report(
      'file-truncated',
      `${tail.path} was truncated after ${lostBytes} bytes were read; reading from 0`,
    )
  }

  /** Reading failed: the file is closed and tried again later, from where it was. */
  async failed(file: Followed, error: unknown): Promise<void> {
    this.#fail(file.tail.path, error)
    await this.#close(file)
  }

  findings(): Finding[] {
    return [...this.#failures].map(([path, failure]) => findingOf(path, failure))
  }

  async close(): Promise<void> {
    for (const { watcher } of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
    await Promise.all([...this.followed.values()].map((file) => file.tail.close()))
  }

  async #look(path: string, root: string): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs()
    if (nowMs < (this.#failures.get(path)?.retryAtMs ?? 0)) return
    try {
      const found = await stat(path, { bigint: true })
      const inode = inodeOf(found)
      const current = this.#byPath.get(path)
      if (current?.tail.inode === inode) {
        // Same size and yet changed: truncated and grown again, as far as anybody knows.
        if (current.tail.note(found)) this.#schedule.add(current)
      } else {
        const other = this.followed.get(inode)
        if (other !== undefined && other.tail.path === path) {
          other.isRotated = false // it was renamed away and back
          this.#byPath.set(path, other)
        } else if (other === undefined && this.#finished.get(inode) !== versionOf(found)) {
          await this.#begin(path, root, current ?? null)
        }
        // Else a hard link, or a new name, of a file that is followed already.
      }
      if (this.#failures.has(path) && this.#byPath.has(path)) this.#failures.delete(path)
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') this.#fail(path, error) // gone between listing and opening
    }
  }

  async #begin(path: string, root: string, current: Followed | null): Promise<void> {
    if (this.followed.size >= FILES_LIMIT) {
      throw new Error(`more than ${FILES_LIMIT} files are followed already`)
    }
    const opened = await openLogFile(path, root)
    if ('refused' in opened) {
      this.#refuse(path, opened.refused)
      if (current !== null) this.#letGo(path, current)
      return
    }
    if (this.followed.has(opened.inode)) {
      await opened.handle.close()
      return
    }
    try {
      await this.#beginOpened(path, root, opened, current)
    } catch (error) {
      if (!this.followed.has(opened.inode)) await opened.handle.close()
      throw error
    }
  }

  async #beginOpened(
    path: string,
    root: string,
    opened: OpenedFile,
    current: Followed | null,
  ): Promise<void> {
    const head = await readHead(opened.handle, HEAD_BYTES)
    const own = this.#known.ofFile(opened.inode, head, opened.sizeBytes)
    if (own !== null && own.path !== path && (await isOtherFile(own.path, opened.inode))) {
      await this.#follow(opened, own.path, own.offset, head, true)
      return
    }
    if (own === null && (await this.#beginCopy(path, opened, head))) return
    if (current !== null) this.#markRotated(current)
    const wasRead = current !== null || this.#known.hasPath(path)
    const rest = own === null && wasRead ? await this.#openRests(path, root, opened.inode) : null
    const file = await this.#follow(opened, path, own?.offset ?? 0, head, false)
    if (file.tail.path !== path) return // opened meanwhile as what is left of another path
    file.after = rest ?? current
    this.#byPath.set(path, file)
    const from = own === null ? '' : `, resuming at byte ${own.offset}`
    this.#report('file-found', `following ${path}${from}`)
  }

  /** A file whose name and beginning say that it is a copy of a followed one: only its rest is new. */
  async #beginCopy(path: string, opened: OpenedFile, head: Buffer): Promise<boolean> {
    for (const original of originalsOf(path)) {
      const tail = this.#byPath.get(original)?.tail
      if (tail === undefined && !this.#known.hasPath(original)) continue
      if (head.length < COPY_HEAD_BYTES) {
        await opened.handle.close() // looked at again by the next scan, when the copy has grown
        return true
      }
      if (tail !== undefined && tail.offset > 0) this.#known.add(tail.position())
      const position = this.#known.ofCopy(original, head)
      if (position === null) continue
      if (position.offset >= opened.sizeBytes) {
        await this.#noteFinished(opened.inode, opened.handle)
        await opened.handle.close()
      } else await this.#follow(opened, original, position.offset, head, true)
      return true
    }
    return false
  }

  /** Opens what is unread of the files that `path` named before, oldest first; each waits for the one before it. */
  async #openRests(path: string, root: string, ownInode: string): Promise<Followed | null> {
    let last: Followed | null = null
    let isAfterKnown = false
    for (const sibling of await rotatedSiblings(path)) {
      try {
        const opened = await openLogFile(sibling, root)
        if ('refused' in opened) continue
        const rest = await this.#openRest(path, opened, ownInode, isAfterKnown).catch(
          async (error: unknown) => {
            await opened.handle.close()
            throw error
          },
        )
        if (rest === 'unknown') continue
        isAfterKnown = true
        if (rest === 'read') continue
        if (rest !== last) rest.after = last
        last = rest
        this.#report('file-rest-read', `${path} was rotated: reading the rest of ${sibling} first`)
      } catch (error) {
        // One sibling that cannot be read must not keep the live file from being read.
        this.#reporter.report('file-failed', 'files', sibling, `cannot read ${sibling}: ${messageOf(error)}`)
      }
    }
    return last
  }

  /** `unknown`: never read as `path`, nor newer than what was; `read`: nothing of it is left. Closes those two. */
  async #openRest(
    path: string,
    opened: OpenedFile,
    ownInode: string,
    isAfterKnown: boolean,
  ): Promise<Followed | 'unknown' | 'read'> {
    const already = this.followed.get(opened.inode)
    if (already !== undefined || opened.inode === ownInode) {
      await opened.handle.close()
      return already?.tail.path === path && already.isRotated ? already : 'unknown'
    }
    const head = await readHead(opened.handle, HEAD_BYTES)
    const position: FilePosition | null =
      this.#known.ofFile(opened.inode, head, opened.sizeBytes) ?? this.#known.ofCopy(path, head)
    const offset = position?.offset ?? 0
    if ((position === null && !isAfterKnown) || offset >= opened.sizeBytes) {
      await opened.handle.close()
      return position === null && !isAfterKnown ? 'unknown' : 'read'
    }
    return this.#follow(opened, path, offset, head, true)
  }

  async #follow(
    opened: OpenedFile,
    path: string,
    offset: number,
    head: Buffer,
    isRotated: boolean,
  ): Promise<Followed> {
    const { handle, inode } = opened
    const already = this.followed.get(inode)
    if (already !== undefined) {
      // The scan and a reader that found a truncation came to the same file at once.
      await handle.close()
      return already
    }
    const tail = new FileTail(
      { handle, inode, path, sender: fileSender(path), offset, head },
      this.#counts,
      this.#context.clock,
    )
    const file: Followed = {
      tail,
      after: null,
      isDrained: false,
      isRotated,
      isFlushDue: false,
      rotatedAtMs: this.#context.clock.monotonicMs(),
      storedOffset: offset,
      emptiedAtMs: 0,
      state: 'idle',
    }
    this.followed.set(inode, file)
    this.#finished.delete(inode)
    await tail.look()
    this.#schedule.add(file)
    return file
  }

  #markRotated(file: Followed): void {
    file.isRotated = true
    file.isDrained = false
    file.rotatedAtMs = this.#context.clock.monotonicMs()
    this.#schedule.add(file)
    this.#report('file-rotated', `${file.tail.path} was renamed or removed: reading it to its end`)
  }

  #letGo(path: string, file: Followed): void {
    this.#byPath.delete(path)
    this.#markRotated(file)
  }

  async #closeFinished(): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs()
    for (const file of this.followed.values()) {
      if (!file.isRotated || file.state !== 'idle') continue
      if (await file.tail.look()) {
        // A file under its old name only is not seen by the scan; it may still be written to.
        if (file.tail.backlogBytes > 0 && !file.tail.hasPartialLine) this.#schedule.add(file)
      }
      const quietSinceMs = Math.max(file.tail.grownAtMs, file.rotatedAtMs)
      const isQuiet = nowMs - quietSinceMs >= this.#options.rotatedGraceMs
      if (file.isDrained && isQuiet && file.tail.backlogBytes === 0) await this.#close(file)
    }
  }

  async #close(file: Followed): Promise<void> {
    const { tail } = file
    if (tail.offset > 0) this.#known.add(tail.position())
    this.followed.delete(tail.inode)
    if (this.#byPath.get(tail.path) === file) this.#byPath.delete(tail.path)
    if (file.isRotated && file.isDrained) await this.#noteFinished(tail.inode, tail.handle)
    await tail.close()
  }

  async #noteFinished(inode: string, handle: FileHandle): Promise<void> {
    this.#finished.set(inode, versionOf(await handle.stat({ bigint: true })))
    if (this.#finished.size > FILES_LIMIT) this.#finished.delete(this.#finished.keys().next().value ?? '')
  }

  async #isFolderReadable(root: string): Promise<boolean> {
    try {
      await access(root, constants.R_OK | constants.X_OK)
      this.#failures.delete(root)
      return true
    } catch (error) {
      this.#fail(root, error, FIRST_RETRY_MS)
      return false
    }
  }

  #fail(path: string, error: unknown, limitMs = RETRY_LIMIT_MS): void {
    const delayMs = Math.min(limitMs, (this.#failures.get(path)?.delayMs ?? FIRST_RETRY_MS / 2) * 2)
    const code = systemCodeOf(error) ?? ''
    const message = messageOf(error)
    const retryAtMs = this.#context.clock.monotonicMs() + delayMs
    this.#failures.set(path, { code, message, delayMs, retryAtMs })
    const next = `; trying again in ${delayMs / 1000} s`
    this.#reporter.report('file-failed', 'files', path, `cannot read ${path}: ${message}${next}`)
  }

  #refuse(path: string, reason: string): void {
    const retryAtMs = this.#context.clock.monotonicMs() + RETRY_LIMIT_MS
    this.#failures.set(path, { code: 'refused', message: reason, delayMs: RETRY_LIMIT_MS, retryAtMs })
    this.#reporter.report('file-refused', 'files', path, `${path} is not followed: ${reason}`)
  }

  #report(kind: 'file-found' | 'file-rotated' | 'file-truncated' | 'file-rest-read', message: string): void {
    this.#context.report({ kind, input: 'files', message, count: 1 })
  }

  async #watch(folder: string): Promise<void> {
    try {
      const inode = inodeOf(await stat(folder, { bigint: true }))
      const known = this.#watchers.get(folder)
      if (known?.inode === inode) return
      known?.watcher.close() // the folder was replaced by another of its name
      this.#watchers.delete(folder)
      if (this.#watchers.size >= WATCHED_FOLDERS_LIMIT) return
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        const file = name === null ? undefined : this.#byPath.get(join(folder, name))
        if (file !== undefined) this.#schedule.add(file)
        if (file === undefined || event === 'rename') this.onHint()
      })
      watcher.on('error', () => {
        watcher.close() // only a hint is lost: the scan goes on every second, and watches again
        this.#watchers.delete(folder)
      })
      this.#watchers.set(folder, { watcher, inode })
    } catch (error) {
      // No watches left (ENOSPC, EMFILE) or the folder has just gone: the scan alone finds changes, a second later.
      this.#reporter.report('file-failed', 'files', folder, `cannot watch ${folder}: ${messageOf(error)}`)
    }
  }
}

/** Changes whenever the file does. */
function versionOf(stat: { readonly size: bigint; readonly mtimeNs: bigint }): string {
  return `${stat.size}:${stat.mtimeNs}`
}

/** Whether `path` exists and is another file than the one with this inode. */
async function isOtherFile(path: string, inode: string): Promise<boolean> {
  try {
    return inodeOf(await stat(path, { bigint: true })) !== inode
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Files beside `path` that a rotation may have made of it, oldest change first; compressed ones left out. */
async function rotatedSiblings(path: string): Promise<string[]> {
  const folder = dirname(path)
  const found: { path: string; changedMs: number }[] = []
  for (const name of await readdir(folder)) {
    const sibling = join(folder, name)
    if (sibling === path || isArchive(name) || !isRotationOf(sibling, path)) continue
    try {
      found.push({ path: sibling, changedMs: (await stat(sibling)).mtimeMs })
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error // removed between listing and looking
    }
  }
  return found.sort((a, b) => a.changedMs - b.changedMs).map((each) => each.path)
}
