/**
 * What nobody else looks at: firewalls that fall silent, a disk that fills, a certificate that ends. Silence and disk are
 * alarms; certificates are told 30, 14, 7 and 1 day before their end, once each, also over restarts.
 *
 * A firewall is missed when it sent in at least REGULAR_SLOTS of its last slots, a slot being as long as the silence that
 * raises the alarm: one that was heard once, or whose name was forged in a datagram, is not.
 */
import { statfs } from 'node:fs/promises'
import { messageOf } from '../lib/errors.ts'
import { formatDuration } from '../lib/time-text.ts'
import { boundedText } from '../lib/visible-text.ts'
import type { DeviceStatus } from '../model/device.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'

const REGULAR_SLOTS = 3
/** Devices watched; alarms of silence at once. A flood of made-up names must not fill either. */
const MOST_DEVICES = 2000
const MOST_ALARMS = 50
/** A firewall that has been silent for so long was taken out of service. */
const FORGET_MS = 7 * 86_400_000
const CRITICAL_DISK_PERCENT = 95
/** Days before the end at which a certificate is told about. */
const CERTIFICATE_DAYS = [1, 7, 14, 30] as const
const DAY_MS = 86_400_000

interface Heard {
  lastSeenAtMs: number
  /** Slots in which it sent, the last ones. */
  slots: number[]
}

export class SilentDevices {
  readonly #alarms: AlarmSink
  readonly #heard = new Map<string, Heard>()
  #raised = new Set<string>()

  constructor(alarms: AlarmSink) {
    this.#alarms = alarms
  }

  /** To be called about every minute. `silentMinutes` 0 clears all and watches nothing. */
  check(
    devices: readonly Pick<DeviceStatus, 'device' | 'lastSeenAtMs'>[],
    silentMinutes: number,
    nowMs: number,
  ): void {
    const silentMs = silentMinutes * 60_000
    if (silentMs === 0) this.#heard.clear()
    else for (const device of devices) this.#note(device, silentMs, nowMs)
    const silent = new Map<string, { device: string; heard: Heard }>()
    for (const [device, heard] of this.#heard) {
      const forMs = nowMs - heard.lastSeenAtMs
      if (forMs > FORGET_MS) this.#heard.delete(device)
      else if (forMs > silentMs && heard.slots.length >= REGULAR_SLOTS && silent.size < MOST_ALARMS)
        silent.set(codeOf(device), { device, heard })
    }
    for (const [code, { device, heard }] of silent) {
      if (this.#raised.has(code)) continue
      const name = boundedText(device, 80)
      this.#alarms.raise({
        code,
        severity: 'warning',
        message: `The firewall ${name} has sent nothing for ${formatDuration(nowMs - heard.lastSeenAtMs)}; before, it sent regularly.`,
        mend: 'Look at its log forwarding and at the network between; if it was taken out of service, the alarm ends by itself.',
      })
    }
    for (const code of this.#raised) if (!silent.has(code)) this.#alarms.clear(code)
    this.#raised = new Set(silent.keys())
  }

  #note(
    { device, lastSeenAtMs }: Pick<DeviceStatus, 'device' | 'lastSeenAtMs'>,
    silentMs: number,
    nowMs: number,
  ): void {
    if (nowMs - lastSeenAtMs > FORGET_MS) return
    let heard = this.#heard.get(device)
    if (heard === undefined) {
      if (this.#heard.size >= MOST_DEVICES) return
      heard = { lastSeenAtMs, slots: [] }
      this.#heard.set(device, heard)
    }
    heard.lastSeenAtMs = Math.max(heard.lastSeenAtMs, lastSeenAtMs)
    const slot = Math.floor(lastSeenAtMs / silentMs)
    if (heard.slots.at(-1) !== slot) heard.slots = [...heard.slots, slot].slice(-REGULAR_SLOTS)
  }
}

const codeOf = (device: string): string => `device-silent:${boundedText(device, 80)}`

/** Never rejects: a disk that cannot be asked is reported. `warnPercent` 100 switches it off. */
export async function checkDisk(
  folder: string,
  warnPercent: number,
  alarms: AlarmSink,
  report: (error: unknown) => void,
): Promise<void> {
  if (warnPercent >= 100) {
    alarms.clear('disk-filling')
    return
  }
  try {
    const { blocks, bavail, bsize } = await statfs(folder)
    const freeBytes = bavail * bsize
    const usedPercent = blocks === 0 ? 0 : 100 - (100 * bavail) / blocks
    raiseDisk(folder, usedPercent, freeBytes, warnPercent, alarms)
  } catch (error) {
    report(`the disk of ${folder} cannot be asked: ${messageOf(error)}`)
  }
}

/** Clears two percent below, so that it does not come and go. */
export function raiseDisk(
  folder: string,
  usedPercent: number,
  freeBytes: number,
  warnPercent: number,
  alarms: AlarmSink,
): void {
  if (usedPercent < warnPercent - 2) alarms.clear('disk-filling')
  if (usedPercent < warnPercent) return
  alarms.raise({
    code: 'disk-filling',
    severity: usedPercent >= CRITICAL_DISK_PERCENT ? 'critical' : 'warning',
    message: `The disk of ${folder} is ${Math.floor(usedPercent)} % full; ${(freeBytes / 2 ** 30).toFixed(1)} GiB are free.`,
    mend: 'Make room, or keep records for a shorter time (retention.logMonths). When it is full, log lines can no longer be stored.',
  })
}

export interface CertificateStage {
  readonly notAfterMs: number
  readonly days: number
}

/** The stage that is to be told now, or null: none is reached, or it was told before. */
export function certificateStage(
  notAfterMs: number,
  told: CertificateStage | null,
  nowMs: number,
): CertificateStage | null {
  const leftDays = (notAfterMs - nowMs) / DAY_MS
  const days = CERTIFICATE_DAYS.find((stage) => leftDays <= stage)
  if (days === undefined) return null
  if (told !== null && told.notAfterMs === notAfterMs && told.days <= days) return null
  return { notAfterMs, days }
}
