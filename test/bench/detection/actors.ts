/**
 * Who acts in the synthetic month: attackers of known kinds, and the innocent who look like them. Sources come from
 * 10.0.0.0/8, which the settings declare public, each with a /24 of its own; those of whole subnets and of the flood from
 * the benchmark range 198.18.0.0/15 (RFC 2544); IPv6 from 2001:db8::/32. Our side is 203.0.113.0/24 and 2001:db8:a::/48. Every
 * number is drawn from one seeded generator.
 */
import { Events, v4, type Words } from './events.ts'

export const MONTH_START_MS = Date.UTC(2026, 0, 1)
export const DAY_MS = 86_400_000
const MONTH_MS = 30 * DAY_MS
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const OUR_HOSTS = 200
const OUR_FIRST = 0xcb007100 // 203.0.113.0
const SOURCES_FIRST = 0xc6120000 // 198.18.0.0
const SCATTERED_FIRST = 0x0a000000 // 10.0.0.0

/** A group of sources that do one thing. */
export interface Actor {
  readonly name: string
  /** `attacker`: to be convicted. `innocent`: not. `forged`: never sent anything; whoever forged it is another actor. */
  readonly role: 'attacker' | 'innocent' | 'forged'
  readonly what: string
  /** Texts as a detection names them: an address, or a /64. */
  readonly sources: ReadonlySet<string>
}

export interface Month {
  readonly events: Events
  readonly actors: readonly Actor[]
}

export function makeMonth(random: () => number): Month {
  const maker = new Maker(random)
  return { events: maker.events, actors: maker.all() }
}

class Maker {
  readonly events = new Events()
  readonly #random: () => number
  /** Next unused source of subnets and of the flood. */
  #next = SOURCES_FIRST + 1
  #nextV6 = 1
  #scattered = 0
  readonly #actors: Actor[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  all(): Actor[] {
    this.#fastPorts()
    this.#fastHosts()
    this.#decoys()
    this.#random25()
    this.#slowPorts()
    this.#slowAnything()
    this.#verySlow()
    this.#patient()
    this.#fromServerPort()
    this.#subnets()
    this.#v6Walkers()
    this.#flood()
    this.#guessing()
    this.#spraying()
    this.#vendorScans()
    this.#threats()
    this.#noise()
    this.#lateReplies()
    this.#office()
    this.#monitoring()
    this.#crawlers()
    this.#wideCrawlers()
    this.#forgetfulUsers()
    return this.#actors
  }

  #int(below: number): number {
    return Math.floor(this.#random() * below)
  }

  #start(): number {
    return MONTH_START_MS + this.#int(MONTH_MS - 2 * DAY_MS)
  }

  #source(): number {
    const n = this.#scattered++
    // an odd factor goes through all 65,536 /24s before it comes back to one
    return SCATTERED_FIRST + ((n * 40_503) & 0xffff) * 256 + 1 + (n % 250)
  }

  #host(): Words {
    return v4(OUR_FIRST + 1 + this.#int(OUR_HOSTS))
  }

  #highPort(): number {
    return 32_768 + this.#int(28_000)
  }

  /** A port that scanners ask for. */
  #port(): number {
    return this.#random() < 0.5 ? (POPULAR[this.#int(POPULAR.length)] as number) : 1 + this.#int(60_000)
  }

  #group(
    name: string,
    role: Actor['role'],
    what: string,
    count: number,
    act: (source: number) => void,
  ): void {
    const sources = new Set<string>()
    for (let i = 0; i < count; i++) {
      const source = this.#source()
      sources.add(textOf(source))
      act(source)
    }
    this.#actors.push({ name, role, what, sources })
  }

  #denied(atMs: number, source: number, to: Words, port: number, sourcePort = this.#highPort()): void {
    this.events.add(atMs, v4(source), to, sourcePort, port, 'denied')
  }

  #fastPorts(): void {
    this.#group('fast ports', 'attacker', '100 to 1,000 ports of one host in 2 minutes', 40, (source) => {
      const at = this.#start()
      const host = this.#host()
      const ports = 100 + this.#int(900)
      for (let i = 0; i < ports; i++) this.#denied(at + this.#int(2 * MINUTE_MS), source, host, 1 + i)
    })
  }

  #fastHosts(): void {
    this.#group('fast hosts', 'attacker', 'one port of 50 to 200 hosts in 5 minutes', 40, (source) => {
      const at = this.#start()
      const port = this.#port()
      const hosts = 50 + this.#int(150)
      for (let i = 0; i < hosts; i++)
        this.#denied(at + this.#int(5 * MINUTE_MS), source, v4(OUR_FIRST + 1 + i), port)
    })
  }

  #decoys(): void {
    const forged = new Set<string>()
    this.#group(
      'scanner with decoys',
      'attacker',
      '60 ports in 1 minute, each also from 30 forged sources',
      5,
      (source) => {
        const at = this.#start()
        const host = this.#host()
        const decoys = Array.from({ length: 30 }, () => this.#source())
        for (const decoy of decoys) forged.add(textOf(decoy))
        for (let i = 0; i < 60; i++) {
          const port = this.#port()
          for (const sender of [source, ...decoys]) this.#denied(at + i * 1000, sender, host, port)
        }
      },
    )
    this.#actors.push({
      name: 'decoys',
      role: 'forged',
      what: 'the forged sources of those scans',
      sources: forged,
    })
  }

  #random25(): void {
    this.#group(
      'random pairs, fast',
      'attacker',
      '80 random pairs in 10 minutes, few per host and port',
      40,
      (source) => {
        const at = this.#start()
        for (let i = 0; i < 80; i++)
          this.#denied(at + this.#int(10 * MINUTE_MS), source, this.#host(), 1 + this.#int(60_000))
      },
    )
  }

  #slowPorts(): void {
    this.#group(
      'slow ports',
      'attacker',
      'a port of one host every 3 to 6 minutes for 12 hours',
      40,
      (source) => {
        const host = this.#host()
        this.#every(12 * HOUR_MS, 3, 6, (at) => this.#denied(at, source, host, this.#port()))
      },
    )
  }

  #slowAnything(): void {
    this.#group('slow pairs', 'attacker', 'a random pair every 10 to 20 minutes for 2 days', 40, (source) => {
      this.#every(2 * DAY_MS, 10, 20, (at) => this.#denied(at, source, this.#host(), this.#port()))
    })
  }

  #verySlow(): void {
    this.#group(
      'very slow pairs, a blind spot',
      'attacker',
      'a random pair every 40 minutes to 2 hours for 10 days: some 18 a day',
      40,
      (source) => {
        this.#every(10 * DAY_MS, 40, 120, (at) => this.#denied(at, source, this.#host(), this.#port()))
      },
    )
  }

  #patient(): void {
    const what = 'a random pair every 3 to 6 hours, all month: under every count on purpose'
    this.#group('patient pairs, a blind spot', 'attacker', what, 20, (source) => {
      this.#every(MONTH_MS, 180, 360, (at) => this.#denied(at, source, this.#host(), this.#port()))
    })
  }

  #fromServerPort(): void {
    const what = '200 random ports of one host in 5 minutes, from source port 443 as if he were a web server'
    this.#group('scanner from port 443', 'attacker', what, 20, (source) => {
      const at = this.#start()
      const host = this.#host()
      for (let i = 0; i < 200; i++)
        this.#denied(at + this.#int(5 * MINUTE_MS), source, host, 1 + this.#int(65_000), 443)
    })
  }

  #every(spanMs: number, leastMinutes: number, mostMinutes: number, act: (atMs: number) => void): void {
    const end = MONTH_START_MS + MONTH_MS
    let at = MONTH_START_MS + this.#int(Math.max(1, MONTH_MS - spanMs))
    const last = Math.min(end, at + spanMs)
    while (at < last) {
      act(at)
      at += (leastMinutes + this.#random() * (mostMinutes - leastMinutes)) * MINUTE_MS
    }
  }

  #subnets(): void {
    const sources = new Set<string>()
    for (let subnet = 0; subnet < 20; subnet++) {
      this.#next = (this.#next & ~255) + 256
      const base = this.#next
      this.#next += 256
      const at = this.#start()
      for (let member = 1; member <= 30; member++) {
        sources.add(textOf(base + member))
        for (let i = 0; i < 4; i++)
          this.#denied(at + this.#int(8 * HOUR_MS), base + member, this.#host(), this.#port())
      }
    }
    const what = '4 pairs from each of 30 sources of one /24 within 8 hours'
    this.#actors.push({ name: 'spread over a /24', role: 'attacker', what, sources })
  }

  #v6Walkers(): void {
    const sources = new Set<string>()
    for (let walker = 0; walker < 20; walker++) {
      const network = this.#nextV6++
      const at = this.#start()
      const host: Words = [0x20010db8, 0x000a0000, 0, 1 + this.#int(50)]
      for (let i = 0; i < 60; i++) {
        const source: Words = [
          0x20010db8,
          (0x01000000 | network) >>> 0,
          this.#int(2 ** 32),
          this.#int(2 ** 32),
        ]
        this.events.add(at + i * 5000, source, host, this.#highPort(), 1 + i, 'denied')
      }
      sources.add(`2001:db8:100:${network.toString(16)}::/64`)
    }
    const what = '60 ports in 5 minutes, each from another address of one /64'
    this.#actors.push({ name: 'IPv6 walkers', role: 'attacker', what, sources })
  }

  #flood(): void {
    const at = this.#start()
    const forged = new Set<string>()
    const first = this.#next
    this.#next += 100_000
    const host = this.#host()
    for (let i = 0; i < 100_000; i++) {
      forged.add(textOf(first + i))
      this.#denied(at + this.#int(1000), first + i, host, 443)
    }
    this.#actors.push({
      name: 'forged flood',
      role: 'forged',
      what: '100,000 sources, one packet each, in 1 second',
      sources: forged,
    })
    this.#group('scanner in the flood', 'attacker', '20 ports around that second', 1, (source) => {
      for (let i = 0; i < 20; i++) this.#denied(at - 30_000 + i * 3000, source, host, 1 + i)
    })
  }

  #guessing(): void {
    this.#group(
      'password guessing',
      'attacker',
      '40 failed logins as one user in 5 minutes',
      20,
      (source) => {
        const at = this.#start()
        const user = this.#int(1000)
        for (let i = 0; i < 40; i++) this.#login(at + i * 7500, source, user)
      },
    )
  }

  #spraying(): void {
    this.#group(
      'password spray',
      'attacker',
      'one failed login as each of 8 users in 8 minutes',
      20,
      (source) => {
        const at = this.#start()
        for (let i = 0; i < 8; i++) this.#login(at + i * MINUTE_MS, source, i * 7)
      },
    )
  }

  #login(atMs: number, source: number, user: number): void {
    this.events.add(atMs, v4(source), v4(0), 0, 0, 'failed-login', user)
  }

  #vendorScans(): void {
    this.#group('told by the firewall', 'attacker', 'one scan threat of zone protection', 20, (source) => {
      this.events.add(this.#start(), v4(source), this.#host(), this.#highPort(), 0, 'scan-threat')
    })
  }

  #threats(): void {
    this.#group('exploits', 'attacker', 'one critical threat', 20, (source) => {
      this.events.add(this.#start(), v4(source), this.#host(), this.#highPort(), 443, 'critical-threat')
    })
  }

  #noise(): void {
    this.#group('background noise', 'innocent', '1 to 3 packets in the whole month', 20_000, (source) => {
      const packets = 1 + this.#int(3)
      for (let i = 0; i < packets; i++) this.#denied(this.#start(), source, this.#host(), this.#port())
    })
  }

  #lateReplies(): void {
    const ours = v4(OUR_FIRST + 1)
    this.#group(
      '50 busy servers',
      'innocent',
      'late replies (DNS, QUIC, NTP, web, mail) to 10,000 of our high ports each',
      50,
      (source) => {
        const [port, isUdp] = SERVERS[this.#int(SERVERS.length)] as readonly [number, boolean]
        for (let i = 0; i < 10_000; i++) {
          const at = MONTH_START_MS + this.#int(MONTH_MS)
          const kind = isUdp ? 'udp-denied' : 'denied'
          this.events.add(at, v4(source), ours, port, this.#highPort(), kind)
        }
        // and a burst: the link was down for a minute
        const at = this.#start()
        for (let i = 0; i < 500; i++) {
          const kind = isUdp ? 'udp-denied' : 'denied'
          this.events.add(at + this.#int(MINUTE_MS), v4(source), ours, port, this.#highPort(), kind)
        }
      },
    )
  }

  #office(): void {
    this.#group(
      'office behind one address',
      'innocent',
      '300 people on 6 of our services, all month; 30 of them a day mistype a password, up to twice',
      3,
      (source) => {
        for (let i = 0; i < 100_000; i++) {
          const host = v4(OUR_FIRST + 10 + this.#int(6))
          const port = OFFICE_PORTS[this.#int(OFFICE_PORTS.length)] as number
          this.events.add(
            MONTH_START_MS + this.#int(MONTH_MS),
            v4(source),
            host,
            this.#highPort(),
            port,
            'session',
          )
        }
        for (let i = 0; i < 30 * 30; i++) {
          const at = MONTH_START_MS + Math.floor(i / 30) * DAY_MS + 8 * HOUR_MS + this.#int(9 * HOUR_MS)
          const user = this.#int(300)
          for (let n = 1 + this.#int(2); n > 0; n--) this.#login(at + n * 15_000, source, user)
        }
      },
    )
  }

  #monitoring(): void {
    this.#group(
      'monitoring service',
      'innocent',
      '5 ports of 3 hosts every 5 minutes, all month',
      3,
      (source) => {
        for (let at = MONTH_START_MS; at < MONTH_START_MS + MONTH_MS; at += 5 * MINUTE_MS)
          for (let i = 0; i < 15; i++)
            this.events.add(
              at + i * 200,
              v4(source),
              v4(OUR_FIRST + 10 + (i % 3)),
              this.#highPort(),
              OFFICE_PORTS[i % 5] as number,
              'session',
            )
      },
    )
  }

  #crawlers(): void {
    this.#group('search engine', 'innocent', 'HTTPS of 8 web hosts, 20 pages an hour', 10, (source) => {
      for (let i = 0; i < 24 * 30 * 20; i++)
        this.events.add(
          MONTH_START_MS + this.#int(MONTH_MS),
          v4(source),
          v4(OUR_FIRST + 20 + this.#int(8)),
          this.#highPort(),
          443,
          'session',
        )
    })
  }

  #wideCrawlers(): void {
    const what = 'HTTPS of 40 web hosts, one every 10 seconds for an hour a day'
    this.#group('crawler of 40 hosts', 'innocent', what, 5, (source) => {
      for (let day = 0; day < 30; day++) {
        const start = MONTH_START_MS + day * DAY_MS + this.#int(20 * HOUR_MS)
        for (let i = 0; i < 360; i++)
          this.events.add(
            start + i * 10_000,
            v4(source),
            v4(OUR_FIRST + 20 + (i % 40)),
            this.#highPort(),
            443,
            'session',
          )
      }
    })
  }

  #forgetfulUsers(): void {
    this.#group('forgetful users', 'innocent', '3 failed logins in a row, twice a week', 200, (source) => {
      for (let i = 0; i < 8; i++) {
        const at = this.#start()
        for (let n = 0; n < 3; n++) this.#login(at + n * 20_000, source, source)
      }
    })
  }
}

const POPULAR = [
  22, 23, 25, 80, 110, 135, 139, 143, 443, 445, 993, 1433, 1521, 2222, 3306, 3389, 5060, 5432, 5900, 6379,
  8080, 8443, 9200,
]
const OFFICE_PORTS = [443, 80, 993, 587, 8443]
const SERVERS: readonly (readonly [number, boolean])[] = [
  [53, true],
  [443, true],
  [123, true],
  [443, false],
  [80, false],
  [993, false],
]

function textOf(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}
