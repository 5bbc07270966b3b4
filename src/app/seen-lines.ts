/**
 * What the stored lines say of an address, for `explain`: how many, from when to when, which devices, how far spread,
 * and which of the latest did not count and why. The guards' reasons are asked of the detector's own classification,
 * so the sentence is the one that the counters count by.
 */
import type { Settings } from '../config/schema.ts'
import type { SeenLines } from '../decide/explain.ts'
import { Counting, LAST_COUNTED, REASONS } from '../detect/counting.ts'
import type { ExceptionView } from '../detect/exceptions.ts'
import { detectionSettings } from '../detect/settings.ts'
import { formatAddress, lastAddress, parseNetwork } from '../lib/address.ts'
import { messageOf } from '../lib/errors.ts'
import { BATCH_MESSAGES } from '../model/raw-batch.ts'
import { TEXT_SLOT } from '../model/record-batch.ts'
import type { Parts } from './parts.ts'

/** How far back is looked, and how many lines are classified. */
const LOOK_BACK_MS = 30 * 24 * 3_600_000
const CLASSIFIED_LINES = 20_000
/** An explanation does not wait longer for the logs; it then says less. */
const LIMIT_MS = 8000

/** Null when the log store cannot be asked: the explanation says what the state knows. */
export async function seenLines(parts: Parts, settings: Settings, text: string): Promise<SeenLines | null> {
  const network = parseNetwork(text, true)
  if (network === null || parts.logs === null) return null
  const first = formatAddress(network.words)
  const last = formatAddress(lastAddress(network))
  const parameters = { first, last, since: parts.clock.nowMs() - LOOK_BACK_MS }
  const clause = `WHERE sourceAddress BETWEEN {first:IPv6} AND {last:IPv6} AND receivedAt >= fromUnixTimestamp64Milli({since:Int64})`
  const signal = AbortSignal.timeout(LIMIT_MS)
  try {
    const [row] = await parts.logs.client.rows<Record<string, number | string | string[] | null>>(
      `SELECT count() AS records, toUnixTimestamp64Milli(min(eventTime)) AS firstAt, toUnixTimestamp64Milli(max(eventTime)) AS lastAt,
         groupUniqArray(20)(device) AS devices, uniqExactIf(destinationPort, destinationPort != 0) AS ports,
         uniqExact(destinationAddress) AS destinations FROM logs ${clause}`,
      parameters,
      signal,
    )
    const records = Number(row?.['records'] ?? 0)
    if (row === undefined || records === 0)
      return {
        records: 0,
        firstAtMs: null,
        lastAtMs: null,
        devices: [],
        ports: null,
        destinations: null,
        skipped: [],
      }
    const devices = row['devices']
    return {
      records,
      firstAtMs: Number(row['firstAt']),
      lastAtMs: Number(row['lastAt']),
      devices: Array.isArray(devices) ? devices.filter((device) => device !== '') : [],
      ports: Number(row['ports']),
      destinations: Number(row['destinations']),
      skipped: await skippedLines(parts, settings, clause, parameters, signal),
    }
  } catch (error) {
    parts.events.partFailed('explain', 'ask the log store about an address', messageOf(error))
    return null
  }
}

async function skippedLines(
  parts: Parts,
  settings: Settings,
  clause: string,
  parameters: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<SeenLines['skipped']> {
  const counting = new Counting(detectionSettings(settings), true, new Uint8Array(BATCH_MESSAGES))
  const counts = new Map<string, number>()
  const offsets = new Map(
    (parts.pipeline?.status?.devices ?? []).map(({ device, clockOffsetMs, clockInsane }) => [
      device,
      clockInsane ? 0 : (clockOffsetMs ?? 0),
    ]),
  )
  await parts.logs?.client.visit(
    `${clause} ORDER BY receivedAt DESC LIMIT ${CLASSIFIED_LINES}`,
    parameters,
    (batch) => {
      for (let row = 0; row < batch.count; row++) {
        batch.records.raw.receivedAtMs = batch.receivedAtMs[row] ?? Number.NaN
        batch.records.clockOffsetMs[row] = offsets.get(batch.records.textAt(row, TEXT_SLOT.device) ?? '') ?? 0
        const code = counting.classify(batch.records, row)
        const reasons =
          code > LAST_COUNTED
            ? [REASONS[code]?.[1] ?? 'unknown']
            : counting.exceptions.of(batch.records, row).map(exceptionReason)
        for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      }
    },
    signal,
  )
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count)
}

/** As a predicate, as the reasons of guards are. */
function exceptionReason({ number, conditions, rules, reason }: ExceptionView): string {
  return `meets exception ${number} (${conditions}) for ${rules === null ? 'all rules' : rules.join(', ')}: ${reason}`
}
