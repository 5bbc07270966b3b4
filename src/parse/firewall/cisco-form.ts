/**
 * The documented forms of Cisco's messages as templates, and the reader that holds a line against one. A template is the
 * message's text with its variable parts in braces; a blank in it is any number of blanks, none included; `[...]` may be
 * missing. Letters match in any case. Each part is read at its place and never searched for:
 *
 *   {a} {b}      an endpoint: `outside:192.0.2.1/443`, `192.0.2.1/443`, a name instead of the address
 *   {a/} {b/}    an endpoint as access lists print it: `outside/192.0.2.1(443)(user)`
 *   {am} {bm}    its translated address in brackets; {g} a translated address without brackets
 *   {au} {bu}    a user in brackets behind an endpoint; {at} {bt} one without, up to ` to ` or ` duration `
 *   {user}       a user up to the next `,`, ` :` or blank, with or without quotes or `<>`
 *   {name}       a user up to the text that follows in the template; {skip} what is not kept
 *   {user*}      a user up to the end
 *   {a:} {b:}    `192.0.2.1:500`; {bh} a host up to its `:`
 *   {proto} {conn} {bytes} {sent} {received} {hits} {rule} {iface} {action} {dir} {reason} {threat} {id} {level} {class}
 *   {url} {object} {side} {w} a word, {n} a number, {flags} TCP flags, {*} the rest; `{[}` and `{]}` are brackets
 */
import { ascii, lowerByte } from '../bytes.ts'

export const PART = {
  literal: 0,
  optional: 1, // `jump` is where the group ends
  a: 2,
  b: 3,
  aList: 4,
  bList: 5,
  aMapped: 6,
  bMapped: 7,
  global: 8,
  aUser: 9,
  bUser: 10,
  aText: 11,
  bText: 12,
  user: 13,
  name: 14,
  proto: 15,
  conn: 16,
  bytes: 17,
  hits: 18,
  rule: 19,
  iface: 20,
  action: 21,
  dir: 22,
  reason: 23,
  threat: 24,
  id: 25,
  level: 26,
  class: 27,
  url: 28,
  word: 29,
  number: 30,
  flags: 31,
  rest: 32,
  sent: 33,
  received: 34,
  object: 35,
  aColon: 36,
  bColon: 37,
  bHost: 38,
  userRest: 39,
  side: 40,
  skip: 41,
} as const

const NAMES: Readonly<Record<string, number>> = {
  a: PART.a,
  b: PART.b,
  'a/': PART.aList,
  'b/': PART.bList,
  am: PART.aMapped,
  bm: PART.bMapped,
  g: PART.global,
  au: PART.aUser,
  bu: PART.bUser,
  at: PART.aText,
  bt: PART.bText,
  user: PART.user,
  name: PART.name,
  proto: PART.proto,
  conn: PART.conn,
  bytes: PART.bytes,
  hits: PART.hits,
  rule: PART.rule,
  iface: PART.iface,
  action: PART.action,
  dir: PART.dir,
  reason: PART.reason,
  threat: PART.threat,
  id: PART.id,
  level: PART.level,
  class: PART.class,
  url: PART.url,
  w: PART.word,
  n: PART.number,
  flags: PART.flags,
  '*': PART.rest,
  sent: PART.sent,
  received: PART.received,
  object: PART.object,
  'a:': PART.aColon,
  'b:': PART.bColon,
  bh: PART.bHost,
  'user*': PART.userRest,
  side: PART.side,
  skip: PART.skip,
}

export interface Part {
  readonly kind: number
  /** The text of a literal in lower case. */
  readonly literal: Uint8Array
  /** Index of the part behind an optional group. */
  readonly jump: number
}

export type Template = readonly Part[]

/** Makes a template from its text; throws for a part that is not known, which is a mistake in the table. */
export function compileTemplate(text: string): Template {
  const parts: { kind: number; literal: Uint8Array; jump: number }[] = []
  const open: number[] = []
  for (const [token] of text.matchAll(/\{[^}]*\}|[[\]]|[^{}[\]]+/g)) {
    if (token === '[') {
      open.push(parts.length)
      parts.push({ kind: PART.optional, literal: ascii(''), jump: 0 })
    } else if (token === ']') {
      const at = open.pop()
      if (at === undefined) throw new Error(`a ] too many in ${text}`)
      ;(parts[at] as { jump: number }).jump = parts.length
    } else if (token === '{[}' || token === '{]}') {
      parts.push({ kind: PART.literal, literal: ascii(token.slice(1, 2)), jump: 0 })
    } else if (token.startsWith('{')) {
      const kind = NAMES[token.slice(1, -1)]
      if (kind === undefined) throw new Error(`${token} is no part, in ${text}`)
      parts.push({ kind, literal: ascii(''), jump: 0 })
    } else {
      parts.push({ kind: PART.literal, literal: ascii(token.toLowerCase()), jump: 0 })
    }
  }
  return parts
}

/** Behind the literal at `at`, or -1. A blank of the literal stands for any number of blanks. */
export function matchLiteral(bytes: Uint8Array, at: number, end: number, literal: Uint8Array): number {
  let to = at
  for (let i = 0; i < literal.length; i++) {
    const wanted = literal[i] as number
    if (wanted === 0x20) {
      while (to < end && bytes[to] === 0x20) to++
      continue
    }
    if (to >= end || lowerByte(bytes[to] as number) !== wanted) return -1
    to++
  }
  return to
}
