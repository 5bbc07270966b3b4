/**
 * Issue 3: lines per second and core of every registered format, parsed and taken through the rules, in one process
 * (so the engine's code has seen all of them); and ten senders of ten formats by turns, once as ten senders and once as
 * one relay, against the mean of the ten.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../../../src/demo/random.ts'
import { LINE_FORMATS } from '../../../src/parse/registry.ts'
import { shapesByFormat, writeFormat, writeLines } from '../format-lines.ts'
import type { Figure, Part } from '../part.ts'
import { ParseAndDetect, type Run, type Senders } from './parse.ts'

const TARGETS: Readonly<Record<string, number>> = { 'paloalto-custom': 1_200_000, 'paloalto-csv': 600_000 }
const OTHER_TARGET = 300_000
/** Of the ten senders. */
const MIXED =
  'paloalto-custom paloalto-csv paloalto-cef fortigate-kv cisco checkpoint netfilter filterlog suricata-eve mikrotik'.split(
    ' ',
  )
const MIXED_SHARE = 0.8
const ROUNDS = 3

export const formats: Part = async ({ lines: wanted, folder, say }) => {
  const lines = Math.max(10_000, Math.round(wanted / 10))
  const endMs = Date.now()
  const shapes = shapesByFormat()
  const names = LINE_FORMATS.map(({ name }) => name).filter((name) => {
    if (!shapes.has(name)) say(`no fixture has a line of ${name}`)
    return shapes.has(name)
  })
  const files = new Map(
    names.map((name) => [name, writeFormat(folder, name, shapes.get(name) ?? [], lines, endMs)]),
  )
  say('warming up')
  const way = new ParseAndDetect(endMs)
  for (const file of files.values()) way.run(file)
  const figures: Figure[] = []
  const secondsPerLine = new Map<string, number>()
  for (const [name, file] of files) {
    const run = best(way, file, lines, null)
    secondsPerLine.set(name, run.cpuSeconds / lines)
    figures.push(figureOf(`format ${name}`, run, lines, file, TARGETS[name] ?? OTHER_TARGET, ''))
  }
  const mixed = MIXED.filter((name) => secondsPerLine.has(name))
  const mean = mixed.length / mixed.reduce((sum, name) => sum + (secondsPerLine.get(name) ?? 0), 0)
  const { file, senders } = writeMixed(
    folder,
    mixed.map((name) => files.get(name) ?? ''),
    lines,
  )
  const note = `${mixed.length} formats by turns; their mean is ${Math.round(mean).toLocaleString('en')} lines/s`
  const ten = best(way, file, lines, senders)
  figures.push(figureOf('mixed stream, a sender each', ten, lines, file, mean * MIXED_SHARE, note))
  const relay = best(way, file, lines, null)
  figures.push(figureOf('mixed stream, one relay', relay, lines, file, mean * MIXED_SHARE, note))
  return figures
}

/** Lines of all the files in a random order, and which file each is from. */
function writeMixed(
  folder: string,
  files: readonly string[],
  lines: number,
): { file: string; senders: Senders } {
  const random = seededRandom(2)
  const sources = files.map((file) => readFileSync(file, 'utf8').split('\n'))
  const of = new Uint8Array(lines)
  const file = join(folder, 'mixed-words.log')
  writeLines(file, lines, (i) => {
    const source = Math.floor(random() * files.length)
    of[i] = source
    return sources[source]?.[i] ?? ''
  })
  return { file, senders: { names: files.map((_, i) => `192.0.2.${i + 1}`), of } }
}

function best(way: ParseAndDetect, file: string, lines: number, senders: Senders | null): Run {
  const runs = Array.from({ length: ROUNDS }, () => way.run(file, senders))
  for (const { count } of runs)
    if (count !== lines) throw new Error(`${count} records of ${lines} lines of ${file}`)
  return runs.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a))
}

function figureOf(what: string, run: Run, lines: number, file: string, target: number, note: string): Figure {
  const unread = run.unparsed === 0 ? '' : `${run.unparsed} lines not understood; `
  return {
    row: 2,
    what,
    value: lines / run.cpuSeconds,
    unit: 'lines/s per core',
    target: { atLeast: Math.round(target) },
    work: { lines, wallSeconds: run.wallSeconds, cpuSeconds: run.cpuSeconds, file },
    note: `${unread}best of ${ROUNDS}${note === '' ? '' : `; ${note}`}`,
  }
}
