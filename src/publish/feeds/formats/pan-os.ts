/**
 * PAN-OS external dynamic list of type IP: `ADDRESS` or `ADDRESS COMMENT`, where the space parts them and the comment may
 * hold `* : ; # /` (FIELD.md B.1). A comment line alone or a header is never written. With comments the line ends in `#`
 * and the short id of the decision: `203.0.113.7 #5f00c0de`.
 */
import { shortId } from '../feed-entry.ts'
import { linesFormat, networkText } from './text-lines.ts'

export const panOs = linesFormat(
  { name: 'pan-os', title: 'PAN-OS external dynamic list', takesComments: true },
  (row, { comments }) =>
    comments && row.decisions > 0 ? `${networkText(row)} #${shortId(row.lead.decisionId)}` : networkText(row),
)
