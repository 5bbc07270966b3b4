import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { BATCH_BYTES, MESSAGE_LIMIT_BYTES } from '../model/raw-batch.ts'
import { ManualClock } from '../lib/clock.ts'
import { FollowedFolder, numbersOf, upTo } from './testing/followed-folder.ts'
import { eventually } from './testing/harness.ts'

let files: FollowedFolder
let folder: string
let log: string

beforeEach(() => {
  files = new FollowedFolder()
  folder = files.path
  log = files.log
})

afterEach(() => files.remove())

test('lines are read with their sender, and a file that appears later is followed by itself', async () => {
  writeFileSync(log, 'a\r\n\n  \nb\n')
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(2)
  writeFileSync(join(folder, '192.0.2.1.log'), 'c\n')
  await both.harness.until(3)
  appendFileSync(log, 'd\n')
  await both.harness.until(4)
  const status = both.input.status()
  await files.stop(both)
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
  writeFileSync(log, files.lines(1000))
  const [first, positions] = await files.readUntil(1000)
  appendFileSync(log, files.lines(500))
  const [second] = await files.readUntil(500, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(1500))
})

test('a file shorter than 1 KiB when first seen is recognised when it has grown', async () => {
  writeFileSync(log, files.lines(2))
  const [first, positions] = await files.readUntil(2)
  appendFileSync(log, files.lines(200))
  const [second, later] = await files.readUntil(200, { positions })
  appendFileSync(log, files.lines(3))
  const [third] = await files.readUntil(3, { positions: new Map([...positions, ...later]) })
  assert.deepEqual(numbersOf([...first, ...second, ...third]), upTo(205))
})

test('a position from the middle of a backlog loses and doubles nothing', async () => {
  writeFileSync(log, files.lines(30_000))
  const both = await files.follow({}, 2)
  both.harness.consume()
  await both.harness.until(8000)
  const kept = new Map(both.harness.positions)
  const done = both.harness.taken.length
  await files.stop(both)
  const [rest] = await files.readUntil(30_000 - done, { positions: kept })
  assert.deepEqual(numbersOf([...both.harness.texts.slice(0, done), ...rest]), upTo(30_000))
})

test('a hole of NULs before the next line of a truncated file is skipped', async () => {
  writeFileSync(log, Buffer.concat([Buffer.alloc(5000), Buffer.from('after\n')]))
  const [texts] = await files.readUntil(1)
  assert.deepEqual(texts, ['after'])
})

test('T04: a partial last line waits for its end and is one record', async () => {
  writeFileSync(log, 'whole\nbeg')
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(1)
  appendFileSync(log, 'un, ')
  appendFileSync(log, 'ended\nnext\n')
  await both.harness.until(3)
  await files.stop(both)
  assert.deepEqual(both.harness.texts, ['whole', 'begun, ended', 'next'])
})

test('T04: a last line without an end is taken after a silence, once', async () => {
  writeFileSync(log, 'whole\nwithout end')
  const both = await files.follow({ partialLineMs: 30 })
  both.harness.consume()
  await both.harness.until(2)
  appendFileSync(log, '\nnext\n')
  await both.harness.until(3)
  const positions = await files.stop(both)
  assert.deepEqual(both.harness.texts, ['whole', 'without end', 'next'])
  assert.deepEqual(
    [...positions.values()].map((position) => position.offset).at(-1),
    'whole\nwithout end\nnext\n'.length,
  )
})

test('a line over the limit is cut and flagged, however it arrives, and the next is whole', async () => {
  writeFileSync(log, `first\n${'y'.repeat(300_000)}`)
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(1)
  appendFileSync(log, `${'y'.repeat(2 * BATCH_BYTES)}\nlast\n`)
  await both.harness.until(3)
  const positions = await files.stop(both)
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
  const both = await files.follow({ globs: [join(watched, '*.log')] })
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

test('T07: a file without permission is a finding, is left alone for a while, and read once it may be', async () => {
  writeFileSync(log, 'a\n')
  chmodSync(folder, 0o755)
  chmodSync(log, 0)
  const clock = new ManualClock(1_000_000)
  const both = await withoutRoot(() => files.follow({}, 8, clock))
  both.harness.consume()
  const [finding] = both.input.findings()
  assert.equal(finding?.code, 'file-not-readable')
  assert.match(finding.mend, /usermod -aG adm/)
  assert.equal(both.harness.events.filter((event) => event.kind === 'file-failed').length, 1)
  chmodSync(log, 0o644)
  writeFileSync(join(folder, 'other.log'), 'b\n')
  await both.harness.until(1)
  assert.deepEqual(both.harness.texts, ['b'])
  clock.advance(1001)
  await both.harness.until(2)
  assert.deepEqual(both.harness.texts, ['b', 'a'])
  await eventually(() => both.input.findings().length === 0, 'nothing is left to mend')
})

/** Root may read every file; as root this runs as user 65534 (nobody). */
async function withoutRoot<T>(run: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    return await run()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

test('T07: a missing folder is a finding, and is watched once it is there; replaced folders too', async () => {
  const later = join(folder, 'later')
  const both = await files.follow({ globs: [join(later, '*.log')] })
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
  await files.stop(both)
  assert.deepEqual(both.harness.texts, ['1', '2'])
})

test('T06: live files are not kept waiting by a backlog, and only the backlog is marked as such', async () => {
  const live = join(folder, 'live.log')
  writeFileSync(log, files.lines(40_000, 100))
  writeFileSync(live, '')
  const both = await files.follow({}, 3)
  await eventually(() => both.harness.queue.size > 0, 'the backlog fills the queue')
  appendFileSync(live, 'now\n')
  await new Promise((resolve) => {
    setTimeout(resolve, 50) // until the scan saw it; nothing is consumed meanwhile
  })
  both.harness.consume()
  await both.harness.until(40_001)
  await files.stop(both)
  const at = both.harness.texts.indexOf('now')
  assert.ok(at > -1 && at < 5 * 4096, `the live line came at ${at}`)
  assert.equal(both.harness.taken[at]?.live, true)
  assert.equal(both.harness.taken[0]?.live, false)
  assert.equal(both.harness.taken.at(-1)?.live, true)
  assert.deepEqual(numbersOf(both.harness.texts.filter((text) => text !== 'now')), upTo(40_000))
})

test('with no batch free nothing is read, and everything comes when there is room', async () => {
  writeFileSync(log, files.lines(50_000))
  const both = await files.follow({}, 2)
  await eventually(() => both.harness.pool.freeCount <= 1, 'batches are taken')
  assert.ok(both.input.status().received <= 2 * 4096)
  both.harness.consume()
  await both.harness.until(50_000)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(50_000))
})

test('lines of many files that are written to at once arrive in order, file by file', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const both = await files.follow({}, 16)
  both.harness.consume()
  let written = 0
  for (let round = 0; round < 60; round++) {
    for (const name of names) appendFileSync(join(folder, `${name}.log`), files.lines(1 + ((round * 7) % 90)))
    written += names.length * (1 + ((round * 7) % 90))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  await both.harness.until(written)
  await files.stop(both)
  for (const name of names) {
    const own = numbersOf(both.harness.taken.filter(({ sender }) => sender === name).map(({ text }) => text))
    assert.deepEqual(
      own,
      own.toSorted((x, y) => x - y),
    )
  }
  assert.equal(both.harness.taken.length, written)
})

test('T08: positions that are garbage, of another version or beyond the file do no harm', async () => {
  writeFileSync(log, files.lines(50))
  const [, good] = await files.readUntil(50)
  const [position] = good.values()
  assert.ok(position)
  const positions = new Map([
    ['', { fileId: '', path: log, offset: 10 }],
    ['1:2', { fileId: 'garbage', path: log, offset: Number.NaN }],
    [position.fileId, { ...position, offset: position.offset + 1_000_000 }],
  ])
  const [texts] = await files.readUntil(50, { positions })
  assert.deepEqual(numbersOf(texts), upTo(50))
})
