/**
 * `npm run bench`: measures the rows of DESIGN.md section 10 that have a part, each in a process of its own, and prints
 * every figure with its cost and its ratio to mawk splitting the same file in the same run.
 *   --only NAME,...   parts to run (default all but `scale` and `memory-hour`, which take long)
 *   --lines N         lines for the parts that take them (default 1,000,000)
 *   --write           also writes docs/benchmarks.md
 *   --folder DIR      where the files go (default: the system's temporary folder)
 * Exit code 1 when a part failed to run; a missed target is printed, not an error.
 */
import { fork, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { watchMemory } from './measure.ts'
import type { Figure, Part } from './part.ts'
import { type Baseline, type PartResult, render, renderLine } from './report.ts'

/** Loaded only by the process that runs it, so that one part's modules do not cost another memory. */
const PARTS: Readonly<Record<string, () => Promise<Part>>> = {
  'parse-custom': async () => (await import('./parts/parse.ts')).parseCustom,
  'parse-csv': async () => (await import('./parts/parse.ts')).parseCsv,
  'detect-all': async () => (await import('./parts/detect-all.ts')).detectAll,
  flood: async () => (await import('./parts/flood.ts')).flood,
  scale: async () => (await import('./parts/scale.ts')).scale,
  formats: async () => (await import('./parts/formats.ts')).formats,
  store: async () => (await import('./parts/store.ts')).storeWithRaw,
  'store-no-raw': async () => (await import('./parts/store.ts')).storeWithoutRaw,
  udp: async () => (await import('./parts/udp.ts')).udp,
  latency: async () => (await import('./parts/latency.ts')).latency,
  list: async () => (await import('./parts/list.ts')).list,
  pack: async () => (await import('./parts/pack.ts')).packing,
  memory: async () => (await import('./parts/memory.ts')).memory,
  'memory-hour': async () => (await import('./parts/memory.ts')).memoryHour,
  backtest: async () => (await import('./parts/backtest.ts')).backtestDay,
  search: async () => (await import('./parts/search.ts')).search,
  peers: async () => (await import('./parts/peers.ts')).peers,
  kill: async () => (await import('./parts/kill.ts')).kill,
}

/** Run only when they are named. */
const LONG_PARTS: ReadonlySet<string> = new Set(['scale', 'memory-hour'])

interface PartMessage {
  readonly say?: string
  readonly figures?: Figure[]
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    lines: { type: 'string', default: '1000000' },
    write: { type: 'boolean', default: false },
    folder: { type: 'string' },
    part: { type: 'string' },
  },
})

async function runPart(name: string): Promise<void> {
  const load = PARTS[name]
  if (load === undefined) throw new Error(`no part ${name}`)
  const part = await load()
  const figures = await part({
    lines: Number(values.lines),
    folder: values.folder ?? '',
    say: (say) => process.send?.({ say } satisfies PartMessage),
  })
  process.send?.({ figures } satisfies PartMessage)
  process.disconnect()
}

async function measurePart(name: string): Promise<PartResult> {
  const folder = mkdtempSync(join(values.folder ?? tmpdir(), `ads-bench-${name}-`))
  try {
    // with the flags for V8 that the service has: the launcher gave them to this process
    const child = fork(import.meta.filename, ['--part', name, '--lines', values.lines, '--folder', folder])
    const memory = watchMemory(child.pid as number)
    let figures: Figure[] = []
    child.on('message', (message: PartMessage) => {
      if (message.say !== undefined) process.stderr.write(`   ${name}: ${message.say}\n`)
      if (message.figures !== undefined) figures = message.figures
    })
    const code = await new Promise<number | null>((resolve) => {
      child.once('exit', resolve)
    })
    const peakBytes = memory.stop()
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
    return { name, figures, peakBytes, baselines: baselinesOf(figures) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** mawk over each file that a figure's lines came from; nothing where mawk is missing. */
function baselinesOf(figures: readonly Figure[]): Map<string, Baseline> {
  const found = new Map<string, Baseline>()
  for (const { work } of figures) {
    if (work === null || work.file === null || found.has(work.file) || !hasMawk || !existsSync(work.file))
      continue
    const separator = separatorOf(work.file)
    // the shell's `times` tells the CPU time of what it ran, in its second line: wall time would count other load
    const script = `mawk -F "$1" '{n+=NF} END {print n}' "$2"; times`
    const run = spawnSync('sh', ['-c', script, 'sh', separator, work.file], { encoding: 'utf8' })
    const times = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(run.stdout.trim().split('\n').at(-1) ?? '')
    if (run.status !== 0 || times === null) continue
    const [userMinutes = 0, user = 0, systemMinutes = 0, system = 0] = times.slice(1).map(Number)
    const cpuSeconds = (userMinutes + systemMinutes) * 60 + user + system
    found.set(work.file, { separator, lines: work.lines, cpuSeconds })
  }
  return found
}

/** What awk would split the lines of a file at. */
function separatorOf(file: string): string {
  if (file.endsWith('csv.log')) return ','
  return file.endsWith('words.log') ? ' ' : '; '
}

async function main(): Promise<void> {
  const names =
    values.only === undefined
      ? Object.keys(PARTS).filter((name) => !LONG_PARTS.has(name))
      : values.only.split(',').flatMap(partNames)
  if (!hasMawk) {
    process.stderr.write('mawk is missing, so the ratio to it is left out (apt-get install -y mawk)\n')
  }
  const results: PartResult[] = []
  let failed = 0
  for (const name of names) {
    process.stderr.write(`== ${name}\n`)
    try {
      const result = await measurePart(name)
      results.push(result)
      for (const figure of result.figures) process.stdout.write(`${renderLine(figure, result)}\n`)
    } catch (thrown) {
      failed++
      process.stderr.write(
        `   ${name} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`,
      )
    }
  }
  if (values.write) {
    const path = join(import.meta.dirname, '../../docs/benchmarks.md')
    mkdirSync(join(path, '..'), { recursive: true })
    const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`
    const kept = existsSync(path) ? readFileSync(path, 'utf8') : null
    writeFileSync(path, render(results, command, kept))
    process.stderr.write('wrote docs/benchmarks.md\n')
  }
  if (failed > 0) process.exitCode = 1
}

/** A part's name, or the names of all parts that begin with it, but for the long ones. */
function partNames(name: string): string[] {
  const found = Object.keys(PARTS).filter(
    (part) => part === name || (part.startsWith(`${name}-`) && !LONG_PARTS.has(part)),
  )
  if (found.length === 0) {
    throw new Error(`no part ${name}; there are ${Object.keys(PARTS).join(', ')}`)
  }
  return found
}

const hasMawk = spawnSync('mawk', ['-W', 'version']).error === undefined
if (values.part !== undefined) await runPart(values.part)
else await main()
