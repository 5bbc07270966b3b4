/** The attackers of the synthetic month, and those whose addresses they forge. */
import { v4, type Words } from './events.ts'
import { type Maker, DAY_MS, MONTH_MS, HOUR_MS, MINUTE_MS, OUR_FIRST, textOf } from './maker.ts'

/** Adds all of them. */
export function addAttackers(maker: Maker): void {
  fastPorts(maker)
  fastHosts(maker)
  decoys(maker)
  random25(maker)
  slowPorts(maker)
  slowAnything(maker)
  verySlow(maker)
  patient(maker)
  fromServerPort(maker)
  subnets(maker)
  v6Walkers(maker)
  flood(maker)
  guessing(maker)
  spraying(maker)
  vendorScans(maker)
  threats(maker)
}

function fastPorts(maker: Maker): void {
  maker.group('fast ports', 'attacker', '100 to 1,000 ports of one host in 2 minutes', 40, (source) => {
    const at = maker.start()
    const host = maker.host()
    const ports = 100 + maker.int(900)
    for (let i = 0; i < ports; i++) maker.denied(at + maker.int(2 * MINUTE_MS), source, host, 1 + i)
  })
}

function fastHosts(maker: Maker): void {
  maker.group('fast hosts', 'attacker', 'one port of 50 to 200 hosts in 5 minutes', 40, (source) => {
    const at = maker.start()
    const port = maker.port()
    const hosts = 50 + maker.int(150)
    for (let i = 0; i < hosts; i++)
      maker.denied(at + maker.int(5 * MINUTE_MS), source, v4(OUR_FIRST + 1 + i), port)
  })
}

function decoys(maker: Maker): void {
  const forged = new Set<string>()
  maker.group(
    'scanner with decoys',
    'attacker',
    '60 ports in 1 minute, each also from 30 forged sources',
    5,
    (source) => {
      const at = maker.start()
      const host = maker.host()
      const decoys = Array.from({ length: 30 }, () => maker.source())
      for (const decoy of decoys) forged.add(textOf(decoy))
      for (let i = 0; i < 60; i++) {
        const port = maker.port()
        for (const sender of [source, ...decoys]) maker.denied(at + i * 1000, sender, host, port)
      }
    },
  )
  maker.actors.push({
    name: 'decoys',
    role: 'forged',
    what: 'the forged sources of those scans',
    sources: forged,
  })
}

function random25(maker: Maker): void {
  maker.group(
    'random pairs, fast',
    'attacker',
    '80 random pairs in 10 minutes, few per host and port',
    40,
    (source) => {
      const at = maker.start()
      for (let i = 0; i < 80; i++)
        maker.denied(at + maker.int(10 * MINUTE_MS), source, maker.host(), 1 + maker.int(60_000))
    },
  )
}

function slowPorts(maker: Maker): void {
  maker.group(
    'slow ports',
    'attacker',
    'a port of one host every 3 to 6 minutes for 12 hours',
    40,
    (source) => {
      const host = maker.host()
      maker.every(12 * HOUR_MS, 3, 6, (at) => maker.denied(at, source, host, maker.port()))
    },
  )
}

function slowAnything(maker: Maker): void {
  maker.group('slow pairs', 'attacker', 'a random pair every 10 to 20 minutes for 2 days', 40, (source) => {
    maker.every(2 * DAY_MS, 10, 20, (at) => maker.denied(at, source, maker.host(), maker.port()))
  })
}

function verySlow(maker: Maker): void {
  maker.group(
    'very slow pairs, a blind spot',
    'attacker',
    'a random pair every 40 minutes to 2 hours for 10 days: some 18 a day',
    40,
    (source) => {
      maker.every(10 * DAY_MS, 40, 120, (at) => maker.denied(at, source, maker.host(), maker.port()))
    },
  )
}

function patient(maker: Maker): void {
  const what = 'a random pair every 3 to 6 hours, all month: under every count on purpose'
  maker.group('patient pairs, a blind spot', 'attacker', what, 20, (source) => {
    maker.every(MONTH_MS, 180, 360, (at) => maker.denied(at, source, maker.host(), maker.port()))
  })
}

function fromServerPort(maker: Maker): void {
  const what = '200 random ports of one host in 5 minutes, from source port 443 as if he were a web server'
  maker.group('scanner from port 443', 'attacker', what, 20, (source) => {
    const at = maker.start()
    const host = maker.host()
    for (let i = 0; i < 200; i++)
      maker.denied(at + maker.int(5 * MINUTE_MS), source, host, 1 + maker.int(65_000), 443)
  })
}

function subnets(maker: Maker): void {
  const sources = new Set<string>()
  for (let subnet = 0; subnet < 20; subnet++) {
    maker.next = (maker.next & ~255) + 256
    const base = maker.next
    maker.next += 256
    const at = maker.start()
    for (let member = 1; member <= 30; member++) {
      sources.add(textOf(base + member))
      for (let i = 0; i < 4; i++)
        maker.denied(at + maker.int(8 * HOUR_MS), base + member, maker.host(), maker.port())
    }
  }
  const what = '4 pairs from each of 30 sources of one /24 within 8 hours'
  maker.actors.push({ name: 'spread over a /24', role: 'attacker', what, sources })
}

function v6Walkers(maker: Maker): void {
  const sources = new Set<string>()
  for (let walker = 0; walker < 20; walker++) {
    const network = maker.nextV6++
    const at = maker.start()
    const host: Words = [0x20010db8, 0x000a0000, 0, 1 + maker.int(50)]
    for (let i = 0; i < 60; i++) {
      const source: Words = [0x20010db8, (0x01000000 | network) >>> 0, maker.int(2 ** 32), maker.int(2 ** 32)]
      maker.events.add(at + i * 5000, source, host, maker.highPort(), 1 + i, 'denied')
    }
    sources.add(`2001:db8:100:${network.toString(16)}::/64`)
  }
  const what = '60 ports in 5 minutes, each from another address of one /64'
  maker.actors.push({ name: 'IPv6 walkers', role: 'attacker', what, sources })
}

function flood(maker: Maker): void {
  const at = maker.start()
  const forged = new Set<string>()
  const first = maker.next
  maker.next += 100_000
  const host = maker.host()
  for (let i = 0; i < 100_000; i++) {
    forged.add(textOf(first + i))
    maker.denied(at + maker.int(1000), first + i, host, 443)
  }
  maker.actors.push({
    name: 'forged flood',
    role: 'forged',
    what: '100,000 sources, one packet each, in 1 second',
    sources: forged,
  })
  maker.group('scanner in the flood', 'attacker', '20 ports around that second', 1, (source) => {
    for (let i = 0; i < 20; i++) maker.denied(at - 30_000 + i * 3000, source, host, 1 + i)
  })
}

function guessing(maker: Maker): void {
  maker.group('password guessing', 'attacker', '40 failed logins as one user in 5 minutes', 20, (source) => {
    const at = maker.start()
    const user = maker.int(1000)
    for (let i = 0; i < 40; i++) maker.login(at + i * 7500, source, user)
  })
}

function spraying(maker: Maker): void {
  maker.group(
    'password spray',
    'attacker',
    'one failed login as each of 8 users in 8 minutes',
    20,
    (source) => {
      const at = maker.start()
      for (let i = 0; i < 8; i++) maker.login(at + i * MINUTE_MS, source, i * 7)
    },
  )
}

function vendorScans(maker: Maker): void {
  maker.group('told by the firewall', 'attacker', 'one scan threat of zone protection', 20, (source) => {
    maker.events.add(maker.start(), v4(source), maker.host(), maker.highPort(), 0, 'scan-threat')
  })
}

function threats(maker: Maker): void {
  maker.group('exploits', 'attacker', 'one critical threat', 20, (source) => {
    maker.events.add(maker.start(), v4(source), maker.host(), maker.highPort(), 443, 'critical-threat')
  })
}
