/** One JSON array of objects (json-row.ts), one object a line. */
import type { FeedFormat } from './feed-format.ts'
import { jsonRow } from './json-row.ts'

const PIECE_ROWS = 500

export const json: FeedFormat = {
  name: 'json',
  title: 'JSON',
  contentType: 'application/json; charset=utf-8',
  extension: 'json',
  families: 'both',
  takesComments: false,
  takesTimeouts: false,
  *pieces(rows) {
    for (let first = 0; first < rows.length; first += PIECE_ROWS) {
      const texts = rows.slice(first, first + PIECE_ROWS).map(jsonRow)
      yield `${first === 0 ? '[\n' : ',\n'}${texts.join(',\n')}`
    }
    yield '\n]\n'
  },
}
