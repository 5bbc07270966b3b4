/** Prints figures: a line each while measuring, and docs/benchmarks.md as a whole. */
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import type { Figure } from './part.ts'

/** mawk splitting the same file. */
export interface Baseline {
  readonly separator: string
  readonly lines: number
  readonly cpuSeconds: number
}

export interface PartResult {
  readonly name: string
  readonly figures: readonly Figure[]
  /** Of all processes of the part, the benchmark's own included. */
  readonly peakBytes: number
  /** By file. */
  readonly baselines: ReadonlyMap<string, Baseline>
}

interface Row {
  readonly row: number
  readonly what: string
  readonly figure: string
  readonly target: string
  readonly verdict: string
  readonly wall: string
  readonly cpu: string
  readonly ratio: string
  readonly memory: string
  readonly note: string
}

function rowOf(figure: Figure, part: PartResult): Row {
  const { work } = figure
  const perMillion = (seconds: number, lines: number): string => ((seconds / lines) * 1e6).toFixed(2)
  const baseline = work?.file == null ? undefined : part.baselines.get(work.file)
  const ratio =
    work === null || baseline === undefined
      ? ''
      : (work.cpuSeconds / work.lines / (baseline.cpuSeconds / baseline.lines)).toFixed(1)
  return {
    row: figure.row,
    what: figure.what,
    figure: `${numeral(figure.value)} ${figure.unit}`,
    target: targetOf(figure),
    verdict: verdictOf(figure),
    wall: work === null ? '' : perMillion(work.wallSeconds, work.lines),
    cpu: work === null ? '' : perMillion(work.cpuSeconds, work.lines),
    ratio,
    memory: `${Math.round(part.peakBytes / 2 ** 20)} MiB`,
    note: figure.note,
  }
}

function numeral(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return Number.isInteger(value) ? String(value) : value.toPrecision(3)
}

function targetOf({ target }: Figure): string {
  if (target === null) return ''
  return 'atLeast' in target ? `≥ ${numeral(target.atLeast)}` : `≤ ${numeral(target.atMost)}`
}

function verdictOf({ target, value }: Figure): string {
  if (target === null) return ''
  const isMet = 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
  return isMet ? 'met' : 'missed'
}

/** One figure as a line of text. */
export function renderLine(figure: Figure, part: PartResult): string {
  const row = rowOf(figure, part)
  const cost = row.cpu === '' ? '' : `  wall ${row.wall} s, CPU ${row.cpu} s per million lines`
  const ratio = row.ratio === '' ? '' : `, ${row.ratio} x mawk`
  const target = row.target === '' ? '' : `  (target ${row.target}: ${row.verdict})`
  return `${row.row}  ${row.what}: ${row.figure}${target}${cost}${ratio}, peak ${row.memory}  ${row.note}`
}

/** The whole document. Rows of parts that did not run now are kept from the document before. */
export function render(results: readonly PartResult[], command: string, before: string | null): string {
  const machine = [
    `Machine: ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB;`,
    `${osName()}, Linux ${release()}; Node ${process.versions.node}.`,
  ].join(' ')
  const made = `Measured ${new Date().toISOString().slice(0, 10)} by \`${command}\`.`
  const lines = results.flatMap((part) =>
    part.figures.map((figure) => {
      const row = rowOf(figure, part)
      const cells = [
        row.row,
        row.what,
        row.figure,
        row.target,
        row.verdict,
        row.wall,
        row.cpu,
        row.ratio,
        row.memory,
        `${part.name}: ${row.note}`,
      ]
      return `| ${cells.join(' | ')} |`
    }),
  )
  const measured = new Set(results.map((part) => part.name))
  const kept = (before ?? '')
    .split('\n')
    .filter((line) => /^\| \d+ \|/.test(line))
    .filter((line) => !measured.has(/([a-z-]+): [^|]*\|$/.exec(line)?.[1] ?? ''))
  const rows = [...lines, ...kept].sort((a, b) => Number(a.slice(2, 4)) - Number(b.slice(2, 4)))
  return `${HEAD}\n${machine}\n\n${made}\n\n${TABLE_HEAD}\n${rows.join('\n')}\n`
}

function osName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
  } catch {
    return 'Linux' // the file is a convention, not a promise
  }
}

const HEAD = `# Benchmarks

Written by \`npm run bench -- --write\`; do not edit by hand. The rows are those of the targets in the design. Each part runs in
processes of its own. Wall and CPU are seconds per million lines, CPU of all processes that worked; "x mawk" is the ratio of that
CPU time to \`mawk -F'; ' '{n+=NF} END {print n}'\` (\`-F,\` for CSV) over the same file in the same run; memory is the peak of the sum of
resident sets, the load generator included.
`
const TABLE_HEAD = `| row | what | figure | target | | wall | CPU | x mawk | memory | part and note |
|---|---|---|---|---|---|---|---|---|---|`
