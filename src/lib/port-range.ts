/** Ports as people write them: `22` or `6000-6063`. */

export interface PortRange {
  readonly first: number
  readonly last: number
}

/** First and last port, 1 to 65535; null when the text is neither a port nor a range. */
export function portRange(text: string | number): PortRange | null {
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(text)) ?? []
  const range = { first: Number(first), last: Number(last) }
  return first === '' || range.first < 1 || range.last > 65_535 || range.first > range.last ? null : range
}
