/**
 * Peers over which feeds never merge with collateral: everybody with whom a session was completed in the last PEER_DAYS
 * days, by the table of peers (store/logs/peer-table.ts) as far back as it is filled; while that is less than a week, by
 * the stored records of a week. Asked only when a feed allows collateral, at most every ten minutes; while the store cannot tell, or tells of too many, the answer
 * is null and nothing is merged beyond what was decided.
 */
import { type Network, networkOf, parseAddress } from '../lib/address.ts'
import { messageOf } from '../lib/errors.ts'
import { PEER_DAYS, PEER_TABLE } from '../store/logs/peer-table.ts'
import type { Parts } from './parts.ts'

const DAY_MS = 86_400_000
/** Looked back at least. */
const LEAST_MS = 7 * DAY_MS
const LIMIT_MS = 20_000
const KEPT_MS = 600_000
/** After a failure. */
const PAUSE_MS = 60_000
const MOST_PEERS = 500_000

const SQL = `SELECT DISTINCT toString(p.peer) AS peer FROM ${PEER_TABLE} AS p
  WHERE p.day >= toDate(fromUnixTimestamp64Milli({since:Int64}), 'UTC') AND p.role != 'filled' LIMIT ${MOST_PEERS + 1}`
const SQL_OF_RECORDS = `SELECT DISTINCT toString(peer) AS peer FROM (
  SELECT sourceAddress AS peer FROM logs WHERE SESSIONS
  UNION ALL
  SELECT destinationAddress AS peer FROM logs WHERE SESSIONS
) LIMIT ${MOST_PEERS + 1}`.replaceAll(
  'SESSIONS',
  `category = 'traffic' AND disposition = 'allowed' AND bytesSent > 0 AND bytesReceived > 0
    AND receivedAt >= fromUnixTimestamp64Milli({since:Int64})`,
)

type Asked = Pick<Parts, 'logs' | 'clock' | 'events'>

const kept = new WeakMap<
  object,
  { readonly untilMs: number; readonly peers: Promise<readonly Network[] | null> }
>()

/** The peers, or null. Never rejects. */
export function sparedPeers(parts: Asked): Promise<readonly Network[] | null> {
  const nowMs = parts.clock.monotonicMs()
  const known = kept.get(parts)
  if (known !== undefined && known.untilMs > nowMs) return known.peers
  const peers = ask(parts)
  kept.set(parts, { untilMs: nowMs + KEPT_MS, peers })
  void peers.then((found) => {
    if (found === null) kept.set(parts, { untilMs: nowMs + PAUSE_MS, peers })
  })
  return peers
}

async function ask({ logs, clock, events }: Asked): Promise<readonly Network[] | null> {
  if (logs === null || !logs.isReady) return null
  try {
    const nowMs = clock.nowMs()
    const leastMs = nowMs - LEAST_MS
    const { completeSinceMs } = logs.peers
    const isFilled = completeSinceMs !== null && completeSinceMs <= leastMs
    const sql = isFilled ? SQL : SQL_OF_RECORDS
    const since = isFilled ? Math.max(completeSinceMs, nowMs - PEER_DAYS * DAY_MS) : leastMs
    const rows = await logs.client.rows<{ peer: string }>(sql, { since }, AbortSignal.timeout(LIMIT_MS))
    if (rows.length > MOST_PEERS) return null
    return rows.flatMap(({ peer }) => {
      const words = parseAddress(peer)
      return words === null ? [] : [networkOf(words, 128)]
    })
  } catch (error) {
    events.partFailed('feeds', 'ask the log store about peers', messageOf(error))
    return null
  }
}
