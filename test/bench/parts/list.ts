/** Row 6: a list of 150,000 entries: fetched over HTTPS one at a time and by 50 firewalls at once, and rebuilt. */
import { Agent } from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseNetwork } from '../../../src/lib/address.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { BlockList } from '../../../src/publish/block-list.ts'
import { Alarms } from '../../../src/telemetry/alarms.ts'
import { quantile } from '../measure.ts'
import type { Figure, Part } from '../part.ts'
import { fetchParts, startService } from '../service.ts'

const ENTRIES = 150_000
const PER_REQUEST = 10_000
const SINGLE_FETCHES = 2000
const AT_ONCE = 50
const ROUNDS = 5
/** The first fetch of so many new entries is noted for each of them, and written down: no fetch like others. */
const AFTER_IMPORT_MS = 8000

const addressOf = (i: number): string => `10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`

export const list: Part = async ({ folder, say }) => {
  const service = await startService({ dataFolder: join(folder, 'data') })
  say(`adding ${ENTRIES} blocks`)
  for (let from = 0; from < ENTRIES; from += PER_REQUEST) {
    const targets = Array.from({ length: PER_REQUEST }, (_, i) => addressOf(from + i))
    await service.control.call('addBlocks', { targets, reason: 'benchmark', dryRun: false, until: null })
  }
  while ((await service.list()).length < ENTRIES * 10) await new Promise((resolve) => setTimeout(resolve, 50))
  await delay(AFTER_IMPORT_MS)
  say('fetching')
  const url = `https://127.0.0.1:${service.webPort}/files/blacklist.txt`
  const body = await service.list()
  if (body.split('\n').length !== ENTRIES + 1) throw new Error(`${body.split('\n').length - 1} lines fetched`)
  const bodyBytes = Buffer.byteLength(body)
  const single: number[] = []
  const kept = new Agent({ keepAlive: true, rejectUnauthorized: false })
  for (let i = 0; i < SINGLE_FETCHES; i++) {
    const startMs = performance.now()
    await fetchWhole(url, kept, bodyBytes)
    single.push(performance.now() - startMs)
  }
  kept.destroy()
  const together: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // a connection each, as firewalls have
    const agents = Array.from(
      { length: AT_ONCE },
      () => new Agent({ keepAlive: false, rejectUnauthorized: false }),
    )
    const startMs = performance.now()
    await Promise.all(
      agents.map(async (agent) => {
        await fetchWhole(url, agent, bodyBytes)
        together.push(performance.now() - startMs)
        agent.destroy()
      }),
    )
  }
  await service.stop()
  const rebuiltMs = rebuild()
  const figures: Figure[] = [
    {
      row: 6,
      what: `list of ${ENTRIES} entries fetched one at a time, p99`,
      value: quantile(single, 0.99),
      unit: 'ms',
      target: { atMost: 20 },
      work: null,
      note: `HTTPS on a kept connection, client included; median ${quantile(single, 0.5).toFixed(1)} ms`,
    },
    {
      row: 6,
      what: `the same, ${AT_ONCE} at once, p99`,
      value: quantile(together, 0.99),
      unit: 'ms',
      target: { atMost: 500 },
      work: null,
      note: 'new connections with their TLS handshakes; the clients on the same cores',
    },
    {
      row: 6,
      what: 'the same, one entry added and rebuilt, p99',
      value: quantile(rebuiltMs, 0.99),
      unit: 'ms',
      target: { atMost: 200 },
      work: null,
      note: `first render of all ${rebuiltMs.whole.toFixed(0)} ms`,
    },
  ]
  return figures
}

/**
 * Fetches a list and keeps nothing of it: collecting the garbage of bodies of 2 MB in the client, whose heap is kept
 * small as the service's is, took more time than the service.
 */
async function fetchWhole(url: string, agent: Agent, expectedBytes: number): Promise<void> {
  let bytes = 0
  await fetchParts(url, agent, (part) => {
    bytes += part.length
  })
  if (bytes !== expectedBytes) throw new Error(`${url} answered with ${bytes} of ${expectedBytes} bytes`)
}

/** Renders the whole list once, then with one more entry many times. */
function rebuild(): number[] & { whole: number } {
  const alarms = new Alarms({ clock: systemClock })
  const blockList = new BlockList({ clock: systemClock, sentinel: '192.0.2.255', refuse: () => null, alarms })
  const network = (i: number) => {
    const parsed = parseNetwork(addressOf(i))
    if (parsed === null) throw new Error(`BUG: ${addressOf(i)}`)
    return parsed
  }
  const timed = (work: () => void): number => {
    const startMs = performance.now()
    work()
    blockList.flush()
    return performance.now() - startMs
  }
  const whole = timed(() => blockList.replace(Array.from({ length: ENTRIES }, (_, i) => network(i))))
  const each = Array.from({ length: 50 }, (_, i) =>
    timed(() => blockList.apply({ added: [network(ENTRIES + i)], removed: [] })),
  )
  blockList.close()
  return Object.assign(each, { whole })
}
