/**
 * Which file is it? A path is reused by the next file after a rotation, an inode number by the next file after a
 * removal. So a file is known by device, inode number and a hash of its first bytes, up to 1 KiB:
 *
 *   DEVICE ":" INODE ":" LENGTH ":" HASH        2049:131090:1024:5f0c...
 *
 * LENGTH says how many bytes the hash covers, so a file that was shorter when it was first seen is still recognised
 * when it has grown: the same number of bytes must hash to the same value. The hash covers only bytes that were read
 * as complete lines, which appending never changes. Renaming keeps the identity; a copy (logrotate's copytruncate) has
 * another inode and the same hash.
 */
import { hash } from 'node:crypto'

/** Bytes of a file's beginning that identify it: several log lines, with times. */
export const HEAD_BYTES = 1024

export interface FileIdentity {
  /** `DEVICE:INODE`. */
  readonly inode: string
  readonly headLength: number
  readonly headHash: string
}

/** The id of the file with this inode and these first bytes. */
export function fileIdOf(inode: string, head: Uint8Array): string {
  return `${inode}:${head.length}:${headHash(head)}`
}

export function inodeOf(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stat.dev}:${stat.ino}`
}

/** The parts of a file id, or null when the text is not one. */
export function parseFileId(fileId: string): FileIdentity | null {
  const match = /^(\d+:\d+):(\d{1,4}):([0-9a-f]{32})$/.exec(fileId)
  if (match === null) return null
  return { inode: match[1] as string, headLength: Number(match[2]), headHash: match[3] as string }
}

/** Whether a file that begins with `head` (as many as 1 KiB of it) can be the file of `identity`, inode aside. */
export function hasHead(identity: FileIdentity, head: Uint8Array): boolean {
  if (identity.headLength > head.length) return false
  return headHash(head.subarray(0, identity.headLength)) === identity.headHash
}

function headHash(head: Uint8Array): string {
  return hash('sha256', head, 'hex').slice(0, 32)
}
