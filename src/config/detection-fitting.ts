/**
 * Settings that fit detection to a site: thresholds per device, exceptions, weights of destinations, and the guards
 * that spare the innocent. Keys of a device are checked against the rules' own settings, so they cannot differ.
 */
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { parseNetwork } from '../lib/address.ts'
import { portRange } from '../lib/port-range.ts'
import { RULES } from '../model/detection.ts'
import { DETECTION_SETTINGS } from './detection-table.ts'
import { nearestName } from './nearest.ts'
import { networks, type SettingDefinition, setting } from './setting.ts'

const PREFIX = 'detection.'
/** Rules' names as they stand in keys: `portScan`. */
const RULE_KEYS = RULES.map((rule) => rule.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()))

/** What a device may have of its own: `portScan.ports`, ...; without what belongs to decisions. */
const DEVICE_KEYS: readonly string[] = Object.keys(DETECTION_SETTINGS)
  .map((key) => key.slice(PREFIX.length))
  .filter((key) => RULE_KEYS.includes(key.split('.', 1)[0] ?? '') && !key.endsWith('.spoofable'))

const MAX_DEVICES = 1000
/** Each set has windows of its own (MAX_PROFILES in detect/profiles.ts). */
const MAX_DISTINCT = 8
const MAX_EXCEPTIONS = 200
const MAX_WEIGHTS = 1000
/** Names of devices, zones, rules and countries, as the firewall writes them. */
const name = z.string().min(1).max(255)
const network = z
  .string()
  .refine((text) => parseNetwork(text) !== null, 'expected a network such as 192.0.2.0/24')

/** YAML files and `--set` give numbers as text. */
function numberOfText(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
}

/** One device's or one exception's object may be written as text in braces. */
function objectOfText(value: unknown): unknown {
  if (typeof value !== 'string' || !value.trim().startsWith('{')) return value
  try {
    return parseYaml(value)
  } catch {
    return value // not YAML: the schema refuses the text and says what it expected
  }
}

/** Values of a device in their kinds; faults become issues that name the nearest key. */
const deviceValues = z.preprocess(
  objectOfText,
  z.record(z.string(), z.unknown()).transform((given, context) => {
    const values: Record<string, string | number> = {}
    for (const [key, value] of Object.entries(given)) {
      const fault = takeDeviceValue(key, value, values)
      if (fault !== null) context.addIssue({ code: 'custom', message: `expected ${fault}`, path: [key] })
    }
    return values
  }),
)

function distinctOf(sets: readonly Readonly<Record<string, unknown>>[]): number {
  return new Set(
    sets.map((values) => JSON.stringify(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)))),
  ).size
}

function takeDeviceValue(key: string, value: unknown, into: Record<string, string | number>): string | null {
  const known = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : key
  if (!DEVICE_KEYS.includes(known)) {
    const shown = JSON.stringify(key.slice(0, 100))
    return `settings of rules per device; ${shown} is none, the nearest is ${nearestName(key, DEVICE_KEYS)}`
  }
  const definition: SettingDefinition =
    DETECTION_SETTINGS[`${PREFIX}${known}` as keyof typeof DETECTION_SETTINGS]
  const checked = definition.schema.safeParse(numberOfText(value))
  if (!checked.success || (typeof checked.data !== 'number' && typeof checked.data !== 'string'))
    return `for ${known} a value that the setting ${PREFIX}${known} takes (${definition.unit})`
  into[known] = checked.data
  return null
}

/** `22` or `6000-6063`. */
const ports = z
  .union([z.string(), z.int()])
  .refine((value) => portRange(value) !== null, 'expected a port or range such as 22 or 6000-6063')

const ruleName = z.enum(RULES)

const exception = z.preprocess(
  objectOfText,
  z
    .strictObject({
      rule: z.union([ruleName, z.array(ruleName).min(1)]).optional(),
      zone: name.optional(),
      device: name.optional(),
      source: network.optional(),
      sourceCountry: name.optional(),
      destination: network.optional(),
      port: ports.optional(),
      firewallRule: name.optional(),
      reason: z.string().trim().min(1).max(300),
    })
    .refine(
      (given) => Object.keys(given).some((key) => key !== 'rule' && key !== 'reason'),
      'expected at least one condition: zone, device, source, sourceCountry, destination, port or firewallRule',
    ),
)

const weight = z.preprocess(
  numberOfText,
  z.int().refine((value) => value >= 0 && value <= 10, 'expected a weight from 0 to 10'),
)

export const FITTING_SETTINGS = {
  'detection.devices': setting(
    z
      .record(name, deviceValues)
      .refine((all) => Object.keys(all).length <= MAX_DEVICES, `expected at most ${MAX_DEVICES} devices`)
      .refine(
        (all) => distinctOf(Object.values(all)) <= MAX_DISTINCT,
        `expected at most ${MAX_DISTINCT} different sets of settings; give more devices the same`,
      ),
    {},
    'device: {setting: value}',
    "Thresholds and modes of single devices: `fw-lab: {portScan.ports: 50, hostSweep.mode: shadow}`; keys are the rules' settings without `detection.`. At most 8 different sets of them.",
    true,
  ),
  'detection.exceptions': setting(
    z
      .array(exception)
      .refine((all) => all.length <= MAX_EXCEPTIONS, `expected at most ${MAX_EXCEPTIONS} exceptions`),
    [],
    'list of exceptions',
    'Records that do not count for a rule: `[{rule: host-sweep, source: 192.0.2.0/24, port: 443, reason: "our monitoring"}]`. Conditions: zone (source or destination), device, source, sourceCountry, destination, port (or range 1-1023), firewallRule; all given ones must hold. Without rule: all rules. A reason is needed.',
    true,
  ),
  'detection.destinationWeights': setting(
    z
      .record(network, weight)
      .refine((all) => Object.keys(all).length <= MAX_WEIGHTS, `expected at most ${MAX_WEIGHTS} networks`),
    {},
    'network: weight',
    'A record on such a destination counts as so many distinct ports, hosts or pairs in scan rules: 0 not at all, 1 as all others, up to 10. The narrowest network decides.',
    true,
  ),
  'detection.guards.resolvers': setting(
    z.boolean(),
    true,
    'true | false',
    'Do not count what looks like a reply of a well-known public resolver, on any port from 1024.',
    true,
  ),
  'detection.guards.contentNetworks': setting(
    z.boolean(),
    true,
    'true | false',
    "Do not count what looks like a reply of the big content networks' front ends, on any port from 1024.",
    true,
  ),
  'detection.guards.networks': setting(
    networks,
    [],
    'list of networks',
    'Further networks whose replies are treated like those of the big content networks.',
    true,
  ),
  'detection.guards.knownPeers': setting(
    z.boolean(),
    true,
    'true | false',
    'Hold a block for review when only forgeable packets convict a peer with completed sessions in the last 30 days.',
    true,
  ),
  'detection.guards.administrators': setting(
    z.boolean(),
    true,
    'true | false',
    'Never block an address from which an administrator is signed in.',
    true,
  ),
} as const
