/**
 * Holds a message against a template of cisco-form.ts and keeps where its variable parts lie. One Match serves all
 * lines; what it holds is valid until the next message. Cost: about 1 ns a byte.
 */
import { readAddress } from '../address-bytes.ts'
import { ascii, isDigit, isWord, readPort, startsWith, trimEnd } from '../bytes.ts'
import { matchLiteral, PART, type Part, type Template } from './cisco-form.ts'

/** Longest text that is looked through for the end of a name. */
const MAX_NAME_BYTES = 512
/** A shorter literal (a bracket, ` to `) may well stand twice. */
const MIN_DOUBT_BYTES = 4
const TYPE = ascii('type ')

export class Endpoint {
  /** All zero when it is not known: a name stands there, or nothing. */
  readonly address = new Uint32Array(4)
  readonly mapped = new Uint32Array(4)
  port = 0
  mappedPort = 0
  zoneStart = 0
  zoneEnd = 0
  userStart = 0
  userEnd = 0
  /** Where its text ends. */
  to = 0

  clear(): void {
    this.address.fill(0)
    this.mapped.fill(0)
    this.port = 0
    this.mappedPort = 0
    this.zoneEnd = 0
    this.zoneStart = 0
    this.userStart = 0
    this.userEnd = 0
    this.to = 0
  }
}

/** Ranges by kind of part; both 0 when the part was not there. */
const KINDS = 64

export class Match {
  readonly a = new Endpoint()
  readonly b = new Endpoint()
  readonly global = new Endpoint()
  readonly start = new Int32Array(KINDS)
  readonly end = new Int32Array(KINDS)
  /** Furthest position that was reached: of forms that fail, the one that came furthest tells most. */
  reach = 0
  /**
   * What ends a user's name in the form stands again further back: a name may hold it, so what was read behind it (an
   * address) may be the user's text.
   */
  isDoubtful = false
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0

  /** Whether the text has one of the forms. When it has none, what the best form understood is kept. */
  any(forms: readonly Template[], bytes: Uint8Array, at: number, end: number): boolean {
    let best = -1
    let bestReach = -1
    for (const [index, form] of forms.entries()) {
      if (this.one(form, bytes, at, end)) return true
      if (this.reach > bestReach) {
        bestReach = this.reach
        best = index
      }
    }
    if (best >= 0 && best < forms.length - 1) this.one(forms[best] as Template, bytes, at, end)
    return false
  }

  one(form: Template, bytes: Uint8Array, at: number, end: number): boolean {
    this.a.clear()
    this.b.clear()
    this.global.clear()
    this.start.fill(0)
    this.end.fill(0)
    this.#bytes = bytes
    this.#end = end
    this.reach = at
    this.isDoubtful = false
    return this.#run(form, 0, form.length, at) >= 0
  }

  has(kind: number): boolean {
    return (this.end[kind] as number) > (this.start[kind] as number)
  }

  #run(form: Template, from: number, to: number, begin: number): number {
    let at = begin
    for (let i = from; i < to; i++) {
      const part = form[i] as Part
      if (part.kind === PART.literal) at = matchLiteral(this.#bytes, at, this.#end, part.literal)
      else if (part.kind === PART.optional) {
        const behind = this.#run(form, i + 1, part.jump, at)
        if (behind >= 0) at = behind
        i = part.jump - 1
      } else {
        at = this.#read(part.kind, form, i, at)
        if (at >= 0 && (part.kind === PART.user || part.kind === PART.name)) this.#doubt(form[i + 1], at)
      }
      if (at < 0) return -1
      if (at > this.reach) this.reach = at
    }
    return at
  }

  #doubt(next: Part | undefined, at: number): void {
    if (next === undefined || next.kind !== PART.literal || next.literal.length < MIN_DOUBT_BYTES) return
    const last = this.#end - next.literal.length
    for (let i = at + next.literal.length; i <= last; i++) {
      if (isWord(this.#bytes, i, i + next.literal.length, next.literal)) this.isDoubtful = true
    }
  }

  #read(kind: number, form: Template, index: number, at: number): number {
    switch (kind) {
      case PART.a:
        return this.#endpoint(this.a, at)
      case PART.b:
        return this.#endpoint(this.b, at)
      case PART.global:
        return this.#endpoint(this.global, at)
      case PART.aList:
        return this.#listed(this.a, at)
      case PART.bList:
        return this.#listed(this.b, at)
      case PART.aMapped:
        return this.#mapped(this.a, at)
      case PART.bMapped:
        return this.#mapped(this.b, at)
      case PART.aUser:
        return this.#bracketed(this.a, at)
      case PART.bUser:
        return this.#bracketed(this.b, at)
      case PART.aText:
        return this.#bareUser(this.a, form, index, at)
      case PART.bText:
        return this.#bareUser(this.b, form, index, at)
      case PART.aColon:
        return this.#colon(this.a, at)
      case PART.bColon:
        return this.#colon(this.b, at)
      case PART.bHost:
        return this.#host(at)
      default:
        return this.#readText(kind, form, index, at)
    }
  }

  #readText(kind: number, form: Template, index: number, at: number): number {
    switch (kind) {
      case PART.user:
        return this.#user(at)
      case PART.name:
      case PART.skip:
      case PART.threat:
      case PART.object:
        return this.#name(kind, form, index, at)
      case PART.level:
      case PART.conn:
      case PART.bytes:
      case PART.sent:
      case PART.received:
      case PART.hits:
      case PART.number:
      case PART.id:
        return this.#number(kind, at)
      case PART.proto:
        return this.#protocol(at)
      case PART.rule:
        return this.#quoted(kind, at)
      case PART.flags:
        return this.#flags(at)
      case PART.userRest:
      case PART.rest:
      case PART.reason:
      case PART.class:
        return this.#keep(kind, at, this.#end, this.#end)
      default:
        return this.#word(kind, at)
    }
  }

  /** Keeps a range less a full stop and blanks at its end; returns `next`. */
  #keep(kind: number, start: number, end: number, next: number): number {
    let to = trimEnd(this.#bytes, start, end)
    if (to > start && (this.#bytes[to - 1] === 0x2e || this.#bytes[to - 1] === 0x2c)) to--
    this.start[kind] = start
    this.end[kind] = trimEnd(this.#bytes, start, to)
    return next
  }

  #word(kind: number, at: number): number {
    let to = at
    while (to < this.#end && this.#bytes[to] !== 0x20) to++
    return to === at ? -1 : this.#keep(kind, at, to, to)
  }

  /** A number, or the word of a level (`very-high`); 1 byte at least. */
  #number(kind: number, at: number): number {
    const bytes = this.#bytes
    let to = at
    if (kind === PART.level) while (to < this.#end && bytes[to] !== 0x2c && bytes[to] !== 0x20) to++
    else while (to < this.#end && (isDigit(bytes[to] as number) || (to === at && bytes[to] === 0x2d))) to++
    if (to === at) return -1
    this.start[kind] = at
    this.end[kind] = to
    return to
  }

  #protocol(at: number): number {
    const bytes = this.#bytes
    let to = at
    while (to < this.#end && bytes[to] !== 0x20 && bytes[to] !== 0x2c && bytes[to] !== 0x29) to++
    if (to === at) return -1
    let start = at
    // `protocol 47`
    if (to - at === 8 && isDigit(bytes[to + 1] as number) && ((bytes[at] as number) | 0x20) === 0x70) {
      start = to + 1
      to = start
      while (to < this.#end && isDigit(bytes[to] as number)) to++
    }
    this.start[PART.proto] = start
    this.end[PART.proto] = to
    return to
  }

  #quoted(kind: number, at: number): number {
    if (this.#bytes[at] !== 0x22) return this.#word(kind, at)
    let to = at + 1
    while (to < this.#end && this.#bytes[to] !== 0x22) to++
    return this.#keep(kind, at + 1, to, Math.min(to + 1, this.#end))
  }

  /** `SYN ACK` and like words of capitals. */
  #flags(at: number): number {
    let to = at
    for (;;) {
      let word = to
      while (word < this.#end && this.#bytes[word] === 0x20) word++
      const from = word
      while (word < this.#end && (this.#bytes[word] as number) !== 0x20) word++
      // `on` is what follows
      if (word === from || (word - from === 2 && this.#bytes[from] === 0x6f)) return to
      to = word
    }
  }

  /** A name in quotes or angle brackets, or up to the next blank or comma. */
  #user(at: number): number {
    const bytes = this.#bytes
    const open = bytes[at]
    const close = open === 0x3c ? 0x3e : open
    if (open === 0x22 || open === 0x27 || open === 0x3c) {
      let to = at + 1
      while (to < this.#end && bytes[to] !== close) to++
      return this.#keep(PART.user, at + 1, to, Math.min(to + 1, this.#end))
    }
    let to = at
    while (to < this.#end && bytes[to] !== 0x20 && bytes[to] !== 0x2c) to++
    return this.#keep(PART.user, at, to, to)
  }

  /** Up to where the next literal of the template begins. */
  #name(kind: number, form: Template, index: number, at: number): number {
    const next = form[index + 1]
    if (next === undefined || next.kind !== PART.literal) return this.#word(kind, at)
    const limit = Math.min(this.#end, at + MAX_NAME_BYTES)
    const isBlankFirst = next.literal[0] === 0x20
    for (let to = at; to <= limit; to++) {
      if (isBlankFirst && this.#bytes[to] !== 0x20) continue
      if (matchLiteral(this.#bytes, to, this.#end, next.literal) >= 0) return this.#keep(kind, at, to, to)
    }
    return -1
  }

  /** `[zone[(list)]:]address[/port]`, a name in the place of the address, `user@address`. */
  #endpoint(into: Endpoint, at: number): number {
    const bytes = this.#bytes
    let to = at
    while (to < this.#end && !isEndOfEndpoint(bytes[to] as number)) to++
    if (bytes[to] === 0x28 && to > at) {
      const behind = this.#behindList(at, to)
      if (behind > 0) {
        const next = this.#endpoint(into, behind)
        into.zoneStart = at
        into.zoneEnd = to
        return next
      }
    }
    if (to === at) return -1
    const next = to
    const last = bytes[to - 1]
    const isMark = (last === 0x2e || last === 0x3a) && (to >= this.#end || bytes[to] === 0x20)
    if (isMark && bytes[to - 2] !== 0x3a) to--
    this.#split(into, at, to)
    into.to = next
    return next === to ? next : to
  }

  /** Behind `zone(list):`, or -1. What stands in front must be a plain word: behind an address the brackets hold a user. */
  #behindList(at: number, open: number): number {
    const bytes = this.#bytes
    for (let i = at; i < open; i++) if (!isNameByte(bytes[i] as number)) return -1
    let close = open + 1
    while (close < this.#end && isNameByte(bytes[close] as number)) close++
    const isList = bytes[close] === 0x29 && bytes[close + 1] === 0x3a && close + 2 < this.#end
    return isList ? close + 2 : -1
  }

  #split(into: Endpoint, from: number, to: number): void {
    const bytes = this.#bytes
    let slash = to - 1
    while (slash > from && bytes[slash] !== 0x2f) slash--
    let end = to
    if (slash > from) {
      into.port = Math.max(0, readPort(bytes, slash + 1, to))
      end = slash
    }
    if (readAddress(bytes, from, end, into.address, 0)) return
    let colon = from
    while (colon < end && bytes[colon] !== 0x3a) colon++
    let start = from
    if (colon < end) {
      into.zoneStart = from
      into.zoneEnd = colon
      start = colon + 1
    }
    let mark = end - 1
    while (mark >= start && bytes[mark] !== 0x40) mark--
    if (mark > start) {
      into.userStart = start
      into.userEnd = mark
      start = mark + 1
    }
    readAddress(bytes, start, end, into.address, 0)
  }

  /** `zone/address(port)(user)` */
  #listed(into: Endpoint, at: number): number {
    const bytes = this.#bytes
    let slash = at
    while (slash < this.#end && bytes[slash] !== 0x2f && bytes[slash] !== 0x20) slash++
    if (bytes[slash] !== 0x2f) return -1
    let to = slash + 1
    while (to < this.#end && bytes[to] !== 0x28 && bytes[to] !== 0x20) to++
    into.zoneStart = at
    into.zoneEnd = slash
    readAddress(bytes, slash + 1, to, into.address, 0)
    if (bytes[to] !== 0x28) return to
    let close = to + 1
    while (close < this.#end && bytes[close] !== 0x29) close++
    into.port = Math.max(0, readPort(bytes, to + 1, close))
    if (bytes[close + 1] !== 0x28) return Math.min(close + 1, this.#end)
    const behind = this.#bracketed(into, close + 2)
    return behind < 0 ? close + 1 : Math.min(behind + 1, this.#end)
  }

  /** `address/port` or `address` inside brackets. */
  #mapped(into: Endpoint, at: number): number {
    const bytes = this.#bytes
    let to = at
    while (to < this.#end && bytes[to] !== 0x29 && bytes[to] !== 0x28 && bytes[to] !== 0x20) to++
    if (bytes[to] !== 0x29 || to === at) return -1
    let slash = to - 1
    while (slash > at && bytes[slash] !== 0x2f) slash--
    const isAddress = readAddress(bytes, at, slash > at ? slash : to, into.mapped, 0)
    if (isAddress && slash > at) into.mappedPort = Math.max(0, readPort(bytes, slash + 1, to))
    return to
  }

  /** Text up to the bracket that closes it. */
  #bracketed(into: Endpoint, at: number): number {
    const bytes = this.#bytes
    if (startsWith(bytes, at, this.#end, TYPE)) return -1 // `(type 8, code 0)` is no user
    let depth = 1
    let to = at
    const limit = Math.min(this.#end, at + MAX_NAME_BYTES)
    for (; to < limit; to++) {
      if (bytes[to] === 0x28) depth++
      else if (bytes[to] === 0x29 && --depth === 0) break
    }
    if (to >= limit) return -1
    into.userStart = at
    into.userEnd = to
    return to
  }

  /** A user without brackets: up to the next literal of the template. */
  #bareUser(into: Endpoint, form: Template, index: number, at: number): number {
    if (this.#bytes[at] !== 0x20) return -1
    let next = index + 1
    while (next < form.length && (form[next] as Part).kind !== PART.literal) next++
    const literal = (form[next] as Part | undefined)?.literal
    if (literal === undefined) return -1
    const limit = Math.min(this.#end, at + MAX_NAME_BYTES)
    for (let to = at; to < limit; to++) {
      if (this.#bytes[to] !== 0x20 || matchLiteral(this.#bytes, to, this.#end, literal) < 0) continue
      if (to > at) {
        into.userStart = at + 1
        into.userEnd = to
      }
      return to
    }
    return -1
  }

  /** `address:port` up to a blank. */
  #colon(into: Endpoint, at: number): number {
    const bytes = this.#bytes
    let to = at
    while (to < this.#end && bytes[to] !== 0x20) to++
    let colon = to - 1
    while (colon > at && bytes[colon] !== 0x3a) colon--
    if (colon <= at) return -1
    if (readAddress(bytes, at, colon, into.address, 0))
      into.port = Math.max(0, readPort(bytes, colon + 1, to))
    return to
  }

  /** A host up to the `:` in front of its URL. */
  #host(at: number): number {
    const bytes = this.#bytes
    let to = at
    while (to < this.#end && bytes[to] !== 0x3a && bytes[to] !== 0x20) to++
    if (bytes[to] !== 0x3a) return -1
    let start = to
    while (start > at && bytes[start - 1] !== 0x40) start--
    readAddress(bytes, start, to, this.b.address, 0)
    return to
  }
}

/** Letters, digits, `-` and `_`. */
function isNameByte(byte: number): boolean {
  const lower = byte | 0x20
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x7a) || byte === 0x2d || byte === 0x5f
}

/** Blank, brackets, comma, semicolon, `>`. */
function isEndOfEndpoint(byte: number): boolean {
  return byte === 0x20 || byte === 0x28 || byte === 0x29 || byte === 0x2c || byte === 0x3b || byte === 0x3e
}
