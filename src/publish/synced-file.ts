/** Files that are on the disk when the promise resolves; the caller renames them into place and syncs the folder. */
import { open } from 'node:fs/promises'

export async function writeDurably(path: string, content: Buffer): Promise<void> {
  await using file = await open(path, 'w', 0o600)
  await file.writeFile(content)
  await file.sync()
}

/** Makes renames in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
