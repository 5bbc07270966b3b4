/** A filter that cannot be understood: where, what was expected there, and if something is near, how to mend it. */

export interface FilterFault {
  /** Index of the first wrong character, in UTF-16 units as editors count; the text's length at its end. */
  readonly at: number
  /** Wrong characters; 0 where something is missing. */
  readonly length: number
  readonly expected: string
  /** The whole filter as it might be meant; null when nothing is near. */
  readonly fix: string | null
}

export class FilterError extends Error {
  readonly fault: FilterFault

  constructor(fault: FilterFault) {
    const fix = fault.fix === null ? '' : `; did you mean ${fault.fix}`
    super(`at character ${fault.at + 1}: expected ${fault.expected}${fix}`)
    this.name = 'FilterError'
    this.fault = fault
  }
}

/** The nearest of some words by edit distance of at most two (one for short words), or null. */
export function nearestWord(word: string, known: Iterable<string>): string | null {
  const wanted = word.slice(0, 40).toLowerCase()
  let best: string | null = null
  let bestDistance = wanted.length < 4 ? 2 : 3
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue
    const distance = editDistance(wanted, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
