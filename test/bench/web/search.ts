/**
 * Searches as the Events screen asks them, over a day of stored records, through the running service: the newest rows,
 * the histogram, and what the fields hold. Every question is asked with other values each time, since the engine
 * remembers which granules a condition left.
 */
import { quantile, treeUsage } from '../measure.ts'
import type { RunningService } from '../service.ts'

const ROUNDS = 5
const ROWS = 100
const BUCKETS = 60
/** At p95 of all questions of a kind, over 50 million records. */
const TARGET_SECONDS = { rows: 1, histogram: 2, facets: null } as const
const FACETS = ['action', 'rule', 'port.dst']

const pick = (values: readonly string[], round: number): string => values[round % values.length] ?? ''

/** Filters by what they look for; `round` makes the values others. */
const FILTERS: Readonly<Record<string, (round: number) => string>> = {
  everything: () => '',
  'a source with thousands of records': (i) => `addr.src eq 10.0.0.${7 + i * 13}`,
  'a source with twenty': (i) => `addr.src eq 10.70.${i}.7`,
  'an address that nobody has': (i) => `192.0.2.${100 + i}`,
  'a network of 256': (i) => `addr.src in 10.70.${10 + i}.0/24`,
  'a network of 65,536, denied': (i) => `( addr.src in 10.${70 + i}.0.0/16 ) and ( action eq drop )`,
  'a destination and its port': (i) =>
    `( addr.dst eq 198.18.0.${9 + i} ) and ( port.dst eq ${pick(['3389', '22', '445', '23', '5900'], i)} )`,
  'a common port': (i) => `port.dst eq ${pick(['3389', '22', '445', '23', '8080'], i)}`,
  'a rare port': (i) => `port.dst eq ${47_113 + i * 101}`,
  'what was not allowed': (i) =>
    pick(
      [
        'action eq drop',
        'action neq allow',
        'not ( action eq allow )',
        'disposition eq blocked',
        'action in (drop, deny)',
      ],
      i,
    ),
  'a rule and a level': (i) =>
    `( rule eq 'Public services' ) and ( severity eq ${pick(['critical', 'high'], i)} ) and ( port.src gt ${1000 + i} )`,
  'a threat by number': (i) =>
    `threatid eq ${pick(['95901', '95902', '30001', '95901, 30001', '1'], i).split(', ')[0]}`,
  'a country, not allowed': (i) =>
    `( srcloc eq '${pick(['Germany', 'China', 'Brazil', 'Singapore', 'Netherlands'], i)}' ) and not ( action eq allow )`,
  'a session': (i) => `sessionid eq ${1_234_567 + i * 7919}`,
  'many bytes': (i) => `bytes_received geq ${399_990 + i}`,
  'a word': (i) => pick(['injection', 'portal', 'command', 'vulnerability', 'sensor'], i),
  'a word that nobody wrote': (i) => `nosuchword${i}`,
}

export interface Asked {
  readonly filter: string
  readonly kind: 'rows' | 'histogram' | 'facets'
  readonly seconds: readonly number[]
  /** Of the whole service. */
  readonly cpuSeconds: readonly number[]
}

export interface SearchRange {
  readonly fromMs: number
  readonly toMs: number
}

/** Asks everything; some minutes. `only`: filters whose names hold one of these. */
export async function searchAll(
  service: RunningService,
  { fromMs, toMs }: SearchRange,
  only: readonly string[],
  say: (text: string) => void,
): Promise<Asked[]> {
  const range = { since: new Date(fromMs).toISOString(), until: new Date(toMs).toISOString() }
  const asked: Asked[] = []
  for (const [name, filterOf] of Object.entries(FILTERS)) {
    if (!only.some((part) => name.includes(part))) continue
    const questions = {
      rows: (filter: string) => service.control.call('queryRecords', { ...range, filter, limit: ROWS }),
      histogram: (filter: string) =>
        service.control.call('histogram', { ...range, filter, buckets: BUCKETS, by: 'disposition' }),
      facets: (filter: string) =>
        service.control.call('facets', { ...range, filter, fields: FACETS, limit: 10 }),
    }
    for (const [kind, ask] of Object.entries(questions)) {
      const seconds: number[] = []
      const cpuSeconds: number[] = []
      for (let round = 0; round < (kind === 'facets' ? 1 : ROUNDS); round++) {
        // Each kind of question has its own values: otherwise the second would profit from the first.
        const filter = filterOf(round + Object.keys(questions).indexOf(kind) * ROUNDS)
        const cpu = treeUsage(service.processId).cpuSeconds
        const beganMs = performance.now()
        await ask(filter)
        seconds.push((performance.now() - beganMs) / 1000)
        cpuSeconds.push(treeUsage(service.processId).cpuSeconds - cpu)
      }
      asked.push({ filter: name, kind: kind as Asked['kind'], seconds, cpuSeconds })
    }
    say(
      `${name}: ${asked
        .slice(-3)
        .map(({ kind, seconds, cpuSeconds }) => `${kind} ${shown(seconds)} (CPU ${shown(cpuSeconds)})`)
        .join(', ')}`,
    )
  }
  return asked
}

const shown = (values: readonly number[]): string => quantile(values, 0.5).toFixed(2)

/** The rows of the table that is printed: median and worst of each question; then of all questions of a kind the p95 beside its target. */
export function searchTable(asked: readonly Asked[]): string {
  const cell = (name: string, kind: Asked['kind']): string => {
    const found = asked.find((one) => one.filter === name && one.kind === kind)
    if (found === undefined) return ''
    const { seconds, cpuSeconds } = found
    return `${shown(seconds)} / ${Math.max(...seconds).toFixed(2)} (${shown(cpuSeconds)})`
  }
  const names = [...new Set(asked.map(({ filter }) => filter))]
  const row = (name: string, cellOf: (kind: Asked['kind']) => string): string =>
    `| ${name} | ${cellOf('rows')} | ${cellOf('histogram')} | ${cellOf('facets')} |`
  const secondsOf = (kind: Asked['kind']): number[] =>
    asked.filter((one) => one.kind === kind).flatMap((one) => one.seconds)
  return [
    '| filter | first rows: median / worst (CPU), s | histogram | three facets |',
    '|---|---|---|---|',
    ...names.map((name) => row(name, (kind) => cell(name, kind))),
    row('questions', (kind) => String(secondsOf(kind).length)),
    row('their median', (kind) => shown(secondsOf(kind))),
    row('their p95', (kind) => {
      const p95 = quantile(secondsOf(kind), 0.95)
      const target = TARGET_SECONDS[kind]
      if (target === null) return p95.toFixed(2)
      return `${p95.toFixed(2)} (target ${target}: ${p95 <= target ? 'reached' : 'missed'})`
    }),
  ].join('\n')
}
