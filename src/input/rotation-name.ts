/**
 * Names that log rotation gives: `fw.log` becomes `fw.log.1`, `fw.log-20251122`, `fw.log-20251122-1763769600`, or with
 * logrotate's `extension .log` `fw-20251122.log`; `fw.log.old` by hand. Compressed ones get an ending more.
 */
import { basename, dirname, extname, join } from 'node:path'

const ARCHIVE = /\.(?:gz|xz|bz2|zst|zip|lz4)$/i
const SUFFIX = /^(?:[.-]\d[\d.:_-]*|\.old|\.bak)$/
/** Before an extension only a date is a rotation: fw-2.log is another firewall. */
const DATE_SUFFIX = /^[._-]\d{4}-?\d{2}-?\d{2}[\d.:_-]*$/

export function isArchive(name: string): boolean {
  return ARCHIVE.test(name)
}

/** The paths of which `path` may be a rotation, by its name. */
export function originalsOf(path: string): string[] {
  const name = basename(path)
  const originals: string[] = []
  for (let i = 1; i < name.length; i++) {
    if (!'._-'.includes(name[i] as string)) continue
    if (SUFFIX.test(name.slice(i))) originals.push(name.slice(0, i))
    const extension = extname(name)
    const end = name.length - extension.length
    if (i < end && DATE_SUFFIX.test(name.slice(i, end))) originals.push(name.slice(0, i) + extension)
  }
  return originals.map((original) => join(dirname(path), original))
}

/** Whether `path` has a name that a rotation of `original` would give, in the same folder. */
export function isRotationOf(path: string, original: string): boolean {
  if (path === original || dirname(path) !== dirname(original)) return false
  const name = basename(path)
  const base = basename(original)
  if (name.startsWith(base)) return SUFFIX.test(name.slice(base.length))
  const dot = base.lastIndexOf('.')
  if (dot <= 0) return false
  const stem = base.slice(0, dot)
  const extension = base.slice(dot)
  if (!name.startsWith(stem) || !name.endsWith(extension)) return false
  return DATE_SUFFIX.test(name.slice(stem.length, name.length - extension.length))
}
