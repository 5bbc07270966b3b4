/**
 * STIX 2.1 bundle of indicators (stix-indicator.ts), one object a line. The bundle's id is made of the ids and times of its
 * objects, so the same list is the same bundle; it stands at the end, when all are known. With comments the objects hold the
 * reason as `description`. TAXII clients get the same objects from taxii.ts.
 */
import { createHash } from 'node:crypto'
import { stixIndicator, uuidV5 } from '../stix-indicator.ts'
import { asciiJson } from './escape.ts'
import type { FeedFormat } from './feed-format.ts'

const PIECE_ROWS = 500

export const stix: FeedFormat = {
  name: 'stix',
  title: 'STIX 2.1 bundle',
  contentType: 'application/stix+json;version=2.1',
  extension: 'json',
  families: 'both',
  takesComments: true,
  takesTimeouts: false,
  *pieces(rows, { comments }) {
    const hash = createHash('sha256')
    yield '{"type":"bundle","objects":[\n'
    for (let first = 0; first < rows.length; first += PIECE_ROWS) {
      const texts = rows.slice(first, first + PIECE_ROWS).map((row) => {
        const indicator = stixIndicator(row, null, comments)
        hash.update(`${indicator.id} ${indicator.modified}\n`)
        return asciiJson(indicator)
      })
      yield `${first === 0 ? '' : ',\n'}${texts.join(',\n')}`
    }
    yield `\n],"id":"bundle--${uuidV5(`bundle:${hash.digest('hex')}`)}"}\n`
  },
}
