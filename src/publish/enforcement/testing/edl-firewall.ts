/**
 * For tests: a firewall that fetches a list every interval by the rules of an external dynamic list (FIELD.md B.1, B.2):
 * it keeps the last good copy when the server cannot be reached, loads what it fetched a moment later, denies what the
 * list holds where its deny rule covers it, and writes a line for each packet. Time is the caller's.
 */
import type { SeenReport } from '../../../model/seen-report.ts'

export interface ServedList {
  readonly revision: number
  readonly targets: readonly string[]
}

export interface EdlFirewallOptions {
  readonly device: string
  readonly address: string
  readonly intervalMs: number
  /** From the fetch until the entries are in force. */
  readonly loadMs?: number
  /** Entries beyond are skipped, as PAN-OS does. */
  readonly capacity?: number
  /** False: the deny rule is missing or stands below the allow rules. */
  readonly denies?: boolean
  /** The list's name in the column `Source EDL`; null on releases without the column. */
  readonly edl?: string | null
}

export class EdlFirewall {
  readonly options: EdlFirewallOptions
  /** False: the list cannot be reached from it. */
  isConnected = true
  #nextMs: number
  #fetched: ServedList = { revision: 0, targets: [] }
  #fetchedAtMs = 0
  #before: ServedList = { revision: 0, targets: [] }

  constructor(options: EdlFirewallOptions, startMs: number) {
    this.options = options
    this.#nextMs = startMs + options.intervalMs
  }

  /** Fetches when it is time; answers the list that it got, or null. */
  run(nowMs: number, fetch: () => ServedList): ServedList | null {
    if (nowMs < this.#nextMs) return null
    this.#nextMs += this.options.intervalMs
    if (!this.isConnected) return null
    this.#before = this.#loaded(nowMs)
    this.#fetched = fetch()
    this.#fetchedAtMs = nowMs
    return this.#fetched
  }

  /** What `request system external-list show` would count. */
  count(nowMs: number): { valid: number; ignored: number } {
    const { targets } = this.#loaded(nowMs)
    const valid = Math.min(targets.length, this.options.capacity ?? Number.POSITIVE_INFINITY)
    return { valid, ignored: targets.length - valid }
  }

  /** The line of a packet from the source. */
  packet(source: string, nowMs: number, subtype: 'start' | 'end' = 'start'): SeenReport {
    const { device, address, denies = true, capacity, edl = null } = this.options
    const held = this.#loaded(nowMs).targets.slice(0, capacity)
    const isDenied = denies && subtype === 'start' && held.includes(source)
    const isAllowed = !isDenied && subtype === 'start'
    const isEnd = subtype === 'end'
    return {
      device,
      sender: address,
      allowed: isAllowed ? 1 : 0,
      lastAllowedAtMs: isAllowed ? nowMs : null,
      ended: isEnd ? 1 : 0,
      lastEndedAtMs: isEnd ? nowMs : null,
      denied: isDenied ? 1 : 0,
      firstDeniedAtMs: isDenied ? nowMs : null,
      lastDeniedAtMs: isDenied ? nowMs : null,
      deniedByList: isDenied && edl !== null ? 1 : 0,
      rule: isDenied ? 'Active Defense Deny' : 'Web servers',
      sourceEdl: held.includes(source) ? edl : null,
    }
  }

  #loaded(nowMs: number): ServedList {
    return nowMs >= this.#fetchedAtMs + (this.options.loadMs ?? 20_000) ? this.#fetched : this.#before
  }
}
