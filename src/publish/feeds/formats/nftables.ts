/**
 * nftables: `nft -f` loads the file as one transaction, so the sets are never empty in between. Makes the table and both
 * sets where they are missing; the chain and rules that use them are the administrator's (docs/feeds.md). Elements go in
 * chunks, which keeps the parser's memory low.
 *
 * A set of intervals refuses overlapping elements, so a row inside an earlier one is left to it. With timeouts the set has
 * another flag: `nft delete table inet NAME` once when that option is changed.
 */
import { contains, type Network } from '../../../lib/address.ts'
import type { FeedRow } from '../feed-rows.ts'
import { type FeedFormat, type FormatOptions, isV4Row, PLAIN_TEXT, secondsLeft } from './feed-format.ts'
import { networkText } from './text-lines.ts'

const CHUNK_ROWS = 5000

export const nftables: FeedFormat = {
  name: 'nftables',
  title: 'nftables file for nft -f',
  contentType: PLAIN_TEXT,
  extension: 'nft',
  families: 'both',
  takesComments: false,
  takesTimeouts: true,
  *pieces(rows, options) {
    const { listName, timeouts } = options
    const flags = timeouts ? 'interval, timeout' : 'interval'
    yield `add table inet ${listName}\n`
    yield `add set inet ${listName} block4 { type ipv4_addr; flags ${flags}; }\n`
    yield `add set inet ${listName} block6 { type ipv6_addr; flags ${flags}; }\n`
    yield `flush set inet ${listName} block4\n`
    yield `flush set inet ${listName} block6\n`
    const disjoint = outermost(rows)
    yield* elements('block4', disjoint.filter(isV4Row), options)
    yield* elements(
      'block6',
      disjoint.filter((row) => !isV4Row(row)),
      options,
    )
  },
}

/** Rows that lie in no other. In the order of a list the wider network comes first. */
function outermost(rows: readonly FeedRow[]): FeedRow[] {
  let last: Network | null = null
  return rows.filter(({ network }) => {
    const isInside =
      last !== null && network.prefixLength >= last.prefixLength && contains(last, network.words)
    if (!isInside) last = network
    return !isInside
  })
}

function* elements(
  set: string,
  rows: readonly FeedRow[],
  { listName, timeouts, nowMs }: FormatOptions,
): Iterable<string> {
  for (let first = 0; first < rows.length; first += CHUNK_ROWS) {
    const texts = rows.slice(first, first + CHUNK_ROWS).map((row) => {
      const seconds = timeouts ? secondsLeft(row, nowMs) : null
      return seconds === null ? networkText(row) : `${networkText(row)} timeout ${seconds}s`
    })
    yield `add element inet ${listName} ${set} {\n${texts.join(',\n')}\n}\n`
  }
}
