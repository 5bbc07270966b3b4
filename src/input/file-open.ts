/**
 * Opens a log file for following, and nothing else: regular files below the watched folder only. FIFOs, devices and
 * folders are refused, and so are links that lead out of the folder; the last step of the path is never followed
 * through a link (O_NOFOLLOW), and opening never blocks on a FIFO (O_NONBLOCK).
 */
import { constants } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { inodeOf } from './file-identity.ts'

export interface OpenedFile {
  readonly handle: FileHandle
  /** `DEVICE:INODE`. */
  readonly inode: string
  readonly sizeBytes: number
  /** The path without links. */
  readonly realPath: string
}

/** Why a path is not followed. */
export interface RefusedFile {
  readonly refused: string
}

/** Opens `path`, which must lie below `root`; rejects with the system's error when it cannot be opened. */
export async function openLogFile(path: string, root: string): Promise<OpenedFile | RefusedFile> {
  const [realPath, realRoot] = await Promise.all([realpath(path), realpath(root)])
  if (!realPath.startsWith(realRoot === '/' ? '/' : `${realRoot}/`)) {
    return { refused: `it is a link to ${realPath}, outside ${root}` }
  }
  const handle = await open(realPath, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const stat = await handle.stat({ bigint: true })
    if (stat.isFile()) return { handle, inode: inodeOf(stat), sizeBytes: Number(stat.size), realPath }
  } catch (error) {
    await handle.close()
    throw error
  }
  await handle.close()
  return { refused: 'it is not a regular file' }
}

/** The first bytes of a file, at most `limit`. */
export async function readHead(handle: FileHandle, limit: number): Promise<Buffer> {
  const head = Buffer.allocUnsafe(limit)
  const { bytesRead } = await handle.read(head, 0, limit, 0)
  return head.subarray(0, bytesRead)
}
