/**
 * The body of `POST /api/v1/lines` as log lines. Text and NDJSON: one line each, blank ones skipped. JSON: an array, or
 * an object whose `logs` is one (as HTTP profiles of PAN-OS and Strata may send), or one object that is a line itself.
 * An object becomes its own JSON text, taken from the body as it stands, so that no digit of a long number is lost; a
 * string becomes its text; anything else in the array is refused and counted.
 *
 * Limits: LINES_LIMIT lines; the caller bounds the bytes. Cost: text 1 ms, JSON about 15 ms a MiB.
 */
import { messageOf } from '../lib/errors.ts'

/** Lines in one request. */
export const LINES_LIMIT = 20_000

/** Message `i` is `bytes[start[i], end[i])`. `bytes` owns its memory, so it may be handed to another thread. */
export interface Lines {
  readonly bytes: Uint8Array
  readonly start: Uint32Array
  readonly end: Uint32Array
}

export type PostedBody =
  | { readonly ok: true; readonly lines: Lines; readonly refused: number }
  | { readonly ok: false; readonly status: 400 | 413 | 415; readonly message: string }

const [LF, CR, TAB, SPACE, QUOTE, COMMA, BACKSLASH] = [10, 13, 9, 32, 34, 44, 92]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125]

const TOO_MANY: PostedBody = {
  ok: false,
  status: 413,
  message: `more than ${LINES_LIMIT} lines; send several requests`,
}

/** Reads a whole body; `body` must own its memory and is handed on. `contentType` as the client named it, or empty. */
export function readPostedBody(body: Buffer<ArrayBuffer>, contentType: string): PostedBody {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase()
  if (type === 'application/json' || type.endsWith('+json')) return readJson(body)
  const isText =
    type === '' ||
    type.startsWith('text/') ||
    /^application\/(?:x-)?(?:ndjson|jsonl|json-?lines|octet-stream)$/.test(type)
  if (isText) return readText(body)
  return { ok: false, status: 415, message: 'expected text/plain, application/x-ndjson or application/json' }
}

function readText(body: Buffer<ArrayBuffer>): PostedBody {
  const marks = new Marks()
  let at = body.length >= 3 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0
  while (at < body.length) {
    const lf = body.indexOf(LF, at)
    const stop = lf === -1 ? body.length : lf
    let end = stop
    while (end > at && isBlank(body[end - 1] as number)) end--
    if (end > at) {
      if (marks.count === LINES_LIMIT) return TOO_MANY
      marks.add(at, body[stop - 1] === CR ? stop - 1 : stop)
    }
    at = stop + 1
  }
  return { ok: true, lines: { bytes: body, ...marks.taken() }, refused: 0 }
}

function readJson(body: Buffer<ArrayBuffer>): PostedBody {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8').replace(/^\ufeff/, ''))
  } catch (error) {
    if (looksLikeLines(body)) return readText(body)
    return { ok: false, status: 400, message: `the body is no JSON: ${messageOf(error)}` }
  }
  const list = Array.isArray(value) ? skipBlanks(body, 0) : logsOf(body, value)
  if (list === -1 && (typeof value !== 'object' || value === null))
    return { ok: false, status: 400, message: 'expected an array, an object with logs, or an object' }
  const slices = list === -1 ? [wholeOf(body)] : elementsOf(body, list)
  if (slices.length > LINES_LIMIT) return TOO_MANY
  return gather(body, slices)
}

/** Copies objects and the text of strings into a buffer of their own. */
function gather(body: Buffer, slices: readonly Slice[]): PostedBody {
  const marks = new Marks()
  // A decoded string is never longer than its JSON text.
  const bytes = Buffer.allocUnsafeSlow(slices.reduce((sum, [from, to]) => sum + to - from, 0))
  let at = 0
  let refused = 0
  for (const [from, to] of slices) {
    const first = body[from]
    const begun = at
    if (first === OPEN_OBJECT) {
      at += body.copy(bytes, at, from, to)
      // Line ends and tabs can only stand between the parts of valid JSON.
      for (let i = begun; i < at; i++) if (isBlank(bytes[i] as number)) bytes[i] = SPACE
    } else if (first === QUOTE) {
      at += bytes.write(JSON.parse(body.toString('utf8', from, to)) as string, at)
    }
    if (at > begun) marks.add(begun, at)
    else refused++
  }
  return { ok: true, lines: { bytes, ...marks.taken() }, refused }
}

type Slice = readonly [from: number, to: number]

/** The elements of the list that begins at `at`, in valid JSON. */
function elementsOf(body: Buffer, at: number): Slice[] {
  const slices: Slice[] = []
  visit(body, at, (from, to) => slices.push([from, to]))
  return slices
}

/** Where the value of the member `logs` begins, if it is a list; else -1. Of several the last, as JSON.parse has it. */
function logsOf(body: Buffer, value: unknown): number {
  if (typeof value !== 'object' || value === null || !('logs' in value) || !Array.isArray(value.logs))
    return -1
  let found = -1
  visit(body, skipBlanks(body, 0), (from) => {
    const keyEnd = stringEnd(body, from)
    if (JSON.parse(body.toString('utf8', from, keyEnd)) !== 'logs') return
    const colon = skipBlanks(body, keyEnd)
    found = skipBlanks(body, colon + 1)
  })
  return found
}

/** Calls with the bounds of each member or element of the object or list that begins at `at`, in valid JSON. */
function visit(body: Buffer, at: number, each: (from: number, to: number) => void): void {
  let depth = 0
  let from = -1
  let last = at
  for (let i = at + 1; i < body.length; i++) {
    const byte = body[i] as number
    if (isBlank(byte)) continue
    if (depth === 0 && (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT)) {
      if (from !== -1) each(from, last + 1)
      if (byte !== COMMA) return
      from = -1
      continue
    }
    if (from === -1) from = i
    if (byte === QUOTE) i = stringEnd(body, i) - 1
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--
    last = i
  }
}

/** The index behind the string that begins at `from`. */
function stringEnd(body: Buffer, from: number): number {
  for (let at = from + 1; at < body.length; at++) {
    const byte = body[at]
    if (byte === BACKSLASH) at++
    else if (byte === QUOTE) return at + 1
  }
  return body.length
}

function wholeOf(body: Buffer): Slice {
  let end = body.length
  while (end > 0 && isBlank(body[end - 1] as number)) end--
  return [skipBlanks(body, 0), end]
}

function skipBlanks(body: Buffer, from: number): number {
  let at = from
  if (at === 0 && body[0] === 0xef) at = 3 // a byte order mark, or JSON.parse would have failed
  while (at < body.length && isBlank(body[at] as number)) at++
  return at
}

/** NDJSON under the name of JSON: every line that is not blank begins and ends like an object. */
function looksLikeLines(body: Buffer): boolean {
  const lines = body.toString('latin1').split('\n')
  return lines.every((line) => /^\s*(?:\{.*\}\s*)?$/.test(line)) && lines.length > 1
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === CR || byte === TAB
}

class Marks {
  count = 0
  #start = new Uint32Array(256)
  #end = new Uint32Array(256)

  add(from: number, to: number): void {
    if (this.count === this.#start.length) {
      const [start, end] = [this.#start, this.#end]
      this.#start = new Uint32Array(start.length * 4)
      this.#end = new Uint32Array(end.length * 4)
      this.#start.set(start)
      this.#end.set(end)
    }
    this.#start[this.count] = from
    this.#end[this.count++] = to
  }

  taken(): { start: Uint32Array; end: Uint32Array } {
    return { start: this.#start.slice(0, this.count), end: this.#end.slice(0, this.count) }
  }
}
