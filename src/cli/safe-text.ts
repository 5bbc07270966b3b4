/**
 * Text of strangers on a terminal. Log lines, names and reasons may hold escape sequences, control characters and
 * marks that turn the reading direction; printed as they are, they could hide lines, forge output or drive the
 * terminal. Everything that a command prints for people goes through `safeText`, every JSON line through `jsonLine`.
 */
import { UNSAFE_CHARACTERS, visibleText } from '../lib/visible-text.ts'

/** The text with everything unsafe written out: ESC as `\x1b`, a right-to-left override as `\u{202e}`. */
export function safeText(text: string): string {
  return visibleText(text)
}

/** One line of JSON without a line end. What a terminal could act on is escaped as `\uXXXX`; the value is the same. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify escapes C0 and lone surrogates already; pure ASCII without DEL needs nothing more.
  // oxlint-disable-next-line no-control-regex -- as above
  if (/^[\u0020-\u007e]*$/.test(text)) return text
  return text.replace(UNSAFE_CHARACTERS, (character) => {
    let escaped = ''
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    }
    return escaped
  })
}
