/**
 * Reports to AbuseIPDB (API v2, docs.abuseipdb.com): `POST /api/v2/report` with `Key`; one report of an address in 15
 * minutes, a daily limit. Only what our own detectors saw is reported, so that lists do not feed each other. The comment
 * tells rule and numbers and never an address of ours, a user or a name of a rule of the firewall.
 */
import type { BlockFacts, Notice, SendResult } from './notice.ts'
import { post } from './post.ts'
import type { WebTargets } from './web-target.ts'

export const ABUSEIPDB_URL = 'https://api.abuseipdb.com/api/v2/report'
/** The service refuses a second report of an address within it. */
const REPORT_INTERVAL_MS = 15 * 60_000
const DAY_MS = 86_400_000
const MOST_ADDRESSES = 10_000

/** Category numbers: 14 port scan, 15 hacking, 18 brute force. */
const WHAT: Readonly<Record<string, readonly [categories: string, words: string]>> = {
  'port-scan': ['14', 'Port scan: many ports of one host'],
  'host-sweep': ['14', 'Port scan: one port of many hosts'],
  'slow-scan': ['14', 'Slow port scan'],
  'subnet-scan': ['14', 'Port scan spread over a subnet'],
  'random-scan': ['14', 'Port scan in random order'],
  'vendor-scan': ['14', 'Port scan, found by the firewall itself'],
  threat: ['15', 'Exploit attempt, found by intrusion prevention'],
  'brute-force': ['18', 'Many failed logins'],
}

export interface AbuseReportTo {
  readonly key: string
  readonly proof: 'handshake' | 'any'
  /** ABUSEIPDB_URL but in tests. */
  readonly url: string
  readonly targets: WebTargets
}

/** What was reported: the interval of each address and the limit of the day (UTC) hold over restarts and replays. */
export class ReportLimits {
  readonly #reportedAtMs = new Map<string, number>()
  #day = -1
  #ofDay = 0

  note(address: string, atMs: number): void {
    const day = Math.floor(atMs / DAY_MS)
    if (day > this.#day) {
      this.#day = day
      this.#ofDay = 0
    }
    if (day === this.#day) this.#ofDay++
    this.#reportedAtMs.delete(address)
    this.#reportedAtMs.set(address, atMs)
    const [oldest] = this.#reportedAtMs.keys()
    if (this.#reportedAtMs.size > MOST_ADDRESSES && oldest !== undefined) this.#reportedAtMs.delete(oldest)
  }

  /** Why the address must not be reported now, or null. */
  refusal(address: string, dailyLimit: number, nowMs: number): string | null {
    const before = this.#reportedAtMs.get(address)
    if (before !== undefined && nowMs - before < REPORT_INTERVAL_MS)
      return `${address} was reported less than 15 minutes ago`
    if (this.#day === Math.floor(nowMs / DAY_MS) && this.#ofDay >= dailyLimit)
      return `${dailyLimit} reports of this day are made`
    return null
  }
}

/** The address to report, or why the notice is none to be reported. */
export function reportable(
  { topic, block }: Notice,
  proof: 'handshake' | 'any',
): { readonly address: string } | { readonly why: string } {
  if (topic !== 'block' || block === null || block.sourceAddress === null)
    return { why: 'it is no block of an address' }
  if (block.origin !== 'detector' || block.rule === null || WHAT[block.rule] === undefined)
    return { why: 'it was not seen by a detector of ours' }
  if (proof === 'handshake' && block.proof !== 'handshake') return { why: 'its source could be forged' }
  return { address: block.sourceAddress }
}

/** Never rejects. */
export function sendAbuseReport(to: AbuseReportTo, notice: Notice): Promise<SendResult> {
  const found = reportable(notice, to.proof)
  if ('why' in found || notice.block === null)
    return Promise.resolve({ ok: false, isPermanent: true, reason: 'why' in found ? found.why : 'no block' })
  const body = new URLSearchParams({
    ip: found.address,
    categories: WHAT[notice.block.rule ?? '']?.[0] ?? '14',
    comment: commentOf(notice.block),
    timestamp: notice.block.lastSeenAt ?? new Date(notice.atMs).toISOString(),
  })
  const headers = {
    key: to.key,
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  }
  return post({ url: to.url, headers, body: body.toString(), targets: to.targets })
}

/** Rule and numbers only: the words are ours, so nothing of a log line can be in it. */
export function commentOf({ rule, count, windowSeconds }: BlockFacts): string {
  const words = WHAT[rule ?? '']?.[1] ?? 'Attack'
  const within = windowSeconds === null ? '' : ` within ${Math.round(windowSeconds / 60)} minutes`
  return count === null || rule === 'threat' ? `${words}.` : `${words} (${count}${within}).`
}
