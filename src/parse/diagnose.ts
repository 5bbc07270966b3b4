/**
 * Says of a line that was not understood which format was closest, what failed, and what to change. Slow (up to a
 * millisecond a line) and only for people: the parser counts shapes and keeps one line of each (unknown-lines.ts).
 */
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch } from '../model/record-batch.ts'
import { adviceFor, HINTS, whereOf } from './advice.ts'
import { isOtherProgram, readHeader, skipTag, TAG } from './header.ts'
import { Line } from './line.ts'
import { LINE_FORMATS, type LineFormat } from './registry.ts'
import { joinRepeated } from './repeated.ts'

export interface Diagnosis {
  /** Name of the format whose lines look most like it; null when none does. */
  readonly closest: string | null
  /** Which column or key failed, or what stands in the way. */
  readonly failed: string
  /** What to change on the firewall or the relay. */
  readonly advice: string
}

/** How far into a line a firewall's text is looked for, bytes. */
const SEARCH_BYTES = 400

interface Attempt {
  readonly format: LineFormat
  /** -1: it could be read. */
  readonly reason: number
}

export class Diagnoser {
  readonly #raw = new RawBatch(1024)
  readonly #records = new RecordBatch(this.#raw)
  readonly #line = new Line(this.#raw)

  /** Looks at one line. Never throws for what it says. */
  diagnose(text: string): Diagnosis {
    const line = this.#line
    this.#open(text)
    readHeader(line)
    const named = isOtherProgram(line) ? this.#programOf(line) : null
    if (named === null) joinRepeated(line)
    const direct = named === null ? this.#tryAll() : null
    if (direct !== null && direct.reason >= 0) return refused(direct)
    const tagAt = line.at
    const tag = skipTag(line)
    if (named !== null || tag === TAG.other) return this.#behindProgram(named ?? this.#programOf(line))
    if (tag === TAG.firewall) {
      const behindTag = this.#tryAll()
      if (behindTag !== null && behindTag.reason >= 0) return refused(behindTag)
    }
    line.at = tagAt
    return this.#search() ?? hint(text) ?? NOTHING
  }

  #open(text: string): void {
    const raw = this.#raw
    raw.reset()
    const bytes = Buffer.from(text, 'utf8')
    raw.reserve(bytes.length)
    raw.add(bytes, 0, bytes.length, 0)
    this.#records.reset(raw, 0)
    this.#line.openBatch(raw, Number.NaN)
    this.#line.open(0)
  }

  #programOf(line: Line): string {
    return line.raw.bytes.toString('utf8', line.programStart, line.programEnd)
  }

  /** The first format that can read the text in hand, else the first that knows it. */
  #tryAll(): Attempt | null {
    const line = this.#line
    let known: Attempt | null = null
    for (const format of LINE_FORMATS) {
      if (!format.recognise(line)) continue
      const { flags } = line
      const reason = format.read(line, this.#records, 0)
      line.flags = flags
      this.#records.clearRow(0)
      this.#records.flags[0] = 0
      if (reason < 0) return { format, reason }
      known ??= { format, reason }
    }
    return known
  }

  #behindProgram(name: string): Diagnosis {
    const attempt = this.#tryAll()
    const closest = attempt?.format.name ?? null
    return {
      closest,
      failed: `the text is of the program ${JSON.stringify(name)}, which is no firewall's`,
      advice:
        closest === null
          ? 'Nothing, if this is no firewall: such lines are stored and do no harm.'
          : `If a firewall wrote it, send it without the tag: behind a tag that no firewall uses, text is never read as a firewall's, since programs log what strangers type.`,
    }
  }

  /** A firewall's text further back, behind something that is no syslog header. */
  #search(): Diagnosis | null {
    const line = this.#line
    const { at, end } = line
    const limit = Math.min(end, at + SEARCH_BYTES)
    for (let from = at + 1; from < limit; from++) {
      if (isWordByte(line.bytes[from - 1] as number)) continue
      line.at = from
      const attempt = this.#tryAll()
      if (attempt === null || attempt.reason >= 0) continue
      const front = line.raw.bytes.toString('utf8', at, Math.min(from, at + 80))
      const { name } = attempt.format
      return {
        closest: name,
        failed: `${name} begins at byte ${from - line.start + 1}, behind ${JSON.stringify(front)}, which is no syslog header`,
        advice: `Let the relay pass the message on as it came (rsyslog: template RSYSLOG_ForwardFormat or RSYSLOG_FileFormat). ${whereOf(name)}`,
      }
    }
    line.at = at
    return null
  }
}

function refused({ format, reason }: Attempt): Diagnosis {
  const failed = format.reasons[reason] ?? ''
  return { closest: format.name, failed, advice: adviceFor(format.name, failed) }
}

function hint(text: string): Diagnosis | null {
  const found = HINTS.find(([pattern]) => pattern.test(text))
  if (found === undefined) return null
  const [, closest] = found
  return {
    closest,
    failed: `it has words of ${closest}, but does not begin as its lines do`,
    advice: `Leave the log format as the vendor ships it. ${whereOf(closest)}`,
  }
}

const NOTHING: Diagnosis = {
  closest: null,
  failed: 'it looks like no firewall format that is read',
  advice:
    'Nothing, if this is no firewall: such lines are stored and do no harm. Else see docs/parsing.md for the formats that are read.',
}

function isWordByte(byte: number): boolean {
  const lower = byte | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39)
}
