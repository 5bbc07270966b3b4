import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { AppError } from '../lib/errors.ts'
import { BATCH_BYTES, RawBatch } from '../model/raw-batch.ts'
import { LineSource } from './line-source.ts'
import { testWorld, type WorldOptions } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'ads-lines-'))
after(() => rmSync(folder, { recursive: true }))

interface Read {
  readonly line: number
  readonly text: string
  readonly truncated: boolean
  readonly sender: string | undefined
}

async function readAll(path: string, world: WorldOptions = {}): Promise<Read[]> {
  const source = new LineSource(path, testWorld({ workingDirectory: folder, ...world }).io)
  const batch = new RawBatch()
  const lines: Read[] = []
  while (await source.next(batch)) {
    assert.ok(batch.count > 0)
    for (let i = 0; i < batch.count; i++) {
      lines.push({
        line: batch.line[i] as number,
        text: batch.bytes.toString('latin1', batch.start[i], batch.end[i]),
        truncated: batch.truncated[i] === 1,
        sender: batch.senders[batch.sender[i] as number],
      })
    }
    batch.append(Buffer.from('decoded text of a parser')) // must not disturb what comes next
  }
  source.close()
  return lines
}

const write = (name: string, data: string | Buffer): string => {
  writeFileSync(join(folder, name), data)
  return name
}
const numbered = (lines: readonly Read[]): [number, string][] => lines.map(({ line, text }) => [line, text])

test('lines keep their numbers; blank ones count and are left out; the last needs no line end', async () => {
  const path = write('fw-1.log', 'one\r\n\n  \t\ntwo\n\nthree')
  const lines = await readAll(path)
  assert.deepEqual(numbered(lines), [
    [1, 'one'],
    [4, 'two'],
    [6, 'three'],
  ])
  assert.equal(lines[0]?.sender, 'fw-1')
  assert.deepEqual(await readAll(write('empty.log', '')), [])
  assert.deepEqual(await readAll(write('blank.log', '\n\n   \n')), [])
})

test('gzip is told by its bytes, whatever the name; several members follow each other', async () => {
  const data = Buffer.concat([gzipSync('one\ntw'), gzipSync('o\nthree\n')])
  for (const name of ['fw-2.log.gz', 'fw-2.log']) {
    const lines = await readAll(write(name, data))
    assert.deepEqual(numbered(lines), [
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ])
    assert.equal(lines[0]?.sender, 'fw-2')
  }
})

test('any cut of the stream gives the same lines', async () => {
  const text = 'first\n\nsecond line\r\nthird'
  const expected = await readAll(write('cut.log', text))
  for (let size = 1; size <= text.length; size++) {
    const chunks: Buffer[] = []
    for (let at = 0; at < text.length; at += size) chunks.push(Buffer.from(text.slice(at, at + size)))
    const lines = await readAll('-', { stdin: Readable.from(chunks) })
    assert.deepEqual(numbered(lines), numbered(expected))
    assert.equal(lines[0]?.sender, undefined)
  }
})

test('any text in any chunks, plain or packed, gives the lines that splitting at line ends gives', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '<', '1'), maxLength: 12 })
  const texts = fc.array(text, { maxLength: 30 })
  const cuts = fc.array(fc.nat(), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(texts, cuts, fc.boolean(), async (lines, cutAt, isPacked) => {
      const stream = isPacked ? gzipSync(lines.join('\n')) : Buffer.from(lines.join('\n'))
      const ends = cutAt.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b)
      const chunks = [...ends, stream.length].map((end, i) => stream.subarray(ends[i - 1] ?? 0, end))
      const expected = lines.map((line, i) => [i + 1, line]).filter(([, line]) => String(line).trim() !== '')
      assert.deepEqual(numbered(await readAll('-', { stdin: Readable.from(chunks) })), expected)
    }),
    { numRuns: 200 },
  )
})

test('a line without end is cut at 64 KiB and flagged, and the next line is whole', async () => {
  const path = write('long.log', `before\n${'x'.repeat(3 * BATCH_BYTES)}\nafter\n${'y'.repeat(70_000)}`)
  const lines = await readAll(path)
  assert.deepEqual(
    lines.map(({ line, text, truncated }) => [line, text.length, truncated]),
    [
      [1, 6, false],
      [2, 65_536, true],
      [3, 5, false],
      [4, 65_536, true],
    ],
  )
})

test('many lines over many batches arrive complete, also with megabytes of blank lines between', async () => {
  const wanted = Array.from({ length: 30_000 }, (_, i) => `line ${i} ${'z'.repeat(i % 200)}`)
  const lines = await readAll(write('many.log', wanted.join('\n')))
  assert.deepEqual(
    lines.map(({ text }) => text),
    wanted,
  )
  const sparse = await readAll(write('sparse.log', `a\n${' \n'.repeat(2_000_000)}b\n`))
  assert.deepEqual(numbered(sparse), [
    [1, 'a'],
    [2_000_002, 'b'],
  ])
})

test('years of stamps without one go by the file, not by today', () => {
  const path = write('old.log', 'x\n')
  utimesSync(join(folder, path), 1_600_000_000, 1_600_000_000)
  const world = testWorld({ workingDirectory: folder })
  const source = new LineSource(path, world.io)
  assert.equal(source.referenceMs, 1_600_000_000_000)
  source.close()
  assert.equal(new LineSource('-', world.io).referenceMs, world.clock.nowMs())
})

test('what cannot be read is one sentence that names it', async () => {
  const io = testWorld({ workingDirectory: folder }).io
  const failure = (message: RegExp) => (thrown: unknown) =>
    thrown instanceof AppError && thrown.code === 'failed' && message.test(thrown.message)
  assert.throws(
    () => new LineSource('missing.log', io),
    failure(/^cannot read missing\.log: there is no such file$/),
  )
  assert.throws(() => new LineSource('.', io), failure(/^cannot read \.: it is a folder/))
  const cut = write('cut.log.gz', gzipSync('x\n'.repeat(100_000)).subarray(0, 60))
  await assert.rejects(
    readAll(cut),
    failure(/^cannot read cut\.log\.gz: the gzip data is damaged or cut short/),
  )
})
