/** What detection takes from the settings, in the form its loops want: milliseconds and sets of networks. */
import { createHash } from 'node:crypto'
import type { SettingKey, Settings } from '../config/schema.ts'
import { type Network, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { NetworkSet } from '../lib/network-set.ts'
import type { RuleMode, RuleName } from '../model/detection.ts'
import { FLAG } from '../model/log-record.ts'
import { MAX_PROFILES } from './profiles.ts'
import type { WeightedNetwork } from './weights.ts'

export interface DetectionSettings {
  /** Fires on more than `ports` ports of one destination. A window of 0 switches the rule off, as the mode does. */
  readonly portScan: { readonly mode: RuleMode; readonly ports: number; readonly windowMs: number }
  /** Fires on at least `addresses` destinations on one port. */
  readonly hostSweep: { readonly mode: RuleMode; readonly addresses: number; readonly windowMs: number }
  /** Level 1: critical; 2: critical or high; 0: off. */
  readonly threat: { readonly mode: RuleMode; readonly level: number }
  /**
   * Distinct (destination, port) pairs of one source: more than `counts[i]` within `windowsMs[i]` fires; a count of 0
   * switches that window off.
   */
  readonly slowScan: {
    readonly mode: RuleMode
    readonly counts: readonly number[]
    readonly windowsMs: readonly number[]
  }
  /** The same for a /24 or /48 of at least `sources` sources. */
  readonly subnetScan: {
    readonly mode: RuleMode
    readonly sources: number
    readonly counts: readonly number[]
    readonly windowsMs: readonly number[]
  }
  /** More than `pairs` (destination, port) pairs that spread over `hosts` hosts and `ports` ports at least. */
  readonly randomScan: {
    readonly mode: RuleMode
    readonly pairs: number
    readonly hosts: number
    readonly ports: number
    readonly windowMs: number
  }
  /** More than `failures` failed logins, or more than `users` users tried, within the window. */
  readonly bruteForce: {
    readonly mode: RuleMode
    readonly failures: number
    readonly users: number
    readonly windowMs: number
  }
  /** The firewall's own scan and flood threats; `records` of them within the window fire. */
  readonly vendorScan: { readonly mode: RuleMode; readonly records: number; readonly windowMs: number }
  /** As how many values a record toward a learned dark destination counts; 0: nothing is learned. */
  readonly darkWeight: number
  /** Short hash of each rule's settings, frozen with its detections. */
  readonly versions: Readonly<Record<RuleName, string>>
  readonly lateReplyGuard: boolean
  /** Guards for replies of big networks (guards/reply-networks.ts), and networks that are to be treated like those. */
  readonly guards: {
    readonly resolvers: boolean
    readonly contentNetworks: boolean
    readonly networks: NetworkSet
  }
  /** As given; `Exceptions` makes something of them that can be asked. */
  readonly exceptions: Settings['detection.exceptions']
  readonly destinationWeights: readonly WeightedNetwork[]
  /** Devices with rules of their own, by the settings they share; empty within a profile. */
  readonly profiles: readonly DeviceProfile[]
  /** Flags of lines that are stored only: `untrusted` when `senders.unknown` is `store`, else 0. */
  readonly ignoredFlags: number
  /** IPv6 sources are one when they share so many leading bits. */
  readonly ipv6Prefix: number
  readonly maxAgeMs: number
  /** Keys per rule; read at start only. */
  readonly maxKeys: number
  readonly own: NetworkSet
  /** Special-purpose networks that count as public all the same. */
  readonly public: NetworkSet
}

export interface DeviceProfile {
  /** The differences, in a fixed order: the same text is the same profile. */
  readonly key: string
  readonly devices: readonly string[]
  readonly settings: DetectionSettings
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/**
 * Derives the detection settings. Throws `bad-configuration` for a network that is none (the schema lets none pass), and
 * for devices with more than MAX_PROFILES different settings.
 */
export function detectionSettings(settings: Settings): DetectionSettings {
  const plain = plainSettings(settings)
  return { ...plain, profiles: profilesOf(settings, plain) }
}

function profilesOf(settings: Settings, plain: DetectionSettings): DeviceProfile[] {
  const byKey = new Map<string, { devices: string[]; values: Record<string, unknown> }>()
  for (const [device, values] of Object.entries(settings['detection.devices'])) {
    const sorted = Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1))
    if (sorted.length === 0) continue
    const key = JSON.stringify(sorted)
    const known = byKey.get(key)
    if (known !== undefined) known.devices.push(device)
    else byKey.set(key, { devices: [device], values })
  }
  if (byKey.size > MAX_PROFILES)
    throw new AppError(
      'bad-configuration',
      `detection.devices: ${byKey.size} different sets of settings; at most ${MAX_PROFILES} are possible`,
    )
  return Array.from(byKey, ([key, { devices, values }]) => {
    const own = Object.entries(values).map(([name, value]) => [`detection.${name}`, value])
    const { own: ownNetworks, public: publicNetworks, guards } = plain
    const derived = plainSettings({ ...settings, ...Object.fromEntries(own) } as Settings)
    // One set of networks for all, so that what is made of it is made once.
    return { key, devices, settings: { ...derived, own: ownNetworks, public: publicNetworks, guards } }
  })
}

/** The settings of everybody whose device has none of its own. */
function plainSettings(settings: Settings): DetectionSettings {
  return {
    profiles: [],
    portScan: {
      mode: settings['detection.portScan.mode'],
      ports: settings['detection.portScan.ports'],
      windowMs: settings['detection.portScan.minutes'] * MINUTE_MS,
    },
    hostSweep: {
      mode: settings['detection.hostSweep.mode'],
      addresses: settings['detection.hostSweep.addresses'],
      windowMs: settings['detection.hostSweep.minutes'] * MINUTE_MS,
    },
    threat: { mode: settings['detection.threat.mode'], level: settings['detection.threat.level'] },
    slowScan: {
      mode: settings['detection.slowScan.mode'],
      counts: [
        settings['detection.slowScan.perHour'],
        settings['detection.slowScan.perSixHours'],
        settings['detection.slowScan.perDay'],
      ],
      windowsMs: [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS],
    },
    subnetScan: {
      mode: settings['detection.subnetScan.mode'],
      sources: settings['detection.subnetScan.sources'],
      counts: [settings['detection.subnetScan.perHour'], settings['detection.subnetScan.perDay']],
      windowsMs: [HOUR_MS, 24 * HOUR_MS],
    },
    randomScan: {
      mode: settings['detection.randomScan.mode'],
      pairs: settings['detection.randomScan.pairs'],
      hosts: settings['detection.randomScan.hosts'],
      ports: settings['detection.randomScan.ports'],
      windowMs: settings['detection.randomScan.minutes'] * MINUTE_MS,
    },
    bruteForce: {
      mode: settings['detection.bruteForce.mode'],
      failures: settings['detection.bruteForce.failures'],
      users: settings['detection.bruteForce.users'],
      windowMs: settings['detection.bruteForce.minutes'] * MINUTE_MS,
    },
    vendorScan: {
      mode: settings['detection.vendorScan.mode'],
      records: settings['detection.vendorScan.records'],
      windowMs: settings['detection.vendorScan.minutes'] * MINUTE_MS,
    },
    darkWeight: settings['detection.darkWeight'],
    versions: {
      'port-scan': versionOf(settings, 'detection.portScan.'),
      'host-sweep': versionOf(settings, 'detection.hostSweep.'),
      threat: versionOf(settings, 'detection.threat.'),
      'slow-scan': versionOf(settings, 'detection.slowScan.'),
      'subnet-scan': versionOf(settings, 'detection.subnetScan.'),
      'random-scan': versionOf(settings, 'detection.randomScan.'),
      'brute-force': versionOf(settings, 'detection.bruteForce.'),
      'vendor-scan': versionOf(settings, 'detection.vendorScan.'),
    },
    lateReplyGuard: settings['detection.lateReplyGuard'],
    guards: {
      resolvers: settings['detection.guards.resolvers'],
      contentNetworks: settings['detection.guards.contentNetworks'],
      networks: networkSet(settings['detection.guards.networks'], 'detection.guards.networks'),
    },
    exceptions: settings['detection.exceptions'],
    destinationWeights: Object.entries(settings['detection.destinationWeights']).map(([text, weight]) => ({
      network: mustParse(text, 'detection.destinationWeights'),
      weight,
    })),
    ignoredFlags: settings['senders.unknown'] === 'store' ? FLAG.untrusted : 0,
    ipv6Prefix: settings['detection.ipv6Prefix'],
    maxAgeMs: settings['detection.maxAgeHours'] * 60 * MINUTE_MS,
    maxKeys: settings['detection.maxKeys'],
    own: networkSet(settings['networks.own'], 'networks.own'),
    public: networkSet(settings['networks.public'], 'networks.public'),
  }
}

/** Eight hex digits that change when a setting of the rule, or one that all rules share, changes. */
function versionOf(settings: Settings, prefix: string): string {
  const keys = Object.keys(settings).filter((key) => key.startsWith(prefix) || isShared(key)) as SettingKey[]
  const values = keys.toSorted().map((key) => [key, settings[key]])
  return createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 8)
}

/** Settings of detection as a whole (no rule's name in the key), and of what is ours; not the profiles of others. */
function isShared(key: string): boolean {
  if (key === 'detection.devices') return false
  if (key.startsWith('networks.')) return true
  return /^detection\.[a-zA-Z0-9]+$/.test(key) || key.startsWith('detection.guards.')
}

function networkSet(texts: readonly string[], key: string): NetworkSet {
  return new NetworkSet(texts.map((text) => mustParse(text, key)))
}

function mustParse(text: string, key: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new AppError('bad-configuration', `${key}: ${text} is not a network`)
  return network
}
