/** Which texts are stored, with the real engine: one child process for the whole file. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import { ManualClock } from '../../lib/clock.ts'
import type { LogStore } from './log-store.ts'
import { TextValues } from './text-values.ts'
import { openTestStore, type TestStore } from './test-store.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 10, 22, 12)
const TODAY = { fromMs: NOW_MS - 3_600_000, toMs: NOW_MS }
const COLUMNS = ['rule', 'sourceUser', 'url']
const never = new AbortController().signal

let opened: TestStore
let store: LogStore
const clock = new ManualClock(NOW_MS)

before(async () => {
  opened = await openTestStore()
  store = opened.store
})
after(() => opened.close())
beforeEach(async () => {
  await store.command('TRUNCATE TABLE logs')
})

/** One part of one record. */
async function insert(texts: { rule?: string; user?: string; url?: string }, atMs = NOW_MS): Promise<void> {
  await store.command(
    `INSERT INTO logs (eventTime, receivedAt, segment, rule, sourceUser, url)
     SELECT fromUnixTimestamp64Milli({at:Int64}), fromUnixTimestamp64Milli({at:Int64}), generateUUIDv4(), {rule:String}, {user:String}, {url:String}`,
    { at: atMs, rule: texts.rule ?? '', user: texts.user ?? '', url: texts.url ?? '' },
  )
}

const newValues = (): TextValues => new TextValues(store, COLUMNS, clock)
/** Of which two records are too many to be read while somebody waits. */
const patientValues = (): TextValues => new TextValues(store, COLUMNS, clock, { waitingRows: 1, leftRows: 0 })
/** How many reads of the columns a question took. */
function counting(): { values: TextValues; reads: () => number } {
  let reads = 0
  const query: LogStore['query'] = (sql, ...rest) => {
    if (sql.includes('DISTINCT')) reads++
    return store.query(sql, ...rest)
  }
  return { values: new TextValues({ query }, COLUMNS, clock), reads: () => reads }
}

test('a column may hold what is within one of its values in any case, and no other text', async () => {
  await insert({ rule: 'Public Services', user: 'CORP\\alice' })
  await insert({ rule: 'Österreich', url: 'https://example.com/PORTAL' })
  const values = newValues()
  assert.equal(await values.isKnown(TODAY), true)
  const held = (text: string): string[] => COLUMNS.filter((column) => values.mayHold(column, text))
  assert.deepEqual(held('serv'), ['rule'])
  assert.deepEqual(held('ALICE'), ['sourceUser'])
  assert.deepEqual(held('portal'), ['url'])
  assert.deepEqual(held('Österr'), ['rule'])
  assert.deepEqual(held('österr'), [], 'only A to Z have no case')
  assert.deepEqual(held('nobody'), [])
  assert.deepEqual(held(''), COLUMNS)
  assert.equal(values.mayHold('raw', 'nobody'), true, 'a column that is not kept')
})

test('a record stored after the last question is known at the next one, and only its part is read', async () => {
  const { values, reads } = counting()
  await insert({ rule: 'first' })
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(values.mayHold('rule', 'second'), false)
  await insert({ rule: 'second' })
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(values.mayHold('rule', 'second'), true)
  assert.equal(values.mayHold('rule', 'first'), true)
  assert.equal(reads(), 2)
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(reads(), 2)
})

test('what known parts were merged into is known without being read, and with an unknown one among them it is read', async () => {
  const { values, reads } = counting()
  for (const rule of ['one', 'two', 'three']) await insert({ rule })
  assert.equal(await values.isKnown(TODAY), true)
  await store.command('OPTIMIZE TABLE logs FINAL')
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(reads(), 1)
  await insert({ rule: 'four' })
  await store.command('OPTIMIZE TABLE logs FINAL')
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(reads(), 2)
  assert.equal(values.mayHold('rule', 'four'), true)
  assert.equal(values.knownRows, 4)
})

test('days are known one by one, and refresh reads the last thirty', async () => {
  await insert({ rule: 'old' }, NOW_MS - 40 * DAY_MS)
  await insert({ rule: 'new' })
  const values = newValues()
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(values.mayHold('rule', 'old'), false)
  assert.equal(await values.isKnown({ fromMs: 0, toMs: NOW_MS }), true)
  assert.equal(values.mayHold('rule', 'old'), true)
  await insert({ rule: 'yesterday' }, NOW_MS - DAY_MS)
  const background = patientValues()
  await background.refresh(never)
  assert.equal(background.mayHold('rule', 'yesterday'), true)
  assert.equal(background.mayHold('rule', 'old'), false)
  assert.equal(background.knownRows, 2)
})

test('more than is read while somebody waits is not known until it was read in the background', async () => {
  for (const rule of ['one', 'two']) await insert({ rule })
  const values = patientValues()
  assert.equal(await values.isKnown(TODAY), false)
  await values.refresh(never)
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(values.mayHold('rule', 'three'), false)
})

test('a column with too many values, or too long ones, may hold everything', async () => {
  await store.command(
    `INSERT INTO logs (eventTime, receivedAt, segment, rule, sourceUser, url) SELECT fromUnixTimestamp64Milli({at:Int64}),
       fromUnixTimestamp64Milli({at:Int64}), generateUUIDv4(), 'few', concat('user-', toString(number)), repeat('x', number = 7 ? 2000 : 1) FROM numbers(6000)`,
    { at: NOW_MS },
  )
  const values = newValues()
  assert.equal(await values.isKnown(TODAY), true)
  assert.deepEqual(
    COLUMNS.map((column) => values.mayHold(column, 'nothing like it')),
    [false, true, true],
  )
})

test('a table that was emptied and filled anew is read anew, even where its parts have old names', async () => {
  const { values, reads } = counting()
  await insert({ rule: 'before' })
  assert.equal(await values.isKnown(TODAY), true)
  await store.command('TRUNCATE TABLE logs')
  await insert({ rule: 'after' })
  assert.equal(await values.isKnown(TODAY), true)
  assert.equal(values.mayHold('rule', 'after'), true)
  assert.equal(reads(), 2)
  // The same names, as after a restart of the engine that found no part.
  let isRestarted = false
  let readAgain = 0
  const query: LogStore['query'] = (sql, ...rest) => {
    if (sql.includes('DISTINCT')) readAgain++
    return store.query(isRestarted ? sql.replace('hash_of_all_files', "'another'") : sql, ...rest)
  }
  const again = new TextValues({ query }, COLUMNS, clock)
  assert.equal(await again.isKnown(TODAY), true)
  isRestarted = true
  assert.equal(await again.isKnown(TODAY), true)
  assert.equal(readAgain, 2)
})

test('records that were deleted leave a part that is read anew', async () => {
  const { values, reads } = counting()
  await insert({ rule: 'keep' })
  await insert({ rule: 'drop' })
  assert.equal(await values.isKnown(TODAY), true)
  await store.command("ALTER TABLE logs DELETE WHERE rule = 'drop' SETTINGS mutations_sync = 1")
  assert.equal(await values.isKnown(TODAY), true)
  assert.ok(reads() >= 2)
})

test('an abort ends the question', async () => {
  await insert({ rule: 'one' })
  await assert.rejects(newValues().isKnown(TODAY, AbortSignal.abort()))
  await assert.rejects(newValues().refresh(AbortSignal.abort()))
})

test('whatever bytes the values have, a text that the store finds in a column is one that it may hold', async () => {
  const piece = fc.constantFrom(0x41, 0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x92, 0xa9, 0xef, 0xbf, 0xbd, 0xff, 0x25)
  const bytes = fc.array(piece, { maxLength: 6 })
  const text = fc.constantFrom('a', 'A', 'é', '\u{1f4a9}', '�', '\ud800', '%', 'aé', 'éa', '��')
  let day = 0
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 4 }), text, async (all, wanted) => {
      const at = NOW_MS - ++day * DAY_MS
      await store.command(
        `INSERT INTO logs (eventTime, receivedAt, segment, rule) SELECT fromUnixTimestamp64Milli({at:Int64}),
           fromUnixTimestamp64Milli({at:Int64}), generateUUIDv4(), unhex(arrayJoin({values:Array(String)}))`,
        { at, values: all.map((one) => Buffer.from(one).toString('hex')) },
      )
      const values = newValues()
      assert.equal(await values.isKnown({ fromMs: at, toMs: at }), true)
      const [found] = await store.rows<{ n: number | string }>(
        'SELECT count() AS n FROM logs WHERE toUnixTimestamp64Milli(receivedAt) = {at:Int64} AND position(lower(rule), lower({wanted:String})) > 0',
        { at, wanted },
      )
      if (Number(found?.n) > 0) assert.equal(values.mayHold('rule', wanted), true)
    }),
    { numRuns: 25 },
  )
})
