/**
 * Readers made of templates: an administrator pastes the custom format that the firewall sends, and every line of that
 * shape is read by it. A value lies between the fixed texts around its variable. Where the fixed texts could be found in
 * more than one way (a value holds a separator and nothing is escaped), the line is `ambiguous`: the leftmost reading is
 * shown, nobody is convicted by it. Variables that we do not know are stepped over. The original's own format is such a
 * template, built in (paloalto-custom.ts).
 */
import { FLAG, FORMAT } from '../../model/log-record.ts'
import { type PaloaltoTemplate, splitTemplate } from '../../model/paloalto-template.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { readAddress } from '../address-bytes.ts'
import { indexOfByte, isBlank, skipBlanks, trimEnd } from '../bytes.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { meaningReasons, readValues } from './paloalto-meaning.ts'
import { TARGET, targetOfName, Values } from './paloalto-variables.ts'

const NAME = 'paloalto-template'
const MEANINGS = meaningReasons(NAME)
const REASONS = [...MEANINGS, `${NAME}: the line ends inside the template, before the addresses`] as const
const SHORT = MEANINGS.length
/** A first text this long tells the template's lines from others; with less, the next texts must be there too. */
const STRICT_BYTES = 4
/** Texts behind the first that are looked for then. */
const LOOKED_FOR = 3

const COLON = 0x3a
const MAX_ADDRESS_BYTES = 45
/** 1 for targets that are addresses; shifted by one, for variables that are no target. */
const IS_ADDRESS = new Uint8Array(256)
for (const name of [
  'source',
  'destination',
  'natSource',
  'natDestination',
  'publicAddress',
  'publicAddress6',
] as const) {
  IS_ADDRESS[TARGET[name] + 1] = 1
}
const scratch = new Uint32Array(4)

const values = new Values()

export type CompiledTemplate =
  | { readonly ok: true; readonly format: LineFormat }
  /** A sentence that names the place. */
  | { readonly ok: false; readonly message: string }

export interface TemplateEscapes {
  /** Characters that PAN-OS escapes in values; empty when escaping is off. */
  readonly escapedCharacters: string
  /** What it puts in front of them. */
  readonly escapeCharacter: string
}

/** Makes a reader of a template as PAN-OS shows it. */
export function compileTemplate(template: string, escapes: TemplateEscapes): CompiledTemplate {
  const given: PaloaltoTemplate = { template, ...escapes }
  const split = splitTemplate(given)
  if (!split.ok) return split
  const reader = new TemplateReader(split.pieces.texts, split.pieces.variables, escapes)
  return {
    ok: true,
    format: {
      code: FORMAT.paloaltoTemplate,
      name: NAME,
      reasons: REASONS,
      recognise: (line) => reader.recognise(line),
      read: (line, into, row) => reader.read(line, into, row),
    },
  }
}

/** The original's own format, less its blanks, for which paloalto-custom.ts is made. */
const BUILT_IN =
  'srclocation=$srcloc;srcip=$src;srcport=$sport;srcuser=$srcuser;dstlocation=$dstloc;dstip=$dst;dstport=$dport;action=$action;rulename=$rule;ruleid=$rule_uuid;timereceived=$time_received;threatname=$threat_name;threatid=$threatid;severity=$severity;subtype=$subtype;type=$type'

/** Whether a template is the original's, as its manual or its screenshot has it. */
export function isBuiltInTemplate(template: string): boolean {
  const plain = template.replaceAll(/\s/g, '').replace(/;$/, '').toLowerCase()
  return plain.replace('$rule_uid;', '$rule_uuid;') === BUILT_IN
}

/** The format's place in the table of formats; it knows no line itself. */
export const paloaltoTemplate: LineFormat = {
  code: FORMAT.paloaltoTemplate,
  name: NAME,
  reasons: REASONS,
  recognise: () => false,
  read: () => SHORT,
}

class TemplateReader {
  readonly #texts: readonly Uint8Array[]
  /** First byte of each text, four times. */
  readonly #patterns: Int32Array
  readonly #targets: Int16Array
  /** Where text `i` was found, from the left; one more for the end. */
  readonly #found: Int32Array
  /** Escape character, -1 when there is none. */
  readonly #escape: number
  /** 1 for characters that are escaped in values. */
  readonly #isEscaped = new Uint8Array(256)
  readonly #hasType: boolean

  constructor(texts: readonly string[], variables: readonly string[], escapes: TemplateEscapes) {
    this.#texts = texts.map((text) => Buffer.from(text, 'utf8'))
    this.#patterns = Int32Array.from(this.#texts, (text) => Math.imul(text[0] ?? 0, 0x01010101))
    this.#targets = Int16Array.from(variables, targetOfName)
    this.#found = new Int32Array(texts.length + 1)
    const isEscaping = escapes.escapeCharacter !== '' && escapes.escapedCharacters !== ''
    this.#escape = isEscaping ? escapes.escapeCharacter.charCodeAt(0) : -1
    if (isEscaping) {
      for (const byte of Buffer.from(escapes.escapedCharacters, 'utf8')) this.#isEscaped[byte] = 1
      this.#isEscaped[this.#escape] = 1
    }
    this.#hasType = this.#targets.includes(TARGET.type)
  }

  recognise(line: Line): boolean {
    const { bytes, end } = line
    const at = skipBlanks(bytes, line.at, end)
    const first = this.#texts[0] as Uint8Array
    if (!isAt(bytes, at, end, first)) return false
    if (first.length >= STRICT_BYTES) return true
    let from = at + first.length
    const last = Math.min(LOOKED_FOR, this.#texts.length - 2)
    for (let i = 1; i <= last; i++) {
      from = this.#find(line, from, end, i)
      if (from < 0) return false
      from += (this.#texts[i] as Uint8Array).length
    }
    return true
  }

  read(line: Line, into: RecordBatch, row: number): number {
    values.clear()
    const start = skipBlanks(line.bytes, line.at, line.end)
    const count = this.#findAll(line, start)
    const variables = this.#targets.length
    if (count < variables) {
      // Cut inside the template: the last value may be half of one.
      line.flags |= FLAG.truncated
    }
    for (let i = 0; i < count; i++) this.#take(line, i)
    const isShort = !values.has(TARGET.source) && count < variables
    if (isShort) return SHORT
    if (count === variables && !this.#isOnlyReading(line)) line.flags |= FLAG.ambiguous
    return readValues(values, line, into, row, !this.#hasType || count < variables)
  }

  /** Finds the texts from the left. Returns how many values are whole. */
  #findAll(line: Line, start: number): number {
    const { bytes, end } = line
    const texts = this.#texts
    const found = this.#found
    found[0] = start
    let from = start + (texts[0] as Uint8Array).length
    const last = texts.length - 1
    for (let i = 1; i <= last; i++) {
      const text = texts[i] as Uint8Array
      if (i === last) {
        found[last] = this.#endOfLast(bytes, from, end, text)
        // Without its last text a line may have been cut, or a relay has trimmed it.
        return found[last] === end && text.length > 0 && (line.flags & FLAG.truncated) !== 0 ? last - 1 : last
      }
      const at = this.#endOfValue(line, from, end, i)
      if (at < 0) return i - 1
      found[i] = at
      from = at + text.length
    }
    return last
  }

  /** The last value ends where the last text ends the line, else at the line's end. */
  #endOfLast(bytes: Uint8Array, from: number, end: number, text: Uint8Array): number {
    const at = end - text.length
    return at >= from && isAt(bytes, at, end, text) && !this.#isEscapedAt(bytes, at, from) ? at : end
  }

  /** Where the value in front of text `index` ends; an address also where its own colons look like the text. */
  #endOfValue(line: Line, from: number, end: number, index: number): number {
    const text = this.#texts[index] as Uint8Array
    const first = this.#find(line, from, end, index)
    if (text[0] !== COLON || IS_ADDRESS[(this.#targets[index - 1] as number) + 1] !== 1) return first
    const limit = Math.min(end, from + MAX_ADDRESS_BYTES + text.length)
    for (let at = first; at >= 0; at = this.#find(line, at + 1, limit, index)) {
      if (readAddress(line.bytes, from, at, scratch, 0)) return at
    }
    return first
  }

  #take(line: Line, index: number): void {
    const target = this.#targets[index] as number
    if (target <= TARGET.ignoredNumber) return
    const { bytes } = line
    const from = (this.#found[index] as number) + (this.#texts[index] as Uint8Array).length
    const end = this.#found[index + 1] as number
    if (this.#escape >= 0 && this.#hasEscape(bytes, from, end)) {
      this.#takeUnescaped(line, target, from, end)
      return
    }
    // A variable that this type of log does not know is left as it is written.
    const start = skipBlanks(bytes, from, end)
    values.set(bytes, target, start, trimEnd(bytes, start, end))
  }

  #hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (bytes[at] === this.#escape) return true
    return false
  }

  #takeUnescaped(line: Line, target: number, from: number, to: number): void {
    const at = line.appendSpace(to - from)
    const { bytes } = line
    let end = at
    for (let i = from; i < to; i++) {
      const next = i + 1 < to ? (bytes[i + 1] as number) : 0
      if (bytes[i] === this.#escape && this.#isEscaped[next] === 1) i++
      bytes[end++] = bytes[i] as number
    }
    line.take(end)
    const start = skipBlanks(bytes, at, end)
    values.set(bytes, target, start, trimEnd(bytes, start, end))
  }

  /** First place of text `index` that no escape stands in front of, or -1. */
  #find(line: Line, from: number, end: number, index: number): number {
    const { bytes, view } = line
    const text = this.#texts[index] as Uint8Array
    const pattern = this.#patterns[index] as number
    const last = end - text.length
    for (
      let at = indexOfByte(view, from, end, pattern);
      at <= last;
      at = indexOfByte(view, at + 1, end, pattern)
    ) {
      if (isAt(bytes, at, end, text) && !this.#isEscapedAt(bytes, at, from)) return at
    }
    return -1
  }

  /** Whether an odd number of escape characters stands in front of a place. */
  #isEscapedAt(bytes: Uint8Array, at: number, from: number): boolean {
    if (this.#escape < 0) return false
    let escapes = 0
    while (at - escapes - 1 >= from && bytes[at - escapes - 1] === this.#escape) escapes++
    return escapes % 2 === 1
  }

  /** Whether no text stands a second time between its place and that of the next one: then no other reading fits. */
  #isOnlyReading(line: Line): boolean {
    const found = this.#found
    for (let i = this.#texts.length - 2; i >= 1; i--) {
      if (this.#find(line, (found[i] as number) + 1, found[i + 1] as number, i) >= 0) return false
    }
    return true
  }
}

function isAt(bytes: Uint8Array, at: number, end: number, text: Uint8Array): boolean {
  if (end - at < text.length) return false
  for (let i = 0; i < text.length; i++) {
    // A relay may have made one blank of a tab.
    if (bytes[at + i] !== text[i] && !(isBlank(text[i] as number) && isBlank(bytes[at + i] as number))) {
      return false
    }
  }
  return true
}
