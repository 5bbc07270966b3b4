/** The rules, in the order in which they see a batch. A new rule is a file of its own and a line here. */
import { BruteForce } from './brute-force.ts'
import { HostSweep } from './host-sweep.ts'
import { PortScan } from './port-scan.ts'
import { RANDOM_SCAN } from './random-scan.ts'
import type { DetectionRule } from './rule.ts'
import type { ScanOptions } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { ShortScans } from './short-scans.ts'
import { SLOW_SCAN } from './slow-scan.ts'
import { SpreadGroup } from './spread-group.ts'
import { SpreadView } from './spread-view.ts'
import { SUBNET_SCAN } from './subnet-scan.ts'
import { ThreatRule } from './threat.ts'
import { VendorScan } from './vendor-scan.ts'

/** Makes every rule with empty windows. A rule that is off keeps no memory to speak of. */
export function makeRules(settings: DetectionSettings, options: ScanOptions): DetectionRule[] {
  const shorts = new ShortScans(settings, options)
  const spread = new SpreadGroup(settings, options)
  return [
    new PortScan(settings, options, shorts),
    new HostSweep(settings, options, shorts),
    new ThreatRule(settings, options.seed),
    new SpreadView(spread, SLOW_SCAN),
    new SpreadView(spread, SUBNET_SCAN),
    new SpreadView(spread, RANDOM_SCAN),
    new BruteForce(settings, options),
    new VendorScan(settings, options),
  ]
}
