/** Formats of one line for each row. */
import { formatAddress, formatNetwork } from '../../../lib/address.ts'
import type { FeedRow } from '../feed-rows.ts'
import { type FeedFormat, type FormatOptions, isV4Row, PLAIN_TEXT } from './feed-format.ts'

/** Rows written between two turns of whoever renders. */
const PIECE_ROWS = 1000

/** The lines of rows, each ended by LF, a thousand in a piece. */
export function* inPieces(rows: readonly FeedRow[], lineOf: (row: FeedRow) => string): Iterable<string> {
  for (let first = 0; first < rows.length; first += PIECE_ROWS) {
    let piece = ''
    const end = Math.min(rows.length, first + PIECE_ROWS)
    for (let i = first; i < end; i++) piece += `${lineOf(rows[i] as FeedRow)}\n`
    yield piece
  }
}

/** A format that is plain lines. */
export function linesFormat(
  format: Pick<FeedFormat, 'name' | 'title'> & Partial<FeedFormat>,
  lineOf: (row: FeedRow, options: FormatOptions) => string,
): FeedFormat {
  return {
    contentType: PLAIN_TEXT,
    extension: 'txt',
    families: 'both',
    takesComments: false,
    takesTimeouts: false,
    pieces: (rows, options) => inPieces(rows, (row) => lineOf(row, options)),
    ...format,
  }
}

/** `203.0.113.7`, `198.51.100.0/24`. */
export function networkText(row: FeedRow): string {
  return formatNetwork(row.network)
}

/** `203.0.113.7/32`, `2001:db8::1/128`: with the prefix length always. */
export function cidrText(row: FeedRow): string {
  const { words, prefixLength } = row.network
  return `${formatAddress(words)}/${prefixLength - (isV4Row(row) ? 96 : 0)}`
}
