/**
 * Subnet scan: the sources of one /24 (IPv4) or /48 (IPv6) together reach more than N distinct (destination, port) pairs
 * within 1 hour or 24 hours, at least `sources` of them within the same window. It convicts those sources, each with the
 * pairs that are its own, and never the prefix itself. Pairs of completed sessions do not count: a neighbour that uses a
 * service is not part of the scan.
 *
 * How many of a prefix at once, and those that come later: spread-prefixes.ts. Times are judged in steps of 1 minute.
 * IPv6 sources that are counted by /48 or wider have no subnet.
 */
import { formatNetwork } from '../lib/address.ts'
import { plural, prefixNetwork, spanText } from './spread-detection.ts'
import { meantWindows, type SpreadMeaning } from './spread-view.ts'

export const SUBNET_SCAN: SpreadMeaning = {
  rule: 'subnet-scan',
  mode: ({ subnetScan }) => subnetScan.mode,
  windows: ({ subnetScan }) => meantWindows(subnetScan),
  what: 'ports of its sources together',
  ofPrefix: ({ prefix, sources, pairs, hosts, windowSeconds }, threshold) =>
    `belongs to ${formatNetwork(prefixNetwork(prefix))}, of which ${plural(sources, 'source')} reached ${plural(pairs, 'port')} on ${plural(hosts, 'address', 'addresses')} within ${spanText(windowSeconds)} (more than ${threshold} allowed)`,
}
