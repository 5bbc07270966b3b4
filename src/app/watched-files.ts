/**
 * Which log files may be followed by a setting that people change while the service runs: those within `files.folders`,
 * which only the configuration file, the environment or the command line set. Links count as where they lead. Files are
 * looked at once more when they are opened (input/file-open.ts).
 */
import { realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { globRoot } from '../input/glob.ts'
import { AppError, systemCodeOf } from '../lib/errors.ts'

/** Throws AppError `unsafe` that names the first glob whose folder lies outside. `from`: what relative paths begin at. */
export async function refuseOutside(
  globs: readonly string[],
  folders: readonly string[],
  from: string,
): Promise<void> {
  const allowed = await Promise.all(folders.map((folder) => realPathOf(resolve(from, folder))))
  for (const glob of globs) {
    const root = await realPathOf(globRoot(resolve(from, glob)))
    if (allowed.some((folder) => root === folder || root.startsWith(folder === '/' ? '/' : `${folder}/`)))
      continue
    const where = folders.length === 0 ? 'none is allowed' : `allowed are ${folders.join(', ')}`
    throw new AppError(
      'unsafe',
      `${glob} is not followed: it leads into ${root}; ${where} (files.folders in the configuration file)`,
    )
  }
}

/** Where a path leads, as far as it exists: the rest of it is to be made there. Rejects with AppError `unsafe`. */
export async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT' || path === '/') throw unreadable(path, error)
    const parent = await realPathOf(dirname(path))
    return `${parent === '/' ? '' : parent}${path.slice(path.lastIndexOf('/'))}`
  }
}

function unreadable(path: string, error: unknown): AppError {
  return new AppError('unsafe', `${path} cannot be looked at (${systemCodeOf(error) ?? 'unknown'})`, error)
}
