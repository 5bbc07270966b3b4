/**
 * Writing files so that a crash at any moment leaves the old file or the whole new one: temporary name, fsync, rename,
 * fsync of the folder. A failed fsync is never tried again on the same file (its pages may be lost already): the
 * caller writes a new one.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'

/** Makes renames and removals in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes pieces to a new file and brings them to the disk; those of an AsyncIterable as they come. On failure the file is
 * removed and the error thrown on.
 */
export async function writeSynced(
  path: string,
  parts: readonly Uint8Array[] | AsyncIterable<Uint8Array>,
): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    if (Array.isArray(parts)) await writeAll(handle, parts)
    else for await (const part of parts) await writeAll(handle, [part])
    await handle.datasync()
  } catch (error) {
    await handle.close()
    await rm(path, { force: true })
    throw error
  }
  await handle.close()
}

/** Pieces per system call: Linux takes 1024. */
const PIECES = 1000

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (let from = 0; from < parts.length; from += PIECES) {
    const some = parts.slice(from, from + PIECES)
    const wanted = some.reduce((sum, part) => sum + part.length, 0)
    const { bytesWritten } = await handle.writev(some)
    if (bytesWritten === wanted) continue
    // A short write is legal; what is missing goes one piece after another.
    await handle.writeFile(Buffer.concat(some).subarray(bytesWritten))
  }
}

/** Replaces a file atomically and durably. */
export async function replaceFile(path: string, folder: string, content: string): Promise<void> {
  const temporary = `${path}.tmp`
  await writeSynced(temporary, [Buffer.from(content)])
  await rename(temporary, path)
  await syncFolder(folder)
}
