/**
 * Which followed file is read next: files that are nearly at their end (live) before files with a backlog, each group
 * in turn, one reader per file at a time. A file that continues another (the new one after a rotation) waits until
 * the old one was read to its end.
 */
import { BATCH_BYTES } from '../model/raw-batch.ts'
import type { FileTail } from './file-tail.ts'

/** A file with more unread text than this is behind: its lines say nothing about a device's clock. */
export const LIVE_BACKLOG_BYTES = BATCH_BYTES

export interface Followed {
  readonly tail: FileTail
  /** What must be read to its end before this one. */
  after: Followed | null
  /** Was read to its end since it was opened or found renamed. */
  isDrained: boolean
  /** The path names another file now, or none: read the rest, then close. */
  isRotated: boolean
  /** Take a last line without an end as well. */
  isFlushDue: boolean
  /** Monotonic ms when it was found rotated. */
  rotatedAtMs: number
  /** Offset up to which everything is durable, as `stored` told. */
  storedOffset: number
  /** Monotonic ms of the last time we emptied it. */
  emptiedAtMs: number
  state: 'idle' | 'queued' | 'reading' | 'reading-again'
}

export class FileSchedule {
  #live: Followed[] = []
  #behind: Followed[] = []
  #wake: (() => void) | null = null

  /** There may be something to read. */
  add(file: Followed): void {
    if (file.state === 'reading') file.state = 'reading-again'
    if (file.state !== 'idle' || file.tail.isClosed) return
    file.state = 'queued'
    const queue = isLive(file) ? this.#live : this.#behind
    queue.push(file)
    this.#wake?.()
  }

  /** Whether `next` has a file. */
  get isReady(): boolean {
    return indexOfReady(this.#live) !== -1 || indexOfReady(this.#behind) !== -1
  }

  /** The next file to read, marked as being read; null when there is none. `onlyLive`: none with a backlog. */
  next(onlyLive = false): Followed | null {
    const file = take(this.#live) ?? (onlyLive ? null : take(this.#behind))
    if (file !== null) file.state = 'reading'
    return file
  }

  /** The file was read for now; `hasMore` puts it back at the end of its group. */
  done(file: Followed, hasMore: boolean): void {
    const again = hasMore || file.state === 'reading-again'
    file.state = 'idle'
    if (again) this.add(file)
  }

  /** Resolves when a file is added, or at `wakeAll`. */
  whenAdded(): Promise<void> {
    return new Promise((resolve) => {
      const earlier = this.#wake
      this.#wake = () => {
        this.#wake = null
        earlier?.()
        resolve()
      }
    })
  }

  wakeAll(): void {
    this.#wake?.()
  }
}

export function isLive(file: Followed): boolean {
  return file.tail.backlogBytes <= LIVE_BACKLOG_BYTES
}

/** The first file that need not wait for another. Waiting ones stay, in order. */
function take(queue: Followed[]): Followed | null {
  const at = indexOfReady(queue)
  return at === -1 ? null : (queue.splice(at, 1)[0] as Followed)
}

function indexOfReady(queue: readonly Followed[]): number {
  return queue.findIndex((file) => {
    if (file.after !== null && (file.after.isDrained || file.after.tail.isClosed)) file.after = null
    return file.after === null
  })
}
