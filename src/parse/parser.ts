/**
 * The parse stage: raw batch in, record batch out, row by row. A line's header is read (or recognised as the sender's
 * last one), then the sender's last format is tried first, then the others. A line that nobody understands is a record
 * with the flag `unparsed` and a reason from a closed list. Never throws for what a line says.
 */
import { AppError } from '../lib/errors.ts'
import { FLAG, FORMAT, type LogRecord } from '../model/log-record.ts'
import { type GivenTemplate, templateOf } from '../model/paloalto-template.ts'
import { BATCH_MESSAGES, MESSAGE_LIMIT_BYTES, RawBatch } from '../model/raw-batch.ts'
import { RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { ascii } from './bytes.ts'
import { DeviceZones } from './device-zones.ts'
import { decodeEscapes, flagInvalidUtf8 } from './encoding.ts'
import { compileTemplate, isBuiltInTemplate } from './firewall/paloalto-template.ts'
import { firewallPrograms, useFirewallPrograms } from './firewall-programs.ts'
import { isOtherProgram, readHeader, skipTag, TAG } from './header.ts'
import { Line } from './line.ts'
import { LINE_FORMATS, type LineFormat } from './registry.ts'
import { joinRepeated } from './repeated.ts'
import { SenderState } from './sender.ts'
import { SURVEY } from './text-kernel.ts'
import { UnknownLines, type UnknownShape } from './unknown-lines.ts'

/** Senders remembered; the one seen first goes when there are more. */
const MAX_SENDERS = 4096
const FRONT_BITS = 12
const FRONTS = 1 << FRONT_BITS
/** Shapes of unknown lines that the counters tell. */
const UNKNOWN_SHAPES = 50
/** Rows read one by one, at most, before it is tried again whether they can be read together. */
const MAX_PAUSE_ROWS = 63
/** Rows that are cleared at once. */
const CLEARED_ROWS = 256

export interface ParserOptions {
  /** IANA zone of devices that have no own one. */
  readonly timeZone: string
  /** IANA zone by device name. */
  readonly deviceZones: Readonly<Record<string, string>>
  /** Tells the year of stamps without one when a batch has no arrival, Unix ms. */
  readonly referenceMs?: number
  /** Custom formats of PAN-OS as it shows them; tried before every other format. */
  readonly paloaltoTemplates?: readonly GivenTemplate[]
  /** Programs whose text is read as a firewall's besides those that are known; at most 32 bytes each. */
  readonly programs?: readonly string[]
}

export interface ParserCounters {
  /** Lines read, by format name. */
  readonly parsed: Readonly<Record<string, number>>
  /** Lines not read, by reason. */
  readonly unparsed: Readonly<Record<string, number>>
  /** Lines not read, by sender and shape with a sample, the most frequent first; bounded. */
  readonly unknown: readonly UnknownShape[]
  /** Lines not read whose shape found no room in `unknown`. */
  readonly unknownOthers: number
}

export type ParsedLine =
  | { readonly ok: true; readonly record: LogRecord }
  | { readonly ok: false; readonly reason: string }

interface Reason {
  readonly text: string
  readonly bytes: Uint8Array
}

const reasonOf = (text: string): Reason => ({ text, bytes: ascii(text) })
/** Every reason there is: ours, then those of each format in turn. */
const REASONS: readonly Reason[] = [
  reasonOf('empty line'),
  reasonOf('no known firewall format'),
  reasonOf('text of a program that is no firewall'),
  ...LINE_FORMATS.flatMap((format) => format.reasons.map(reasonOf)),
]
const REASON_EMPTY = 0
const REASON_UNKNOWN = 1
const REASON_PROGRAM = 2
/** Index of a format's first reason, by its code. */
const FIRST_REASON = new Int32Array(256)
{
  let next = 3
  for (const format of LINE_FORMATS) {
    FIRST_REASON[format.code] = next
    next += format.reasons.length
  }
}

export class Parser {
  #zones: DeviceZones
  #referenceMs: number
  /** Formats that an administrator has set: always tried first, so that what they read never depends on other lines. */
  #templates: readonly LineFormat[]
  #programs: readonly Uint8Array[]
  readonly #senders = new Map<string, SenderState>()
  /** By sender index of the batch in hand. */
  #batchSenders: SenderState[] = []
  readonly #line = new Line(new RawBatch(64))
  readonly #parsed = new Float64Array(256)
  readonly #unparsed = new Float64Array(REASONS.length)
  readonly #unknown = new UnknownLines()
  /** Where a reason's text lies in the batch in hand, -1 when it does not yet. */
  readonly #reasonAt = new Int32Array(REASONS.length)
  /** By the first bytes of a text: 1 + the index of the format that read such a text last, 0 when none did. */
  readonly #byFront = new Uint8Array(FRONTS)
  readonly #codeOfRow = new Uint8Array(BATCH_MESSAGES)
  readonly #firstOfFormat = new Uint16Array(257)
  readonly #order = new Uint16Array(BATCH_MESSAGES)
  /** Rows to go before rows are read together again, and how many it was the last time; more where that is in vain. */
  #rowsToPause = 0
  #pauseRows = 0
  #single: { raw: RawBatch; records: RecordBatch } | null = null

  constructor(options: ParserOptions) {
    this.#zones = new DeviceZones(options.timeZone, options.deviceZones)
    this.#referenceMs = options.referenceMs ?? Number.NaN
    this.#templates = templatesOf(options)
    this.#programs = firewallPrograms(options.programs ?? [])
  }

  /**
   * Takes other settings for the batches to come. Throws an AppError `bad-configuration` for an unknown zone or a
   * template that cannot be read.
   */
  configure(options: ParserOptions): void {
    const templates = templatesOf(options)
    const programs = firewallPrograms(options.programs ?? [])
    this.#zones = new DeviceZones(options.timeZone, options.deviceZones)
    this.#referenceMs = options.referenceMs ?? Number.NaN
    // What was learned of the senders may be a template, or the header of a program, that is no more.
    const learned = [this.#templates, templates, this.#programs, programs]
    if (learned.some(({ length }) => length > 0)) this.#senders.clear()
    this.#templates = templates
    this.#programs = programs
  }

  /**
   * Fills every row of `into`, which takes over `raw` and keeps its `sequence`. Decoded values are appended to
   * `raw.bytes`, which may be another buffer afterwards.
   */
  parse(raw: RawBatch, into: RecordBatch): void {
    into.open(raw, into.sequence)
    this.#openSenders(raw)
    useFirewallPrograms(this.#programs)
    const line = this.#line
    const survey = line.openBatch(raw, this.#referenceMs)
    if ((survey & SURVEY.notAscii) !== 0) flagInvalidUtf8(raw, into)
    const messagesEnd = raw.used
    line.zones = this.#zones
    this.#reasonAt.fill(-1)
    const count = raw.count
    if (this.#isMixed()) this.#parseByFormat(line, into, count)
    else {
      for (let from = 0; from < count; from += CLEARED_ROWS) {
        const to = Math.min(count, from + CLEARED_ROWS)
        into.clearUnusual(from, to)
        for (let row = from; row < to; ) row = this.#parseRows(line, into, row, to)
      }
    }
    decodeEscapes(raw, into, (survey & SURVEY.escapes) !== 0 ? 0 : messagesEnd)
  }

  /** Whether the batch's senders have sent lines of more than one format. */
  #isMixed(): boolean {
    let first: LineFormat | null = null
    for (const sender of this.#batchSenders) {
      if (sender.isMixed) return true
      first ??= sender.lastFormat
      if (sender.lastFormat !== null && sender.lastFormat !== first) return true
    }
    return false
  }

  /**
   * Parses the rows of each expected format one after the other: (m) a third faster than by turns, since the
   * processor predicts and caches the code of one format at a time. Rows are independent of each other.
   */
  #parseByFormat(line: Line, into: RecordBatch, count: number): void {
    const { raw } = into
    into.clearRows(0, count)
    const first = this.#firstOfFormat.fill(0)
    const codes = this.#codeOfRow
    for (let row = 0; row < count; row++) {
      const sender = this.#batchSenders[raw.sender[row] as number] ?? (this.#batchSenders[0] as SenderState)
      const place = sender.placeOf(line.view, raw.start[row] as number, raw.end[row] as number)
      const code = sender.formatAt(place)?.code ?? 0
      codes[row] = code
      first[code + 1] = (first[code + 1] as number) + 1
    }
    for (let code = 1; code < first.length; code++) {
      first[code] = (first[code] as number) + (first[code - 1] as number)
    }
    const order = this.#order
    for (let row = 0; row < count; row++) {
      const code = codes[row] as number
      const at = first[code] as number
      order[at] = row
      first[code] = at + 1
    }
    for (let i = 0; i < count; i++) this.#parseRow(line, into, order[i] as number)
  }

  #openSenders(raw: RawBatch): void {
    this.#batchSenders = raw.senders.map((name) => this.#senderOf(name))
    if (this.#batchSenders.length === 0) this.#batchSenders.push(this.#senderOf(''))
  }

  #senderOf(name: string): SenderState {
    const known = this.#senders.get(name)
    if (known !== undefined) return known
    if (this.#senders.size >= MAX_SENDERS) {
      for (const oldest of this.#senders.keys()) {
        this.#senders.delete(oldest)
        break
      }
    }
    const fresh = new SenderState(name)
    this.#senders.set(name, fresh)
    return fresh
  }

  /** Parses a row and those behind it that its format reads by the same call; returns the row behind them. */
  #parseRows(line: Line, into: RecordBatch, row: number, count: number): number {
    const format = this.#parseRow(line, into, row)
    const from = row + 1
    if (format?.readRows === undefined || this.#templates.length > 0 || from === count) return from
    if (--this.#rowsToPause > 0) return from
    const next = format.readRows(line, into, from, count)
    this.#parsed[format.code] = (this.#parsed[format.code] as number) + next - from
    this.#pauseRows = next > from ? 0 : Math.min(MAX_PAUSE_ROWS, this.#pauseRows * 2 + 1)
    this.#rowsToPause = this.#pauseRows
    return next
  }

  /** Returns the format that read the row behind a header that the sender's memory knew; null when there is none. */
  #parseRow(line: Line, into: RecordBatch, row: number): LineFormat | null {
    const sender =
      this.#batchSenders[into.raw.sender[row] as number] ?? (this.#batchSenders[0] as SenderState)
    if (into.usual[row] === 1) into.clearRow(row) // it has what a row of an earlier batch was
    line.open(row)
    line.senderName = sender.name
    const place = sender.placeOf(line.view, line.start, line.end)
    const last = sender.formatAt(place)
    if (last !== null && sender.reuseHeader(place, line)) {
      const format = isFirst(last, line) ? last : this.#likely(line)
      if (format !== null && !this.#isForTemplate(line, format)) {
        joinRepeated(line)
        if (this.#tryFormat(format, line, into, row) < 0) return format
      }
    }
    const reason = this.#parseAfresh(line, into, row, sender, place)
    if (reason >= 0) this.#refuse(line, into, row, sender, reason)
    return null
  }

  /**
   * The whole way: header, every format, once more behind a firewall program's tag. Returns -1, or why the line could
   * not be read.
   */
  #parseAfresh(line: Line, into: RecordBatch, row: number, sender: SenderState, place: number): number {
    line.open(row)
    if (line.start === line.end) return REASON_EMPTY
    readHeader(line)
    if (isOtherProgram(line)) return this.#tryServices(line, into, row)
    sender.keepHeader(place, line)
    joinRepeated(line)
    const reason = this.#tryFormats(line, into, row, sender, place)
    if (reason !== REASON_UNKNOWN) return reason
    const { at, programStart, programEnd } = line
    const tag = skipTag(line)
    if (tag === TAG.none) return reason
    if (tag === TAG.other) {
      line.at = at
      line.programStart = programStart
      line.programEnd = programEnd
      return REASON_PROGRAM
    }
    joinRepeated(line)
    return this.#tryFormats(line, into, row, sender, place)
  }

  /** Of another program's text only the formats that know that program by its name may say anything. */
  #tryServices(line: Line, into: RecordBatch, row: number): number {
    for (const format of LINE_FORMATS) {
      if (format.isService === true && format.recognise(line)) return this.#tryFormat(format, line, into, row)
    }
    return REASON_PROGRAM
  }

  /** Whether a template that goes before the sender's last format may read the line. */
  #isForTemplate(line: Line, last: LineFormat): boolean {
    for (const template of this.#templates) {
      if (template === last) return false
      if (template.recognise(line)) return true
    }
    return false
  }

  /** The format that read the last text that began so, if it knows this one; null when there is none. */
  #likely(line: Line): LineFormat | null {
    const index = (this.#byFront[frontOf(line)] as number) - 1
    const format = index < 0 ? null : (LINE_FORMATS[index] as LineFormat)
    return format?.recognise(line) === true ? format : null
  }

  /**
   * Tries the format that is likely by how the text begins, then all in the order of the table; those that search for
   * their text only in that order, so that what a line is never depends on other lines. Returns -1, or why none could
   * read it.
   */
  #tryFormats(line: Line, into: RecordBatch, row: number, sender: SenderState, place: number): number {
    let reason = REASON_UNKNOWN
    for (const template of this.#templates) {
      if (!template.recognise(line)) continue
      reason = this.#tryFormat(template, line, into, row)
      if (reason >= 0) continue
      sender.keepFormat(place, template)
      return reason
    }
    const front = frontOf(line)
    const likely = this.#likely(line)
    for (let i = likely === null ? 0 : -1; i < LINE_FORMATS.length; i++) {
      const format = i < 0 ? (likely as LineFormat) : (LINE_FORMATS[i] as LineFormat)
      if (i >= 0 && (format === likely || !format.recognise(line))) continue
      const failed = this.#tryFormat(format, line, into, row)
      if (failed < 0) {
        sender.keepFormat(place, format)
        if (i >= 0 && format.isSearching !== true) this.#byFront[front] = i + 1
        return failed
      }
      // The reason is that of the first format of the table, in whatever order they were tried.
      reason = reason === REASON_UNKNOWN ? failed : Math.min(reason, failed)
    }
    return reason
  }

  /** Returns -1 when the format could read the line, else why not. */
  #tryFormat(format: LineFormat, line: Line, into: RecordBatch, row: number): number {
    const code = format.code
    const flagsBefore = line.flags
    const failed = format.read(line, into, row)
    if (failed >= 0) {
      line.flags = flagsBefore
      into.clearRow(row)
      return (FIRST_REASON[code] as number) + failed
    }
    into.format[row] = code
    into.flags[row] = (into.flags[row] as number) | line.flags
    if (line.repeatCount > 1) {
      into.repeatCount[row] = Math.min(0xffffffff, (into.repeatCount[row] as number) * line.repeatCount)
    }
    this.#parsed[code] = (this.#parsed[code] as number) + 1
    return -1
  }

  #refuse(line: Line, into: RecordBatch, row: number, sender: SenderState, reason: number): void {
    const entry = REASONS[reason] as Reason
    this.#unparsed[reason] = (this.#unparsed[reason] as number) + 1
    if (reason !== REASON_EMPTY) this.#unknown.add(line, sender.name, entry.text)
    if ((this.#reasonAt[reason] as number) < 0) {
      this.#reasonAt[reason] = into.raw.append(entry.bytes)
      line.refresh()
    }
    const at = this.#reasonAt[reason] as number
    into.setText(row, TEXT_SLOT.unparsedReason, at, at + entry.bytes.length)
    const host = line.hostEnd > line.hostStart
    if (host) into.setText(row, TEXT_SLOT.device, line.hostStart, line.hostEnd)
    if (line.relayEnd > line.relayStart) into.setText(row, TEXT_SLOT.relay, line.relayStart, line.relayEnd)
    line.chooseZone(line.hostStart, line.hostEnd)
    const headerMs = line.headerMs()
    into.eventTimeMs[row] = Number.isNaN(headerMs) ? line.arrivalMs : headerMs
    into.format[row] = FORMAT.unknown
    into.flags[row] = (into.flags[row] as number) | (line.flags & FLAG.truncated) | FLAG.unparsed
    if (line.repeatCount > 1) {
      into.repeatCount[row] = line.repeatCount
      into.flags[row] = (into.flags[row] as number) | FLAG.repeated
    }
  }

  /** Reads one line, for the command line and for explanations. There is no arrival. */
  parseLine(text: string): ParsedLine {
    this.#single ??= newSingle()
    const { raw, records } = this.#single
    raw.reset()
    raw.transport = 'file'
    const bytes = Buffer.from(text, 'utf8')
    raw.reserve(Math.min(bytes.length, MESSAGE_LIMIT_BYTES))
    raw.add(bytes, 0, bytes.length, 0)
    this.parse(raw, records)
    if (((records.flags[0] as number) & FLAG.unparsed) === 0) return { ok: true, record: records.recordAt(0) }
    return { ok: false, reason: records.textAt(0, TEXT_SLOT.unparsedReason) ?? '' }
  }

  /** What was read and what was not since the start. Cost: up to a millisecond for each new shape of unknown lines. */
  counters(): ParserCounters {
    const parsed: Record<string, number> = {}
    for (const format of LINE_FORMATS) parsed[format.name] = this.#parsed[format.code] as number
    const unparsed: Record<string, number> = {}
    for (const [index, reason] of REASONS.entries()) {
      if (this.#unparsed[index] !== 0) unparsed[reason.text] = this.#unparsed[index] as number
    }
    return {
      parsed,
      unparsed,
      unknown: this.#unknown.shapes(UNKNOWN_SHAPES),
      unknownOthers: this.#unknown.others,
    }
  }
}

/** Readers of the templates that are set. */
function templatesOf({ paloaltoTemplates = [] }: ParserOptions): readonly LineFormat[] {
  return paloaltoTemplates.flatMap((given) => {
    const { template, ...escapes } = templateOf(given)
    // The original's own format is built in, and faster.
    if (isBuiltInTemplate(template)) return []
    const compiled = compileTemplate(template, escapes)
    if (compiled.ok) return [compiled.format]
    throw new AppError('bad-configuration', `parse.paloaltoTemplates: ${compiled.message}: ${template}`)
  })
}

/** Hash of the first four bytes of a text. */
function frontOf(line: Line): number {
  return Math.imul(line.view.getInt32(line.at, true), 0x9e3779b1) >>> (32 - FRONT_BITS)
}

/** Whether the format knows the line and, where it searches, no format before it in the table does. */
function isFirst(format: LineFormat, line: Line): boolean {
  if (format.isSearching !== true) return format.recognise(line)
  for (const other of LINE_FORMATS) {
    if (other.recognise(line)) return other === format
    if (other === format) return false
  }
  return false
}

function newSingle(): { raw: RawBatch; records: RecordBatch } {
  const raw = new RawBatch(1024)
  return { raw, records: new RecordBatch(raw) }
}
