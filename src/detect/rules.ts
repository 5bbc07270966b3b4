/** The rules, in the order in which they see a batch. A new rule is a file of its own and a line here. */
import { BruteForce } from './brute-force.ts'
import { HostSweep } from './host-sweep.ts'
import { PortScan } from './port-scan.ts'
import { RandomScan } from './random-scan.ts'
import type { DetectionRule } from './rule.ts'
import type { ScanOptions } from './scan.ts'
import type { DetectionSettings } from './settings.ts'
import { SlowScan } from './slow-scan.ts'
import { SpreadGroup } from './spread-group.ts'
import { SubnetScan } from './subnet-scan.ts'
import { ThreatRule } from './threat.ts'
import { VendorScan } from './vendor-scan.ts'

/** Makes every rule with empty windows. A rule that is off keeps no memory to speak of. */
export function makeRules(settings: DetectionSettings, options: ScanOptions): DetectionRule[] {
  const spread = new SpreadGroup(settings, options)
  return [
    new PortScan(settings, options),
    new HostSweep(settings, options),
    new ThreatRule(settings, options.seed),
    new SlowScan(spread),
    new SubnetScan(spread),
    new RandomScan(spread),
    new BruteForce(settings, options),
    new VendorScan(settings, options),
  ]
}
