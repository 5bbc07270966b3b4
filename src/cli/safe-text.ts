/**
 * Text of strangers on a terminal. Log lines, names and reasons may hold escape sequences, control characters and
 * marks that turn the reading direction; printed as they are, they could hide lines, forge output or drive the
 * terminal. Everything that a command prints for people goes through `safeText`, every JSON line through `jsonLine`.
 */

/**
 * C0 and C1 controls, DEL, line and paragraph separators, direction marks and overrides (bidi), zero-width and other
 * invisible format characters, tags, lone surrogates. A tab counts: columns would break.
 */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

/** The text with everything unsafe written out: ESC as `\x1b`, a right-to-left override as `\u{202e}`. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** One line of JSON without a line end. What a terminal could act on is escaped as `\uXXXX`; the value is the same. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value)
  // JSON.stringify escapes C0 and lone surrogates already; pure ASCII without DEL needs nothing more.
  // oxlint-disable-next-line no-control-regex -- as above
  if (/^[\u0020-\u007e]*$/.test(text)) return text
  return text.replace(UNSAFE, (character) => {
    let escaped = ''
    for (let i = 0; i < character.length; i++) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    }
    return escaped
  })
}
