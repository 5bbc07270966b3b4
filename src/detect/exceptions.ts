/**
 * Exceptions (`detection.exceptions`): records that do not count for some rules or for all, by zone, device, source,
 * source country, destination, port and the firewall's rule. All conditions given must hold. Texts are compared byte
 * for byte with what the firewall wrote, never as patterns: log text is hostile. Each exception counts what it spared.
 *
 * Cost: a pass over all exceptions for each record that counts, and nothing where there are none.
 */
import type { Settings } from '../config/schema.ts'
import { parseNetwork } from '../lib/address.ts'
import { NetworkSet } from '../lib/network-set.ts'
import { portRange, type PortRange } from '../lib/port-range.ts'
import { RULES, type RuleName } from '../model/detection.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../model/record-batch.ts'
import { isText } from './profiles.ts'

/** Bit of a rule in a mask of rules. */
export function bitOf(rule: RuleName): number {
  return 1 << RULES.indexOf(rule)
}
const ALL_RULES = (1 << RULES.length) - 1

type GivenException = Settings['detection.exceptions'][number]

interface Exception {
  /** Rules for which the record does not count. */
  readonly rules: number
  readonly zone: Buffer | null
  readonly device: Buffer | null
  readonly sourceCountry: Buffer | null
  readonly firewallRule: Buffer | null
  readonly source: NetworkSet | null
  readonly destination: NetworkSet | null
  readonly port: PortRange | null
}

/** An exception for people. */
export interface ExceptionView {
  /** From 1, in the order of the setting. */
  readonly number: number
  /** `source 192.0.2.0/24, port 443`. */
  readonly conditions: string
  /** Null: all rules. */
  readonly rules: readonly RuleName[] | null
  readonly reason: string
  /** Records that it kept from counting, since the start or the last change of exceptions. */
  readonly records: number
}

/** Whether an exception names some of these rules and not all: then they see different records, and can share no tables. */
export function tellsApart(exceptions: readonly GivenException[], rules: readonly RuleName[]): boolean {
  return exceptions.some(({ rule }) => {
    if (rule === undefined) return false
    const excepted = [rule].flat()
    const named = rules.filter((name) => excepted.includes(name)).length
    return named !== 0 && named !== rules.length
  })
}

export class Exceptions {
  readonly isEmpty: boolean
  /** Rules that some exception names. */
  readonly rules: number
  readonly given: readonly GivenException[]
  readonly #exceptions: readonly Exception[]
  readonly #records: Float64Array

  /** Throws TypeError for what the setting's schema would have refused. */
  constructor(given: readonly GivenException[]) {
    this.isEmpty = given.length === 0
    this.given = given
    this.#exceptions = given.map(compile)
    this.rules = this.#exceptions.reduce((mask, { rules }) => mask | rules, 0)
    this.#records = new Float64Array(given.length)
  }

  /** The mask of rules for which a record does not count. `counts`: note it at the exceptions that say so. */
  rulesExcept(batch: RecordBatch, row: number, counts: boolean): number {
    let mask = 0
    for (let i = 0; i < this.#exceptions.length; i++) {
      const exception = this.#exceptions[i] as Exception
      if (!applies(exception, batch, row)) continue
      mask |= exception.rules
      if (counts) this.#records[i] = (this.#records[i] as number) + 1
    }
    return mask
  }

  /** Whether nothing is left for which the record would count. */
  static isForAll(mask: number): boolean {
    return (mask & ALL_RULES) === ALL_RULES
  }

  /** Those that a record meets. */
  of(batch: RecordBatch, row: number): ExceptionView[] {
    return this.list().filter(({ number }) => applies(this.#exceptions[number - 1] as Exception, batch, row))
  }

  list(): ExceptionView[] {
    return this.given.map((given, i) => ({
      number: i + 1,
      conditions: conditionsOf(given),
      rules: given.rule === undefined ? null : [given.rule].flat(),
      reason: given.reason,
      records: this.#records[i] as number,
    }))
  }
}

function compile(given: GivenException): Exception {
  const bytes = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text))
  return {
    rules:
      given.rule === undefined
        ? ALL_RULES
        : [given.rule].flat().reduce((mask, rule) => mask | bitOf(rule), 0),
    zone: bytes(given.zone),
    device: bytes(given.device),
    sourceCountry: bytes(given.sourceCountry),
    firewallRule: bytes(given.firewallRule),
    source: networkOf(given.source),
    destination: networkOf(given.destination),
    port: given.port === undefined ? null : (portRange(given.port) ?? refuse(String(given.port))),
  }
}

function networkOf(text: string | undefined): NetworkSet | null {
  if (text === undefined) return null
  return new NetworkSet([parseNetwork(text) ?? refuse(text)])
}

function refuse(text: string): never {
  throw new TypeError(`${text} in detection.exceptions passed no check`)
}

function applies(exception: Exception, batch: RecordBatch, row: number): boolean {
  const { port, source, destination, zone, device, sourceCountry, firewallRule } = exception
  if (port !== null) {
    const asked = batch.destinationPort[row] as number
    if (asked < port.first || asked > port.last) return false
  }
  if (source !== null && !holds(source, batch, row, ADDRESS_SLOT.sourceAddress)) return false
  if (destination !== null && !holds(destination, batch, row, ADDRESS_SLOT.destinationAddress)) return false
  if (
    zone !== null &&
    !textIs(batch, row, TEXT_SLOT.sourceZone, zone) &&
    !textIs(batch, row, TEXT_SLOT.destinationZone, zone)
  )
    return false
  if (sourceCountry !== null && !textIs(batch, row, TEXT_SLOT.sourceCountry, sourceCountry)) return false
  if (firewallRule !== null && !textIs(batch, row, TEXT_SLOT.rule, firewallRule)) return false
  return device === null || isDevice(batch, row, device)
}

function holds(set: NetworkSet, batch: RecordBatch, row: number, slot: number): boolean {
  const words = batch.addresses
  const at = row * ADDRESS_STRIDE + slot
  return set.hasWords(
    words[at] as number,
    words[at + 1] as number,
    words[at + 2] as number,
    words[at + 3] as number,
  )
}

function textIs(batch: RecordBatch, row: number, slot: number, wanted: Buffer): boolean {
  const at = row * TEXT_STRIDE + slot
  const start = batch.text[at] as number
  const end = batch.text[at + 1] as number
  return isText(batch.raw.bytes, start, end, wanted)
}

/** The device's own name, or its sender where the line has none. */
function isDevice(batch: RecordBatch, row: number, wanted: Buffer): boolean {
  const at = row * TEXT_STRIDE + TEXT_SLOT.device
  if (batch.text[at] !== batch.text[at + 1]) return textIs(batch, row, TEXT_SLOT.device, wanted)
  return batch.senderAt(row) === wanted.toString('utf8')
}

const CONDITIONS = [
  ['zone', 'zone'],
  ['device', 'device'],
  ['source', 'source'],
  ['sourceCountry', 'source country'],
  ['destination', 'destination'],
  ['port', 'port'],
  ['firewallRule', "the firewall's rule"],
] as const

function conditionsOf(given: GivenException): string {
  return CONDITIONS.flatMap(([key, words]) => {
    const value = given[key]
    return value === undefined ? [] : [`${words} ${value}`]
  }).join(', ')
}
