/**
 * Row 7: searches over a day of stored records, through the product's own search. The records are made in SQL within
 * the engine: a day of arrival, a million sources of which few are busy, 2000 destinations, 60,000 ports, 40 rules, and a
 * raw line. What the indexes and the table of peers cost is measured by inserting the same rows with and without them.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { RecordSearch } from '../../../src/app/record-search.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { compileFilter, type Condition } from '../../../src/query/compile.ts'
import { parseFilter } from '../../../src/query/parse-filter.ts'
import { EmbeddedLogStore } from '../../../src/store/logs/embedded.ts'
import { LogStore } from '../../../src/store/logs/log-store.ts'
import { createTableSql, LOG_INDEXES } from '../../../src/store/logs/log-table.ts'
import type { Figure, Part } from '../part.ts'

const DAY_MS = 86_400_000
const STORE_BYTES = 2 * 2 ** 30
const ROWS_AT_ONCE = 2_000_000
const REPEATS = 3
const COST_ROWS = 500_000
const FIRST_ROWS_SECONDS = 1
const HISTOGRAM_SECONDS = 2
const INSERT_SETTINGS =
  'max_threads = 1, max_insert_threads = 1, max_block_size = 500000, min_insert_block_size_rows = 500000, async_insert = 0'

const FILTERS: Readonly<Record<string, string>> = {
  everything: '',
  'a busy source': 'addr.src eq 198.51.100.7',
  'a source seen 20 times': 'addr.src eq 203.0.113.77',
  nobody: 'addr eq 192.0.2.250',
  'a destination and port': '( addr.dst eq 10.0.0.9 ) and ( port.dst eq 3389 )',
  'a network, denied': '( addr.src in 198.51.100.0/24 ) and ( action eq deny )',
  'a rare rule': "( rule eq 'rule 39' ) and ( severity geq high )",
  'a word': 'overflow',
}

export const search: Part = async ({ lines, folder, say }) => {
  const engine = new EmbeddedLogStore({
    folder,
    memoryBytes: STORE_BYTES,
    clock: systemClock,
    report: () => {},
  })
  await engine.start()
  const store = new LogStore({ socketPath: engine.socketPath })
  await store.prepare()
  const figures: Figure[] = []
  say('measuring what indexes cost')
  figures.push(...(await costs(store)))
  say(`making ${lines} records`)
  const endMs = systemClock.nowMs()
  for (let from = 0; from < lines; from += ROWS_AT_ONCE)
    await store.command(`INSERT INTO logs ${rowsSql()} SETTINGS ${INSERT_SETTINGS}`, {
      from,
      count: Math.min(ROWS_AT_ONCE, lines - from),
      start: endMs - DAY_MS,
      step: DAY_MS / lines,
    })
  await quiet(store)
  say('searching')
  const finder = new RecordSearch(store)
  const bounds = { fromMs: endMs - DAY_MS, toMs: endMs }
  for (const [name, text] of Object.entries(FILTERS)) {
    const condition = conditionOf(text, endMs)
    const rows = await times(() =>
      finder.newest(condition, bounds, { limit: 100, cursor: null, withRaw: false }, undefined),
    )
    const buckets = await times(() =>
      finder.histogram(condition, bounds, DAY_MS / 60, 'disposition', undefined),
    )
    figures.push(
      figureOf(`search of ${lines} records of a day, 100 newest: ${name}`, rows, FIRST_ROWS_SECONDS),
    )
    figures.push(figureOf(`histogram of a day: ${name}`, buckets, HISTOGRAM_SECONDS))
  }
  figures.push(await rawSearch(finder, endMs))
  await store.close()
  await engine.stop()
  return figures
}

async function rawSearch(finder: RecordSearch, endMs: number): Promise<Figure> {
  const condition = conditionOf("raw contains 'seventy-seven'", endMs)
  const bounds = { fromMs: endMs - DAY_MS, toMs: endMs }
  const seconds = await times(() =>
    finder.newest(condition, bounds, { limit: 10, cursor: null, withRaw: true }, undefined),
  )
  return figureOf('text in raw lines, 10 newest', seconds, FIRST_ROWS_SECONDS)
}

function conditionOf(text: string, nowMs: number): Condition {
  const blocked = { table: '', prefixLengths: [] }
  return compileFilter(parseFilter(text), { nowMs, timeZone: 'UTC', blocked })
}

/** The same rows into tables with all indexes and with none; the median of three. */
async function costs(store: LogStore): Promise<Figure[]> {
  const insert = async (table: string): Promise<number> => {
    const [seconds] = await times(
      () => store.command(`INSERT INTO ${table} SELECT * FROM cost_source SETTINGS ${INSERT_SETTINGS}`),
      3,
    )
    return seconds ?? 0
  }
  await store.command(createTableSql('cost_source', true, []))
  await store.command(`INSERT INTO cost_source ${rowsSql()} SETTINGS ${INSERT_SETTINGS}`, {
    from: 0,
    count: COST_ROWS,
    start: systemClock.nowMs() - 60_000,
    step: 60_000 / COST_ROWS,
  })
  const figures: Figure[] = []
  const names = [[], ...LOG_INDEXES.map(({ name }) => [name]), LOG_INDEXES.map(({ name }) => name)]
  let without = 0
  for (const chosen of names) {
    const table = `cost_${figures.length}`
    await store.command(
      createTableSql(
        table,
        true,
        LOG_INDEXES.filter(({ name }) => chosen.includes(name)),
      ),
    )
    const seconds = await insert(table)
    if (chosen.length === 0) without = seconds
    figures.push({
      row: 7,
      what: `insert of ${COST_ROWS} records, indexes: ${chosen.length === 0 ? 'none' : chosen.join(', ')}`,
      value: (seconds / without - 1) * 100,
      unit: '% more time',
      target: null,
      work: null,
      note: `${seconds.toFixed(2)} s`,
    })
    await store.command(`DROP TABLE ${table} SYNC`)
  }
  await store.command('DROP TABLE cost_source SYNC')
  return figures
}

/** Seconds of some runs, sorted: the middle one first. */
async function times(work: () => Promise<unknown>, repeats = REPEATS): Promise<number[]> {
  const seconds: number[] = []
  for (let i = 0; i < repeats; i++) {
    const beganMs = performance.now()
    await work()
    seconds.push((performance.now() - beganMs) / 1000)
  }
  seconds.sort((a, b) => a - b)
  return [seconds[Math.floor(repeats / 2)] ?? 0, seconds[0] ?? 0, seconds.at(-1) ?? 0]
}

function figureOf(
  what: string,
  [middle = 0, best = 0, worst = 0]: readonly number[],
  atMost: number,
): Figure {
  return {
    row: 7,
    what,
    value: middle,
    unit: 's',
    target: { atMost },
    work: null,
    note: `best ${best.toFixed(3)}, worst ${worst.toFixed(3)} of ${REPEATS}`,
  }
}

function rowsSql(): string {
  const v4 = (number: string): string => `IPv4ToIPv6(toIPv4(toUInt32(${number})))`
  const source = `multiIf(h % 50 = 0, 3325256704 + 7, h % 50 < 5, 3325256704 + (intDiv(h, 50) % 256), number % 1000003 = 77, 3405803776 + 77, 1000000000 + (intDiv(h, 50) % 1000000))`
  return `(eventTime, receivedAt, segment, position, sender, category, disposition, severity, sourceAddress, destinationAddress,
      sourcePort, destinationPort, bytesSent, bytesReceived, threatId, type, subtype, device, protocol, application, action, rule, threatName, sessionId, raw)
    SELECT t, t, toUUID(concat('01900000-0000-7000-8000-', leftPad(hex(intDiv(number, 100000)), 12, '0'))), number % 100000, '192.0.2.1', 'traffic',
      if(h % 3 = 0, 'allowed', 'blocked'), multiIf(h % 1000 = 0, 'critical', h % 200 = 0, 'high', ''),
      ${v4(source)}, ${v4('167772160 + (intDiv(h, 7) % 2000)')}, 1024 + h % 60000, if(h % 4 = 0, 443, 1 + intDiv(h, 11) % 60000),
      h % 5000, h % 70000, if(h % 200 = 0, 30001 + h % 50, 0), if(h % 200 = 0, 'THREAT', 'TRAFFIC'), 'end', concat('fw-', toString(h % 8)), 'tcp',
      ['web-browsing', 'ssl', 'incomplete', 'dns'][1 + h % 4], if(h % 3 = 0, 'allow', 'deny'), concat('rule ', toString(intDiv(h, 13) % 40)),
      if(h % 200 = 0, concat('Test Overflow Attempt ', toString(h % 50)), ''), toString(h % 1000000),
      concat('<14>Nov 22 fw-1 SrcIP=', IPv4NumToString(toUInt32(${source})), '; DstPort=', toString(h % 60000), if(number % 2000000 = 77, ' seventy-seven', ''))
    FROM (SELECT number, cityHash64(number) AS h, fromUnixTimestamp64Milli(toInt64({start:Int64} + number * {step:Float64})) AS t
      FROM numbers({from:UInt64}, {count:UInt64}))`
}

/** Merges run by themselves; they shall not be measured with it. */
async function quiet(store: LogStore): Promise<void> {
  for (let rounds = 0; rounds < 5; ) {
    await delay(300)
    const [row] = await store.rows<{ n: number | string }>('SELECT count() AS n FROM system.merges')
    rounds = Number(row?.n ?? 0) === 0 ? rounds + 1 : 0
  }
}
