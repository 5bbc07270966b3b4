/**
 * Addresses and networks out of text that people paste: one a line, or CSV or TSV with the address in the first column that
 * holds one; `#`, `;` and `//` begin a comment; a header line is passed over. Defanged forms (`198.51.100[.]7`) and ports
 * are not guessed at: a line that holds something else is told of, never dropped in silence.
 */
import { formatNetwork, parseNetwork } from '../lib/address.ts'

export interface PastedTarget {
  /** From 1. */
  readonly line: number
  /** Canonical; null: the line holds no address. */
  readonly target: string | null
  /** As it was written, cut to 100 characters. */
  readonly text: string
  /** What may have been meant; null without an idea. */
  readonly hint: string | null
}

const HEADER = /^"?(?:ip|address|ip ?address|ipaddress|network|cidr|target|indicator|source|src|value)"?$/i

/** The lines that hold something. O(text). */
export function readPastedTargets(text: string): PastedTarget[] {
  const found: PastedTarget[] = []
  for (const [i, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const content = raw.replace(/(?:^|\s)(?:#|\/\/).*$/, '').trim()
    if (content === '' || content.startsWith(';')) continue
    const cells = content.split(/[,;\t]| +/).map((cell) => cell.trim().replace(/^(["'])(.*)\1$/, '$2'))
    const hit = cells.map((cell) => parseNetwork(cell)).find((network) => network !== null)
    if (hit === undefined && found.length === 0 && cells.some((cell) => HEADER.test(cell))) continue
    const lenient = hit === undefined ? parseNetwork(cells[0] ?? '', true) : null
    found.push({
      line: i + 1,
      target: hit === undefined ? null : formatNetwork(hit),
      text: content.slice(0, 100),
      hint: lenient === null ? null : formatNetwork(lenient),
    })
  }
  return found
}
