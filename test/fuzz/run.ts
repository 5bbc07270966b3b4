/**
 * Runs cases through all parsers and framers and says what went wrong. A case is wrong when anything is thrown, a slice
 * leaves the batch, a row is neither read nor refused, what a line says depends on the lines that its sender sent
 * before, a stream gives other messages when it is split elsewhere, or one line takes more than 50 ms.
 */
import { FrameSplitter } from '../../src/input/framing.ts'
import { FLAG, TEXT_FIELDS } from '../../src/model/log-record.ts'
import { RawBatch } from '../../src/model/raw-batch.ts'
import { RecordBatch, TEXT_STRIDE } from '../../src/model/record-batch.ts'
import { Parser } from '../../src/parse/parser.ts'
import { Mutator, Random } from './mutate.ts'

const BATCH_CASES = 256
/** One line may take so long; a batch that takes longer is looked at line by line. */
const SLOW_MS = 50
const TRIES = 3

export class Fuzzer {
  cases = 0
  /** Lines that some format could read. */
  read = 0
  slow = 0
  /** The first few cases that were wrong, with why. */
  readonly failures: string[] = []
  readonly #parser = new Parser({
    timeZone: 'Australia/Sydney',
    deviceZones: { 'LAB-FW-01': 'Europe/Berlin' },
    referenceMs: Date.UTC(2025, 2, 1),
  })
  readonly #raw = new RawBatch(1 << 16)
  readonly #records = new RecordBatch(this.#raw)
  readonly #alone = new RecordBatch(this.#raw)
  readonly #mutator: Mutator
  readonly #seeds: readonly Buffer[]
  readonly #random: Random
  #freshSenders = 0
  #batches = 0

  constructor(seeds: readonly Buffer[], seed: number) {
    this.#seeds = seeds
    this.#mutator = new Mutator(seeds, seed)
    this.#random = new Random(seed + 1)
  }

  /** Every seed cut at every offset, from both ends. */
  runCuts(): void {
    let lines: Buffer[] = []
    for (const seed of this.#seeds) {
      for (let at = 0; at <= seed.length; at++) {
        lines.push(seed.subarray(0, at), seed.subarray(at))
        if (lines.length < BATCH_CASES) continue
        this.#check(lines)
        lines = []
      }
    }
    this.#check(lines)
  }

  /** So many changed lines; each tenth batch also goes through the framers. */
  runChanges(cases: number): void {
    for (const goal = this.cases + cases; this.cases < goal; ) {
      const lines = Array.from({ length: BATCH_CASES }, () => this.#mutator.next())
      this.#check(lines)
      if (this.#batches++ % 10 === 0) this.#checkFramers(lines)
    }
  }

  #check(lines: readonly Buffer[]): void {
    this.cases += lines.length
    const startMs = performance.now()
    try {
      this.#parse(lines, this.#records, false)
      if (performance.now() - startMs > SLOW_MS) this.#countSlow(lines)
      this.#parse(lines, this.#records, false)
      this.#checkSound(lines)
      if (this.#batches % 16 === 0) this.#checkIndependent(lines)
    } catch (error) {
      this.#fail(lines, error)
    }
  }

  /** `fresh`: each line by a sender of its own. */
  #parse(lines: readonly Buffer[], records: RecordBatch, fresh: boolean): void {
    const raw = this.#raw
    raw.reset()
    raw.transport = 'file'
    raw.senders = fresh ? lines.map(() => `fresh-${this.#freshSenders++}`) : ['relay-a', 'relay-b', 'relay-c']
    for (const [i, line] of lines.entries()) {
      raw.reserve(line.length)
      raw.add(line, 0, line.length, fresh ? i : i % 3)
    }
    this.#parser.parse(raw, records)
  }

  #checkSound(lines: readonly Buffer[]): void {
    const records = this.#records
    const { used, bytes } = this.#raw
    if (used > bytes.length) throw new Error('more bytes are used than there are')
    for (let row = 0; row < lines.length; row++) {
      for (let slot = 0; slot < TEXT_STRIDE; slot += 2) {
        const start = records.text[row * TEXT_STRIDE + slot] as number
        const end = records.text[row * TEXT_STRIDE + slot + 1] as number
        if (start > end || end > used)
          throw new RowError(row, `slice ${start} to ${end} of ${used}, ${TEXT_FIELDS[slot / 2]}`)
      }
      const isUnparsed = ((records.flags[row] as number) & FLAG.unparsed) !== 0
      if (isUnparsed !== (records.format[row] === 0)) throw new RowError(row, 'neither read nor refused')
      if (!isUnparsed) this.read++
      const eventMs = records.eventTimeMs[row] as number
      if (!Number.isNaN(eventMs) && Number.isNaN(new Date(eventMs).getTime()))
        throw new RowError(row, 'no time')
      if (row % 8 === 0) JSON.stringify(records.recordAt(row))
    }
  }

  /** The same lines, each from a sender that is new, say the same. */
  #checkIndependent(lines: readonly Buffer[]): void {
    const expected = lines.map((_, row) => fieldsOf(this.#records, row))
    this.#parse(lines, this.#alone, true)
    for (const [row, fields] of expected.entries()) {
      const alone = fieldsOf(this.#alone, row)
      const different = Object.keys(fields).filter((name) => fields[name] !== alone[name])
      if (different.length === 0) continue
      const shown = different.map((name) => `${name}: alone ${alone[name]}, behind others ${fields[name]}`)
      throw new RowError(row, shown.join('; '))
    }
  }

  #countSlow(lines: readonly Buffer[]): void {
    for (const line of lines) {
      let bestMs = Number.POSITIVE_INFINITY
      for (let i = 0; i < TRIES && bestMs > SLOW_MS; i++) {
        const startMs = performance.now()
        this.#parse([line], this.#records, false)
        bestMs = Math.min(bestMs, performance.now() - startMs)
      }
      if (bestMs <= SLOW_MS) continue
      this.slow++
      this.#note(`${Math.round(bestMs)} ms for ${textOf(line)}`)
    }
  }

  #checkFramers(lines: readonly Buffer[]): void {
    const random = this.#random
    const parts = lines.slice(0, 32).map((line) => {
      const kind = random.below(4)
      if (kind === 0) return Buffer.concat([Buffer.from(`${line.length + 4} <14>`), line])
      return Buffer.concat([line, Buffer.from(kind === 1 ? '\n' : kind === 2 ? '\r\n' : '\0')])
    })
    const stream = Buffer.concat(parts)
    this.cases += parts.length
    const whole = messagesOf(stream, () => stream.length)
    const split = messagesOf(stream, () => 1 + random.below(random.below(4) === 0 ? 3000 : 40))
    if (whole.join('\n') !== split.join('\n')) this.#note(`split elsewhere: ${textOf(stream)}`)
  }

  #fail(lines: readonly Buffer[], error: unknown): void {
    const guilty =
      error instanceof RowError ? [lines[error.row] as Buffer] : lines.filter((line) => this.#throws(line))
    const why =
      error instanceof Error
        ? error instanceof RowError
          ? error.message
          : (error.stack ?? error.message)
        : String(error)
    this.#note(`${why}\n${guilty.slice(0, 3).map(textOf).join('\n')}`)
  }

  #throws(line: Buffer): boolean {
    try {
      this.#parse([line], this.#records, true)
      return false
    } catch {
      return true // told by the caller
    }
  }

  #note(text: string): void {
    if (this.failures.length < 10) this.failures.push(text)
  }
}

/** The fields of a row as text. A device that is only the sender has no name of its own. */
function fieldsOf(records: RecordBatch, row: number): Record<string, string> {
  const { sender, device, ...record } = records.recordAt(row)
  const all = { ...record, device: device === sender ? null : device }
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, JSON.stringify(value)]))
}

class RowError extends Error {
  readonly row: number

  constructor(row: number, message: string) {
    super(message)
    this.row = row
  }
}

function textOf(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 1200).toString('latin1'))
}

/** The messages of a stream that comes in chunks of the given lengths, and how it ended. */
function messagesOf(stream: Buffer, chunk: () => number): string[] {
  const messages: string[] = []
  const splitter = new FrameSplitter()
  const sink = {
    add: (source: Uint8Array, from: number, to: number, wasTruncated: boolean): boolean => {
      messages.push(`${wasTruncated} ${Buffer.from(source.subarray(from, to)).toString('latin1')}`)
      return true
    },
  }
  for (let at = 0; at < stream.length && splitter.framingError === null; ) {
    const to = Math.min(stream.length, at + chunk())
    splitter.push(stream.subarray(at, to), 0, sink)
    at = to
  }
  splitter.end(sink, false)
  messages.push(`error ${splitter.framingError !== null}`)
  return messages
}
