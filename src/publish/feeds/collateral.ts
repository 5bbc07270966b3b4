/**
 * Merging that covers addresses nobody decided about, for lists that do not fit otherwise: a few neighbours of scanners
 * are blocked so that more scanners are. Bounded by a budget for each merged network, and never over a forbidden
 * address (allowlisted, protected, a peer with completed sessions).
 *
 * Candidates are the branchings of the rows' prefix tree within the budget. They are taken in the order of what they
 * cost for each place they free, until the list fits, so nothing is merged without need. That order is settled before the
 * first is taken, which makes it a good choice and not always the cheapest.
 */
import { type RowTable, widestOf } from './aggregate.ts'
import { commonBits, copyWords, type IntervalSet, maskWords } from './network-columns.ts'

/** A branching: rows `first` to `last` all lie in a network of this length. */
interface Branching {
  readonly first: number
  readonly last: number
  readonly prefixLength: number
  readonly collateral: number
  readonly cost: number
}

export interface CollateralOptions {
  /** Addresses (IPv4) or /64s (IPv6) that a merged network may cover beyond its decisions. */
  readonly budget: number
  readonly isForbidden: (isV4: boolean, words: Uint32Array, prefixLength: number) => boolean
}

/** Groups whose rows share one limit. */
export interface Pool {
  readonly firstGroup: number
  readonly endGroup: number
  readonly limit: number
}

/** The rows after merging: in each pool until it fits or no candidate is left. O(n log n). */
export function mergeWithCollateral(
  rows: RowTable,
  pools: readonly Pool[],
  options: CollateralOptions,
): RowTable {
  /** Last row of the merged network that begins at a row; -1 where none begins. */
  const mergedLast = new Int32Array(rows.count).fill(-1)
  const mergedBy = new Map<number, Branching>()
  for (const { firstGroup, endGroup, limit } of pools) {
    const first = rows.groupStart[firstGroup] as number
    const end = rows.groupStart[endGroup] as number
    if (end - first <= limit) continue
    const candidates: Branching[] = []
    for (let group = firstGroup; group < endGroup; group++) findBranchings(rows, group, options, candidates)
    candidates.sort((a, b) => a.cost - b.cost || a.first - b.first || a.last - b.last)
    takeUntil(candidates, end - first - limit, rows.count, mergedLast, mergedBy)
  }
  return mergedBy.size === 0 ? rows : rebuild(rows, mergedLast, mergedBy)
}

/** Takes candidates until `tooMany` rows are saved. What lies in a network taken later is taken over by it. */
function takeUntil(
  candidates: readonly Branching[],
  tooMany: number,
  rowCount: number,
  mergedLast: Int32Array,
  mergedBy: Map<number, Branching>,
): void {
  /** First row of the taken network that a row lies in; the row itself where none does. */
  const owner = Uint32Array.from({ length: rowCount }, (_, i) => i)
  let left = tooMany
  for (const candidate of candidates) {
    if (left <= 0) return
    const { first, last } = candidate
    const start = owner[first] as number
    // Networks nest or are disjoint, so one that holds the first and the last row holds the candidate.
    if (start < first || (mergedLast[start] as number) >= last) continue
    let units = 0
    for (let row = first; row <= last; units++) {
      const inner = mergedLast[row] as number
      mergedLast[row] = -1
      mergedBy.delete(row)
      row = Math.max(row, inner) + 1
    }
    owner.fill(first, first, last + 1)
    mergedLast[first] = last
    mergedBy.set(first, candidate)
    left -= units - 1
  }
}

/** The branchings of one group within the budget and over nothing forbidden. O(rows). */
function findBranchings(
  rows: RowTable,
  group: number,
  { budget, isForbidden }: CollateralOptions,
  found: Branching[],
): void {
  const first = rows.groupStart[group] as number
  const end = rows.groupStart[group + 1] as number
  const isV4 = group % 2 === 0
  const unit = isV4 ? 128 : 64
  /** Sum of sizes of the rows before, in the group. */
  const before = new Float64Array(end - first + 1)
  for (let row = first; row < end; row++)
    before[row - first + 1] =
      (before[row - first] as number) + 2 ** (unit - (rows.prefixLengths[row] as number))
  const words = new Uint32Array(4)
  const propose = (from: number, to: number, prefixLength: number): void => {
    if (prefixLength < widestOf(group)) return
    const covered = (before[to + 1 - first] as number) - (before[from - first] as number)
    const collateral = Math.max(0, 2 ** (unit - prefixLength) - covered)
    if (collateral > budget) return
    copyWords(words, 0, rows.words, from)
    maskWords(words, 0, prefixLength)
    if (isForbidden(isV4, words, prefixLength)) return
    found.push({ first: from, last: to, prefixLength, collateral, cost: collateral / (to - from) })
  }
  // Between two neighbours lies one branching, as deep as they share bits. It ends where a neighbour shares fewer.
  const open: { from: number; bits: number }[] = []
  for (let row = first; row < end; row++) {
    const bits = row + 1 < end ? commonBits(rows.words, row * 4, rows.words, row * 4 + 4) : -1
    let from = row
    for (let top = open.at(-1); top !== undefined && top.bits > bits; top = open.at(-1)) {
      propose(top.from, row, top.bits)
      from = top.from
      open.pop()
    }
    if (bits >= 0) open.push({ from, bits })
  }
}

function rebuild(rows: RowTable, mergedLast: Int32Array, mergedBy: ReadonlyMap<number, Branching>): RowTable {
  const words = rows.words.slice()
  const prefixLengths = rows.prefixLengths.slice()
  const memberStart = rows.memberStart.slice()
  const memberEnd = rows.memberEnd.slice()
  const collateral = rows.collateral.slice()
  const groupStart = rows.groupStart.slice()
  let count = 0
  let group = 0
  for (let row = 0; row < rows.count; row++) {
    while (group < groupStart.length && rows.groupStart[group] === row) groupStart[group++] = count
    const merged = mergedBy.get(row)
    copyWords(words, count, rows.words, row)
    prefixLengths[count] = rows.prefixLengths[row] as number
    memberStart[count] = rows.memberStart[row] as number
    memberEnd[count] = rows.memberEnd[row] as number
    if (merged !== undefined) {
      const last = mergedLast[row] as number
      maskWords(words, count * 4, merged.prefixLength)
      prefixLengths[count] = merged.prefixLength
      memberEnd[count] = rows.memberEnd[last] as number
      collateral[count] = merged.collateral
      row = last
    }
    count++
  }
  while (group < groupStart.length) groupStart[group++] = count
  return {
    words: words.slice(0, count * 4),
    prefixLengths: prefixLengths.slice(0, count),
    memberStart: memberStart.slice(0, count),
    memberEnd: memberEnd.slice(0, count),
    collateral: collateral.slice(0, count),
    count,
    groupStart,
  }
}

/** Whether a merged network may not be: it shares an address with one that is never covered. */
export function forbiddenBy(sets: readonly IntervalSet[]): CollateralOptions['isForbidden'] {
  return (isV4, words, prefixLength) => sets.some((set) => set.overlaps(isV4, words, 0, prefixLength))
}
