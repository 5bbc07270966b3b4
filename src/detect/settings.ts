/** What detection takes from the settings, in the form its loops want: milliseconds and sets of networks. */
import type { Settings } from '../config/schema.ts'
import { parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { NetworkSet } from '../lib/network-set.ts'
import type { RuleMode } from '../model/detection.ts'
import { FLAG } from '../model/log-record.ts'

export interface DetectionSettings {
  /** Fires on more than `ports` ports of one destination. A window of 0 switches the rule off, as the mode does. */
  readonly portScan: { readonly mode: RuleMode; readonly ports: number; readonly windowMs: number }
  /** Fires on at least `addresses` destinations on one port. */
  readonly hostSweep: { readonly mode: RuleMode; readonly addresses: number; readonly windowMs: number }
  /** Level 1: critical; 2: critical or high; 0: off. */
  readonly threat: { readonly mode: RuleMode; readonly level: number }
  readonly lateReplyGuard: boolean
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

const MINUTE_MS = 60_000

/** Derives the detection settings. Throws `bad-configuration` for a network that is none (the schema lets none pass). */
export function detectionSettings(settings: Settings): DetectionSettings {
  return {
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
    lateReplyGuard: settings['detection.lateReplyGuard'],
    ignoredFlags: settings['senders.unknown'] === 'store' ? FLAG.untrusted : 0,
    ipv6Prefix: settings['detection.ipv6Prefix'],
    maxAgeMs: settings['detection.maxAgeHours'] * 60 * MINUTE_MS,
    maxKeys: settings['detection.maxKeys'],
    own: networkSet(settings['networks.own'], 'networks.own'),
    public: networkSet(settings['networks.public'], 'networks.public'),
  }
}

function networkSet(texts: readonly string[], key: string): NetworkSet {
  return new NetworkSet(
    texts.map((text) => {
      const network = parseNetwork(text)
      if (network === null) throw new AppError('bad-configuration', `${key}: ${text} is not a network`)
      return network
    }),
  )
}
