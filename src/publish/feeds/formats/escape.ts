/** Text of logs and of people, made safe for JSON and CSV: ASCII JSON that no reader can misread, cells that no program runs. */

/** JSON in ASCII: everything else is `\uXXXX`, so direction marks and the like stay visible. One line, no line end. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Control characters, line separators, direction marks and lone surrogates: one mark each. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|\p{Surrogate}/gu

/**
 * A cell of CSV (RFC 4180), quoted. Text that a spreadsheet would take for a formula gets an apostrophe in front; control
 * characters become U+FFFD.
 */
export function csvCell(text: string): string {
  const visible = text.replaceAll(UNSAFE, '\ufffd')
  const harmless = /^\s*[=+\-@]/.test(visible) ? `'${visible}` : visible
  return `"${harmless.replaceAll('"', '""')}"`
}
