/**
 * Text of strangers where people read it: terminals, mails, chats. Log lines, names and reasons may hold escape sequences,
 * control characters and marks that turn the reading direction; shown as they are they could hide text, forge output or
 * drive a terminal. Line ends are controls too, so text that has passed here is one line and safe in a header.
 */

/**
 * C0 and C1 controls, DEL, line and paragraph separators, direction marks and overrides (bidi), zero-width and other
 * invisible format characters, tags, lone surrogates. A tab counts: columns would break.
 */
export const UNSAFE_CHARACTERS =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

/** The text with everything unsafe written out: ESC as `\x1b`, a right-to-left override as `\u{202e}`. */
export function visibleText(text: string): string {
  return text.replace(UNSAFE_CHARACTERS, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** Visible text of at most so many characters; `...` stands for what was cut off. */
export function boundedText(text: string, mostCharacters: number): string {
  // Cut before as well: a hostile text of a megabyte is not walked through for a title of a line.
  const visible = visibleText(text.slice(0, mostCharacters * 2))
  return visible.length <= mostCharacters && text.length <= mostCharacters * 2
    ? visible
    : `${visible.slice(0, Math.max(0, mostCharacters - 3)).replace(/[\ud800-\udbff]$/, '')}...`
}
