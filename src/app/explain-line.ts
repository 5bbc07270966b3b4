/**
 * `explain` of a log line or a stored record, stage by stage: how it is read, which guards it passed or which stopped
 * it, which exceptions it meets, what each rule had counted of its source then, and what was decided.
 *
 * "Then" is worked out by the detector itself: the stored records of the source's neighbourhood (a /24 or /48, for the
 * rule that counts those) from the day before the record are taken through a detector of its own with the settings of
 * today, newest first, so that a bound on their number leaves the newest; what lies in a window is counted either way.
 * Read only, at most HISTORY_RECORDS records and LIMIT_MS.
 */
import type { Explanation, LineExplanation } from '../api/control-contract.ts'
import type { Settings } from '../config/schema.ts'
import { instantOf, plural, quoted } from '../decide/sentences.ts'
import { Counting, LAST_COUNTED, REASONS } from '../detect/counting.ts'
import { Detector, type InspectedCount } from '../detect/detector.ts'
import { type GuardStep, guardSteps } from '../detect/guards/steps.ts'
import { RecentBatches } from '../detect/recent-batches.ts'
import { type DetectionSettings, detectionSettings } from '../detect/settings.ts'
import { formatAddress, isV4, lastAddress, type Network, networkOf, parseAddress } from '../lib/address.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { LogRecord } from '../model/log-record.ts'
import { BATCH_MESSAGES, RawBatch } from '../model/raw-batch.ts'
import { RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { Diagnoser, type Diagnosis } from '../parse/diagnose.ts'
import { Parser } from '../parse/parser.ts'
import { parserOptions } from '../parse/parser-options.ts'
import {
  clockSentences,
  countSentences,
  countView,
  exceptionSentence,
  exceptionView,
} from './explain-counts.ts'
import type { Parts } from './parts.ts'

const HISTORY_RECORDS = 100_000
const HISTORY_MS = 25 * 3_600_000
const LIMIT_MS = 8000
const HISTORY_KEYS = 20_000
/** A segment's name tells when it was made; its records came at most so long before or after. */
const SEGMENT_SPAN_MS = 2 * 86_400_000

export type LineInput =
  | { readonly line: string; readonly sender?: string | undefined }
  | { readonly record: string }

/** What was found out of one record while its batch was at hand. */
interface Looked {
  readonly record: LogRecord
  readonly receivedAtMs: number
  /** By our clock; NaN without one. */
  readonly timeMs: number
  readonly reason: (typeof REASONS)[number]
  readonly steps: readonly GuardStep[]
  readonly exceptions: ReturnType<Counting['exceptions']['of']>
  readonly weight: number
  readonly diagnosis: Diagnosis | null
}

/** `ofAddress`: the explanation of the record's source. Rejects with AppError `not-found` for an unknown record. */
export async function explainLine(
  parts: Parts,
  settings: Settings,
  input: LineInput,
  ofAddress: (address: string) => Promise<Explanation>,
): Promise<LineExplanation> {
  const detection = detectionSettings(settings)
  const history = new History(parts, detection)
  const looked =
    'line' in input
      ? lookAtLine(parts, settings, detection, input, history)
      : await lookAtRecord(parts, detection, input.record)
  const source = sourceOf(looked.record)
  const found = source === null ? null : await history.countsBefore(source, looked)
  const explanation = source === null ? null : await ofAddress(formatAddress(source.words))
  const isCounted = REASONS.indexOf(looked.reason) <= LAST_COUNTED
  const { raw: _raw, flags, ...fields } = looked.record
  const names = [looked.record.device ?? '']
  return {
    understood: !flags.includes('unparsed'),
    format: looked.record.format,
    diagnosis: looked.diagnosis,
    flags: [...flags],
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)),
    counts: isCounted,
    reason: looked.reason[0],
    guards: [...looked.steps],
    exceptions: looked.exceptions.map(exceptionView),
    weight: looked.weight,
    rules: (found?.counts ?? []).map(countView),
    sentences: [
      readSentence(looked),
      ...clockSentences(parts.pipeline?.status?.devices ?? [], names),
      ...guardSentences(looked),
      ...looked.exceptions.map(exceptionSentence),
      ...(looked.weight === 1
        ? []
        : [`Its destination makes it count as ${plural(looked.weight, 'value')} in scan rules.`]),
      ...(found === null ? [] : historySentences(found, looked)),
      ...(explanation?.sentences ?? ['It has no source address, so nobody could be blocked for it.']),
    ],
    explanation,
  }
}

function lookAtLine(
  parts: Parts,
  settings: Settings,
  detection: DetectionSettings,
  { line, sender }: { line: string; sender?: string | undefined },
  history: History,
): Looked {
  const bytes = Buffer.from(line.trimEnd(), 'utf8')
  const raw = new RawBatch(Math.max(4096, bytes.length * 2))
  raw.receivedAtMs = parts.clock.nowMs()
  raw.senders = [sender ?? 'unknown']
  raw.add(bytes, 0, bytes.length, 0)
  const records = new RecordBatch(raw)
  new Parser(parserOptions(settings)).parse(raw, records)
  const looked = look(parts, detection, records, 0)
  history.take(records)
  const isRead = !looked.record.flags.includes('unparsed')
  return isRead ? looked : { ...looked, diagnosis: new Diagnoser().diagnose(line.trimEnd()) }
}

async function lookAtRecord(parts: Parts, detection: DetectionSettings, id: string): Promise<Looked> {
  const [segment = '', position = ''] = id.split(':')
  const madeAtMs = Number.parseInt(segment.replaceAll('-', '').slice(0, 12), 16)
  if (parts.logs === null) throw new AppError('store-unavailable', 'the log store is not started yet')
  let looked: Looked | null = null
  await parts.logs.client.visit(
    `WHERE segment = {segment:UUID} AND position = {position:UInt32}
      AND receivedAt BETWEEN fromUnixTimestamp64Milli({from:Int64}) AND fromUnixTimestamp64Milli({to:Int64}) LIMIT 1`,
    {
      segment,
      position: Number(position),
      from: Math.max(0, madeAtMs - SEGMENT_SPAN_MS),
      to: madeAtMs + SEGMENT_SPAN_MS,
    },
    (batch) => {
      batch.records.raw.receivedAtMs = batch.receivedAtMs[0] ?? Number.NaN
      looked ??= look(parts, detection, batch.records, 0)
    },
    AbortSignal.timeout(LIMIT_MS),
  )
  return looked ?? notFound(id)
}

function notFound(id: string): never {
  throw new AppError('not-found', `there is no stored record ${id}: it may be older than retention.logMonths`)
}

/** Asks detection about a row while its batch is at hand. */
function look(parts: Parts, detection: DetectionSettings, records: RecordBatch, row: number): Looked {
  const insane = new Uint8Array(BATCH_MESSAGES)
  const counting = new Counting(detection, true, insane)
  const record = records.recordAt(row)
  const clock = parts.pipeline?.status?.devices.find(({ device }) => device === record.device)
  if (clock?.clockInsane === true) insane[row] = 1
  else records.clockOffsetMs[row] = clock?.clockOffsetMs ?? 0
  const reason = REASONS[counting.classify(records, row)] ?? REASONS[0]
  return {
    record,
    receivedAtMs: records.raw.receivedAtMs,
    timeMs: (records.eventTimeMs[row] as number) + (records.clockOffsetMs[row] as number),
    reason,
    steps: guardSteps(reason, detection),
    exceptions: counting.exceptions.of(records, row),
    weight: counting.weightOf(records, row),
    diagnosis: null,
  }
}

function sourceOf({ sourceAddress }: LogRecord): Network | null {
  const words = sourceAddress === null ? null : parseAddress(sourceAddress)
  return words === null ? null : { words, prefixLength: 128 }
}

interface Then {
  readonly counts: readonly InspectedCount[]
  readonly records: number
  /** Why the history is missing; null when it is whole. */
  readonly problem: string | null
}

/** A detector of its own that is shown what was stored before a record. */
class History {
  readonly #parts: Parts
  readonly #detector: Detector
  #sequence = 1

  constructor(parts: Parts, settings: DetectionSettings) {
    this.#parts = parts
    this.#detector = new Detector({
      settings: { ...settings, maxKeys: HISTORY_KEYS },
      seed: 1, // nobody else chooses its keys
      recent: new RecentBatches(2),
      live: false,
      witnessBytes: 1 << 20,
    })
  }

  take(records: RecordBatch): void {
    records.sequence = this.#sequence++
    this.#detector.observe(records)
  }

  async countsBefore(source: Network, { receivedAtMs, timeMs }: Looked): Promise<Then> {
    const { logs, pipeline } = this.#parts
    const around = networkOf(source.words, isV4(source.words) ? 96 + 24 : 48)
    const offsets = new Map(
      (pipeline?.status?.devices ?? []).map((device) => [
        device.device,
        device.clockInsane ? 0 : (device.clockOffsetMs ?? 0),
      ]),
    )
    let records = 0
    let problem: string | null = logs === null ? 'the log store is not started yet' : null
    try {
      await logs?.client.visit(
        `WHERE sourceAddress BETWEEN {first:IPv6} AND {last:IPv6}
          AND receivedAt BETWEEN fromUnixTimestamp64Milli({from:Int64}) AND fromUnixTimestamp64Milli({to:Int64})
          ORDER BY receivedAt DESC LIMIT ${HISTORY_RECORDS}`,
        {
          first: formatAddress(around.words),
          last: formatAddress(lastAddress(around)),
          from: Math.floor(receivedAtMs - HISTORY_MS),
          to: Math.floor(receivedAtMs),
        },
        (batch) => {
          records += batch.count
          for (let row = 0; row < batch.count; row++)
            batch.records.clockOffsetMs[row] =
              offsets.get(batch.records.textAt(row, TEXT_SLOT.device) ?? '') ?? 0
          this.take(batch.records)
        },
        AbortSignal.timeout(LIMIT_MS),
      )
    } catch (error) {
      problem = messageOf(error)
    }
    const atMs = Number.isNaN(timeMs) ? receivedAtMs : timeMs
    return { counts: this.#detector.inspect(source, atMs), records, problem }
  }
}

function readSentence({ record, diagnosis, receivedAtMs }: Looked): string {
  if (record.flags.includes('unparsed')) {
    const closest = diagnosis?.closest == null ? '' : ` It looks most like ${diagnosis.closest}.`
    return `The line could not be read: ${quoted(diagnosis?.failed ?? 'it is of no known format')}.${closest} ${diagnosis?.advice ?? ''}`.trimEnd()
  }
  const { format, type, subtype, sourceAddress, sourcePort, destinationAddress, destinationPort } = record
  const what = [type, subtype].filter((part) => part !== null).join(' ') || 'record'
  const end = (address: string | null, port: number | null): string =>
    address === null ? 'an unknown address' : port === null ? address : `${address} port ${port}`
  const from = `from ${end(sourceAddress, sourcePort)} to ${end(destinationAddress, destinationPort)}`
  const at = record.eventTime === null ? 'without a time' : `at ${instantOf(Date.parse(record.eventTime))}`
  const flags = record.flags.length === 0 ? '' : `; flags ${record.flags.join(', ')}`
  return `Read as ${format}: ${quoted(what, 60)} ${from}, reported by ${quoted(record.device ?? 'an unknown device', 60)} ${at}, arrived ${instantOf(receivedAtMs)}${flags}.`
}

function guardSentences({ steps, reason }: Looked): string[] {
  const passed = steps.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name)
  const off = steps.filter(({ outcome }) => outcome === 'off').map(({ name }) => name)
  const stopped = steps.find(({ outcome }) => outcome === 'stopped')
  return [
    ...(passed.length === 0 ? [] : [`Guards passed: ${passed.join(', ')}.`]),
    ...(off.length === 0 ? [] : [`Guards switched off: ${off.join(', ')}.`]),
    stopped === undefined
      ? `It ${reason[1]}.`
      : `The guard "${stopped.name}" stopped it: ${stopped.sentence}. It does not count.`,
  ]
}

function historySentences({ counts, records, problem }: Then, { timeMs }: Looked): string[] {
  const late = counts.filter(({ lastAtMs, windowSeconds }) => timeMs <= lastAtMs - windowSeconds * 1000)
  return [
    ...(problem === null ? [] : [`What was counted before could not be read whole: ${problem}.`]),
    ...countSentences(counts, 'then'),
    ...late.map(
      ({ rule, what, lastAtMs }) =>
        `It came too late for rule ${rule} (${what}): later records, up to ${instantOf(lastAtMs)}, had moved the window past it.`,
    ),
    ...(records >= HISTORY_RECORDS
      ? [`Only the newest ${HISTORY_RECORDS} records before it were looked at.`]
      : []),
  ]
}
