import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { Checkpoint, FILES_LIMIT } from './checkpoint.ts'

let folder = ''
let problems: string[] = []
const open = (): Promise<Checkpoint> => Checkpoint.open(folder, (problem) => problems.push(problem))
const at = (fileId: string, offset: number) => ({ fileId, path: `/var/log/Firewall/${fileId}.log`, offset })

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ads-checkpoint-'))
  problems = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('positions and the last segment survive a restart; the later position wins, also a smaller one', async () => {
  const checkpoint = await open()
  await checkpoint.advance('a', [at('1', 10), at('2', 5)])
  await checkpoint.advance('b', [at('1', 3)])
  const again = await open()
  assert.equal(again.lastSegment, 'b')
  assert.deepEqual(again.positions, [at('2', 5), at('1', 3)])
  assert.deepEqual(problems, [])
})

test('a damaged checkpoint falls back to the one before and says so', async () => {
  const checkpoint = await open()
  await checkpoint.advance('a', [at('1', 10)])
  await checkpoint.advance('b', [at('1', 20)])
  const path = join(folder, 'positions.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('20', '90'))
  const again = await open()
  assert.deepEqual([again.lastSegment, again.positions], ['a', [at('1', 10)]])
  assert.equal(problems.length, 1)
  await again.advance('c', [at('1', 30)])
  assert.deepEqual((await open()).positions, [at('1', 30)])
})

test('a checkpoint lost between its two renames falls back in silence', async () => {
  const checkpoint = await open()
  await checkpoint.advance('a', [at('1', 10)])
  await checkpoint.advance('b', [at('1', 20)])
  await unlink(join(folder, 'positions.json'))
  assert.deepEqual((await open()).positions, [at('1', 10)])
  assert.deepEqual(problems, [])
})

test('a first checkpoint that is damaged leaves its copy', async () => {
  const checkpoint = await open()
  await checkpoint.advance('a', [at('1', 10)])
  await writeFile(join(folder, 'positions.json'), 'rubbish')
  assert.deepEqual((await open()).positions, [at('1', 10)])
})

test('the file heard of longest ago is forgotten beyond the limit', async () => {
  const checkpoint = await open()
  await checkpoint.advance(
    'a',
    Array.from({ length: FILES_LIMIT }, (_, i) => at(String(i), i)),
  )
  await checkpoint.advance('b', [at('0', 7), at('new', 1)])
  const ids = new Set(checkpoint.positions.map((position) => position.fileId))
  assert.equal(ids.size, FILES_LIMIT)
  assert.ok(ids.has('0') && ids.has('new') && !ids.has('1'))
})
