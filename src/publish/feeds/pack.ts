/**
 * Packs the entries of a feed into as few rows as its consumer has places. Pure; plain data in and out, so that it can run in
 * a thread of its own (packer.ts).
 *
 *   1. Entries that touch a network of `never` (allowlisted, protected) or that would block everything are refused.
 *   2. Entries go to shards by a hash of their surrounding /20 (IPv4) or /48 (IPv6): an entry stays in its shard whatever
 *      comes and goes, and neighbours stay together so that they can merge.
 *   3. Lossless aggregation (aggregate.ts).
 *   4. Only while there are more rows than places: merging with collateral, when allowed (collateral.ts).
 *   5. Only while there are still more: the rows of least value are left out (pack-value.ts).
 *
 * The rows are in the order of the served list: shard, IPv4 before IPv6, address, the wider first. They depend on the set
 * of entries, never on its order.
 */
import type { Network } from '../../lib/address.ts'
import { type AggregateOptions, aggregate, type RowTable } from './aggregate.ts'
import type { CapacityScope } from './capacity.ts'
import { forbiddenBy, mergeWithCollateral, type Pool } from './collateral.ts'
import {
  covers,
  compareWords,
  copyWords,
  IntervalSet,
  isV4At,
  type NetworkColumns,
  networkAt,
  networkColumnsOf,
  sortedOrder,
} from './network-columns.ts'

/** `none`: only exact duplicates become one. The budget counts addresses (IPv4) or /64s (IPv6). */
export type Aggregation = 'none' | 'lossless' | { readonly collateralPerPrefix: number }

export const MOST_COLLATERAL = 65_536
/** A PAN-OS firewall takes 30 lists at most (FIELD.md B.1). */
export const MOST_SHARDS = 30

/** Rows left out that are told in the order of their value. */
const NEXT_IN_LINE = 1000

export interface PackOptions {
  readonly aggregate: Aggregation
  /** Rows that fit; null: no limit. */
  readonly capacity: number | null
  readonly capacityScope: CapacityScope
  /** At least 1. */
  readonly shards: number
}

export interface PackInput {
  readonly entries: NetworkColumns
  /** packValue of each entry. */
  readonly values: Float64Array<ArrayBuffer>
  /** Allowlisted and protected: no row shares an address with them. */
  readonly never: NetworkColumns
  /** Peers with completed sessions: nothing is merged over them beyond the decisions themselves. */
  readonly spared: NetworkColumns
  readonly options: PackOptions
}

/** Rows; the entries of row i are `members[memberStart[i]]` to `members[memberEnd[i] - 1]`. */
export interface PackedRows extends NetworkColumns {
  readonly memberStart: Uint32Array<ArrayBuffer>
  readonly memberEnd: Uint32Array<ArrayBuffer>
  /** Sum of the entries' values. */
  readonly values: Float64Array<ArrayBuffer>
  /** Addresses (IPv4) or /64s (IPv6) beyond the decisions. */
  readonly collateral: Float64Array<ArrayBuffer>
}

export interface PackResult {
  readonly rows: PackedRows
  /** First row of each shard, and the number of rows behind the last. */
  readonly shardStart: Uint32Array<ArrayBuffer>
  /** Rows for which there was no place, in the same order. */
  readonly leftOut: PackedRows
  /** Indexes of rows in `leftOut`, the most valuable first, NEXT_IN_LINE at most: what would come next. */
  readonly nextInLine: Uint32Array<ArrayBuffer>
  /** Indexes of entries in the order in which rows refer to them. */
  readonly members: Uint32Array<ArrayBuffer>
  /** Indexes of entries that touch `never` or would block everything, ascending. */
  readonly refused: Uint32Array<ArrayBuffer>
}

/** Packs. Throws TypeError on options out of range. Cost: docs/feeds.md; about 1 s for a million entries. */
export function pack(input: PackInput): PackResult {
  const { entries, options } = input
  checkOptions(options)
  const never = new IntervalSet(input.never)
  const refused = refusedEntries(entries, never)
  const isRefused = new Uint8Array(entries.prefixLengths.length)
  for (const entry of refused) isRefused[entry] = 1

  const groupCount = options.shards * 2
  // Refused entries form a last group of their own, which is cut off.
  const groups = groupsOf(entries, options.shards, isRefused)
  const sorted = sortedOrder(entries, groups, groupCount + 1)
  const members = sorted.slice(0, sorted.length - refused.length)
  const aggregation: AggregateOptions = { merges: options.aggregate !== 'none', groups, groupCount }
  let rows = aggregate(entries, members, aggregation)
  const pools = poolsOf(options)
  const budget = typeof options.aggregate === 'string' ? 0 : options.aggregate.collateralPerPrefix
  if (budget > 0 && pools.some((pool) => rowsIn(rows, pool) > pool.limit)) {
    const sets = [never, new IntervalSet(withoutDecided(input.spared, rows, options.shards))]
    rows = mergeWithCollateral(rows, pools, { budget, isForbidden: forbiddenBy(sets) })
  }
  const values = valuesOf(rows, members, input.values)
  const isKept = keepMostValuable(rows, values, pools)
  const shardStart = new Uint32Array(options.shards + 1)
  for (let shard = 1, row = 0, kept = 0; shard <= options.shards; shard++) {
    for (const end = rows.groupStart[shard * 2] as number; row < end; row++) kept += isKept[row] as number
    shardStart[shard] = kept
  }
  const leftOut = selectRows(rows, values, isKept, 0)
  return {
    rows: selectRows(rows, values, isKept, 1),
    shardStart,
    leftOut,
    nextInLine: mostValuable(leftOut.values),
    members,
    refused,
  }
}

function checkOptions({ aggregate: aggregation, capacity, shards }: PackOptions): void {
  if (!Number.isInteger(shards) || shards < 1 || shards > MOST_SHARDS)
    throw new TypeError(`shards: ${shards} is not a number from 1 to ${MOST_SHARDS}`)
  if (capacity !== null && (!Number.isInteger(capacity) || capacity < 1))
    throw new TypeError(`capacity: ${capacity} is not a whole number of at least 1`)
  if (typeof aggregation === 'string') return
  const budget = aggregation.collateralPerPrefix
  if (!Number.isInteger(budget) || budget < 0 || budget > MOST_COLLATERAL)
    throw new TypeError(`collateral per prefix: ${budget} is not a whole number from 0 to ${MOST_COLLATERAL}`)
}

/** Entries that share an address with one of the set, and those that would block a whole family. */
function refusedEntries(entries: NetworkColumns, never: IntervalSet): Uint32Array<ArrayBuffer> {
  const found: number[] = []
  for (let i = 0; i < entries.prefixLengths.length; i++) {
    const prefixLength = entries.prefixLengths[i] as number
    const isV4 = isV4At(entries, i)
    const isAll = prefixLength === (isV4 ? 96 : 0)
    if (isAll || never.overlaps(isV4, entries.words, i * 4, prefixLength)) found.push(i)
  }
  return Uint32Array.from(found)
}

/** Group of each entry: twice its shard for IPv4, one more for IPv6; twice the shards for what is refused. */
function groupsOf(entries: NetworkColumns, shards: number, isRefused: Uint8Array): Uint32Array {
  const groups = new Uint32Array(entries.prefixLengths.length)
  for (let i = 0; i < groups.length; i++) {
    if (isRefused[i] === 1) {
      groups[i] = shards * 2
      continue
    }
    const isV4 = isV4At(entries, i)
    const shard = shards === 1 ? 0 : shardAt(entries.words, i * 4, isV4, shards)
    groups[i] = shard * 2 + (isV4 ? 0 : 1)
  }
  return groups
}

/** The shard of a network by its surrounding /20 or /48; the same in every process and version. */
function shardAt(words: Uint32Array, at: number, isV4: boolean, shards: number): number {
  if (isV4) return mix((words[at + 3] as number) >>> 12) % shards
  return mix(mix(words[at] as number) ^ ((words[at + 1] as number) >>> 16)) % shards
}

/** A 32-bit finaliser (MurmurHash3's): every bit of the key moves every bit of the result. */
function mix(key: number): number {
  let hash = key
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function poolsOf({ capacity, capacityScope, shards }: PackOptions): Pool[] {
  const limit = capacity ?? Number.POSITIVE_INFINITY
  if (capacityScope === 'firewall') return [{ firstGroup: 0, endGroup: shards * 2, limit }]
  return Array.from({ length: shards }, (_, shard) => ({
    firstGroup: shard * 2,
    endGroup: shard * 2 + 2,
    limit,
  }))
}

/**
 * The spared addresses that no row covers already: a peer that was itself decided about is blocked with or without
 * merging; only those beside the decisions forbid it. A spared network goes on forbidding as a whole, and so does an
 * address whose row is in another shard: the safe side. O(spared log rows).
 */
function withoutDecided(spared: NetworkColumns, rows: RowTable, shards: number): NetworkColumns {
  const kept: Network[] = []
  for (let i = 0; i < spared.prefixLengths.length; i++) {
    const group = shardOf(spared, i, shards) * 2 + (isV4At(spared, i) ? 0 : 1)
    if (spared.prefixLengths[i] !== 128 || !rowsHold(rows, group, spared, i)) kept.push(networkAt(spared, i))
  }
  return networkColumnsOf(kept)
}

/** Whether one of a group's rows covers an address. Rows of a group that is aggregated are disjoint. */
function rowsHold(rows: RowTable, group: number, addresses: NetworkColumns, i: number): boolean {
  let low = rows.groupStart[group] as number
  const first = low
  let high = (rows.groupStart[group + 1] as number) - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (compareWords(rows.words, middle * 4, addresses.words, i * 4) <= 0) low = middle + 1
    else high = middle - 1
  }
  return high >= first && covers(rows, high, addresses, i)
}

function rowsIn(rows: RowTable, { firstGroup, endGroup }: Pool): number {
  return (rows.groupStart[endGroup] as number) - (rows.groupStart[firstGroup] as number)
}

function valuesOf(rows: RowTable, members: Uint32Array, values: Float64Array): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(rows.count)
  for (let row = 0; row < rows.count; row++) {
    let sum = 0
    const end = rows.memberEnd[row] as number
    for (let i = rows.memberStart[row] as number; i < end; i++) sum += values[members[i] as number] as number
    sums[row] = sum
  }
  return sums
}

/** 1 for each row that has a place. Of rows of the same value the first in the order stay. */
function keepMostValuable(rows: RowTable, values: Float64Array, pools: readonly Pool[]): Uint8Array {
  const isKept = new Uint8Array(rows.count).fill(1)
  for (const { firstGroup, endGroup, limit } of pools) {
    const first = rows.groupStart[firstGroup] as number
    const end = rows.groupStart[endGroup] as number
    if (end - first <= limit) continue
    const ascending = values.slice(first, end).sort()
    const least = ascending[ascending.length - limit] as number
    let ties = limit
    for (let row = first; row < end; row++) if ((values[row] as number) > least) ties--
    for (let row = first; row < end; row++) {
      const value = values[row] as number
      if (value > least) continue
      if (value === least && ties > 0) ties--
      else isKept[row] = 0
    }
  }
  return isKept
}

function selectRows(
  rows: RowTable,
  values: Float64Array<ArrayBuffer>,
  isKept: Uint8Array,
  wanted: 0 | 1,
): PackedRows {
  let count = 0
  for (const kept of isKept) if (kept === wanted) count++
  const selected: PackedRows = {
    words: new Uint32Array(count * 4),
    prefixLengths: new Uint8Array(count),
    memberStart: new Uint32Array(count),
    memberEnd: new Uint32Array(count),
    values: new Float64Array(count),
    collateral: new Float64Array(count),
  }
  for (let row = 0, next = 0; row < rows.count; row++) {
    if (isKept[row] !== wanted) continue
    copyWords(selected.words, next, rows.words, row)
    selected.prefixLengths[next] = rows.prefixLengths[row] as number
    selected.memberStart[next] = rows.memberStart[row] as number
    selected.memberEnd[next] = rows.memberEnd[row] as number
    selected.values[next] = values[row] as number
    selected.collateral[next] = rows.collateral[row] as number
    next++
  }
  return selected
}

function mostValuable(values: Float64Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const ascending = values.slice().sort()
  const least = ascending[Math.max(0, ascending.length - NEXT_IN_LINE)] ?? 0
  const found: number[] = []
  for (let row = 0; row < values.length; row++) if ((values[row] as number) > least) found.push(row)
  for (let row = 0; row < values.length && found.length < NEXT_IN_LINE; row++)
    if (values[row] === least) found.push(row)
  return Uint32Array.from(found.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b))
}

/** The shard in which an entry is served; for those who ask which file holds an address. */
export function shardOf(columns: NetworkColumns, i: number, shards: number): number {
  return shards === 1 ? 0 : shardAt(columns.words, i * 4, isV4At(columns, i), shards)
}
