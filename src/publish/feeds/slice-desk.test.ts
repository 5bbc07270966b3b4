import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checksumOf, etagOf } from '../list-snapshot.ts'
import { FIRST_FEED } from './feed-definition.ts'
import type { FeedFile } from './feed-engine.ts'
import { entry, NOW_MS, packed } from './feed-fixture.ts'
import { PLAIN_TEXT } from './formats/feed-format.ts'
import { parseMineMeldQuery } from './minemeld.ts'
import { SliceDesk, type SliceQuestion } from './slice-desk.ts'

const [ROW] = packed([entry('198.51.100.7')])
const deskOf = (bounds: { mostWaiting?: number; mostBytes?: number } = {}): SliceDesk =>
  new SliceDesk({ sentinel: () => '192.0.2.255', nowMs: () => NOW_MS, ...bounds })

/** A list of so many rows; `asked` counts how often one of them was made. */
function listOf(count: number, revision = 1) {
  const body = Buffer.from(`list ${revision}`)
  const whole: FeedFile = {
    body,
    etag: etagOf(checksumOf(body)),
    contentType: PLAIN_TEXT,
    revision,
    entries: count,
    refused: 0,
    madeAtMs: NOW_MS,
    dateIsUnique: true,
    origin: 'decisions',
  }
  const made = { asked: 0 }
  const at = (): NonNullable<typeof ROW> => {
    made.asked++
    return ROW ?? assert.fail()
  }
  const feed = { definition: FIRST_FEED, engine: { rowsByIndex: () => ({ count, at }) } }
  const question = (text: string): SliceQuestion => {
    const query = parseMineMeldQuery(new URLSearchParams(text)) ?? assert.fail(text)
    return { feed, shard: 1, whole, query }
  }
  return { whole, made, question }
}

test('a long slice lets other work run while it is written, and is kept for the next who asks', async () => {
  const desk = deskOf()
  const { made, question } = listOf(30_000)
  const writing = desk.of(question('v=json'))
  assert.ok(writing instanceof Promise)
  let turns = 0
  let isWritten = false
  const others = (async () => {
    while (!isWritten) {
      turns++
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  const file = await writing
  isWritten = true
  await others
  assert.ok(turns >= 29, `${turns} turns of other work`)
  assert.equal((JSON.parse(file.body.toString()) as unknown[]).length, 30_000)
  assert.equal(file.etag, etagOf(checksumOf(file.body)))
  assert.equal(desk.of(question('v=json')), file)
  assert.equal(made.asked, 30_000)
})

test('only the rows of the slice are made, and the whole plain list is what is served anyway', async () => {
  const desk = deskOf()
  const { whole, made, question } = listOf(100_000)
  assert.equal(desk.of(question('tr=1')), whole)
  const file = await desk.of(question('s=5&n=2'))
  assert.equal(file?.body.toString(), '198.51.100.7\n198.51.100.7\n')
  assert.equal(made.asked, 2)
})

test('one question of many at once is written once; another list is another slice', async () => {
  const desk = deskOf()
  const { made, question } = listOf(1500)
  const files = await Promise.all(Array.from({ length: 50 }, async () => desk.of(question('v=csv'))))
  assert.equal(new Set(files).size, 1)
  assert.equal(made.asked, 1500)
  const next = listOf(1400, 2)
  const file = await desk.of(next.question('v=csv'))
  assert.equal(file?.revision, 2)
  assert.equal(next.made.asked, 1400)
})

test('questions are told apart however long their addresses are, and what they say beside makes no other slice', async () => {
  const desk = deskOf()
  const { question } = listOf(5)
  const padding = `x=${'a'.repeat(2000)}`
  const one = await desk.of(question(`${padding}&n=1`))
  const three = await desk.of(question(`${padding}&n=3`))
  assert.equal(one?.body.toString(), '198.51.100.7\n')
  assert.equal(three?.body.toString(), '198.51.100.7\n'.repeat(3))
  assert.equal(desk.of(question('n=3&x=b')), three)
})

test('when too many wait the last slice of the same question is served, and a new question is not', async () => {
  const desk = deskOf({ mostWaiting: 1 })
  const old = await desk.of(listOf(10).question('v=json'))
  const { question } = listOf(5000, 2)
  const writing = desk.of(question('n=4000'))
  assert.equal(desk.of(question('v=json')), old)
  assert.equal(desk.of(question('v=csv')), null)
  await writing
  assert.equal((await desk.of(question('v=json')))?.revision, 2)
})

test('what is kept is bounded in number and bytes', async () => {
  const desk = deskOf({ mostBytes: 1_000_000 })
  const { question } = listOf(2000)
  for (let i = 0; i < 8; i++) {
    await desk.of(question(`v=json&s=${i}`))
    assert.ok(desk.keptBytes > 0 && desk.keptBytes <= 1_000_000, `${desk.keptBytes} bytes`)
  }
  const small = listOf(3)
  const first = await desk.of(small.question('n=1&s=40'))
  for (let i = 0; i < 40; i++) await desk.of(small.question(`n=1&s=${i}`))
  assert.notEqual(await desk.of(small.question('n=1&s=40')), first, 'it was forgotten and written again')
})
