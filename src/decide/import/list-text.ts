/**
 * Lists of others as text, read into networks: an address, network or range a line with anything behind it (plain lists,
 * external dynamic lists, CSV, ipset and netset files, Spamhaus DROP), JSON (an array, lines of objects, MISP warning lists
 * with `list`). What is no address is counted and the first of it shown; nothing throws for the content's sake.
 *
 * Limits: MAX_ENTRIES networks; what is beyond is counted. Cost: one pass over the text.
 */
import { type Address, isV4, type Network, networkOf, parseAddress, parseNetwork } from '../../lib/address.ts'
import { networkKey } from '../network-map.ts'

const MAX_ENTRIES = 300_000
const EXAMPLES = 5
/** Networks of one range `a-b`. */
const RANGE_NETWORKS = 256
/** Members of objects that hold the address, the first that is there. */
const MEMBERS = ['cidr', 'ip', 'address', 'value', 'network', 'ip_address', 'src_ip', 'indicator']

export interface ReadList {
  /** Each once, in the order of the text. */
  readonly networks: readonly Network[]
  /** Lines or items that are no address. */
  readonly unreadable: number
  /** The first of them, cut; text of a stranger. */
  readonly examples: readonly string[]
  /** Networks beyond the limit. */
  readonly beyond: number
  /** What the list calls itself, where it does. */
  readonly title: string | null
}

/** Reads a whole list; `maxEntries` at most. */
export function readList(text: string, maxEntries = MAX_ENTRIES): ReadList {
  const list = new ListReader(Math.min(maxEntries, MAX_ENTRIES))
  const json = parseWhole(text)
  if (json === undefined) for (const line of lines(text)) list.takeLine(line)
  else list.takeJson(json)
  return list.told()
}

function parseWhole(text: string): unknown {
  const first = text.trimStart()[0]
  if (first !== '[' && first !== '{') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined // lines of objects, or no JSON: each line is looked at by itself
  }
}

function* lines(text: string): Generator<string, void, undefined> {
  let at = 0
  while (at < text.length) {
    const end = text.indexOf('\n', at)
    yield text.slice(at, end === -1 ? text.length : end)
    if (end === -1) return
    at = end + 1
  }
}

class ListReader {
  readonly #most: number
  readonly #networks = new Map<number | string, Network>()
  readonly #examples: string[] = []
  #unreadable = 0
  #beyond = 0
  #title: string | null = null

  constructor(most: number) {
    this.#most = most
  }

  told(): ReadList {
    return {
      networks: [...this.#networks.values()],
      unreadable: this.#unreadable,
      examples: this.#examples,
      beyond: this.#beyond,
      title: this.#title,
    }
  }

  takeLine(line: string): void {
    const text = line.trim()
    if (text === '' || /^(?:#|;|\/\/)/.test(text)) return
    if (text.startsWith('{')) {
      const json = parseWhole(text)
      if (json !== undefined) {
        if (!isRemark(json)) this.#takeItem(json)
        return
      }
    }
    const found = networksOf(text)
    if (found === null) this.#refuse(text)
    else for (const network of found) this.#put(network)
  }

  takeJson(json: unknown): void {
    const items = Array.isArray(json) ? json : listOf(json)
    if (isObject(json) && typeof json['name'] === 'string') this.#title = json['name'].slice(0, 200)
    if (items === null) {
      this.#refuse('JSON without an array of entries')
      return
    }
    for (const item of items) this.#takeItem(item)
  }

  #takeItem(item: unknown): void {
    const text = typeof item === 'string' ? item : isObject(item) ? memberOf(item) : null
    const found = text === null ? null : networksOf(text.trim())
    if (found === null) this.#refuse(text ?? JSON.stringify(item) ?? '')
    else for (const network of found) this.#put(network)
  }

  #put(network: Network): void {
    const key = networkKey(network)
    if (this.#networks.has(key)) return
    if (this.#networks.size >= this.#most) this.#beyond++
    else this.#networks.set(key, network)
  }

  #refuse(text: string): void {
    this.#unreadable++
    if (this.#examples.length < EXAMPLES) this.#examples.push(text.slice(0, 100))
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The line of a file of objects that tells of the file: Spamhaus ends with `{"type":"metadata",...}`. */
function isRemark(json: unknown): boolean {
  return isObject(json) && json['type'] === 'metadata'
}

function listOf(json: unknown): readonly unknown[] | null {
  if (!isObject(json)) return null
  for (const name of ['list', 'data', 'items', 'entries', 'blacklist', 'addresses']) {
    const value = json[name]
    if (Array.isArray(value)) return value
  }
  return null
}

function memberOf(item: Readonly<Record<string, unknown>>): string | null {
  for (const name of MEMBERS) {
    const value = item[name]
    if (typeof value === 'string') return value
  }
  return null
}

/** The first word of a line that is an address, a network or a range. */
function networksOf(text: string): Network[] | null {
  const range = /^([0-9a-f.:]+)\s*-\s*([0-9a-f.:]+)(?:[\s,;#|]|$)/i.exec(text)
  if (range !== null) return rangeOf(range[1] ?? '', range[2] ?? '')
  for (const word of text.split(/[\s,;|"'=]+/, 12)) {
    const network = word === '' ? null : parseNetwork(word, true)
    if (network !== null) return [network]
  }
  return null
}

/** The networks of a range, or null when it is none or has too many. */
function rangeOf(firstText: string, lastText: string): Network[] | null {
  const first = parseAddress(firstText)
  const last = parseAddress(lastText)
  if (first === null || last === null || isV4(first) !== isV4(last)) return null
  let at = numberOf(first)
  const end = numberOf(last)
  const found: Network[] = []
  while (at <= end) {
    if (found.length >= RANGE_NETWORKS) return null
    let bits = 0n
    while (bits < 128n && (at & ((2n << bits) - 1n)) === 0n && at + (2n << bits) - 1n <= end) bits++
    found.push(networkOf(wordsOf(at), 128 - Number(bits)))
    at += 1n << bits
  }
  return found.length === 0 ? null : found
}

function numberOf(words: Address): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

function wordsOf(value: bigint): Address {
  const word = (shift: bigint): number => Number((value >> shift) & 0xffff_ffffn)
  return [word(96n), word(64n), word(32n), word(0n)]
}
