/**
 * The files that a glob such as `/var/log/Firewall/*.log` names, and the folder below which they must lie.
 */
import { glob } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

const MAGIC = /[*?[\]{}!()]/

/** The folder that a glob cannot leave: its path up to the first part with a wildcard. Absolute. */
export function globRoot(pattern: string): string {
  const parts = resolve(pattern).split('/')
  const magic = parts.findIndex((part) => MAGIC.test(part))
  if (magic === -1) return dirname(resolve(pattern))
  return parts.slice(0, magic).join('/') || '/'
}

/** Absolute paths that match now, sorted; a folder that is missing or not readable has none. */
export async function listGlob(pattern: string): Promise<string[]> {
  const paths: string[] = []
  for await (const path of glob(resolve(pattern))) paths.push(resolve(path))
  return paths.sort()
}
