/**
 * Which files of the server may be read as lists of others: those within `import.folders`, which only the configuration
 * file, the environment or the command line set, wherever links lead. Without it whoever may add a list could have any
 * file read that the service can read.
 */
import { resolve } from 'node:path'
import { AppError } from '../../lib/errors.ts'
import { realPathOf } from '../watched-files.ts'

/** Whether a place is a file of the server, not a URL. */
export function isFilePlace(from: string): boolean {
  return !/^https?:\/\//i.test(from)
}

/** The path without links. Rejects with AppError `unsafe` that names the setting when it lies outside the folders. */
export async function listPathOf(from: string, folders: readonly string[]): Promise<string> {
  const [path, ...allowed] = await Promise.all([from, ...folders].map((one) => realPathOf(resolve(one))))
  if (path !== undefined && allowed.some((folder) => path.startsWith(folder === '/' ? '/' : `${folder}/`)))
    return path
  const where = folders.length === 0 ? 'none is allowed' : `allowed are ${folders.join(', ')}`
  throw new AppError(
    'unsafe',
    `${from} is not read: it leads to ${path}; ${where} (import.folders in the configuration file)`,
  )
}
