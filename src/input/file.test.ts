import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, copyFileSync, linkSync, mkdirSync, mkdtempSync } from 'node:fs'
import { renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { BATCH_BYTES, type FilePosition, MESSAGE_LIMIT_BYTES } from '../model/raw-batch.ts'
import { FileInput, type FileOptions } from './file.ts'
import { eventually, Harness } from './testing/harness.ts'

let folder: string
let log: string
let number: number
/** Undone after the test, so that a failing one leaves no running input behind. */
let running: { input: FileInput; harness: Harness }[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ads-file-'))
  log = join(folder, 'fw.log')
  number = 0
  running = []
})

afterEach(async () => {
  for (const each of running) await stop(each)
  rmSync(folder, { recursive: true, force: true })
})

/** Numbered lines, all different. */
function lines(count: number, size = 60): string {
  return Array.from({ length: count }, () => `${++number} ${'x'.repeat(size)}\n`).join('')
}

interface Running {
  input: FileInput
  harness: Harness
}

async function follow(options: Partial<FileOptions> = {}, batches = 8): Promise<Running> {
  const harness = new Harness(batches)
  const input = new FileInput(
    {
      globs: [join(folder, '*.log')],
      afterRead: 'keep',
      positions: new Map(),
      rescanMs: 10,
      partialLineMs: 60_000,
      emptyEveryMs: 0,
      ...options,
    },
    harness,
  )
  harness.onBatch = (batch) => {
    for (const position of batch.positions) input.stored(position)
  }
  await input.start()
  const both = { input, harness }
  running.push(both)
  return both
}

async function stop({ input, harness }: Running): Promise<Map<string, FilePosition>> {
  running = running.filter((each) => each.input !== input)
  await input.stop()
  await harness.finish()
  return harness.positions
}

/** Follows until so many lines came, then stops; returns the texts and the positions as stored. */
async function readUntil(
  count: number,
  options: Partial<FileOptions> = {},
): Promise<[string[], Map<string, FilePosition>]> {
  const both = await follow(options)
  both.harness.consume()
  await both.harness.until(count)
  const positions = await stop(both)
  return [both.harness.texts, positions]
}

const numbersOf = (texts: string[]): number[] => texts.map((text) => Number(text.split(' ')[0]))
const upTo = (last: number, first = 1): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

test('lines are read with their sender, and a file that appears later is followed by itself', async () => {
  writeFileSync(log, 'a\r\n\n  \nb\n')
  const both = await follow()
  both.harness.consume()
  await both.harness.until(2)
  writeFileSync(join(folder, '192.0.2.1.log'), 'c\n')
  await both.harness.until(3)
  appendFileSync(log, 'd\n')
  await both.harness.until(4)
  const status = both.input.status()
  await stop(both)
  assert.deepEqual(
    both.harness.taken.map(({ text, sender, transport, live }) => [text, sender, transport, live]),
    [
      ['a', 'fw', 'file', true],
      ['b', 'fw', 'file', true],
      ['c', '192.0.2.1', 'file', true],
      ['d', 'fw', 'file', true],
    ],
  )
  assert.deepEqual([status.received, status.blank, status.filesFollowed, status.backlogBytes], [4, 2, 2, 0])
})

test('reading resumes exactly where the stored position says', async () => {
  writeFileSync(log, lines(1000))
  const [first, positions] = await readUntil(1000)
  appendFileSync(log, lines(500))
  const [second] = await readUntil(500, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(1500))
})

test('a file shorter than 1 KiB when first seen is recognised when it has grown', async () => {
  writeFileSync(log, lines(2))
  const [first, positions] = await readUntil(2)
  appendFileSync(log, lines(200))
  const [second, later] = await readUntil(200, { positions })
  appendFileSync(log, lines(3))
  const [third] = await readUntil(3, { positions: new Map([...positions, ...later]) })
  assert.deepEqual(numbersOf([...first, ...second, ...third]), upTo(205))
})

test('a position from the middle of a backlog loses and doubles nothing', async () => {
  writeFileSync(log, lines(30_000))
  const both = await follow({}, 2)
  both.harness.consume()
  await both.harness.until(8000)
  const kept = new Map(both.harness.positions)
  const done = both.harness.taken.length
  await stop(both)
  const [rest] = await readUntil(30_000 - done, { positions: kept })
  assert.deepEqual(numbersOf([...both.harness.texts.slice(0, done), ...rest]), upTo(30_000))
})

test('T01: a file renamed while running is read to its end before the new one', async () => {
  writeFileSync(log, lines(100))
  const both = await follow()
  both.harness.consume()
  await both.harness.until(100)
  renameSync(log, `${log}.1`)
  appendFileSync(`${log}.1`, lines(50))
  writeFileSync(log, lines(50))
  await both.harness.until(200)
  appendFileSync(`${log}.1`, lines(1)) // a writer that was not told yet
  await both.harness.until(201)
  await stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(201))
  assert.ok(both.harness.taken.every((each) => each.sender === 'fw'))
})

test('T01: a file renamed while we were stopped: its rest first, then the new file', async () => {
  writeFileSync(log, lines(100))
  const [first, positions] = await readUntil(100)
  appendFileSync(log, lines(40))
  renameSync(log, `${log}.1`)
  writeFileSync(log, lines(60))
  const [second, later] = await readUntil(100, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(200))
  appendFileSync(log, lines(5))
  const [third] = await readUntil(5, { positions: new Map([...positions, ...later]) })
  assert.deepEqual(numbersOf(third), upTo(205, 201))
})

test('T01: two rotations while we were stopped, and a compressed older one beside them', async () => {
  writeFileSync(log, lines(100))
  const [first, positions] = await readUntil(100)
  writeFileSync(`${log}.9.gz`, 'not read')
  appendFileSync(log, lines(10))
  renameSync(log, `${log}.2`)
  utimesSync(`${log}.2`, 1_763_769_600, 1_763_769_600)
  writeFileSync(`${log}.1`, lines(20))
  writeFileSync(log, lines(30))
  const [second] = await readUntil(60, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(160))
})

test('T01: a rotated file whose new name matches the glob goes on under its old sender', async () => {
  writeFileSync(log, lines(100))
  const [first, positions] = await readUntil(100)
  appendFileSync(log, lines(10))
  renameSync(log, join(folder, 'fw-20251122.log'))
  writeFileSync(log, lines(10))
  const both = await follow({ positions, rotatedGraceMs: 0 })
  both.harness.consume()
  await both.harness.until(20)
  await eventually(() => both.input.status().filesFollowed === 1, 'the rotated file is closed')
  appendFileSync(log, lines(1))
  await both.harness.until(21)
  await stop(both)
  assert.deepEqual(numbersOf([...first, ...both.harness.texts]), upTo(121))
  assert.ok(both.harness.taken.every((each) => each.sender === 'fw'))
})

test('T02: copy and truncate while running: what was not read yet is read from the copy', async () => {
  writeFileSync(log, lines(100))
  const both = await follow()
  both.harness.consume()
  await both.harness.until(100)
  appendFileSync(log, lines(5000))
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  appendFileSync(log, lines(20))
  await both.harness.until(5120)
  await stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(5120))
})

test('T02: copy and truncate while we were stopped, and no second reading later', async () => {
  writeFileSync(log, lines(100))
  const [first, positions] = await readUntil(100)
  appendFileSync(log, lines(50))
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  appendFileSync(log, lines(20))
  const [second, later] = await readUntil(70, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(170))
  renameSync(`${log}.1`, `${log}.2`)
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  appendFileSync(log, lines(7))
  const [third] = await readUntil(7, { positions: new Map([...positions, ...later]) })
  assert.deepEqual(numbersOf(third), upTo(177, 171))
})

test('T02: a copy whose name matches the glob is not read a second time', async () => {
  writeFileSync(log, lines(100))
  const both = await follow()
  both.harness.consume()
  await both.harness.until(100)
  copyFileSync(log, join(folder, 'fw-20251122.log'))
  appendFileSync(log, lines(1))
  await both.harness.until(101)
  truncateSync(log)
  appendFileSync(log, lines(3))
  await both.harness.until(104)
  const positions = await stop(both)
  appendFileSync(log, lines(1))
  const [second] = await readUntil(1, { positions })
  assert.deepEqual(numbersOf([...both.harness.texts, ...second]), upTo(105))
})

test('two firewalls with equal content and like names are both read', async () => {
  const text = lines(50)
  writeFileSync(log, text)
  writeFileSync(join(folder, 'fw-2.log'), text)
  const [texts] = await readUntil(100)
  assert.equal(texts.length, 100)
})

test('T03: truncated and grown beyond the old offset: read from the beginning', async () => {
  writeFileSync(log, lines(100))
  const both = await follow()
  both.harness.consume()
  await both.harness.until(100)
  // In one turn, so that no reader sees it short.
  truncateSync(log)
  appendFileSync(log, lines(300))
  await both.harness.until(400)
  await stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(400))
})

test('T03: the same while we were stopped, and to the same length', async () => {
  writeFileSync(log, '1 first\n')
  const [, positions] = await readUntil(1)
  truncateSync(log)
  appendFileSync(log, '2 other\n')
  const [second] = await readUntil(1, { positions })
  assert.deepEqual(second, ['2 other'])
})

test('a hole of NULs before the next line of a truncated file is skipped', async () => {
  writeFileSync(log, Buffer.concat([Buffer.alloc(5000), Buffer.from('after\n')]))
  const [texts] = await readUntil(1)
  assert.deepEqual(texts, ['after'])
})

test('T04: a partial last line waits for its end and is one record', async () => {
  writeFileSync(log, 'whole\nbeg')
  const both = await follow()
  both.harness.consume()
  await both.harness.until(1)
  appendFileSync(log, 'un, ')
  appendFileSync(log, 'ended\nnext\n')
  await both.harness.until(3)
  await stop(both)
  assert.deepEqual(both.harness.texts, ['whole', 'begun, ended', 'next'])
})

test('T04: a last line without an end is taken after a silence, once', async () => {
  writeFileSync(log, 'whole\nwithout end')
  const both = await follow({ partialLineMs: 30 })
  both.harness.consume()
  await both.harness.until(2)
  appendFileSync(log, '\nnext\n')
  await both.harness.until(3)
  const positions = await stop(both)
  assert.deepEqual(both.harness.texts, ['whole', 'without end', 'next'])
  assert.deepEqual(
    [...positions.values()].map((position) => position.offset).at(-1),
    'whole\nwithout end\nnext\n'.length,
  )
})

test('a line over the limit is cut and flagged, however it arrives, and the next is whole', async () => {
  writeFileSync(log, `first\n${'y'.repeat(300_000)}`)
  const both = await follow()
  both.harness.consume()
  await both.harness.until(1)
  appendFileSync(log, `${'y'.repeat(2 * BATCH_BYTES)}\nlast\n`)
  await both.harness.until(3)
  const positions = await stop(both)
  assert.deepEqual(
    both.harness.taken.map(({ text, truncated }) => [text.length, truncated]),
    [
      [5, false],
      [MESSAGE_LIMIT_BYTES, true],
      [4, false],
    ],
  )
  assert.equal([...positions.values()].at(-1)?.offset, 300_000 + 2 * BATCH_BYTES + 12)
})

test('T05: deleted and made again, and a hard link: every line once', async () => {
  writeFileSync(log, lines(10))
  linkSync(log, join(folder, 'link.log'))
  const both = await follow()
  both.harness.consume()
  await both.harness.until(10)
  rmSync(join(folder, 'link.log'))
  rmSync(log)
  writeFileSync(log, lines(10))
  await both.harness.until(20)
  rmSync(log)
  await eventually(() => both.input.status().files.every((file) => file.isRotated), 'the removal is seen')
  writeFileSync(log, lines(10))
  await both.harness.until(30)
  await stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(30))
})

test('T09: FIFOs, folders and links that lead outside are refused, links inside are followed once', async () => {
  const watched = join(folder, 'watched')
  mkdirSync(watched)
  mkdirSync(join(watched, 'folder.log'))
  execFileSync('mkfifo', [join(watched, 'fifo.log')])
  writeFileSync(join(folder, 'secret'), 'secret\n')
  symlinkSync(join(folder, 'secret'), join(watched, 'outside.log'))
  symlinkSync(join(watched, 'real.log'), join(watched, 'inside.log'))
  symlinkSync(join(watched, 'gone'), join(watched, 'dangling.log'))
  writeFileSync(join(watched, 'real.log'), 'good\n')
  const both = await follow({ globs: [join(watched, '*.log')] })
  both.harness.consume()
  await both.harness.until(1)
  assert.deepEqual(both.harness.texts, ['good'])
  const refused = both.input.findings().filter((finding) => finding.code === 'file-refused')
  assert.equal(refused.length, 3)
  assert.match(
    refused.map((finding) => finding.message).join('\n'),
    /outside\.log is not followed: .*outside/,
  )
  assert.equal(both.input.status().filesFollowed, 1)
})

test('T07: a file without permission is a finding, and is read once it may be', async (t) => {
  if (process.getuid?.() === 0) {
    t.skip('root may read every file')
    return
  }
  writeFileSync(log, 'a\n')
  chmodSync(log, 0)
  const both = await follow()
  both.harness.consume()
  const [finding] = both.input.findings()
  assert.equal(finding?.code, 'file-not-readable')
  assert.match(finding.mend, /usermod -aG adm/)
  chmodSync(log, 0o600)
  await both.harness.until(1)
  assert.deepEqual(both.input.findings(), [])
})

test('T07: a missing folder is a finding, and is watched once it is there; replaced folders too', async () => {
  const later = join(folder, 'later')
  const both = await follow({ globs: [join(later, '*.log')] })
  both.harness.consume()
  assert.equal(both.input.findings()[0]?.code, 'folder-missing')
  mkdirSync(later)
  writeFileSync(join(later, 'a.log'), '1\n')
  await both.harness.until(1)
  assert.deepEqual(both.input.findings(), [])
  renameSync(later, join(folder, 'old'))
  mkdirSync(later)
  writeFileSync(join(later, 'a.log'), '2\n')
  await both.harness.until(2)
  await stop(both)
  assert.deepEqual(both.harness.texts, ['1', '2'])
})

test('T06: live files are not kept waiting by a backlog, and only the backlog is marked as such', async () => {
  const live = join(folder, 'live.log')
  writeFileSync(log, lines(40_000, 100))
  writeFileSync(live, '')
  const both = await follow({}, 3)
  await eventually(() => both.harness.queue.size > 0, 'the backlog fills the queue')
  appendFileSync(live, 'now\n')
  await new Promise((resolve) => {
    setTimeout(resolve, 50) // until the scan saw it; nothing is consumed meanwhile
  })
  both.harness.consume()
  await both.harness.until(40_001)
  await stop(both)
  const at = both.harness.texts.indexOf('now')
  assert.ok(at > -1 && at < 5 * 4096, `the live line came at ${at}`)
  assert.equal(both.harness.taken[at]?.live, true)
  assert.equal(both.harness.taken[0]?.live, false)
  assert.equal(both.harness.taken.at(-1)?.live, true)
  assert.deepEqual(numbersOf(both.harness.texts.filter((text) => text !== 'now')), upTo(40_000))
})

test('with no batch free nothing is read, and everything comes when there is room', async () => {
  writeFileSync(log, lines(50_000))
  const both = await follow({}, 2)
  await eventually(() => both.harness.pool.freeCount <= 1, 'batches are taken')
  assert.ok(both.input.status().received <= 2 * 4096)
  both.harness.consume()
  await both.harness.until(50_000)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(50_000))
})

test('afterRead truncate empties a file only when all of it is durable, and loses nothing written meanwhile', async () => {
  writeFileSync(log, lines(100))
  const both = await follow({ afterRead: 'truncate' })
  const { onBatch } = both.harness
  const stored: FilePosition[] = []
  both.harness.onBatch = (batch) => void stored.push(...batch.positions)
  both.harness.consume()
  await both.harness.until(100)
  const [position] = stored
  assert.ok(position)
  both.input.stored({ ...position, offset: position.offset - 1 })
  appendFileSync(log, lines(1))
  await both.harness.until(101)
  both.input.stored(position)
  await new Promise((resolve) => {
    setTimeout(resolve, 60) // several scans that must not empty it
  })
  assert.equal(both.input.status().filesEmptied, 0)
  const last = stored.at(-1)
  assert.ok(last)
  both.input.stored(last)
  await eventually(() => both.input.status().filesEmptied === 1, 'the file is emptied')
  both.harness.onBatch = onBatch
  for (let i = 0; i < 50; i++) {
    appendFileSync(log, lines(3))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  await both.harness.until(251)
  await eventually(() => both.input.status().files[0]?.sizeBytes === 0, 'it is empty in the end')
  await stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(251))
})

test('an emptied file is read from its beginning after a restart with the old position', async () => {
  writeFileSync(log, lines(100))
  const both = await follow({ afterRead: 'truncate' })
  both.harness.consume()
  await both.harness.until(100)
  await eventually(() => both.input.status().filesEmptied === 1, 'the file is emptied')
  const positions = await stop(both)
  appendFileSync(log, lines(200))
  const [second] = await readUntil(200, { positions })
  assert.deepEqual(numbersOf(second), upTo(300, 101))
})
