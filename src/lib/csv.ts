/**
 * CSV by RFC 4180 that a spreadsheet does not execute: text that begins with what starts a formula there (`=`, `+`, `-`,
 * `@`, a tab, a line end, NUL, or their full-width forms) gets a `'` in front. Numbers stay numbers. (OWASP, CSV injection.)
 */

const FORMULA = /^[=+\-@\t\r\n\0＝＋－＠]/

/** Text that no spreadsheet takes for a formula. */
export function safeCellText(value: string): string {
  return FORMULA.test(value) ? `'${value}` : value
}

/** One cell. Text of strangers is quoted always, so that no separator of another locale splits it. */
export function csvCell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  return `"${safeCellText(value).replaceAll('"', '""')}"`
}

/** One line with its line end. */
export function csvLine(values: readonly (string | number | null)[]): string {
  return `${values.map(csvCell).join(',')}\r\n`
}
