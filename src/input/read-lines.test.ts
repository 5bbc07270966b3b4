import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { MESSAGE_LIMIT_BYTES } from '../model/raw-batch.ts'
import { BatchPool } from './pool.ts'
import { readLines } from './read-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'ads-lines-'))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Line {
  file: string | undefined
  sender: string | undefined
  line: number | undefined
  text: string
  truncated: boolean
}

async function read(paths: string[], stdin: Readable = Readable.from([])): Promise<Line[]> {
  const pool = new BatchPool(2)
  const lines: Line[] = []
  for await (const batch of readLines(paths, pool, stdin)) {
    assert.ok(Number.isNaN(batch.receivedAtMs))
    assert.ok(batch.count > 0)
    for (let i = 0; i < batch.count; i++) {
      lines.push({
        file: batch.positions[0]?.path,
        sender: batch.senders[batch.sender[i] as number],
        line: batch.line[i],
        text: batch.bytes.toString('latin1', batch.start[i], batch.end[i]),
        truncated: batch.truncated[i] === 1,
      })
    }
    pool.release(batch)
  }
  assert.equal(pool.freeCount, 2)
  return lines
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

test('lines are numbered from 1 with blank ones counted, in the order of the files', async () => {
  const first = file('fw-1.log', 'a\n\n  \r\nb\r\n\nc')
  const second = file('fw-2.log.gz', gzipSync('d\n\ne\n'))
  const lines = await read([first, second, '-'], Readable.from([Buffer.from('f\n'), Buffer.from('\ng')]))
  assert.deepEqual(
    lines.map(({ file: path, sender, line, text }) => [path, sender, line, text]),
    [
      [first, 'fw-1', 1, 'a'],
      [first, 'fw-1', 4, 'b'],
      [first, 'fw-1', 6, 'c'],
      [second, 'fw-2', 1, 'd'],
      [second, 'fw-2', 3, 'e'],
      ['-', 'stdin', 1, 'f'],
      ['-', 'stdin', 3, 'g'],
    ],
  )
})

test('a big file comes whole, plain or packed', async () => {
  const text = Array.from({ length: 30_000 }, (_, i) => `${i} ${'x'.repeat(i % 500)}`).join('\n')
  for (const path of [file('big.log', text), file('big.log.gz', gzipSync(text))]) {
    const lines = await read([path])
    assert.equal(lines.map((each) => each.text).join('\n'), text)
    assert.deepEqual(lines.at(-1)?.line, 30_000)
  }
})

test('empty files and files of blank lines give nothing', async () => {
  assert.deepEqual(
    await read([file('empty.log', ''), file('blank.log', '\n\n \n'), file('e.gz', gzipSync(''))]),
    [],
  )
})

test('a line over the limit is cut and flagged, and the lines after it keep their numbers', async () => {
  const long = 'y'.repeat(3_000_000)
  const lines = await read([file('long.log', `a\n${long}\nb\n\nc\n${long}`)])
  assert.deepEqual(
    lines.map(({ line, text, truncated }) => [line, text.length, truncated]),
    [
      [1, 1, false],
      [2, MESSAGE_LIMIT_BYTES, true],
      [3, 1, false],
      [5, 1, false],
      [6, MESSAGE_LIMIT_BYTES, true],
    ],
  )
})

test('a file that cannot be read is an error that names it', async () => {
  await assert.rejects(read([join(folder, 'none.log')]), {
    code: 'failed',
    message: /none\.log: there is no such file/,
  })
  await assert.rejects(read([join(folder, 'none.gz')]), {
    code: 'failed',
    message: /none\.gz: there is no such file/,
  })
  await assert.rejects(read([folder]), { code: 'failed', message: /it is a folder/ })
  await assert.rejects(read([file('bad.gz', 'not packed')]), { code: 'failed', message: /bad\.gz/ })
})

test('a consumer that stops early leaves nothing open and no batch missing', async () => {
  const pool = new BatchPool(1)
  const path = file('many.log', 'a\n'.repeat(20_000))
  for await (const batch of readLines([path], pool, Readable.from([]))) {
    pool.release(batch)
    break
  }
  assert.equal(pool.freeCount, 1)
})

test('any text in any chunks gives the lines that splitting at line ends gives', async () => {
  const line = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '<', '1'), maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      async (texts, cuts) => {
        const stream = Buffer.from(texts.join('\n'))
        const ends = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b)
        const chunks = [...ends, stream.length].map((end, i) => stream.subarray(ends[i - 1] ?? 0, end))
        const expected = texts
          .map((text, i) => [i + 1, text])
          .filter(([, text]) => String(text).trim() !== '')
        const got = (await read(['-'], Readable.from(chunks))).map(({ line: number, text }) => [number, text])
        assert.deepEqual(got, expected)
      },
    ),
    { numRuns: 200 },
  )
})
