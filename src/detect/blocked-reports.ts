/**
 * What firewalls did with the lines of blocked targets, gathered over one batch: per target and firewall (device and
 * sender) how many lines were let through and denied, and when. Work is done for lines of blocked sources alone.
 *
 * Limits: REPORTS_KEPT firewalls a target and DEVICES_KEPT devices a batch; what is beyond is in no report, and counts in
 * the target's own number of lines all the same.
 */
import { DISPOSITION, FLAG, FORMAT } from '../model/log-record.ts'
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'
import type { SeenReport } from '../model/seen-report.ts'

const REPORTS_KEPT = 16
const DEVICES_KEPT = 256
/** Longest text taken from a line: names of rules have at most 63 characters, of devices few more. */
const TEXT_BYTES = 255
/** Programs that see packets or log-ins and stop nothing: what they let pass is no leak. */
const NO_FIREWALLS: ReadonlySet<number> = new Set([
  FORMAT.suricataEve,
  FORMAT.suricataFast,
  FORMAT.openvpn,
  FORMAT.openssh,
  FORMAT.service,
])
/** A session's end: PAN-OS says so as subtype, FortiGate as action. */
const END_SUBTYPES = [Buffer.from('end')]
const END_ACTIONS = ['close', 'timeout', 'client-rst', 'server-rst'].map((word) => Buffer.from(word))

type Report = { -readonly [Key in keyof SeenReport]: SeenReport[Key] } & {
  readonly deviceIndex: number
  readonly senderIndex: number
}

export class BlockedReports {
  readonly #byTarget = new Map<number, Report[]>()
  /** Devices of the batch, by their bytes; `#lastDevice` is tried first, since lines of one firewall come together. */
  readonly #devices: Buffer[] = []
  #lastDevice = 0

  /** Forgets the batch before. */
  begin(): void {
    this.#byTarget.clear()
    this.#devices.length = 0
    this.#lastDevice = 0
  }

  /** Counts a line of a blocked target. */
  add(target: number, batch: RecordBatch, row: number): void {
    if (NO_FIREWALLS.has(batch.format[row] as number)) return
    const deviceIndex = this.#deviceIndex(batch, row)
    if (deviceIndex === -1) return
    const report = this.#reportOf(target, batch, row, deviceIndex)
    if (report === null) return
    const timeMs = timeOf(batch, row)
    const disposition = batch.disposition[row]
    if (disposition === DISPOSITION.blocked) {
      if (report.denied === 0) report.rule = textOf(batch, row, TEXT_SLOT.rule)
      report.denied++
      report.firstDeniedAtMs = Math.min(report.firstDeniedAtMs ?? timeMs, timeMs)
      report.lastDeniedAtMs = Math.max(report.lastDeniedAtMs ?? timeMs, timeMs)
      if (isSet(batch, row, TEXT_SLOT.sourceEdl)) report.deniedByList++
    } else if (disposition === DISPOSITION.allowed || disposition === DISPOSITION.alerted) {
      if (report.denied === 0 && report.rule === null) report.rule = textOf(batch, row, TEXT_SLOT.rule)
      if (isEnd(batch, row)) {
        report.ended++
        report.lastEndedAtMs = Math.max(report.lastEndedAtMs ?? timeMs, timeMs)
      } else {
        report.allowed++
        report.lastAllowedAtMs = Math.max(report.lastAllowedAtMs ?? timeMs, timeMs)
      }
    }
    report.sourceEdl ??= textOf(batch, row, TEXT_SLOT.sourceEdl)
  }

  /** The reports on a target in this batch. */
  of(target: number): SeenReport[] {
    return (this.#byTarget.get(target) ?? []).map(({ deviceIndex: _d, senderIndex: _s, ...report }) => report)
  }

  #reportOf(target: number, batch: RecordBatch, row: number, deviceIndex: number): Report | null {
    let reports = this.#byTarget.get(target)
    if (reports === undefined) {
      reports = []
      this.#byTarget.set(target, reports)
    }
    const senderIndex = batch.raw.sender[row] as number
    for (const known of reports)
      if (known.deviceIndex === deviceIndex && known.senderIndex === senderIndex) return known
    if (reports.length >= REPORTS_KEPT) return null
    const report: Report = {
      deviceIndex,
      senderIndex,
      device: textOf(batch, row, TEXT_SLOT.device),
      sender: batch.senderAt(row),
      allowed: 0,
      lastAllowedAtMs: null,
      ended: 0,
      lastEndedAtMs: null,
      denied: 0,
      firstDeniedAtMs: null,
      lastDeniedAtMs: null,
      deniedByList: 0,
      rule: null,
      sourceEdl: null,
    }
    reports.push(report)
    return report
  }

  #deviceIndex(batch: RecordBatch, row: number): number {
    const start = startOf(batch, row, TEXT_SLOT.device)
    const end = endOf(batch, row, TEXT_SLOT.device)
    const { bytes } = batch.raw
    const last = this.#devices[this.#lastDevice]
    if (last !== undefined && isSame(last, bytes, start, end)) return this.#lastDevice
    let index = this.#devices.findIndex((known) => isSame(known, bytes, start, end))
    if (index === -1) {
      if (this.#devices.length >= DEVICES_KEPT) return -1
      index = this.#devices.push(bytes.subarray(start, end)) - 1 // the bytes stay as they are until the batch is done
    }
    this.#lastDevice = index
    return index
  }
}

/** When the packet was: a line that comes late tells of then, not of now. A clock that cannot be trusted is not asked. */
function timeOf(batch: RecordBatch, row: number): number {
  const arrivalMs = batch.raw.receivedAtMs
  const eventMs = (batch.eventTimeMs[row] as number) + (batch.clockOffsetMs[row] as number)
  if (Number.isNaN(arrivalMs)) return eventMs
  const isTrusted = !Number.isNaN(eventMs) && ((batch.flags[row] as number) & FLAG.skewed) === 0
  return isTrusted ? Math.min(eventMs, arrivalMs) : arrivalMs
}

function startOf(batch: RecordBatch, row: number, slot: number): number {
  return batch.text[row * TEXT_STRIDE + slot] as number
}

function endOf(batch: RecordBatch, row: number, slot: number): number {
  const at = row * TEXT_STRIDE + slot
  return Math.min(batch.text[at + 1] as number, (batch.text[at] as number) + TEXT_BYTES)
}

function isSet(batch: RecordBatch, row: number, slot: number): boolean {
  return endOf(batch, row, slot) > startOf(batch, row, slot)
}

function textOf(batch: RecordBatch, row: number, slot: number): string | null {
  if (!isSet(batch, row, slot)) return null
  return batch.raw.bytes.toString('utf8', startOf(batch, row, slot), endOf(batch, row, slot))
}

function isEnd(batch: RecordBatch, row: number): boolean {
  return (
    isOneOf(batch, row, TEXT_SLOT.subtype, END_SUBTYPES) || isOneOf(batch, row, TEXT_SLOT.action, END_ACTIONS)
  )
}

function isOneOf(batch: RecordBatch, row: number, slot: number, words: readonly Buffer[]): boolean {
  const start = startOf(batch, row, slot)
  const end = endOf(batch, row, slot)
  for (const word of words) if (isSame(word, batch.raw.bytes, start, end)) return true
  return false
}

/** Names are short: a loop is done before a call of Buffer's own comparison has begun. */
function isSame(word: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let i = 0; i < word.length; i++) if (word[i] !== bytes[start + i]) return false
  return true
}
