/**
 * ipset: `ipset restore -exist` fills new sets and swaps them in, so a rule that matches NAME4 and NAME6 never sees a half
 * list. maxelem is a bound and costs no memory, and it must be the same in every file, since a set that exists with
 * another one is refused; so it is a million, or for longer lists the next power of two.
 */
import type { FeedRow } from '../feed-rows.ts'
import { type FeedFormat, type FormatOptions, isV4Row, PLAIN_TEXT, secondsLeft } from './feed-format.ts'
import { inPieces, networkText } from './text-lines.ts'

const MAX_ELEMENTS = 1_048_576
/** The longest timeout that ipset takes, about 24 days. */
const LONGEST_SECONDS = 2_147_483

export const ipset: FeedFormat = {
  name: 'ipset',
  title: 'ipset restore',
  contentType: PLAIN_TEXT,
  extension: 'ipset',
  families: 'both',
  takesComments: false,
  takesTimeouts: true,
  *pieces(rows, options) {
    yield* setPieces(`${options.listName}4`, 'inet', rows.filter(isV4Row), options)
    yield* setPieces(
      `${options.listName}6`,
      'inet6',
      rows.filter((row) => !isV4Row(row)),
      options,
    )
  },
}

function* setPieces(
  name: string,
  family: 'inet' | 'inet6',
  rows: readonly FeedRow[],
  { timeouts, nowMs }: FormatOptions,
): Iterable<string> {
  const maxElements = Math.max(MAX_ELEMENTS, 2 ** Math.ceil(Math.log2(rows.length + 1)))
  const kind = `hash:net family ${family} maxelem ${maxElements}${timeouts ? ' timeout 0' : ''}`
  yield `create ${name} ${kind} -exist\n`
  yield `create ${name}-new ${kind} -exist\n`
  yield `flush ${name}-new\n`
  yield* inPieces(rows, (row) => {
    const seconds = timeouts ? (secondsLeft(row, nowMs) ?? 0) : null
    const timeout = seconds === null ? '' : ` timeout ${Math.min(seconds, LONGEST_SECONDS)}`
    return `add ${name}-new ${networkText(row)}${timeout} -exist`
  })
  yield `swap ${name}-new ${name}\n`
  yield `destroy ${name}-new\n`
}
