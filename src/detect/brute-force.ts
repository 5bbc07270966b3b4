/**
 * Brute force: one source, more than `failures` failed logins within the window; or failed logins of more than `users`
 * users, which is a password spray: few tries per user, to stay below the lock-out.
 *
 * Counted are failed logins at VPN and portal (GlobalProtect, AUTHENTICATION and SYSTEM of PAN-OS, the login messages of
 * ASA, FortiGate and others), whatever the firewall calls them: category `login`, outcome `failure`, public source. Each
 * kind of log is counted on its own, since one failed login may be told twice (PAN-OS writes GLOBALPROTECT and SYSTEM
 * from 9.1 on; ASA several messages), and must count once.
 *
 * A failed login is named by its time, user, port and sequence number. Two of one user within the resolution of the
 * firewall's stamp (one second, mostly) count once where the line has no sequence number: a slow count, never a false one.
 * A repeated line (`repeatCount`) counts as often as it says.
 */
import type { Network } from '../lib/address.ts'
import type { Detection } from '../model/detection.ts'
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'
import type { DetectionRule, LiveCount } from './rule.ts'
import {
  type CountedBatch,
  detectionOf,
  type Found,
  type ScanOptions,
  sourceOfKey,
  sumCounters,
} from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { hashInstant, hashNumber, hashText, SourceEvents } from './source-events.ts'
import type { Firing } from './window-firing.ts'

/** Names of users kept so that a spray can be shown; the oldest give way. */
const NAMES_KEPT = 20_000
const NAME_BYTES = 128
const SPRAY_TECHNIQUE = 'T1110.003' // Brute Force: Password Spraying

export class BruteForce implements DetectionRule {
  readonly name = 'brute-force'
  readonly #options: ScanOptions
  readonly #failures: SourceEvents
  readonly #users: SourceEvents
  /** Hash of a user -> the name, in order of their first coming. */
  readonly #names = new Map<number, string>()
  #settings: DetectionSettings

  constructor(settings: DetectionSettings, options: ScanOptions) {
    this.#settings = settings
    this.#options = options
    const { failures, users, windowMs } = settings.bruteForce
    this.#failures = new SourceEvents(failures + 1, windowMs, options)
    this.#users = new SourceEvents(users + 1, windowMs, options)
  }

  configure(settings: DetectionSettings): void {
    this.#settings = settings
    const { failures, users, windowMs } = settings.bruteForce
    this.#failures.configure(failures + 1, windowMs)
    this.#users.configure(users + 1, windowMs)
  }

  counters(): Readonly<Record<string, number>> {
    return { ...sumCounters(this.#failures.counters(), this.#users.counters()) }
  }

  observe(counted: CountedBatch, found: Found[]): void {
    const { mode, windowMs, failures } = this.#settings.bruteForce
    if (mode === 'off' || windowMs === 0) return
    const { batch, failedLogins } = counted
    for (let i = 0; i < failedLogins.count; i++) {
      const row = failedLogins.rows[i] as number
      const kind = hashText(batch, row, TEXT_SLOT.type)
      const slot = userSlot(batch, row)
      const user = hashText(batch, row, slot)
      let event = hashInstant(batch.eventTimeMs[row] as number, user)
      event = hashNumber(batch.sourcePort[row] as number, event)
      event = hashText(batch, row, TEXT_SLOT.sequenceNumber, event)
      const times = Math.min(batch.repeatCount[row] as number, failures + 1)
      for (let n = 0; n < times; n++) {
        if (this.#failures.isFull) this.#settleFailures(counted, found)
        this.#failures.add(counted, row, kind, hashNumber(n, event), true)
      }
      if (isEmpty(batch, row, slot)) continue // a login without a name says nothing of users
      this.#keepName(user, batch, row, slot)
      this.#users.add(counted, row, kind, user, true)
    }
    this.#settleFailures(counted, found)
    this.#settleUsers(counted, found)
  }

  inspect(source: Network, nowMs: number): LiveCount[] {
    const { failures, users, windowMs } = this.#settings.bruteForce
    const counted = [
      ['failed logins', failures, this.#failures],
      ['users that it failed to log in as', users, this.#users],
    ] as const
    return counted.flatMap(([what, threshold, events]) =>
      events.inspect(source, nowMs - windowMs).map(({ key, count, lastAtMs }) => ({
        source: sourceOfKey(key, false, this.#settings.ipv6Prefix),
        what,
        count,
        threshold,
        fires: 'more' as const,
        windowSeconds: windowMs / 1000,
        lastAtMs,
      })),
    )
  }

  #settleFailures(counted: CountedBatch, found: Found[]): void {
    if (this.#failures.sightings.count === 0) return
    for (const firing of this.#failures.observe(counted.nowMs)) found.push(this.#guessing(counted, firing))
    this.#failures.clear()
  }

  #settleUsers(counted: CountedBatch, found: Found[]): void {
    if (this.#users.sightings.count === 0) return
    for (const firing of this.#users.observe(counted.nowMs)) found.push(this.#spray(counted, firing))
    this.#users.clear()
  }

  #guessing(counted: CountedBatch, firing: Firing): Found {
    const { failures, windowMs } = this.#settings.bruteForce
    const count = firing.timesMs.length
    const within = minutesText(windowMs)
    return this.#found(counted, firing, this.#failures, {
      threshold: failures,
      finding: `failed to log in ${count} times within ${within} (more than ${failures} allowed)`,
      valueText: () => 'failed login',
    })
  }

  #spray(counted: CountedBatch, firing: Firing): Found {
    const { users, windowMs } = this.#settings.bruteForce
    const count = firing.timesMs.length
    const within = minutesText(windowMs)
    const { row, detection } = this.#found(counted, firing, this.#users, {
      threshold: users,
      finding: `failed to log in as ${count} users within ${within} (more than ${users} allowed): a password spray`,
      valueText: (values, at) =>
        this.#names.get(values[at] as number) ?? 'a user whose name is no longer kept',
    })
    return { row, detection: { ...detection, technique: SPRAY_TECHNIQUE } }
  }

  #found(
    counted: CountedBatch,
    firing: Firing,
    events: SourceEvents,
    words: {
      threshold: number
      finding: string
      valueText: (values: Uint32Array, at: number) => string
    },
  ): Found {
    const { row, detection } = detectionOf(
      {
        ...words,
        rule: 'brute-force',
        settingsVersion: this.#settings.versions['brute-force'],
        mode: this.#settings.bruteForce.mode,
        windowMs: this.#settings.bruteForce.windowMs,
        destination: null,
        port: null,
      },
      counted,
      events.sightings,
      firing,
      this.#options.lines,
    )
    const proven: Detection = {
      ...detection,
      proofReason: 'a login is tried inside a session, so the address is real',
    }
    return { row, detection: proven }
  }

  #keepName(user: number, batch: RecordBatch, row: number, slot: number): void {
    if (this.#names.has(user)) return
    if (this.#names.size >= NAMES_KEPT) {
      const oldest = this.#names.keys().next()
      if (oldest.done !== true) this.#names.delete(oldest.value)
    }
    const start = batch.text[row * TEXT_STRIDE + slot] as number
    const end = Math.min(batch.text[row * TEXT_STRIDE + slot + 1] as number, start + NAME_BYTES)
    this.#names.set(user, batch.raw.bytes.toString('utf8', start, end))
  }
}

/** The text that names who tried to log in: the source's user, else the destination's. */
function userSlot(batch: RecordBatch, row: number): number {
  return isEmpty(batch, row, TEXT_SLOT.sourceUser) ? TEXT_SLOT.destinationUser : TEXT_SLOT.sourceUser
}

function isEmpty(batch: RecordBatch, row: number, slot: number): boolean {
  const at = row * TEXT_STRIDE + slot
  return batch.text[at] === batch.text[at + 1]
}

function minutesText(windowMs: number): string {
  const minutes = windowMs / 60_000
  return `${minutes} minute${minutes === 1 ? '' : 's'}`
}
