/**
 * Records of several files as one stream in the order of their event times, for `replay`. Records of one file keep
 * their order; of several files whose next records are due, the earliest goes first, and of equals the file named
 * first. A record without an event time goes with the one before it. Memory: one batch per file (about 3 MiB).
 */
import { BATCH_BYTES, BATCH_MESSAGES, type RawBatch } from '../model/raw-batch.ts'
import { ADDRESS_STRIDE, type RecordBatch, TEXT_STRIDE } from '../model/record-batch.ts'
import { PORT_FIELDS, QUANTITY_FIELDS } from '../model/log-record.ts'

/** One file's records, batch by batch. `fill` gives the next batch of them, or false at the end. */
export interface RecordSource {
  readonly records: RecordBatch
  fill(): Promise<boolean>
}

interface Head {
  readonly source: RecordSource
  readonly order: number
  row: number
  /** Event time of the row, or of the last one before it that has one. */
  keyMs: number
}

export class RowMerger {
  /** A binary heap: the earliest head first. */
  readonly #heap: Head[] = []
  readonly #unread: RecordSource[]

  constructor(sources: readonly RecordSource[]) {
    this.#unread = [...sources]
  }

  /** Fills `into` (on its own raw batch) with the next records. False: all files have ended. */
  async next(into: RecordBatch, sequence: number): Promise<boolean> {
    for (const [order, source] of this.#unread.splice(0).entries()) {
      const head: Head = { source, order, row: -1, keyMs: Number.NEGATIVE_INFINITY }
      if (await advance(head)) this.#push(head)
    }
    const raw = into.raw
    raw.reset()
    raw.transport = 'file'
    raw.live = false
    into.reset(raw, sequence)
    while (this.#heap.length > 0 && hasRoom(raw)) {
      const head = this.#heap[0] as Head
      copyRow(head.source.records, head.row, into)
      if (head.row + 1 < head.source.records.count) step(head)
      else if (!(await advance(head))) {
        this.#dropFirst()
        continue
      }
      this.#sink(0)
    }
    return into.count > 0
  }

  #push(head: Head): void {
    const heap = this.#heap
    let at = heap.push(head) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(head, heap[parent] as Head)) break
      heap[at] = heap[parent] as Head
      at = parent
    }
    heap[at] = head
  }

  #dropFirst(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const head = heap[from] as Head
    let at = from
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Head, heap[child] as Head)) child++
      if (!isBefore(heap[child] as Head, head)) break
      heap[at] = heap[child] as Head
      at = child
    }
    heap[at] = head
  }
}

const isBefore = (a: Head, b: Head): boolean =>
  a.keyMs < b.keyMs || (a.keyMs === b.keyMs && a.order < b.order)

function step(head: Head): void {
  head.row++
  const eventTimeMs = head.source.records.eventTimeMs[head.row] as number
  if (!Number.isNaN(eventTimeMs)) head.keyMs = eventTimeMs
}

async function advance(head: Head): Promise<boolean> {
  if (!(await head.source.fill())) return false
  head.row = -1
  step(head)
  return true
}

/** Room for one more message of the greatest length with as much decoded text again. */
function hasRoom(raw: RawBatch): boolean {
  return raw.count < BATCH_MESSAGES && (raw.count === 0 || raw.used + 2 * 65_536 <= BATCH_BYTES)
}

/** Appends a record with its message; slices that lie outside the message (decoded text) are copied behind it. */
function copyRow(from: RecordBatch, row: number, into: RecordBatch): void {
  const start = from.raw.start[row] as number
  const end = from.raw.end[row] as number
  const raw = into.raw
  raw.reserve(end - start)
  const shift = raw.used - start
  const to = raw.count
  raw.add(from.raw.bytes, start, end, senderIndex(raw, from.senderAt(row)), from.raw.truncated[row] === 1)
  raw.line[to] = from.raw.line[row] as number
  into.count = raw.count
  for (let slot = 0; slot < TEXT_STRIDE; slot += 2) {
    const textStart = from.text[row * TEXT_STRIDE + slot] as number
    const textEnd = from.text[row * TEXT_STRIDE + slot + 1] as number
    if (textEnd <= textStart) into.setText(to, slot, 0, 0)
    else if (textStart >= start && textEnd <= end) into.setText(to, slot, textStart + shift, textEnd + shift)
    else into.setDecodedText(to, slot, from.raw.bytes.subarray(textStart, textEnd))
  }
  for (let word = 0; word < ADDRESS_STRIDE; word++) {
    into.addresses[to * ADDRESS_STRIDE + word] = from.addresses[row * ADDRESS_STRIDE + word] as number
  }
  for (const column of NUMBER_COLUMNS) into[column][to] = from[column][row] as number
}

const NUMBER_COLUMNS = [
  'eventTimeMs',
  'clockOffsetMs',
  ...PORT_FIELDS,
  ...QUANTITY_FIELDS,
  'threatId',
  'repeatCount',
  'format',
  'category',
  'disposition',
  'attacker',
  'severity',
  'outcome',
  'flags',
] as const

function senderIndex(raw: RawBatch, name: string | null): number {
  const wanted = name ?? ''
  const known = raw.senders.indexOf(wanted)
  return known === -1 ? raw.senders.push(wanted) - 1 : known
}
