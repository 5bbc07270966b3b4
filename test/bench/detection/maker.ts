/** What actors of the synthetic month are made with: sources, times and events, by one seeded generator. */
import { Events, v4, type Words } from './events.ts'

export const MONTH_START_MS = Date.UTC(2026, 0, 1)
export const DAY_MS = 86_400_000
export const MONTH_MS = 30 * DAY_MS
export const HOUR_MS = 3_600_000
export const MINUTE_MS = 60_000
export const OUR_HOSTS = 200
export const OUR_FIRST = 0xcb007100 // 203.0.113.0
export const SOURCES_FIRST = 0xc6120000 // 198.18.0.0
export const SCATTERED_FIRST = 0x0a000000 // 10.0.0.0

/** A group of sources that do one thing. */
export interface Actor {
  readonly name: string
  /** `attacker`: to be convicted. `innocent`: not. `forged`: never sent anything; whoever forged it is another actor. */
  readonly role: 'attacker' | 'innocent' | 'forged'
  readonly what: string
  /** Texts as a detection names them: an address, or a /64. */
  readonly sources: ReadonlySet<string>
}

export class Maker {
  readonly events = new Events()
  readonly random: () => number
  /** Next unused source of subnets and of the flood. */
  next = SOURCES_FIRST + 1
  nextV6 = 1
  scattered = 0
  readonly actors: Actor[] = []

  constructor(random: () => number) {
    this.random = random
  }

  int(below: number): number {
    return Math.floor(this.random() * below)
  }

  start(): number {
    return MONTH_START_MS + this.int(MONTH_MS - 2 * DAY_MS)
  }

  source(): number {
    const n = this.scattered++
    // an odd factor goes through all 65,536 /24s before it comes back to one
    return SCATTERED_FIRST + ((n * 40_503) & 0xffff) * 256 + 1 + (n % 250)
  }

  host(): Words {
    return v4(OUR_FIRST + 1 + this.int(OUR_HOSTS))
  }

  highPort(): number {
    return 32_768 + this.int(28_000)
  }

  /** A port that scanners ask for. */
  port(): number {
    return this.random() < 0.5 ? (POPULAR[this.int(POPULAR.length)] as number) : 1 + this.int(60_000)
  }

  group(name: string, role: Actor['role'], what: string, count: number, act: (source: number) => void): void {
    const sources = new Set<string>()
    for (let i = 0; i < count; i++) {
      const source = this.source()
      sources.add(textOf(source))
      act(source)
    }
    this.actors.push({ name, role, what, sources })
  }

  denied(atMs: number, source: number, to: Words, port: number, sourcePort = this.highPort()): void {
    this.events.add(atMs, v4(source), to, sourcePort, port, 'denied')
  }

  every(spanMs: number, leastMinutes: number, mostMinutes: number, act: (atMs: number) => void): void {
    const end = MONTH_START_MS + MONTH_MS
    let at = MONTH_START_MS + this.int(Math.max(1, MONTH_MS - spanMs))
    const last = Math.min(end, at + spanMs)
    while (at < last) {
      act(at)
      at += (leastMinutes + this.random() * (mostMinutes - leastMinutes)) * MINUTE_MS
    }
  }

  login(atMs: number, source: number, user: number): void {
    this.events.add(atMs, v4(source), v4(0), 0, 0, 'failed-login', user)
  }
}

const POPULAR = [
  22, 23, 25, 80, 110, 135, 139, 143, 443, 445, 993, 1433, 1521, 2222, 3306, 3389, 5060, 5432, 5900, 6379,
  8080, 8443, 9200,
]

export function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}
