/**
 * `backtest`: who would have been blocked under other settings, over the stored records of a running service. Progress
 * goes to stderr (a terminal sees one line that changes), the result to stdout. Ctrl-C ends it.
 */
import type { BacktestRow } from '../api/backtest-contract.ts'
import type { ControlClient } from '../api/control-client.ts'
import { AppError } from '../lib/errors.ts'
import { formatDuration } from '../lib/time-text.ts'
import type { CliIo, LineOutput } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions, sinceOf } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

export interface BacktestOptions extends ServiceOptions {
  readonly last?: string
  readonly from?: string
  readonly to?: string
  readonly curve?: string
  readonly lines?: boolean
  readonly allRules?: boolean
}

type SourceRow = Extract<BacktestRow, { kind: 'source' }>
type Summary = Extract<BacktestRow, { kind: 'summary' }>
type Side = Summary['today']
type Group = Summary['gained']

/** Sources shown per group to people; `--json` has up to 1000. */
const SHOWN = 20
/** Sources whose lines are fetched for `--lines`. */
const WITH_LINES = 5
const HEADINGS: Readonly<Record<SourceRow['group'], string>> = {
  gained: 'Would be blocked under the changed settings only',
  lost: "Would be blocked under today's settings only",
  both: 'Would be blocked under both',
}
const BAR_CHARACTERS = 40

export async function backtest(io: CliIo, options: BacktestOptions): Promise<void> {
  const { set, ...rest } = options
  const range = rangeOf(io, options)
  const curve = options.curve === undefined ? undefined : curveOf(options.curve)
  const client = clientOf(io, rest) // the settings given are those to compare with, not this command's
  const question = {
    ...range,
    changes: changesOf(set ?? []),
    allRules: options.allRules === true,
    ...(curve === undefined ? {} : { curve }),
  }
  if (Object.keys(question.changes).length === 0 && curve === undefined)
    throw new AppError('usage', 'say what to compare: --set KEY=VALUE, or --curve KEY=FIRST..LAST')
  const sources: SourceRow[] = []
  let summary: Summary | null = null
  await printing(io, async (output) => {
    for await (const row of client.rows('backtest', question)) {
      if (options.json) {
        await output.line(jsonLine(row))
        await output.flush()
      } else if (row.kind === 'progress') sayProgress(io, row)
      else if (row.kind === 'source') sources.push(row)
      else summary = row
    }
    if (!options.json && io.isInteractive) io.stderr.write('\r\u001b[K')
    if (summary !== null) {
      await printResult(io, output, summary, sources)
      if (options.lines) await printLines(client, output, summary, sources)
    }
  })
}

function sayProgress(
  io: CliIo,
  { records, total, percent }: Extract<BacktestRow, { kind: 'progress' }>,
): void {
  if (io.isInteractive) io.stderr.write(`\r\u001b[K${records} of ${total} records (${percent} %)`)
}

/** `--last 7d`, or `--from` and `--to`; the last 7 days where nothing is said. */
function rangeOf(io: CliIo, { last, from, to }: BacktestOptions): { from: string; to: string } {
  if (last !== undefined && from !== undefined) throw new AppError('usage', 'give --last or --from, not both')
  const end = to === undefined ? new Date(io.clock.nowMs()).toISOString() : sinceOf(io, to, '--to')
  const begin = sinceOf(io, from ?? last ?? '7d', from === undefined ? '--last' : '--from')
  if (begin >= end) throw new AppError('usage', 'the range ends before it begins')
  return { from: begin, to: end }
}

function changesOf(sets: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    sets.map((set) => {
      const at = set.indexOf('=')
      if (at <= 0) throw new AppError('usage', `--set ${set}: expected KEY=VALUE`)
      return [set.slice(0, at).trim(), set.slice(at + 1)]
    }),
  )
}

function curveOf(text: string): { key: string; first: number; last: number } {
  const match = /^([\w.]+)=(\d{1,6})\.\.(\d{1,6})$/.exec(text)
  const [, key = '', first = '', last = ''] = match ?? []
  if (match === null || Number(first) > Number(last))
    throw new AppError(
      'usage',
      `--curve ${text}: expected KEY=FIRST..LAST such as detection.portScan.ports=5..50`,
    )
  return { key, first: Number(first), last: Number(last) }
}

async function printResult(
  io: CliIo,
  output: LineOutput,
  summary: Summary,
  sources: readonly SourceRow[],
): Promise<void> {
  const { records, warmUpRecords, seconds, recordsPerSecond } = summary
  const from = instantText(io, summary.from, '')
  const to = instantText(io, summary.to, '')
  await output.line(`${records} records from ${from} to ${to}`)
  await output.line(
    `(and ${warmUpRecords} before them, to fill the windows), in ${seconds.toFixed(1)} s: ${recordsPerSecond} records/s`,
  )
  for (const { key, today, changed } of summary.changes)
    await output.line(safeText(`  ${key}: today ${today}, changed ${changed}`))
  await output.line('')
  await printTotals(output, summary)
  for (const group of ['gained', 'lost', 'both'] as const)
    await printGroup(io, output, { group, totals: summary[group], sources })
  if (summary.curve !== null) await printCurve(output, summary.curve)
  if (summary.leftOut.length > 0)
    await output.line(
      `Not run, since they are in shadow and unchanged: ${summary.leftOut.join(', ')} (--all-rules).`,
    )
  for (const note of summary.notes) await output.line(safeText(`Note: ${note}.`))
  for (const [name, side] of [
    ['today', summary.today],
    ['changed', summary.changed],
  ] as const)
    for (const warning of warningsOf(side)) await output.line(`Note: ${name}: ${warning}.`)
}

function warningsOf({ evictions, notJudged }: Side): string[] {
  return [
    ...(evictions > 0
      ? [`the tables were too small for ${evictions} keys, so some sources may be missing`]
      : []),
    ...(notJudged > 0 ? [`${notJudged} detections were counted and not judged`] : []),
  ]
}

async function printTotals(output: LineOutput, { today, changed }: Summary): Promise<void> {
  const table = new Table(output, ['', 'TODAY', 'CHANGED'])
  const words = { block: 'blocked', hold: 'held for review', refuse: 'refused', none: 'shadow or internal' }
  for (const verdict of ['block', 'hold', 'refuse', 'none'] as const)
    await table.row([
      `sources ${words[verdict]}`,
      String(today.verdicts[verdict] ?? 0),
      String(changed.verdicts[verdict] ?? 0),
    ])
  await table.row(['detections', String(today.detections), String(changed.detections)])
  const rules = new Set([...today.rules, ...changed.rules].map(({ rule }) => rule))
  const sourcesOf = (side: Side, rule: string): string =>
    String(side.rules.find((one) => one.rule === rule)?.sources ?? 0)
  for (const rule of rules)
    await table.row([`  sources by ${rule}`, sourcesOf(today, rule), sourcesOf(changed, rule)])
  await table.end()
}

async function printGroup(
  io: CliIo,
  output: LineOutput,
  { group, totals, sources }: { group: SourceRow['group']; totals: Group; sources: readonly SourceRow[] },
): Promise<void> {
  await output.line('')
  const apart = [
    `${totals.refused} allowlisted or protected`,
    ...(totals.held > 0 ? [`${totals.held} held for review`] : []),
    ...(group === 'both' ? [] : [`${totals.withSessions} with completed sessions with us`]),
  ]
  await output.line(`${HEADINGS[group]}: ${totals.sources} (${apart.join(', ')})`)
  const table = new Table(output, ['  SOURCE', 'RULE', 'TODAY', 'CHANGED', 'SESSIONS', 'WHY'])
  const shown = sources.filter((one) => one.group === group).slice(0, SHOWN)
  for (const { source, today, changed, completedSessions } of shown) {
    const outcome = changed !== null && changed.verdict !== 'none' ? changed : today
    await table.row([
      `  ${source}`,
      outcome?.rule ?? '',
      instantText(io, today?.detectedAt ?? null, '-'),
      instantText(io, changed?.detectedAt ?? null, '-'),
      completedSessions === null ? '-' : String(completedSessions),
      outcome === null ? '' : `${outcome.verdict === 'block' ? '' : `${outcome.verdict}: `}${outcome.reason}`,
    ])
  }
  await table.end()
  if (totals.sources > shown.length) await output.line(`  and ${totals.sources - shown.length} more`)
}

async function printCurve(output: LineOutput, { key, points }: NonNullable<Summary['curve']>): Promise<void> {
  await output.line('')
  await output.line(safeText(`Sources convicted by ${key}:`))
  const most = Math.max(1, ...points.map(({ sources }) => sources))
  const table = new Table(output, ['  VALUE', 'SOURCES', 'REFUSED', 'INTERNAL', ''])
  for (const { value, sources, refused, internal } of points) {
    const bar = '#'.repeat(Math.round((sources / most) * BAR_CHARACTERS))
    await table.row([`  ${value}`, String(sources), String(refused), String(internal), bar])
  }
  await table.end()
}

/** The lines of the first sources that are gained and lost, as they came. */
async function printLines(
  client: ControlClient,
  output: LineOutput,
  summary: Summary,
  sources: readonly SourceRow[],
): Promise<void> {
  for (const { source, today, changed } of sources
    .filter(({ group }) => group !== 'both')
    .slice(0, WITH_LINES)) {
    const outcome = changed ?? today
    if (outcome === null) continue
    const detectedMs = Date.parse(outcome.detectedAt)
    const windowMs = (outcome.windowSeconds ?? 0) * 1000
    const from = new Date(Math.max(detectedMs - windowMs, 0)).toISOString()
    const to = new Date(Math.min(detectedMs + 1000, Date.parse(summary.to) + 1000)).toISOString()
    const { lines } = await client.call('backtestLines', { source, from, to })
    await output.line('')
    await output.line(`Lines of ${source} in the ${formatDuration(windowMs)} before it fired:`)
    for (const line of lines) await output.line(safeText(`  ${line}`))
  }
}
