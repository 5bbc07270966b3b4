/**
 * How many entries consumers hold: presets with their sources, and what a feed may therefore carry. A consumer without a
 * documented number has no preset: name the number yourself. Sources: the vendors' documents as gathered in
 * docs/feeds.md.
 */

/** `firewall`: over all lists of one firewall together. `list`: in each fetched file. */
export type CapacityScope = 'firewall' | 'list'

export interface CapacityPreset {
  readonly name: string
  readonly firewall: string
  /** Null where only the file's size is limited. */
  readonly entries: number | null
  /** Of one file; null where no limit is documented. */
  readonly bytes: number | null
  readonly scope: CapacityScope
  readonly source: string
}

export const CAPACITY_PRESETS = [
  {
    name: 'pan-os',
    firewall: 'PAN-OS, all other models',
    entries: 50_000,
    bytes: null,
    scope: 'firewall',
    source: 'PAN-OS 7.1 and 8.1 external dynamic lists: IP entries over all lists used in policy',
  },
  {
    name: 'pan-os-large',
    firewall: 'PAN-OS on PA-5000, PA-5200, PA-7000',
    entries: 150_000,
    bytes: null,
    scope: 'firewall',
    source: 'PAN-OS 7.1 and 8.1 external dynamic lists: IP entries over all lists used in policy',
  },
  {
    name: 'fortigate',
    firewall: 'FortiOS before 7.4.4',
    entries: 131_072,
    bytes: 10_000_000,
    scope: 'list',
    source: 'FortiOS external resources: 10 MB or 128 K lines, whichever is met first',
  },
  {
    name: 'fortigate-7.4.4',
    firewall: 'FortiOS from 7.4.4',
    entries: 300_000,
    bytes: 32_000_000,
    scope: 'firewall',
    source: 'FortiOS 7.4.4 external resources: 300,000 addresses in all; 32 MB a file on the smallest class',
  },
  {
    name: 'fortiadc',
    firewall: 'FortiADC',
    entries: 5000,
    bytes: 1_000_000,
    scope: 'list',
    source: 'FortiADC 7.1 external resources: 1 MB, about 5000 lines',
  },
  {
    name: 'cisco-fmc',
    firewall: 'Cisco Firewall Management Center',
    entries: null,
    bytes: 500_000_000,
    scope: 'list',
    source: 'Security Intelligence feeds: 500 MB a file; no number of entries is documented',
  },
  {
    name: 'check-point',
    firewall: 'Check Point from R81.20',
    entries: 2_000_000,
    bytes: null,
    scope: 'firewall',
    source: 'R81.20 Threat Prevention guide: at least 2 million observables',
  },
  {
    name: 'ipset',
    firewall: 'ipset made without maxelem',
    entries: 65_536,
    bytes: null,
    scope: 'list',
    source: 'ipset: the default of maxelem; our own file asks for more and needs no limit',
  },
] as const satisfies readonly CapacityPreset[]

export type CapacityPresetName = (typeof CAPACITY_PRESETS)[number]['name']

/** What a feed is told about its consumer. `null`: no limit. */
export type FeedCapacity =
  | { readonly preset: CapacityPresetName }
  | { readonly entries: number; readonly scope: CapacityScope }
  | null

export interface CapacityLimits {
  /** What the consumer holds; null: no limit. */
  readonly entries: number | null
  /** What the feed may fill: `entries` less the headroom. */
  readonly usable: number | null
  readonly bytes: number | null
  readonly scope: CapacityScope
}

/** Kept free by default: the firewall's other lists count as well (FIELD.md B.1). */
export const DEFAULT_HEADROOM_PERCENT = 10

/** From this share of the capacity on people are warned. */
export const CAPACITY_ALARM_SHARE = 0.8

export function capacityPreset(name: CapacityPresetName): CapacityPreset {
  const found = CAPACITY_PRESETS.find((preset) => preset.name === name)
  if (found === undefined) throw new TypeError(`BUG: no capacity preset ${name}`)
  return found
}

/** The limits of a feed's capacity. At least one entry is usable. */
export function limitsOf(capacity: FeedCapacity, headroomPercent: number): CapacityLimits {
  if (capacity === null) return { entries: null, usable: null, bytes: null, scope: 'list' }
  const { entries, bytes, scope } =
    'preset' in capacity ? capacityPreset(capacity.preset) : { ...capacity, bytes: null }
  const usable = entries === null ? null : Math.max(1, Math.floor((entries * (100 - headroomPercent)) / 100))
  return { entries, usable, bytes, scope }
}

/** True when this many entries should raise the alarm "nearly full". */
export function isNearlyFull(entries: number, limits: CapacityLimits): boolean {
  return limits.entries !== null && entries >= limits.entries * CAPACITY_ALARM_SHARE
}
