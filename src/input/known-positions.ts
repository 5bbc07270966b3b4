/**
 * How far files had been read: the positions stored by the last run, and those of files that this run no longer
 * follows. Answers "was this file read before, under whatever name, and how far?".
 *
 * A file may be known by several ids, since its id changes while it grows to 1 KiB; the farthest offset wins.
 */
import type { FilePosition } from '../model/raw-batch.ts'
import { type FileIdentity, hasHead, parseFileId } from './file-identity.ts'

interface Known {
  readonly identity: FileIdentity
  readonly position: FilePosition
}

/** Files remembered; the ones added first are forgotten first. */
const KNOWN_LIMIT = 20_000
/** A copy has another inode, so only its head tells: a shorter one proves too little. */
const COPY_HEAD_BYTES = 64

export class KnownPositions {
  #known: Known[] = []

  /** Positions whose id is not a file id (another version's, damaged) are left out. */
  constructor(positions: Iterable<FilePosition>) {
    for (const position of positions) this.add(position)
  }

  add(position: FilePosition): void {
    const identity = parseFileId(position.fileId)
    if (identity === null || !Number.isSafeInteger(position.offset) || position.offset < 0) return
    this.#known = this.#known.filter((known) => known.position.fileId !== position.fileId)
    this.#known.push({ identity, position })
    if (this.#known.length > KNOWN_LIMIT) this.#known.shift()
  }

  /** The position of this very file, however it is called now; null when it was never read or was begun anew. */
  ofFile(inode: string, head: Uint8Array, sizeBytes: number): FilePosition | null {
    return this.#farthest((known) => known.identity.inode === inode, head, sizeBytes)
  }

  /** The position of the file that was followed as `path` and of which this is a copy; may lie beyond its end. */
  ofCopy(path: string, head: Uint8Array): FilePosition | null {
    return this.#farthest(
      (known) => known.position.path === path && known.identity.headLength >= COPY_HEAD_BYTES,
      head,
      Number.POSITIVE_INFINITY,
    )
  }

  /** Whether anything was ever read as `path`. */
  hasPath(path: string): boolean {
    return this.#known.some((known) => known.position.path === path)
  }

  #farthest(
    isCandidate: (known: Known) => boolean,
    head: Uint8Array,
    sizeBytes: number,
  ): FilePosition | null {
    let best: FilePosition | null = null
    for (const known of this.#known) {
      const { position, identity } = known
      if (!isCandidate(known) || position.offset > sizeBytes || !hasHead(identity, head)) continue
      if (best === null || position.offset > best.offset) best = position
    }
    return best
  }
}
