/** For tests of the proof of enforcement: a site with one list and firewalls that fetch it by the rules of external lists. */
import { type Network, parseNetwork } from '../../../lib/address.ts'
import { enforcementAlarms } from '../enforcement-alarms.ts'
import { EnforcementBook } from '../enforcement-book.ts'
import type { KeptStep } from '../step.ts'
import { timeLineOf } from '../time-line.ts'
import { EdlFirewall, type EdlFirewallOptions } from './edl-firewall.ts'

export const START_MS = Date.UTC(2026, 0, 15, 12)
export const MINUTE = 60_000
export const FEED = 'blacklist'

export function net(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(text)
  return network
}

/** A site: one list, firewalls that fetch it, a clock that is moved by hand. */
export class Site {
  readonly steps: KeptStep[] = []
  readonly book: EnforcementBook
  readonly firewalls: EdlFirewall[] = []
  nowMs = START_MS
  #revision = 1
  #targets: string[] = []

  constructor(maxTargets = 1000) {
    this.book = new EnforcementBook({ keep: (step) => this.steps.push(step), maxTargets })
  }

  firewall(options: Partial<EdlFirewallOptions> = {}): EdlFirewall {
    const firewall = new EdlFirewall(
      { device: 'FW-01', address: '203.0.113.1', intervalMs: 5 * MINUTE, ...options },
      this.nowMs,
    )
    this.firewalls.push(firewall)
    return firewall
  }

  block(...texts: string[]): void {
    for (const text of texts)
      this.book.blocked({ target: net(text), decisionId: `decision-${text}`, detectedAtMs: this.nowMs })
    this.#targets.push(...texts)
    this.#publish(texts, [])
  }

  lift(text: string): void {
    this.book.lifted(net(text))
    this.#targets = this.#targets.filter((target) => target !== text)
    this.#publish([], [text])
  }

  /** Time goes on in steps of ten seconds; whoever has to fetch does. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms
    while (this.nowMs < endMs) {
      this.nowMs += 10_000
      for (const firewall of this.firewalls) {
        const list = firewall.run(this.nowMs, () => ({
          revision: this.#revision,
          targets: [...this.#targets],
        }))
        if (list === null) continue
        const { address } = firewall.options
        this.book.fetched({ feed: FEED, address, revision: list.revision, shard: 1, atMs: this.nowMs })
      }
    }
  }

  packet(firewall: EdlFirewall, source: string, subtype: 'start' | 'end' = 'start'): void {
    this.book.seen(source, [firewall.packet(source, this.nowMs, subtype)])
  }

  readBack(firewall: EdlFirewall): void {
    const key = this.book.firewalls.fetcher(firewall.options.address).key
    const { valid, ignored } = firewall.count(this.nowMs)
    this.book.loaded(key, { feed: FEED, valid, ignored, invalid: 0 }, this.nowMs)
  }

  alarms(): string[] {
    this.book.settle(this.nowMs)
    return enforcementAlarms(this.book, this.nowMs, START_MS).map(({ code }) => code)
  }

  line(text: string) {
    const record = this.book.record(text)
    if (record === null) throw new Error(`${text} is not blocked`)
    return timeLineOf(this.book, record)
  }

  #publish(added: string[], removed: string[]): void {
    this.#revision++
    this.book.published({
      feed: FEED,
      revision: this.#revision,
      added: added.map(net),
      removed: removed.map(net),
      whole: null,
      entries: this.#targets.length,
      atMs: this.nowMs + 10,
    })
  }
}
