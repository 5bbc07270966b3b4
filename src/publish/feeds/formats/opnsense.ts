/**
 * OPNsense alias "URL Table in JSON format (IPs)", from 25.1 (opnsense/core issues 8107 and 8277): an object with one
 * array of texts, the simplest that the path expression reaches: `addresses`, where OPNsense takes jq `.addresses[]`. For
 * "URL Table (IPs)", and for pfSense, the plain format serves.
 */
import { asciiJson } from './escape.ts'
import type { FeedFormat } from './feed-format.ts'
import { networkText } from './text-lines.ts'

const PIECE_ROWS = 1000

export const opnsense: FeedFormat = {
  name: 'opnsense',
  title: 'OPNsense URL table in JSON format',
  contentType: 'application/json; charset=utf-8',
  extension: 'json',
  families: 'both',
  takesComments: false,
  takesTimeouts: false,
  *pieces(rows) {
    yield '{"addresses":[\n'
    for (let first = 0; first < rows.length; first += PIECE_ROWS) {
      const texts = rows.slice(first, first + PIECE_ROWS).map((row) => asciiJson(networkText(row)))
      yield `${first === 0 ? '' : ',\n'}${texts.join(',\n')}`
    }
    yield '\n]}\n'
  },
}
