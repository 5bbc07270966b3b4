import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  linkSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type FilePosition } from '../model/raw-batch.ts'
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

test('T01: a file renamed while running is read to its end before the new one', async () => {
  writeFileSync(log, files.lines(100))
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(100)
  renameSync(log, `${log}.1`)
  appendFileSync(`${log}.1`, files.lines(50))
  writeFileSync(log, files.lines(50))
  await both.harness.until(200)
  appendFileSync(`${log}.1`, files.lines(1)) // a writer that was not told yet
  await both.harness.until(201)
  await files.stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(201))
  assert.ok(both.harness.taken.every((each) => each.sender === 'fw'))
})

test('T01: a file renamed while we were stopped: its rest first, then the new file', async () => {
  writeFileSync(log, files.lines(100))
  const [first, positions] = await files.readUntil(100)
  appendFileSync(log, files.lines(40))
  renameSync(log, `${log}.1`)
  writeFileSync(log, files.lines(60))
  const [second, later] = await files.readUntil(100, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(200))
  appendFileSync(log, files.lines(5))
  const [third] = await files.readUntil(5, { positions: new Map([...positions, ...later]) })
  assert.deepEqual(numbersOf(third), upTo(205, 201))
})

test('T01: two rotations while we were stopped, and a compressed older one beside them', async () => {
  writeFileSync(log, files.lines(100))
  const [first, positions] = await files.readUntil(100)
  writeFileSync(`${log}.9.gz`, 'not read')
  appendFileSync(log, files.lines(10))
  renameSync(log, `${log}.2`)
  utimesSync(`${log}.2`, 1_763_769_600, 1_763_769_600)
  writeFileSync(`${log}.1`, files.lines(20))
  writeFileSync(log, files.lines(30))
  const [second] = await files.readUntil(60, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(160))
})

test('T01: a rotated file whose new name matches the glob goes on under its old sender', async () => {
  writeFileSync(log, files.lines(100))
  const [first, positions] = await files.readUntil(100)
  appendFileSync(log, files.lines(10))
  renameSync(log, join(folder, 'fw-20251122.log'))
  writeFileSync(log, files.lines(10))
  const both = await files.follow({ positions, rotatedGraceMs: 0 })
  both.harness.consume()
  await both.harness.until(20)
  await eventually(() => both.input.status().filesFollowed === 1, 'the rotated file is closed')
  appendFileSync(log, files.lines(1))
  await both.harness.until(21)
  await files.stop(both)
  assert.deepEqual(numbersOf([...first, ...both.harness.texts]), upTo(121))
  assert.ok(both.harness.taken.every((each) => each.sender === 'fw'))
})

test('T02: copy and truncate while running: what was not read yet is read from the copy', async () => {
  writeFileSync(log, files.lines(100))
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(100)
  appendFileSync(log, files.lines(5000))
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  appendFileSync(log, files.lines(20))
  await both.harness.until(5120)
  await files.stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(5120))
})

test('T02: copy and truncate while we were stopped, and no second reading later', async () => {
  writeFileSync(log, files.lines(100))
  const [first, positions] = await files.readUntil(100)
  appendFileSync(log, files.lines(50))
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  appendFileSync(log, files.lines(20))
  const [second, later] = await files.readUntil(70, { positions })
  assert.deepEqual(numbersOf([...first, ...second]), upTo(170))
  renameSync(`${log}.1`, `${log}.2`)
  copyFileSync(log, `${log}.1`)
  truncateSync(log)
  appendFileSync(log, files.lines(7))
  const [third] = await files.readUntil(7, { positions: new Map([...positions, ...later]) })
  assert.deepEqual(numbersOf(third), upTo(177, 171))
})

test('T02: a copy whose name matches the glob is not read a second time', async () => {
  writeFileSync(log, files.lines(100))
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(100)
  copyFileSync(log, join(folder, 'fw-20251122.log'))
  appendFileSync(log, files.lines(1))
  await both.harness.until(101)
  truncateSync(log)
  appendFileSync(log, files.lines(3))
  await both.harness.until(104)
  const positions = await files.stop(both)
  appendFileSync(log, files.lines(1))
  const [second] = await files.readUntil(1, { positions })
  assert.deepEqual(numbersOf([...both.harness.texts, ...second]), upTo(105))
})

test('two firewalls with equal content and like names are both read', async () => {
  const text = files.lines(50)
  writeFileSync(log, text)
  writeFileSync(join(folder, 'fw-2.log'), text)
  const [texts] = await files.readUntil(100)
  assert.equal(texts.length, 100)
})

test('T03: truncated and grown beyond the old offset: read from the beginning', async () => {
  writeFileSync(log, files.lines(100))
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(100)
  // In one turn, so that no reader sees it short.
  truncateSync(log)
  appendFileSync(log, files.lines(300))
  await both.harness.until(400)
  await files.stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(400))
})

test('T03: the same while we were stopped, and to the same length', async () => {
  writeFileSync(log, '1 first\n')
  const [, positions] = await files.readUntil(1)
  truncateSync(log)
  appendFileSync(log, '2 other\n')
  const [second] = await files.readUntil(1, { positions })
  assert.deepEqual(second, ['2 other'])
})

test('T05: deleted and made again, and a hard link: every line once', async () => {
  writeFileSync(log, files.lines(10))
  linkSync(log, join(folder, 'link.log'))
  const both = await files.follow()
  both.harness.consume()
  await both.harness.until(10)
  rmSync(join(folder, 'link.log'))
  rmSync(log)
  writeFileSync(log, files.lines(10))
  await both.harness.until(20)
  rmSync(log)
  await eventually(() => both.input.status().files.every((file) => file.isRotated), 'the removal is seen')
  writeFileSync(log, files.lines(10))
  await both.harness.until(30)
  await files.stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(30))
})

test('afterRead truncate empties a file only when all of it is durable, and loses nothing written meanwhile', async () => {
  writeFileSync(log, files.lines(100))
  const both = await files.follow({ afterRead: 'truncate' })
  const { onBatch } = both.harness
  const stored: FilePosition[] = []
  both.harness.onBatch = (batch) => void stored.push(...batch.positions)
  both.harness.consume()
  await both.harness.until(100)
  const [position] = stored
  assert.ok(position)
  both.input.stored({ ...position, offset: position.offset - 1 })
  appendFileSync(log, files.lines(1))
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
    appendFileSync(log, files.lines(3))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  await both.harness.until(251)
  await eventually(() => both.input.status().files[0]?.sizeBytes === 0, 'it is empty in the end')
  await files.stop(both)
  assert.deepEqual(numbersOf(both.harness.texts), upTo(251))
})

test('an emptied file is read from its beginning after a restart with the old position', async () => {
  writeFileSync(log, files.lines(100))
  const both = await files.follow({ afterRead: 'truncate' })
  both.harness.consume()
  await both.harness.until(100)
  await eventually(() => both.input.status().filesEmptied === 1, 'the file is emptied')
  const positions = await files.stop(both)
  appendFileSync(log, files.lines(200))
  const [second] = await files.readUntil(200, { positions })
  assert.deepEqual(numbersOf(second), upTo(300, 101))
})
