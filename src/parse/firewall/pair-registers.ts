/**
 * What the keys of CEF and LEEF mean, as one list of registers: a key of any vendor points to the register that it
 * fills, and one function makes a record of the registers (pair-record.ts). A table of keys is a plain object:
 *
 *   { src: 'source', suser: 'sourceUser', PanOSSourceUser: 'sourceUser+1', layer_name: 'ruleName*' }
 *
 * `+1` to `+3`: wins over the same register filled by a key of lower rank. `*`: the vendor repeats the key, so a second
 * one is no sign of injection.
 */
import { WordTable } from '../word-table.ts'

export const REGISTERS = [
  'source',
  'source6', // the IPv6 address, where the vendor has a key of its own for it
  'destination',
  'destination6',
  'natSource',
  'natDestination',
  'client', // forwarded-for
  'sourcePort',
  'destinationPort',
  'natDestinationPort',
  'protocol',
  'action',
  'rule',
  'ruleId',
  'sourceUser',
  'destinationUser',
  'sourceZone',
  'destinationZone',
  'sourceCountry',
  'destinationCountry',
  'application',
  'sent', // bytes, source to destination
  'received', // bytes, destination to source
  'packetsSent',
  'packetsReceived',
  'session',
  'sequence',
  'count',
  'reason', // why a session ended
  'device',
  'serial',
  'exactTime',
  'eventTime',
  'receiveTime',
  'timeZone',
  'timeFormat',
  'severity', // of the event or the threat
  'level', // of the log line
  'direction',
  'url',
  'threat', // `Name(id)`
  'threatName',
  'threatId',
  'threatCategory',
  'sourceEdl',
  'type',
  'subtype',
  'category', // the vendor's `cat`
  'outcome',
  'eventName',
  'product',
  'origin', // where a login came from, in words: `https(192.0.2.1)`
] as const

export type RegisterName = (typeof REGISTERS)[number]
export const REGISTER = Object.fromEntries(REGISTERS.map((name, i) => [name, i])) as Record<
  RegisterName,
  number
>
export const REGISTER_COUNT = REGISTERS.length

/** Keys with a label of their own (`cs1`, `cs1Label`): what they mean is in the label. */
export const CUSTOM_KEYS = [
  'cs1',
  'cs2',
  'cs3',
  'cs4',
  'cs5',
  'cs6',
  'cn1',
  'cn2',
  'cn3',
  'c6a1',
  'c6a2',
  'c6a3',
  'c6a4',
  'cfp1',
  'cfp2',
  'cfp3',
  'cfp4',
  'flexString1',
  'flexString2',
  'flexNumber1',
  'flexNumber2',
  'flexDate1',
  'deviceCustomDate1',
  'deviceCustomDate2',
] as const
export type CustomKey = (typeof CUSTOM_KEYS)[number]
export const CUSTOM_COUNT = CUSTOM_KEYS.length

/** Numbers of what keys may fill: our registers, or a vendor's own list. */
export type Space<Name extends string> = Readonly<Record<Name, number>>
type Target<Name extends string> = Name | `${Name}+${1 | 2 | 3}` | `${Name}*`
export type Targets<Name extends string> = Readonly<Record<string, Target<Name>>>

/** Bits of an entry: what a key is (its own number, to see it twice) and what it fills. */
export const ENTRY = {
  idMask: 0xfff,
  registerShift: 12,
  registerMask: 0xff,
  rankShift: 20,
  rankMask: 3,
  /** The vendor repeats the key. */
  repeats: 1 << 22,
  /** A custom key: the register is its index, and rank 1 says that it is the label. */
  custom: 1 << 23,
} as const
/** Entries of all tables together. */
export const MAX_ENTRIES = ENTRY.idMask + 1

let entries = 0

function nextId(): number {
  if (entries >= MAX_ENTRIES) throw new RangeError(`more than ${MAX_ENTRIES} keys`)
  return entries++
}

function entryOf(space: Readonly<Record<string, number>>, target: string): number {
  const [name = '', rank = '0'] = target.replace('*', '').split('+')
  const register = space[name]
  if (register === undefined || register > ENTRY.registerMask) throw new RangeError(`${name} is no register`)
  const entry = nextId() | (register << ENTRY.registerShift) | (Number(rank) << ENTRY.rankShift)
  return target.endsWith('*') ? entry | ENTRY.repeats : entry
}

/** A table of keys, with the custom keys in it. */
export function keyTable<Name extends string>(space: Space<Name>, targets: Targets<Name>): WordTable {
  const found: Record<string, number> = {}
  for (const [key, target] of Object.entries(targets)) found[key] = entryOf(space, target)
  for (const [index, key] of CUSTOM_KEYS.entries()) {
    const custom = ENTRY.custom | (index << ENTRY.registerShift)
    found[key] ??= nextId() | custom
    found[`${key}Label`] ??= nextId() | custom | (1 << ENTRY.rankShift)
  }
  return new WordTable(found)
}

/** A table of labels (`Source Zone`). */
export function labelTable<Name extends string>(space: Space<Name>, targets: Targets<Name>): WordTable {
  return new WordTable(
    Object.fromEntries(
      Object.entries(targets).map(([label, target]) => [label, entryOf(space, target) | ENTRY.repeats]),
    ),
  )
}

/** What custom keys mean that have no label at all, by the vendor's recommended format: entry, or -1. */
export function customDefaults<Name extends string>(
  space: Space<Name>,
  targets: Partial<Record<CustomKey, Target<Name>>>,
): Int32Array {
  return Int32Array.from(CUSTOM_KEYS, (key) => {
    const target = targets[key]
    return target === undefined ? -1 : entryOf(space, target) | ENTRY.repeats
  })
}
