/**
 * The curve "value of a setting -> sources convicted", from the one pass of the backtest. For the thresholds of port scan
 * and host sweep the window runs with the largest value of the range, and the highest count that each source ever
 * reached says for which values it is convicted: a key whose count reached n fires at every threshold that n crosses,
 * and at no other. Any other numeric setting of a rule is tried at up to MAX_TRIED values side by side.
 */
import type { Settings } from '../config/schema.ts'
import type { Decider } from '../decide/decider.ts'
import { AddressKinds, KIND } from '../detect/address-kind.ts'
import { maskOf } from '../detect/address-mask.ts'
import type { Detector } from '../detect/detector.ts'
import { sourceNetwork } from '../detect/scan.ts'
import { type DetectionSettings, detectionSettings } from '../detect/settings.ts'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { RULES, type RuleName } from '../model/detection.ts'
import { ADDRESS_SLOT, type RecordBatch } from '../model/record-batch.ts'
import { backtestDetector } from './backtest-detector.ts'
import type { CurvePoint, CurveRequest } from './messages.ts'
import { onlyRules } from './sides.ts'

/** Values tried side by side where counts do not tell: each has windows of its own. */
const MAX_TRIED = 16
/** Sources of a curve; more are told of. */
const MAX_SOURCES = 1_000_000

/** Settings whose curve the counts tell: the value that a count of n crosses last. */
const BY_COUNT: Readonly<Record<string, (count: number) => number>> = {
  'detection.portScan.ports': (count) => count - 1, // more than
  'detection.hostSweep.addresses': (count) => count, // at least
}

/** The rule that a setting's key is of, or null. */
function ruleOf(key: string): RuleName | null {
  const name = /^detection\.([a-zA-Z]+)\.[a-zA-Z]+$/.exec(key)?.[1]
  const rule = name?.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return RULES.find((one) => one === rule) ?? null
}

interface Seen {
  /** By count: the highest value at which it is convicted. Tried: bits of the values. */
  reached: number
  readonly isInside: boolean
}

/** The values of the range that get a point; all of them where counts tell. */
function valuesOf({ key, first, last }: CurveRequest): number[] {
  const all = last - first + 1
  const points = BY_COUNT[key] === undefined ? Math.min(MAX_TRIED, all) : all
  const step = points === 1 ? 0 : (last - first) / (points - 1)
  return Array.from({ length: points }, (_, i) => Math.round(first + i * step))
}

export class Curve {
  readonly #request: CurveRequest
  readonly #values: readonly number[]
  readonly #sources = new Map<string, Seen>()
  readonly #settings: Settings
  readonly #rule: RuleName
  #lost = 0
  #runs: Run[] = []

  /** Throws AppError `usage` for a setting that is no number of a rule. */
  constructor(request: CurveRequest, settings: Settings) {
    const rule = ruleOf(request.key)
    if (rule === null || typeof (settings as Readonly<Record<string, unknown>>)[request.key] !== 'number')
      throw new AppError('usage', `${request.key} is no number of a rule, so there is no curve of it`)
    this.#rule = rule
    this.#request = request
    this.#values = valuesOf(request)
    this.#settings = settings
  }

  /** The settings of all values, for choosing which records have to be read. */
  settings(): DetectionSettings[] {
    return [this.#request.first, this.#request.last].map((value) => this.#at(value))
  }

  #at(value: number): DetectionSettings {
    const mode = this.#request.key.replace(/[^.]+$/, 'mode')
    const isOff = (this.#settings as Readonly<Record<string, unknown>>)[mode] === 'off'
    const on = isOff ? { [mode]: 'enforce' } : {}
    const plain = detectionSettings({ ...this.#settings, ...on, [this.#request.key]: value } as Settings)
    return onlyRules({ ...plain, profiles: [] }, new Set([this.#rule]))
  }

  /** Begins with empty windows. */
  begin(seed: number): void {
    const reach = BY_COUNT[this.#request.key]
    this.#runs =
      reach === undefined
        ? this.#values.map(
            (value, i) =>
              new TriedRun(this.#at(value), seed, (s, isInside) => this.#note(s, 2 ** i, isInside, true)),
          )
        : [
            new CountedRun({
              settings: this.#at(this.#request.last),
              seed,
              isEnough: (count) => reach(count) >= this.#request.first,
              note: (source, count, isInside) => this.#note(source, reach(count), isInside, false),
            }),
          ]
  }

  observe(records: RecordBatch, fromMs: number, toMs: number): void {
    for (const run of this.#runs) run.observe(records, fromMs, toMs)
  }

  #note(source: string, reached: number, isInside: boolean, isBits: boolean): void {
    const known = this.#sources.get(source)
    if (known !== undefined) {
      known.reached = isBits ? known.reached | reached : Math.max(known.reached, reached)
    } else if (this.#sources.size < MAX_SOURCES) this.#sources.set(source, { reached, isInside })
    else this.#lost++
  }

  /** The points, with what the decider would refuse shown apart; and a note when sources were left out. */
  finish(decider: Decider): { points: CurvePoint[]; note: string | null } {
    const isByCount = BY_COUNT[this.#request.key] !== undefined
    const points = this.#values.map((value) => ({ value, sources: 0, refused: 0, internal: 0 }))
    for (const [source, { reached, isInside }] of this.#sources) {
      const network = parseNetwork(source)
      const isRefused = !isInside && network !== null && decider.refuse(network) !== null
      points.forEach((point, i) => {
        if (isByCount ? reached < point.value : (reached & (2 ** i)) === 0) return
        if (isInside) point.internal++
        else {
          point.sources++
          if (isRefused) point.refused++
        }
      })
    }
    const note =
      this.#lost === 0 ? null : `the curve has only the first ${MAX_SOURCES} sources: it is too low`
    return { points, note }
  }
}

interface Run {
  observe(records: RecordBatch, fromMs: number, toMs: number): void
}

/** One detector at one value: what fires counts. */
class TriedRun implements Run {
  readonly #detector: Detector
  readonly #note: (source: string, isInside: boolean) => void

  constructor(settings: DetectionSettings, seed: number, note: (source: string, isInside: boolean) => void) {
    this.#detector = backtestDetector(settings, seed)
    this.#note = note
  }

  observe(records: RecordBatch, fromMs: number, toMs: number): void {
    for (const { source, lateral, detectedAtMs } of this.#detector.observe(records)) {
      if (detectedAtMs >= fromMs && detectedAtMs < toMs) this.#note(formatNetwork(source), lateral)
    }
  }
}

interface CountedRunOptions {
  readonly settings: DetectionSettings
  readonly seed: number
  /** Whether a count says anything about the range. */
  readonly isEnough: (count: number) => boolean
  readonly note: (source: string, count: number, isInside: boolean) => void
}

/** One detector at the largest value, which tells every count. */
class CountedRun implements Run {
  readonly #detector: Detector
  #records: RecordBatch | null = null
  #fromMs = 0
  #toMs = 0

  constructor({ settings, seed, isEnough, note }: CountedRunOptions) {
    const mask = maskOf(settings.ipv6Prefix)
    const kinds = new AddressKinds(settings.public)
    this.#detector = backtestDetector(settings, seed, (sightings, index, count) => {
      if (!isEnough(count)) return
      const timeMs = sightings.timesMs[index] as number
      if (this.#records === null || timeMs < this.#fromMs || timeMs >= this.#toMs) return
      const row = sightings.rows[index] as number
      const source = this.#records.addressAt(row, ADDRESS_SLOT.sourceAddress)
      if (source === null) return
      note(formatNetwork(sourceNetwork(source, mask)), count, kinds.of(...source) !== KIND.public)
    })
  }

  observe(records: RecordBatch, fromMs: number, toMs: number): void {
    this.#records = records
    this.#fromMs = fromMs
    this.#toMs = toMs
    this.#detector.observe(records)
  }
}
