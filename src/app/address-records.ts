/**
 * What the stored lines of one source show: totals, counts over time, which destinations and ports it tried, and at which
 * firewalls. Four questions to the log store, over one range of arrival; bounded by time and rows.
 */
import type { Input, Reply } from '../api/control-contract.ts'
import { formatAddress, lastAddress, type Network, parseAddress } from '../lib/address.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import { StoreError } from '../store/logs/store-error.ts'
import type { Parts } from './parts.ts'
import { searchSettings } from './record-search.ts'

type Records = Reply<'addressRecords'>
type Cell = number | string

const DEFAULT_SPAN_MS = 7 * 86_400_000
const LIMIT_SECONDS = 15
/** Pairs of destination and port that are read, and what of them is shown. */
const PAIRS_READ = 5000
const DESTINATIONS_SHOWN = 20
const PORTS_SHOWN = 40
const DEVICES_SHOWN = 50
const SERIES = ['allowed', 'blocked', 'threat'] as const

const THREAT = `category = 'threat'`
const COMPLETED = `disposition = 'allowed' AND bytesSent > 0 AND bytesReceived > 0 AND protocol IN ('tcp', '') AND application NOT IN ('incomplete', 'not-applicable')`

/** Throws AppError `store-unavailable` while the log store is away, `usage` for a range that ends before it begins. */
export async function addressRecords(
  parts: Parts,
  network: Network,
  { since, until, buckets }: Input<'addressRecords'>,
  signal: AbortSignal | undefined,
): Promise<Records> {
  const { logs } = parts
  if (logs?.isReady !== true)
    throw new AppError('store-unavailable', 'the log store does not answer yet: try again in a moment')
  const toMs = until === undefined ? parts.clock.nowMs() : Date.parse(until)
  const fromMs = since === undefined ? toMs - DEFAULT_SPAN_MS : Date.parse(since)
  if (toMs <= fromMs) throw new AppError('usage', 'the time range ends before it begins')
  const bucketMs = Math.max(1, Math.ceil((toMs - fromMs + 1) / buckets))
  const parameters = {
    first: formatAddress(network.words),
    last: formatAddress(lastAddress(network)),
    from: fromMs,
    to: toMs,
    width: bucketMs,
  }
  const where = `FROM logs PREWHERE sourceAddress BETWEEN {first:IPv6} AND {last:IPv6} AND receivedAt >= fromUnixTimestamp64Milli({from:Int64}) AND receivedAt <= fromUnixTimestamp64Milli({to:Int64})`
  const ask = async (sql: string): Promise<Record<string, Cell>[]> => {
    const rows: Record<string, Cell>[] = []
    const settings = searchSettings(LIMIT_SECONDS)
    for await (const some of logs.client.query<Record<string, Cell>>(sql, parameters, signal, settings))
      rows.push(...some)
    return rows
  }
  try {
    const [totals] =
      await ask(`SELECT count() AS total, countIf(disposition = 'allowed') AS allowed, countIf(disposition = 'blocked') AS blocked,
      countIf(${THREAT}) AS threats, countIf(${COMPLETED}) AS completed, uniq(destinationAddress) AS destinations, uniqIf(destinationPort, destinationPort != 0) AS ports,
      toUnixTimestamp64Milli(min(receivedAt)) AS firstAt, toUnixTimestamp64Milli(max(receivedAt)) AS lastAt ${where}`)
    const total = Number(totals?.['total'] ?? 0)
    const number = (name: string): number => Number(totals?.[name] ?? 0)
    const span = { from: iso(fromMs), to: iso(toMs), bucketMs, total }
    const counts = SERIES.map((name) => ({ name, counts: Array<number>(buckets).fill(0) }))
    if (total === 0) return { ...span, ...NOTHING, series: counts }
    for (const row of await ask(`SELECT intDiv(toUnixTimestamp64Milli(receivedAt) - {from:Int64}, {width:Int64}) AS bucket,
      multiIf(${THREAT}, 2, disposition = 'allowed', 0, 1) AS kind, count() AS n ${where} GROUP BY bucket, kind`)) {
      const series = counts[Number(row['kind'])]?.counts
      const bucket = Number(row['bucket'])
      if (series !== undefined && bucket >= 0 && bucket < buckets) series[bucket] = Number(row['n'])
    }
    return {
      ...span,
      allowed: number('allowed'),
      blocked: number('blocked'),
      threats: number('threats'),
      completed: number('completed'),
      destinations: number('destinations'),
      ports: number('ports'),
      firstAt: iso(number('firstAt')),
      lastAt: iso(number('lastAt')),
      series: counts,
      matrix: matrixOf(
        await ask(`SELECT toString(destinationAddress) AS destination, destinationPort AS port, count() AS n ${where} AND destinationPort != 0
          GROUP BY destinationAddress, destinationPort ORDER BY n DESC, destination, port LIMIT ${PAIRS_READ}`),
      ),
      devices: (
        await ask(`SELECT device, count() AS lines, countIf(disposition = 'allowed') AS allowed, countIf(disposition = 'blocked') AS blocked,
          uniq(destinationAddress) AS destinations, toUnixTimestamp64Milli(min(receivedAt)) AS firstAt, toUnixTimestamp64Milli(max(receivedAt)) AS lastAt
          ${where} GROUP BY device ORDER BY lines DESC, device LIMIT ${DEVICES_SHOWN}`)
      ).map((row) => ({
        device: String(row['device']),
        lines: Number(row['lines']),
        allowed: Number(row['allowed']),
        blocked: Number(row['blocked']),
        destinations: Number(row['destinations']),
        firstAt: iso(Number(row['firstAt'])),
        lastAt: iso(Number(row['lastAt'])),
      })),
    }
  } catch (error) {
    if (error instanceof StoreError && error.isTransient)
      throw new AppError('store-unavailable', `the log store does not answer: ${messageOf(error)}`, error)
    throw error
  }
}

const NOTHING = {
  allowed: 0,
  blocked: 0,
  threats: 0,
  completed: 0,
  destinations: 0,
  ports: 0,
  firstAt: null,
  lastAt: null,
  matrix: { destinations: [], ports: [], counts: [] },
  devices: [],
} satisfies Partial<Records>

/** The destinations with the most lines, and of all ports those with the most, as rows and columns. */
function matrixOf(pairs: readonly Record<string, Cell>[]): Records['matrix'] {
  const byDestination = new Map<string, number>()
  const byPort = new Map<number, number>()
  const counts = new Map<string, number>()
  for (const row of pairs) {
    const words = parseAddress(String(row['destination']))
    if (words === null) continue
    const destination = formatAddress(words)
    const port = Number(row['port'])
    const n = Number(row['n'])
    counts.set(`${destination} ${port}`, n)
    byDestination.set(destination, (byDestination.get(destination) ?? 0) + n)
    byPort.set(port, (byPort.get(port) ?? 0) + n)
  }
  const destinations = most(byDestination, DESTINATIONS_SHOWN)
  const ports = most(byPort, PORTS_SHOWN).toSorted((a, b) => a - b)
  return {
    destinations,
    ports,
    counts: destinations.map((destination) => ports.map((port) => counts.get(`${destination} ${port}`) ?? 0)),
  }
}

function most<Key>(sums: ReadonlyMap<Key, number>, limit: number): Key[] {
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, limit)
    .map(([key]) => key)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
