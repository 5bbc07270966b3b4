/** The lines that the fuzzers change: every line of every fixture folder, so a new format's are among them by itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../fixtures')
const LONGEST_BYTES = 4096

/** Distinct lines, without line ends. */
export function seedLines(): Buffer[] {
  const seeds = new Map<string, Buffer>()
  for (const folder of readdirSync(FOLDER)) {
    const path = join(FOLDER, folder, 'input.log')
    if (!existsSync(path)) continue
    const bytes = readFileSync(path)
    for (let from = 0; from < bytes.length; ) {
      const lf = bytes.indexOf(10, from)
      const to = lf < 0 ? bytes.length : lf
      const line = bytes.subarray(from, to)
      if (line.length > 0 && line.length <= LONGEST_BYTES) seeds.set(line.toString('latin1'), line)
      from = to + 1
    }
  }
  return [...seeds.values()]
}
