/**
 * Does more come than usual? The last quarter of an hour is held against the quarters before: it is a surge when it lies
 * above the third quartile by more than 4 times the distance of the quartiles, as statistics finds outliers. Few lines
 * are never one, and without lines before nobody can say what is usual.
 */

/** Below so many lines in a quarter of an hour nothing is called a surge. */
const LEAST_LINES = 100
const DISTANCES = 4
/** Quarters before that must have lines, so that a first start is no surge. */
const LEAST_QUARTERS = 4

export interface Surge {
  readonly isSurge: boolean
  readonly count: number
  /** Median of the quarters before. */
  readonly usual: number
  readonly limit: number
}

/** Pure; sorts its own copy. */
export function surgeOf(count: number, before: readonly number[]): Surge {
  const sorted = before.toSorted((a, b) => a - b)
  const first = quantile(sorted, 0.25)
  const third = quantile(sorted, 0.75)
  const usual = quantile(sorted, 0.5)
  const limit = Math.ceil(Math.max(LEAST_LINES, third + DISTANCES * (third - first)))
  const isKnown = before.filter((lines) => lines > 0).length >= LEAST_QUARTERS
  return { isSurge: isKnown && count > limit, count, usual: Math.round(usual), limit }
}

/** By linear interpolation between the nearest ranks; 0 of nothing. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)] ?? 0
  const above = sorted[Math.ceil(place)] ?? below
  return below + (above - below) * (place - Math.floor(place))
}
