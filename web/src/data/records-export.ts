/**
 * The whole result of a search as a file, with progress and cancel: the answer is read as it comes and handed to the
 * browser in pieces, which it keeps on disk when they are many. Cancelling ends the search in the engine too. Whoever
 * wants more than MOST_BYTES takes the plain download, whose progress the browser shows itself.
 */
import { API_PREFIX } from '../../../src/api/http/http-routes.ts'
import { ApiError } from './api.ts'
import type { Search } from './records.ts'

export type ExportFormat = 'csv' | 'jsonl' | 'pan-csv'

/** How the file's name ends. */
export const FILE_ENDS: Readonly<Record<ExportFormat, string>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  'pan-csv': 'pan-os.csv',
}

export const MOST_BYTES = 1_000_000_000
const PIECE_BYTES = 8_000_000
const TOLD_EVERY_MS = 100
const LINE_END = 10

/** Where the file is found; a link to it needs nothing else. `fields` null: the usual ones of the format. */
export function exportUrl(search: Search, format: ExportFormat, fields: readonly string[] | null): string {
  const query = new URLSearchParams({ ...search, format })
  for (const field of fields ?? []) query.append('fields', field)
  return `${API_PREFIX}/records/export?${query}`
}

export interface ExportProgress {
  readonly records: number
  readonly bytes: number
}

/** The file once it is whole. Throws ApiError, also for what stopped the service in the middle, and AbortError. */
export async function exportFile(
  url: string,
  format: ExportFormat,
  signal: AbortSignal,
  onProgress: (progress: ExportProgress) => void,
): Promise<Blob> {
  const response = await fetch(url, { signal })
  if (!response.ok || response.body === null) {
    const answer = (await response.json().catch(() => null)) as { code?: string; detail?: string } | null
    throw new ApiError(response.status, answer?.code ?? 'failed', answer?.detail ?? response.statusText)
  }
  const reader = response.body.getReader()
  const parts: BlobPart[] = []
  let piece: Uint8Array<ArrayBuffer>[] = []
  let [lines, bytes, pieceBytes, toldMs] = [0, 0, 0, 0]
  let last: Uint8Array<ArrayBuffer> = new Uint8Array()
  const header = format === 'csv' ? 1 : 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    for (const byte of value) if (byte === LINE_END) lines++
    piece.push(value)
    last = value
    bytes += value.length
    pieceBytes += value.length
    if (bytes > MOST_BYTES) {
      await reader.cancel()
      throw new ApiError(
        0,
        'too-large',
        'The file is larger than this page can hold: use the plain download.',
      )
    }
    if (pieceBytes >= PIECE_BYTES) {
      parts.push(new Blob(piece))
      piece = []
      pieceBytes = 0
    }
    if (performance.now() - toldMs > TOLD_EVERY_MS) {
      toldMs = performance.now()
      onProgress({ records: Math.max(0, lines - header), bytes })
    }
  }
  onProgress({ records: Math.max(0, lines - header), bytes })
  const end = new TextDecoder().decode(last.slice(-200))
  if (/(?:"message":"the rest could not be read"\}\}|"the rest could not be read")\r?\n$/.test(end))
    throw new ApiError(
      500,
      'failed',
      'The service could not read the rest. Try again, or make the time narrower.',
    )
  const type = format === 'jsonl' ? 'application/jsonl' : 'text/csv'
  return new Blob([...parts, ...piece], { type })
}
