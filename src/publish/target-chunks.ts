/**
 * Sorted targets in chunks of a few hundred, each with its lines as bytes. A change makes only the chunks anew that it
 * touches; all others are shared by the old and the new contents, so a change costs little beside copying the bytes,
 * and contents once made never change.
 */
import { formatNetwork, type Network } from '../lib/address.ts'
import { isV4Network } from './list-snapshot.ts'

/** Smaller makes a change cheaper, larger makes joining cheaper; 256 to 1024 were alike at 150,000 entries. */
const CHUNK_ENTRIES = 512

/** Orders within a family: a number for IPv4 (word and length, 38 bits), 34 hex digits for IPv6. */
export type Key = number | string

export interface Chunk {
  readonly keys: readonly Key[]
  readonly targets: readonly Network[]
  /** Lines of the targets that were not refused. */
  readonly bytes: Buffer
  readonly refused: readonly Refused[]
}

export interface Refused {
  readonly target: Network
  readonly reason: string
}

/** Both families, each in order. */
export interface Contents {
  readonly v4: readonly Chunk[]
  readonly v6: readonly Chunk[]
}

export const NO_CONTENTS: Contents = { v4: [], v6: [] }

/** Why a target is left out, or null. */
export type Refuse = (target: Network) => string | null

export function keyOf(target: Network): Key {
  if (isV4Network(target)) return target.words[3] * 64 + target.prefixLength - 96
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
  return target.words.map((word) => hex(word, 8)).join('') + hex(target.prefixLength, 2)
}

/** Contents after changes: a network is added, null removes its key. `refuse` is asked about every touched chunk. */
export function changeContents(
  contents: Contents,
  changes: ReadonlyMap<Key, Network | null>,
  refuse: Refuse,
): Contents {
  const v4: number[] = []
  const v6: string[] = []
  for (const key of changes.keys()) {
    if (typeof key === 'number') v4.push(key)
    else v6.push(key)
  }
  return {
    v4: changeFamily(contents.v4, Float64Array.from(v4).sort(), changes, refuse),
    v6: changeFamily(contents.v6, v6.sort(), changes, refuse),
  }
}

/** Asks about every target again; chunks whose answers are the same are kept. O(entries). */
export function recheckContents(contents: Contents, refuse: Refuse): Contents {
  const recheck = (chunk: Chunk): Chunk => {
    const refused = chunk.targets.filter((target) => refuse(target) !== null)
    const isSame = refused.length === 0 && chunk.refused.length === 0
    return isSame ? chunk : chunkOf(chunk.keys, chunk.targets, refuse)
  }
  return { v4: contents.v4.map(recheck), v6: contents.v6.map(recheck) }
}

/** The lines of all, IPv4 first; what was refused; how many lines. */
export function renderContents(contents: Contents): {
  body: Buffer
  entries: number
  refused: readonly Refused[]
} {
  const chunks = [...contents.v4, ...contents.v6]
  const refused = chunks.flatMap((chunk) => chunk.refused)
  const targets = chunks.reduce((count, chunk) => count + chunk.targets.length, 0)
  return {
    body: Buffer.concat(chunks.map((chunk) => chunk.bytes)),
    entries: targets - refused.length,
    refused,
  }
}

function changeFamily(
  chunks: readonly Chunk[],
  sortedKeys: ArrayLike<Key>,
  changes: ReadonlyMap<Key, Network | null>,
  refuse: Refuse,
): readonly Chunk[] {
  if (sortedKeys.length === 0) return chunks
  const changed: Chunk[] = []
  let next = 0
  for (const [i, chunk] of (chunks.length === 0 ? [EMPTY_CHUNK] : chunks).entries()) {
    // A chunk takes the changes below the first key of the one after it.
    const limit = chunks[i + 1]?.keys[0]
    const first = next
    while (next < sortedKeys.length && (limit === undefined || (sortedKeys[next] as Key) < limit)) next++
    if (next === first) changed.push(chunk)
    else changed.push(...mergeChunk(chunk, sortedKeys, first, next, changes, refuse))
  }
  return changed
}

const EMPTY_CHUNK: Chunk = { keys: [], targets: [], bytes: Buffer.alloc(0), refused: [] }

function mergeChunk(
  chunk: Chunk,
  sortedKeys: ArrayLike<Key>,
  first: number,
  end: number,
  changes: ReadonlyMap<Key, Network | null>,
  refuse: Refuse,
): Chunk[] {
  const keys: Key[] = []
  const targets: Network[] = []
  const put = (key: Key, target: Network): void => {
    keys.push(key)
    targets.push(target)
  }
  let next = first
  const putUpTo = (limit: Key | null): void => {
    while (next < end && (limit === null || (sortedKeys[next] as Key) <= limit)) {
      const key = sortedKeys[next++] as Key
      const target = changes.get(key)
      if (target !== null && target !== undefined) put(key, target)
    }
  }
  for (const [i, key] of chunk.keys.entries()) {
    putUpTo(key)
    // A key that is changed was put, or dropped, by the line above.
    if (!changes.has(key)) put(key, chunk.targets[i] as Network)
  }
  putUpTo(null)
  const parts = Math.ceil(keys.length / (CHUNK_ENTRIES * 2))
  const size = Math.ceil(keys.length / Math.max(1, parts))
  return Array.from({ length: parts }, (_, i) =>
    chunkOf(keys.slice(i * size, (i + 1) * size), targets.slice(i * size, (i + 1) * size), refuse),
  )
}

function chunkOf(keys: readonly Key[], targets: readonly Network[], refuse: Refuse): Chunk {
  const refused: Refused[] = []
  let text = ''
  for (const target of targets) {
    const reason = refuse(target)
    if (reason === null) text += `${formatNetwork(target)}\n`
    else refused.push({ target, reason })
  }
  return { keys, targets, bytes: Buffer.from(text, 'latin1'), refused }
}
