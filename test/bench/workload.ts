/**
 * Makes the log lines that the benchmarks measure with: a busy site's mix of allowed sessions, background scanning,
 * some real scanners and threats, seeded, in the custom format (348 bytes a line on average) or default CSV (about 650).
 *
 * Sources lie in 10.0.0.0/8 and destinations in 198.18.0.0/15 (RFC 2544, for benchmarks), so that there are enough of
 * them; `BENCH_SETTINGS` declares them public and own. A few thousand sources send half of the lines, a long tail of
 * `sources` the rest, so no cache of whole lines or addresses helps. Event time runs at `linesPerSecond` and ends now.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import {
  csvBody,
  customBody,
  type DeviceIdentity,
  type FirewallEvent,
  lineTime,
  type LineTime,
  type Threat,
} from '../../src/demo/log-lines.ts'
import { between, pick, type Random, seededRandom } from '../../src/demo/random.ts'

export type WorkloadFormat = 'custom' | 'csv'

export interface WorkloadOptions {
  readonly format: WorkloadFormat
  readonly lines: number
  readonly seed: number
  /** Distinct sources of the long tail. */
  readonly sources: number
  /** Part of the lines that are allowed sessions of a few thousand sources; 0.5 unless given. The long tail has the rest. */
  readonly allowed?: number
  /** Event time: lines per second. */
  readonly linesPerSecond: number
  /** Event time of the last line, Unix ms. */
  readonly endMs: number
  /** A number in the session's place, counting from 0, for tests that look for lost and doubled lines. */
  readonly numbered?: boolean
}

/** Settings under which the workload's addresses count, by settings key. */
export const BENCH_SETTINGS = {
  'networks.own': ['198.18.0.0/15'],
  'networks.public': ['10.0.0.0/8', '198.18.0.0/15'],
  'time.zone': 'UTC',
} as const

const DEVICES: readonly DeviceIdentity[] = [
  { name: 'SYD-FW-01', serial: '013201001001' },
  { name: 'MEL-FW-01', serial: '013201001002' },
  { name: 'BNE-FW-02', serial: '013201001003' },
]
const COUNTRIES = [
  'United States',
  'Germany',
  'China',
  'Singapore',
  'Netherlands',
  'Brazil',
  'Russian Federation',
  'Australia',
]
/** The second is what a firewall sends for a misspelt variable, as the older system's manual shows it. */
const RULE_IDS = ['ace432fe-a9f2-4a1e-827a-91fdce0077da', '$rule_uid']
const COMMON_PORTS = [22, 23, 25, 53, 80, 123, 443, 445, 1433, 3306, 3389, 5060, 5900, 6379, 8080, 8443]
const TAIL_BASE = 0x0a40_0000 // 10.64.0.0
const HEAVY_BASE = 0x0a00_0000
const HEAVY_SOURCES = 4000
const SCANNER_BASE = 0x0a20_0000
const THREAT: Threat = {
  name: 'Remote Access Portal Command Injection Vulnerability',
  id: 95901,
  severity: 'high',
  direction: 'client-to-server',
  category: 'code-execution',
  url: 'portal.example.com/ssl-vpn/login.esp?user=a&token=b',
}

/** Calls `emit` with each line, without its line end, in order of event time. About 2 us a line, 4 us for CSV. */
export function generateLines(options: WorkloadOptions, emit: (line: string, index: number) => void): void {
  const random = seededRandom(options.seed)
  const stepMs = 1000 / options.linesPerSecond
  const startMs = options.endMs - options.lines * stepMs
  let time: LineTime = lineTime(startMs, 0)
  let second = Number.NaN
  for (let i = 0; i < options.lines; i++) {
    const atMs = startMs + i * stepMs
    if (Math.floor(atMs / 1000) !== second) {
      second = Math.floor(atMs / 1000)
      time = lineTime(second * 1000, 0)
    }
    const event = eventAt(random, i, options)
    const device = DEVICES[event.sessionId % DEVICES.length] as DeviceIdentity
    const header = `${time.header} ${device.name} `
    emit(header + (options.format === 'csv' ? csvBody(event, device, time) : customBody(event, time)), i)
  }
}

/** Writes the workload to a file; answers its size in bytes. */
export function writeWorkload(path: string, options: WorkloadOptions): number {
  const file = openSync(path, 'w')
  let bytes = 0
  let pending: string[] = []
  const flush = (): void => {
    if (pending.length > 0) bytes += writeSync(file, `${pending.join('\n')}\n`)
    pending = []
  }
  generateLines(options, (line) => {
    pending.push(line)
    if (pending.length === 4096) flush()
  })
  flush()
  closeSync(file)
  return bytes
}

function dotted(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

function host(random: Random, count: number): string {
  return dotted(0xc612_0000 + Math.floor(random() * count))
}

function eventAt(random: Random, index: number, options: WorkloadOptions): FirewallEvent {
  const roll = random()
  const base = {
    sourcePort: between(random, 1024, 65_535),
    sourceCountry: pick(random, COUNTRIES),
    sourceUser: '',
    sourceZone: 'UNTRUST',
    destinationCountry: 'Australia',
    destinationZone: 'DMZ',
    sessionId: options.numbered === true ? index : between(random, 1, 4_000_000),
    sequenceNumber: 7_204_134_051_000 + index,
    threat: null,
  } as const
  if (roll < (options.allowed ?? 0.5)) return allowedSession(random, base)
  if (roll < 0.98) {
    const scanner = roll > 0.975
    return {
      ...base,
      ...DENIED,
      // a real scanner owns 200,000 lines of the stream, so that each has enough ports to be found
      sourceAddress: dotted(
        scanner
          ? SCANNER_BASE + Math.floor(index / 2000)
          : TAIL_BASE + Math.floor(random() * options.sources),
      ),
      destinationAddress: scanner ? dotted(0xc612_0000 + ((index >> 11) % 512)) : host(random, 512),
      destinationPort: random() < 0.6 && !scanner ? pick(random, COMMON_PORTS) : between(random, 1, 65_535),
    }
  }
  return {
    ...allowedSession(random, base),
    subtype: 'vulnerability',
    action: 'reset-both',
    sessionEndReason: 'threat',
    threat: random() < 0.002 ? { ...THREAT, severity: 'critical' } : THREAT,
  }
}

const DENIED = {
  subtype: 'drop',
  destinationZone: 'UNTRUST',
  protocol: 'tcp',
  application: 'not-applicable',
  action: 'drop',
  rule: 'Active Defense sensor',
  ruleId: RULE_IDS[0] as string,
  sessionEndReason: 'policy-deny',
  bytesSent: 60,
  bytesReceived: 0,
  packetsSent: 1,
  packetsReceived: 0,
} as const

type Base = Pick<
  FirewallEvent,
  | 'sourcePort'
  | 'sourceCountry'
  | 'sourceUser'
  | 'sourceZone'
  | 'destinationCountry'
  | 'destinationZone'
  | 'sessionId'
  | 'sequenceNumber'
  | 'threat'
>

function allowedSession(random: Random, base: Base): FirewallEvent {
  // the square of a random number gives the few heaviest sources most of the lines
  const source = HEAVY_BASE + Math.floor(random() ** 2 * HEAVY_SOURCES)
  return {
    ...base,
    subtype: 'end',
    sourceAddress: dotted(source),
    destinationAddress: host(random, 4),
    destinationPort: random() < 0.8 ? 443 : 25,
    protocol: 'tcp',
    application: 'ssl',
    action: 'allow',
    rule: 'Public services',
    ruleId: RULE_IDS[1] as string,
    sessionEndReason: 'tcp-fin',
    bytesSent: between(random, 700, 9000),
    bytesReceived: between(random, 2000, 400_000),
    packetsSent: between(random, 8, 90),
    packetsReceived: between(random, 8, 400),
  }
}
