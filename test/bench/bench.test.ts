import assert from 'node:assert/strict'
import { test } from 'node:test'
import { neededBytes, quantile, treeNeededBytes, treeUsage } from './measure.ts'
import type { Figure } from './part.ts'
import { type PartResult, render, renderLine } from './report.ts'
import { generateLines, type WorkloadFormat } from './workload.ts'

const END_MS = Date.parse('2026-03-04T05:06:07Z')

function workload(format: WorkloadFormat, seed = 1): string[] {
  const lines: string[] = []
  const options = { format, lines: 5000, seed, sources: 200_000, linesPerSecond: 20_000, endMs: END_MS }
  generateLines(options, (line) => lines.push(line))
  return lines
}

const averageBytes = (lines: string[]): number =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / lines.length

test('the same seed makes the same workload, and lines are as long as real ones', () => {
  assert.deepEqual(workload('custom'), workload('custom'))
  assert.notDeepEqual(workload('custom', 2), workload('custom'))
  assert.ok(Math.abs(averageBytes(workload('custom')) - 348) < 10)
  assert.ok(Math.abs(averageBytes(workload('csv')) - 650) < 40)
})

test('most of the long tail are sources seen once', () => {
  const sources = workload('custom').map((line) => /SrcIP=(10\.6[4-7][^;]*)/.exec(line)?.[1])
  const tail = sources.filter((source) => source !== undefined)
  assert.ok(tail.length > 2000 && new Set(tail).size > tail.length * 0.95)
})

test('a quantile is the nearest rank', () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  assert.equal(quantile(values, 0.5), 50)
  assert.equal(quantile(values, 0.99), 99)
  assert.equal(quantile(values, 1), 100)
})

test('the usage of a process tree holds this process', () => {
  const usage = treeUsage(process.pid)
  assert.ok(usage.cpuSeconds > 0 && usage.residentBytes > 10 << 20 && usage.processes >= 1)
})

test('what the machine needs for a process tree is told, and is no more than its resident sets together', () => {
  const needed = treeNeededBytes(process.pid)
  if (needed === null) return // a kernel without it
  assert.ok(needed > 10 << 20 && needed < treeUsage(process.pid).residentBytes * 1.2)
})

test('pages of a file count once for all processes, pages that are their own once each', () => {
  const mapping = (head: string, rss: number, anonymous: number): string =>
    `${head}\nSize: 900 kB\nRss: ${rss} kB\nPss: 1 kB\nAnonymous: ${anonymous} kB\nVmFlags: rd ex mr`
  const code = (rss: number): string =>
    mapping('00400000-00500000 r-xp 00001000 08:01 77  /usr/bin/a', rss, 0)
  const data = (own: number): string =>
    mapping('00500000-00600000 rw-p 00101000 08:01 77  /usr/bin/a', 40, own)
  const heap = (rss: number): string => mapping('7f0000000000-7f0000100000 rw-p 00000000 00:00 0 ', rss, rss)
  const one = [code(300), data(10), heap(500)].join('\n')
  const two = [code(200), data(25), heap(70)].join('\n')
  assert.equal(neededBytes([one]) / 1024, 300 + 40 + 500)
  // of the second mapping the first process has 30 KiB unwritten and the second 15
  assert.equal(neededBytes([one, two]) / 1024, 300 + 30 + 10 + 25 + 500 + 70)
})

const FIGURE: Figure = {
  row: 1,
  what: 'parse',
  value: 1_500_000,
  unit: 'lines/s',
  target: { atLeast: 1_200_000 },
  work: { lines: 2_000_000, wallSeconds: 1.4, cpuSeconds: 1.6, file: '/tmp/custom.log' },
  note: 'best of 3',
}
const PART: PartResult = {
  name: 'parse-custom',
  figures: [FIGURE],
  peakBytes: 300 << 20,
  baselines: new Map([['/tmp/custom.log', { separator: '; ', lines: 2_000_000, cpuSeconds: 0.8 }]]),
}

test('a figure is told with its target, its cost per million lines and its ratio to mawk', () => {
  const line = renderLine(FIGURE, PART)
  assert.match(line, /1,500,000 lines\/s {2}\(target ≥ 1,200,000: met\)/)
  assert.match(line, /wall 0\.70 s, CPU 0\.80 s per million lines, 2\.0 x mawk, peak 300 MiB/)
  const missed = { ...FIGURE, target: { atMost: 1 } }
  assert.match(renderLine(missed, PART), /target ≤ 1: missed/)
})

test('rows of parts that did not run are kept from the document before', () => {
  const before = render([PART], 'first', null)
  const other: PartResult = { ...PART, name: 'list', figures: [{ ...FIGURE, row: 6, what: 'list' }] }
  const after = render([other], 'second', before)
  assert.match(after, /\| 1 \| parse \|/)
  assert.match(after, /\| 6 \| list \|/)
  const again = render([{ ...PART, figures: [{ ...FIGURE, what: 'parse anew' }] }], 'third', after)
  assert.match(again, /\| 1 \| parse anew \|/)
  assert.doesNotMatch(again, /\| parse \|/)
})
