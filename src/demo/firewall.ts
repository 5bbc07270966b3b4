/**
 * A synthetic PAN-OS site for `npm start -- --demo`, `npm run dev` and tests: two firewalls that report ordinary traffic
 * and, among it, port scanners, host sweepers, threats, one slow scanner, and late replies of servers, which must not
 * convict. `edge-fw-a` writes the older system's custom format, `edge-fw-b` default CSV.
 *
 * Addresses are documentation ranges only: 203.0.113.0/24 and 2001:db8:10::/48 are the site's own, 198.51.100.0/24 and
 * 2001:db8:c::/48 ordinary peers, 192.0.2.0/24 and 2001:db8:5ca::/48 offenders. The service must be told so
 * (`DEMO_NETWORKS`), since detection does not count special-purpose sources.
 *
 * Deterministic: the same random numbers and clock give the same lines.
 */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../lib/clock.ts'
import {
  bsdHeader,
  csvBody,
  customBody,
  type DeviceIdentity,
  type FirewallEvent,
  lineTime,
  zoneOffsetMinutes,
} from './log-lines.ts'
import { between, type Random } from './random.ts'
import { benignStep, type Campaign, PLOTS, type Step } from './plots.ts'

/** What to set so that the demo's documentation addresses count: `networks.own` and `networks.public`. */
export const DEMO_NETWORKS = {
  own: ['203.0.113.0/24', '2001:db8:10::/48'],
  public: ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'],
} as const

export const DEMO_DEVICES: readonly [DeviceIdentity, DeviceIdentity] = [
  { name: 'edge-fw-a', serial: '013201009901' },
  { name: 'edge-fw-b', serial: '013201009902' },
]

/** Campaigns that run at once; more wait, so that a slow line rate cannot pile them up. */
const MAX_CAMPAIGNS = 64

export interface DemoFirewallOptions {
  readonly clock: Clock
  readonly random: Random
  /** IANA zone the firewalls' clocks show; the machine's own when absent. */
  readonly timeZone?: string
}

export class DemoFirewall {
  readonly #clock: Clock
  readonly #random: Random
  readonly #timeZone: string
  readonly #startMs: number
  #campaigns: Campaign[] = []
  /** When each plot starts its next campaign, ms since the start; same order as PLOTS. */
  readonly #plotDueMs = PLOTS.map((plot) => plot.firstAfterMs)
  #offenders = 0
  /** Next numbers by device, traffic and threat each on their own as PAN-OS counts them: a gap would look like a loss. */
  readonly #sequenceNumbers: readonly [[number, number], [number, number]] = [
    [7_100_000, 310_000],
    [8_200_000, 420_000],
  ]
  #sessionId: number
  #offsetMinutes = 0
  #offsetUntilMs = Number.NEGATIVE_INFINITY

  constructor(options: DemoFirewallOptions) {
    this.#clock = options.clock
    this.#random = options.random
    this.#timeZone = options.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
    this.#startMs = options.clock.nowMs()
    this.#sessionId = between(this.#random, 10_000, 60_000)
  }

  /** The next line, stamped now: the most overdue step of a campaign, else ordinary traffic. */
  next(): string {
    const nowMs = this.#clock.nowMs()
    const sinceStartMs = nowMs - this.#startMs
    this.#startCampaigns(sinceStartMs)
    const campaign = this.#mostOverdue(sinceStartMs)
    if (campaign === null) {
      const device = this.#random() < 0.5 ? 0 : 1
      return this.#line(device, benignStep(this.#random), nowMs)
    }
    const step = campaign.next()
    campaign.stepsLeft--
    campaign.dueMs += campaign.everyMs
    if (campaign.stepsLeft === 0) this.#campaigns = this.#campaigns.filter((other) => other !== campaign)
    return this.#line(campaign.device, step, nowMs)
  }

  #startCampaigns(sinceStartMs: number): void {
    PLOTS.forEach((plot, i) => {
      const dueMs = this.#plotDueMs[i] as number
      if (dueMs > sinceStartMs || this.#campaigns.length >= MAX_CAMPAIGNS) return
      const device = this.#offenders % 2 === 0 ? 0 : 1
      this.#campaigns.push(plot.start(this.#random, this.#offenders++, device, sinceStartMs))
      this.#plotDueMs[i] = sinceStartMs + plot.everyMs
    })
  }

  #mostOverdue(sinceStartMs: number): Campaign | null {
    let found: Campaign | null = null
    for (const campaign of this.#campaigns) {
      if (campaign.dueMs > sinceStartMs) continue
      if (found === null || campaign.dueMs < found.dueMs) found = campaign
    }
    return found
  }

  #line(deviceIndex: 0 | 1, step: Step, nowMs: number): string {
    const device = DEMO_DEVICES[deviceIndex]
    const event: FirewallEvent = {
      ...step,
      sessionId: this.#sessionId++,
      sequenceNumber: this.#sequenceNumbers[deviceIndex][step.threat === null ? 0 : 1]++,
    }
    const time = lineTime(nowMs, this.#offsetAt(nowMs))
    const body = deviceIndex === 0 ? customBody(event, time) : csvBody(event, device, time)
    return bsdHeader(device, time) + body
  }

  /** The zone's offset, asked again every 15 minutes since zones change it on quarter hours only. */
  #offsetAt(nowMs: number): number {
    if (nowMs >= this.#offsetUntilMs) {
      this.#offsetMinutes = zoneOffsetMinutes(this.#timeZone, nowMs)
      this.#offsetUntilMs = (Math.floor(nowMs / 900_000) + 1) * 900_000
    }
    return this.#offsetMinutes
  }
}

export interface PlayDemoOptions extends DemoFirewallOptions {
  /** Where the service's UDP listener is. */
  readonly host: string
  readonly port: number
  /** 50 when absent. At least 10, or campaigns lag behind their times. */
  readonly linesPerSecond?: number
  /** Ends the play. */
  readonly signal: AbortSignal
}

const BURST_SECONDS = 0.5
const TICK_MS = 50

/**
 * Sends the demo's lines by UDP until `signal` aborts, then resolves; rejects when the socket fails. Never more than
 * half a second's worth at once, whatever the machine was busy with.
 */
export async function playDemo(options: PlayDemoOptions): Promise<void> {
  const { host, port, signal, clock } = options
  const linesPerSecond = options.linesPerSecond ?? 50
  const firewall = new DemoFirewall(options)
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  const failed = new Promise<never>((_, reject) => {
    socket.once('error', reject)
  })
  try {
    await Promise.race([failed, sendUntilAborted()])
  } finally {
    socket.close()
  }

  async function sendUntilAborted(): Promise<void> {
    let allowance = 0
    let lastMs = clock.monotonicMs()
    while (!signal.aborted) {
      const nowMs = clock.monotonicMs()
      allowance = Math.min(
        allowance + ((nowMs - lastMs) / 1000) * linesPerSecond,
        linesPerSecond * BURST_SECONDS,
      )
      lastMs = nowMs
      for (; allowance >= 1; allowance--) socket.send(firewall.next(), port, host)
      await pause(signal)
    }
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(TICK_MS, undefined, { signal })
  } catch (thrown) {
    if (!signal.aborted) throw thrown // an aborted pause is how the play ends
  }
}
