/** One JSON object a line (json-row.ts). */
import { jsonRow } from './json-row.ts'
import { linesFormat } from './text-lines.ts'

export const jsonLines = linesFormat(
  { name: 'json-lines', title: 'JSON lines', contentType: 'application/x-ndjson', extension: 'jsonl' },
  jsonRow,
)
