/** The settings that decisions go by, in the units of the code. */
import { type Network, parseNetwork } from '../lib/address.ts'
import type { Settings } from '../config/schema.ts'
import { MONTH_MS } from '../model/decision.ts'
import type { RuleMode, RuleName, SpoofablePolicy } from '../model/detection.ts'
import type { ProtectionRules } from './protected.ts'

const HOUR_MS = 3_600_000

export interface DecisionRules {
  /** New detector blocks in any 60 s; more are held. */
  readonly maxPerMinute: number
  readonly graceMs: number
  /** A blocked source not seen for so long is let go. */
  readonly inactiveMs: number
  /** What becomes of a detection whose source could be forged, per rule. */
  readonly spoofable: Readonly<Record<RuleName, SpoofablePolicy>>
  /** Known peers are held for review when what convicts them could be forged. */
  readonly holdsPeers: boolean
  /** Life of a block on forgeable evidence where the policy is `brief`. */
  readonly briefMs: number
  readonly repeatOffender: {
    readonly mode: RuleMode
    readonly withinMs: number
    readonly factor: number
    readonly longestMs: number
  }
  /** Ended decisions and detections are kept so long. */
  readonly retentionMs: number
  readonly protection: ProtectionRules
}

/** Throws TypeError for text that is no network: the settings' schema has refused it before. */
export function decisionRules(settings: Settings): DecisionRules {
  return {
    maxPerMinute: settings['decisions.maxPerMinute'],
    graceMs: settings['decisions.graceHours'] * HOUR_MS,
    inactiveMs: settings['retention.inactiveMonths'] * MONTH_MS,
    spoofable: {
      'port-scan': settings['detection.portScan.spoofable'],
      'host-sweep': settings['detection.hostSweep.spoofable'],
      threat: settings['detection.threat.spoofable'],
      'slow-scan': settings['detection.slowScan.spoofable'],
      'subnet-scan': settings['detection.subnetScan.spoofable'],
      'random-scan': settings['detection.randomScan.spoofable'],
      'brute-force': settings['detection.bruteForce.spoofable'],
      'vendor-scan': settings['detection.vendorScan.spoofable'],
    },
    holdsPeers: settings['detection.guards.knownPeers'],
    briefMs: settings['decisions.briefHours'] * HOUR_MS,
    repeatOffender: {
      mode: settings['decisions.repeatOffender.mode'],
      withinMs: settings['decisions.repeatOffender.withinDays'] * 24 * HOUR_MS,
      factor: settings['decisions.repeatOffender.factor'],
      longestMs: settings['decisions.repeatOffender.maxMonths'] * MONTH_MS,
    },
    retentionMs: settings['retention.logMonths'] * MONTH_MS,
    protection: {
      own: settings['networks.own'].map(networkOfSetting),
      public: settings['networks.public'].map(networkOfSetting),
      further: settings['decisions.protected'].map(networkOfSetting),
      sentinel: networkOfSetting(settings['list.sentinel']),
    },
  }
}

function networkOfSetting(text: string): Network {
  const network = parseNetwork(text)
  if (network === null) throw new TypeError(`${text} is not an address or network`)
  return network
}
