/**
 * Lossless aggregation: sorted networks become the fewest rows that cover exactly the same addresses. A network inside
 * another joins it, two halves of a network become that network, again and again. Every row knows which entries it
 * stands for: they lie side by side in the sorted order.
 *
 * No row becomes wider than /8 (IPv4) or /19 (IPv6) by merging, the widths that a person may block (decide/target.ts):
 * consumers refuse wider ones, and a fault should not grow into one.
 */
import { commonBits, copyWords, maskWords, type NetworkColumns } from './network-columns.ts'

const WIDEST_V4 = 96 + 8
const WIDEST_V6 = 19

/** The shortest prefix that merging may make in a group, in the 128-bit form. */
export function widestOf(group: number): number {
  return group % 2 === 0 ? WIDEST_V4 : WIDEST_V6
}

/** Rows in order; the entries of row i are `order[memberStart[i]]` to `order[memberEnd[i] - 1]`. */
export interface RowTable extends NetworkColumns {
  readonly memberStart: Uint32Array<ArrayBuffer>
  readonly memberEnd: Uint32Array<ArrayBuffer>
  /** Addresses (IPv4) or /64s (IPv6) that no decision covers. */
  readonly collateral: Float64Array<ArrayBuffer>
  readonly count: number
  /** First row of each group, and the number of rows behind the last. */
  readonly groupStart: Uint32Array<ArrayBuffer>
}

/** The merging is still open when an instance is made for `order.length` rows; `finish` cuts it to size. */
interface OpenRows {
  readonly words: Uint32Array<ArrayBuffer>
  readonly prefixLengths: Uint8Array<ArrayBuffer>
  readonly memberStart: Uint32Array<ArrayBuffer>
}

export interface AggregateOptions {
  /** False: only exact duplicates become one row. */
  readonly merges: boolean
  /** Group 2s holds the IPv4 entries of shard s, group 2s + 1 the IPv6 ones; nothing merges across groups. */
  readonly groups: Uint32Array
  readonly groupCount: number
}

/** Rows of entries in `order`, which sortedOrder made with the same groups. O(entries). */
export function aggregate(
  entries: NetworkColumns,
  order: Uint32Array,
  { merges, groups, groupCount }: AggregateOptions,
): RowTable {
  const rows: OpenRows = {
    words: new Uint32Array(order.length * 4),
    prefixLengths: new Uint8Array(order.length),
    memberStart: new Uint32Array(order.length),
  }
  const groupStart = new Uint32Array(groupCount + 1)
  let count = 0
  let next = 0
  for (let group = 0; group < groupCount; group++) {
    const base = count
    groupStart[group] = base
    const widest = widestOf(group)
    for (; next < order.length && groups[order[next] as number] === group; next++) {
      const entry = order[next] as number
      const prefixLength = entries.prefixLengths[entry] as number
      if (count > base && joins(rows, count - 1, entries, entry, merges)) continue
      copyWords(rows.words, count, entries.words, entry)
      rows.prefixLengths[count] = prefixLength
      rows.memberStart[count] = next
      count++
      if (merges) count = mergeHalves(rows, base, count, widest)
    }
  }
  groupStart[groupCount] = count
  return finish(rows, count, groupStart, order.length)
}

/** Whether an entry adds nothing to the last row: it is the same network, or with `merges` lies in it. */
function joins(
  rows: OpenRows,
  row: number,
  entries: NetworkColumns,
  entry: number,
  merges: boolean,
): boolean {
  const width = rows.prefixLengths[row] as number
  const prefixLength = entries.prefixLengths[entry] as number
  if (merges ? prefixLength < width : prefixLength !== width) return false
  return commonBits(rows.words, row * 4, entries.words, entry * 4) >= width
}

/** While the last two rows are the halves of one network, they become it. */
function mergeHalves(rows: OpenRows, base: number, rowCount: number, widest: number): number {
  let count = rowCount
  while (count - base >= 2) {
    const [low, high] = [count - 2, count - 1]
    const prefixLength = rows.prefixLengths[low] as number
    if (prefixLength !== rows.prefixLengths[high] || prefixLength <= widest) break
    if (commonBits(rows.words, low * 4, rows.words, high * 4) !== prefixLength - 1) break
    rows.prefixLengths[low] = prefixLength - 1
    maskWords(rows.words, low * 4, prefixLength - 1)
    count--
  }
  return count
}

function finish(
  rows: OpenRows,
  count: number,
  groupStart: Uint32Array<ArrayBuffer>,
  entryCount: number,
): RowTable {
  const memberStart = rows.memberStart.slice(0, count)
  const memberEnd = new Uint32Array(count)
  for (let i = 0; i < count; i++) memberEnd[i] = i + 1 < count ? (memberStart[i + 1] as number) : entryCount
  return {
    words: rows.words.slice(0, count * 4),
    prefixLengths: rows.prefixLengths.slice(0, count),
    memberStart,
    memberEnd,
    collateral: new Float64Array(count),
    count,
    groupStart,
  }
}
