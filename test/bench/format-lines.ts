/**
 * Lines of every format for the benchmarks: the lines of the fixture folders that a format reads without a doubt, with
 * addresses and ports of their own each time. Addresses are those of workload.ts, so they count as public and own.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { between, pick, type Random, seededRandom } from '../../src/demo/random.ts'
import type { LogRecord } from '../../src/model/log-record.ts'
import { Parser } from '../../src/parse/parser.ts'
import { seedLines } from '../fuzz/seeds.ts'
import { writeWorkload } from './workload.ts'

/** A line in pieces: what stands between the values that vary. */
interface Shape {
  readonly texts: readonly string[]
  readonly values: readonly ('source' | 'destination' | 'sourcePort' | 'destinationPort')[]
}

const LONGEST_CHARACTERS = 3000

/** The shapes of each format that has any, by name. */
export function shapesByFormat(): Map<string, Shape[]> {
  const parser = new Parser({ timeZone: 'UTC', deviceZones: {}, referenceMs: Date.UTC(2025, 2, 1) })
  const found = new Map<string, Shape[]>()
  for (const bytes of seedLines()) {
    const line = bytes.toString('utf8')
    if (line.length > LONGEST_CHARACTERS) continue
    const parsed = parser.parseLine(line)
    if (!parsed.ok || parsed.record.flags.length > 0) continue
    const shapes = found.get(parsed.record.format) ?? []
    shapes.push(shapeOf(line, parsed.record))
    found.set(parsed.record.format, shapes)
  }
  return found
}

function shapeOf(line: string, record: LogRecord): Shape {
  const marks: { at: number; length: number; value: Shape['values'][number] }[] = []
  const mark = (text: string | null, value: Shape['values'][number]): void => {
    if (text === null || text.includes(':')) return
    const pattern = new RegExp(`(?<![\\d.])${text.replaceAll('.', '\\.')}(?![\\d.])`, 'g')
    for (const { index } of line.matchAll(pattern)) {
      const isTaken = marks.some(({ at, length }) => index < at + length && at < index + text.length)
      if (!isTaken) marks.push({ at: index, length: text.length, value })
    }
  }
  mark(record.sourceAddress, 'source')
  mark(record.destinationAddress, 'destination')
  // shorter numbers stand for other things as well
  if ((record.sourcePort ?? 0) > 999) mark(String(record.sourcePort), 'sourcePort')
  if ((record.destinationPort ?? 0) > 999) mark(String(record.destinationPort), 'destinationPort')
  marks.sort((a, b) => a.at - b.at)
  const texts: string[] = []
  let from = 0
  for (const { at, length } of marks) {
    texts.push(line.slice(from, at))
    from = at + length
  }
  return { texts: [...texts, line.slice(from)], values: marks.map(({ value }) => value) }
}

/** One line of a shape with fresh values. */
export function lineOf(shape: Shape, random: Random): string {
  const values = {
    source: `10.${between(random, 64, 79)}.${between(random, 0, 255)}.${between(random, 0, 255)}`,
    destination: `198.18.${between(random, 0, 1)}.${between(random, 0, 255)}`,
    sourcePort: String(between(random, 1024, 65_535)),
    destinationPort: String(between(random, 1, 65_535)),
  }
  return shape.texts
    .map((text, i) => text + (i < shape.values.length ? values[shape.values[i] ?? 'source'] : ''))
    .join('')
}

/** Writes lines of one format to a file in the folder; answers its path. Two formats have a generator of their own. */
export function writeFormat(
  folder: string,
  format: string,
  shapes: readonly Shape[],
  lines: number,
  endMs: number,
): string {
  const own = format === 'paloalto-custom' ? 'custom' : format === 'paloalto-csv' ? 'csv' : null
  if (own !== null) {
    const path = join(folder, `${own}.log`)
    writeWorkload(path, { format: own, lines, seed: 1, sources: 200_000, linesPerSecond: 20_000, endMs })
    return path
  }
  const path = join(folder, `${format}-words.log`)
  const random = seededRandom(1)
  writeLines(path, lines, () => lineOf(pick(random, shapes), random))
  return path
}

export function writeLines(path: string, lines: number, next: (index: number) => string): void {
  const file = openSync(path, 'w')
  let pending: string[] = []
  for (let i = 0; i < lines; i++) {
    pending.push(next(i))
    if (pending.length < 4096 && i < lines - 1) continue
    writeSync(file, `${pending.join('\n')}\n`)
    pending = []
  }
  closeSync(file)
}
