/**
 * F5 BIG-IP AFM feed list: `IP,mask,BL,category` (FIELD.md B.12). The category stays empty, so that the one counts
 * which the BIG-IP's feed list names; a category that it does not know would be refused.
 */
import { formatAddress } from '../../../lib/address.ts'
import { maskOf } from './feed-format.ts'
import { linesFormat } from './text-lines.ts'

export const f5 = linesFormat(
  { name: 'f5', title: 'F5 AFM feed list', contentType: 'text/csv; charset=utf-8', extension: 'csv' },
  (row) => `${formatAddress(row.network.words)},${maskOf(row)},BL,`,
)
