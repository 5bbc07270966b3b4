/**
 * Whether the sources that a backtest names are in honest contact with us: sessions in the range with bytes both ways,
 * opened by either side. A block of such a source would be felt.
 */
import { isV4, type Network, parseNetwork } from '../lib/address.ts'
import type { LogStore } from '../store/logs/log-store.ts'
import type { ComparedSource } from './messages.ts'
import { RANGE } from './pass.ts'

/** Sources looked up, the gained ones first. */
const LOOKED_UP = 5000
const AT_ONCE = 1000
const COMPLETED = "category = 'traffic' AND disposition = 'allowed' AND bytesSent > 0 AND bytesReceived > 0"
const QUERY_SETTINGS = { max_threads: 1, max_execution_time: 600, priority: 10 }

/** The sources with their completed sessions; those beyond LOOKED_UP stay unknown, with a note. */
export async function addSessions(
  store: LogStore,
  sources: readonly ComparedSource[],
  fromMs: number,
  toMs: number,
  signal: AbortSignal,
): Promise<{ sources: ComparedSource[]; notes: string[] }> {
  const asked = sources.filter(({ group }) => group !== 'both').slice(0, LOOKED_UP)
  const counts = new Map<string, number>()
  for (let at = 0; at < asked.length; at += AT_ONCE)
    await countSessions(store, asked.slice(at, at + AT_ONCE), { fromMs, toMs, signal }, counts)
  const known = new Set(asked)
  const differing = sources.filter(({ group }) => group !== 'both').length
  return {
    sources: sources.map((one) =>
      known.has(one) ? { ...one, completedSessions: counts.get(one.source) ?? 0 } : one,
    ),
    notes:
      differing > LOOKED_UP
        ? [`completed sessions were looked up for ${LOOKED_UP} of ${differing} gained and lost sources`]
        : [],
  }
}

async function countSessions(
  store: LogStore,
  sources: readonly ComparedSource[],
  range: { fromMs: number; toMs: number; signal: AbortSignal },
  counts: Map<string, number>,
): Promise<void> {
  const byPrefix = new Map<number, { source: string; key: bigint }[]>()
  for (const { source } of sources) {
    const network = parseNetwork(source)
    if (network === null) continue
    const drop = isV4(network.words) ? 0 : 128 - network.prefixLength
    const list = byPrefix.get(drop) ?? []
    list.push({ source, key: numberOf(network) >> BigInt(drop) })
    byPrefix.set(drop, list)
  }
  for (const [drop, list] of byPrefix) {
    const bySource = new Map(list.map(({ source, key }) => [String(key), source]))
    for (const column of ['sourceAddress', 'destinationAddress']) {
      // Numbers made of our own words, so no text of a log is in the statement.
      const key = `bitShiftRight(toUInt128(${column}), ${drop})`
      const rows = store.query<{ k: string | number; n: string | number }>(
        `SELECT toString(${key}) AS k, count() AS n FROM logs WHERE ${RANGE} AND ${COMPLETED} AND ${key} IN (${[...bySource.keys()].map((k) => `toUInt128('${k}')`).join(', ')}) GROUP BY k`,
        { from: Math.floor(range.fromMs), to: Math.floor(range.toMs) },
        range.signal,
        QUERY_SETTINGS,
      )
      for await (const some of rows) {
        for (const { k, n } of some) {
          const source = bySource.get(String(k))
          if (source !== undefined) counts.set(source, (counts.get(source) ?? 0) + Number(n))
        }
      }
    }
  }
}

function numberOf({ words }: Network): bigint {
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}
