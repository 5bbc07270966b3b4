/**
 * What happens at the demo's site: the steps of ordinary traffic, and the plots (campaigns of scanners, sweepers,
 * attackers, and of innocents that look like scanners) with their times.
 *
 * Times are chosen against the default rules: a fast scanner passes 10 ports of one address within 4 s, a sweeper 10
 * addresses within 10 s, a medium scanner within 100 s; the slow scanner never has 10 in 10 minutes.
 */
import type { FirewallEvent, Threat } from './log-lines.ts'
import { between, pick, type Random } from './random.ts'

/** An event before the firewall numbers it. */
export type Step = Omit<FirewallEvent, 'sessionId' | 'sequenceNumber'>

export interface Campaign {
  readonly device: 0 | 1
  /** When the next step is due, ms since the start. */
  dueMs: number
  readonly everyMs: number
  /** Infinity: goes on for ever. */
  stepsLeft: number
  next(): Step
}

export interface Plot {
  readonly name: string
  readonly firstAfterMs: number
  /** Infinity: once. */
  readonly everyMs: number
  start(random: Random, number: number, device: 0 | 1, startMs: number): Campaign
}

const RULE_IDS = {
  sensor: 'ace432fe-a9f2-4a1e-827a-91fdce0077da',
  web: '5d1f3c52-0f0b-4d6e-9b6f-6a4be7b2c011',
  outbound: '0b7c1f6e-7f0a-4a57-8f39-3c1d2b9a5e22',
} as const
const SENSOR_RULE = 'Active Defense sensor'
const COUNTRIES = ['United States', 'Germany', 'Singapore', 'Brazil', 'Romania', 'Japan', 'Netherlands']
const SERVERS = ['203.0.113.10', '203.0.113.20', '203.0.113.25']
const SCANNED_PORTS = [
  21, 22, 23, 25, 53, 80, 81, 110, 111, 135, 139, 143, 389, 443, 445, 465, 502, 587, 631, 873, 993, 995, 1080,
  1433, 1521, 1723, 1883, 2049, 2082, 2181, 2375, 2483, 3000, 3128, 3306, 3389, 4444, 5000, 5060, 5432, 5601,
  5672, 5900, 5985, 6379, 6443, 7001, 8000, 8008, 8060, 8080, 8081, 8088, 8443, 8888, 9000, 9090, 9200, 9418,
  10000, 11211, 15672, 27017, 50000,
]
const SWEPT_PORTS = [22, 23, 445, 1433, 3389, 5900, 6379, 8443]

const THREATS: readonly Omit<Threat, 'url'>[] = [
  { name: 'Remote Access Portal Command Injection Attempt', id: 95901, ...attack('critical') },
  { name: 'Java Logging Library Lookup Remote Code Execution Attempt', id: 91902, ...attack('critical') },
  { name: 'Mail Server Deserialization; Unauthenticated Code Execution', id: 92903, ...attack('critical') },
  { name: 'Web Application (CMS) Path Traversal Attempt', id: 58904, ...attack('high') },
  { name: 'Database Login Brute Force Attempt', id: 40905, ...attack('high') },
]

function attack(severity: Threat['severity']): Pick<Threat, 'severity' | 'direction' | 'category'> {
  return { severity, direction: 'client-to-server', category: 'code-execution' }
}

/**
 * Offenders take turns through 192.0.2.33 to 192.0.2.232; .250 is the slow scanner, .255 the list's sentinel. The low
 * ones are left out: a machine in a test network may have one, and its gateway, which are never blocked.
 */
function offender(number: number): string {
  return `192.0.2.${((number * 37) % 200) + 33}`
}

function ephemeralPort(random: Random): number {
  return between(random, 32_768, 60_999)
}

/** A first packet that no rule allows: dropped before any byte came back. */
function denied(random: Random, source: string, destination: string, port: number): Step {
  return {
    subtype: 'drop',
    sourceAddress: source,
    sourcePort: ephemeralPort(random),
    sourceCountry: pick(random, COUNTRIES),
    sourceUser: '',
    sourceZone: 'UNTRUST',
    destinationAddress: destination,
    destinationPort: port,
    destinationCountry: 'Australia',
    destinationZone: 'UNTRUST',
    protocol: 'tcp',
    application: 'not-applicable',
    action: 'drop',
    rule: SENSOR_RULE,
    ruleId: RULE_IDS.sensor,
    sessionEndReason: 'policy-deny',
    bytesSent: 60,
    bytesReceived: 0,
    packetsSent: 1,
    packetsReceived: 0,
    threat: null,
  }
}

/** An inbound session to one of the three public servers. */
function webSession(random: Random, client: string, server: string): Step {
  return {
    ...denied(random, client, server, server.endsWith('.25') ? 25 : 443),
    subtype: 'end',
    destinationZone: 'DMZ',
    application: server.endsWith('.25') ? 'smtp' : 'ssl',
    action: 'allow',
    rule: 'Public services',
    ruleId: RULE_IDS.web,
    sessionEndReason: 'tcp-fin',
    bytesSent: between(random, 700, 4000),
    bytesReceived: between(random, 2000, 90_000),
    packetsSent: between(random, 8, 30),
    packetsReceived: between(random, 8, 80),
  }
}

function outboundSession(random: Random): Step {
  const isDns = random() < 0.4
  return {
    ...webSession(random, `203.0.113.${between(random, 130, 240)}`, '198.51.100.53'),
    sourceZone: 'TRUST',
    sourceCountry: 'Australia',
    sourceUser: `example\\user${between(random, 1, 40)}`,
    destinationZone: 'UNTRUST',
    destinationAddress: isDns ? '198.51.100.53' : `198.51.100.${between(random, 201, 230)}`,
    destinationPort: isDns ? 53 : 443,
    destinationCountry: pick(random, COUNTRIES),
    protocol: isDns ? 'udp' : 'tcp',
    application: isDns ? 'dns-base' : 'web-browsing',
    rule: 'Outbound',
    ruleId: RULE_IDS.outbound,
    sessionEndReason: isDns ? 'aged-out' : 'tcp-fin',
  }
}

/** One step of ordinary traffic: outbound browsing and DNS, inbound web and mail, a ping now and then. */
export function benignStep(random: Random): Step {
  const roll = random()
  if (roll < 0.55) return outboundSession(random)
  const client = `198.51.100.${between(random, 1, 50)}`
  if (roll < 0.93) return webSession(random, client, pick(random, SERVERS))
  if (roll < 0.97) {
    return webSession(random, `2001:db8:c::${between(random, 1, 0xfff).toString(16)}`, '2001:db8:10::10')
  }
  const server = pick(random, SERVERS)
  return { ...denied(random, client, server, 0), sourcePort: 0, protocol: 'icmp', application: 'ping' }
}

function shuffled<Value>(random: Random, values: readonly Value[]): Value[] {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const j = between(random, 0, i)
    const held = result[i] as Value
    result[i] = result[j] as Value
    result[j] = held
  }
  return result
}

/** A new port of one address with each step. */
function portScan(everyMs: number, ports: number, source: (number: number) => string): Plot['start'] {
  return (random, number, device, startMs) => {
    const left = shuffled(random, SCANNED_PORTS).slice(0, ports)
    const from = source(number)
    const to = from.includes(':') ? '2001:db8:10::10' : pick(random, SERVERS)
    const next = (): Step => denied(random, from, to, left.pop() ?? 8080)
    return { device, dueMs: startMs, everyMs, stepsLeft: ports, next }
  }
}

/** A new address of the site with each step, always the same port. */
function hostSweep(everyMs: number, addresses: number): Plot['start'] {
  return (random, number, device, startMs) => {
    const port = pick(random, SWEPT_PORTS)
    let host = between(random, 1, 60)
    const next = (): Step => denied(random, offender(number), `203.0.113.${host++}`, port)
    return { device, dueMs: startMs, everyMs, stepsLeft: addresses, next }
  }
}

function threat(severity: Threat['severity']): Plot['start'] {
  return (random, number, device, startMs) => {
    const kind = pick(
      random,
      THREATS.filter((candidate) => candidate.severity === severity),
    )
    const server = pick(random, SERVERS)
    const next = (): Step => ({
      ...webSession(random, offender(number), server),
      subtype: 'vulnerability',
      application: 'web-browsing',
      action: 'reset-both',
      sessionEndReason: 'threat',
      threat: { ...kind, url: `${server}/portal/login.esp?q={"a":${between(random, 1, 99)},"b":2}` },
    })
    return { device, dueMs: startMs, everyMs: 700, stepsLeft: 2, next }
  }
}

/** A server's answers that come after the firewall forgot the session: each looks like a first packet to a new port. */
function lateReplies(server: string, protocol: 'tcp' | 'udp', everyMs: number): Plot['start'] {
  return (random, _number, device, startMs) => {
    const next = (): Step => ({
      ...denied(random, server, protocol === 'udp' ? '203.0.113.53' : '203.0.113.130', ephemeralPort(random)),
      sourcePort: protocol === 'udp' ? 53 : 443,
      protocol,
    })
    return { device, dueMs: startMs, everyMs, stepsLeft: Number.POSITIVE_INFINITY, next }
  }
}

const slowScan: Plot['start'] = (random, _number, device, startMs) => {
  let step = 0
  const next = (): Step => {
    const port = SCANNED_PORTS[step % SCANNED_PORTS.length] as number
    const host = `203.0.113.${(Math.floor(step / SCANNED_PORTS.length) % 60) + 1}`
    step++
    return denied(random, '192.0.2.250', host, port)
  }
  return { device, dueMs: startMs, everyMs: 75_000, stepsLeft: Number.POSITIVE_INFINITY, next }
}

const FOREVER = Number.POSITIVE_INFINITY

export const PLOTS: readonly Plot[] = [
  { name: 'fast port scan', firstAfterMs: 1000, everyMs: 30_000, start: portScan(250, 40, offender) },
  {
    name: 'late DNS replies',
    firstAfterMs: 2000,
    everyMs: FOREVER,
    start: lateReplies('198.51.100.53', 'udp', 2000),
  },
  { name: 'host sweep', firstAfterMs: 5000, everyMs: 45_000, start: hostSweep(800, 20) },
  {
    name: 'late HTTPS replies',
    firstAfterMs: 6000,
    everyMs: FOREVER,
    start: lateReplies('198.51.100.210', 'tcp', 3000),
  },
  { name: 'slow scan', firstAfterMs: 8000, everyMs: FOREVER, start: slowScan },
  { name: 'medium port scan', firstAfterMs: 10_000, everyMs: 120_000, start: portScan(8000, 30, offender) },
  { name: 'critical threat', firstAfterMs: 15_000, everyMs: 50_000, start: threat('critical') },
  { name: 'high threat', firstAfterMs: 20_000, everyMs: 70_000, start: threat('high') },
  {
    name: 'IPv6 port scan',
    firstAfterMs: 25_000,
    everyMs: 180_000,
    start: portScan(400, 30, (number) => `2001:db8:5ca:${(number % 0xfff).toString(16)}::1`),
  },
]
