/** The log of fetches: written in batches, early when many come, kept while the state is away, what is given up counted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalEntry } from '../../model/object.ts'
import type { FeedFetch } from './feed-events.ts'
import { FetchJournal } from './fetch-journal.ts'

const FETCH: FeedFetch = {
  feed: 'blacklist',
  address: '192.0.2.1',
  userAgent: 'PAN-OS',
  method: 'GET',
  status: 200,
  revision: 1,
  etag: 'x',
  shard: 1,
  bytes: 10,
  isComplete: true,
  credential: null,
  atMs: 0,
  durationMs: 1,
}

function open() {
  const rows: JournalEntry[] = []
  const told: string[] = []
  const state = { isAway: false }
  const journal = new FetchJournal({
    journal: {
      appendJournal: async (entries) => {
        if (state.isAway) throw new Error('away')
        rows.push(...entries)
      },
      journal: async () => rows,
      pruneJournal: async () => 0,
    },
    clock: { nowMs: () => 0, monotonicMs: () => 0 },
    alarms: {
      raise: ({ message }) => void told.push(message),
      clear: () => void told.push('cleared'),
    },
  })
  const note = (count: number): void => {
    for (let i = 0; i < count; i++) journal.note({ ...FETCH, revision: i })
  }
  return { journal, rows, told, state, note }
}

test('a burst of thousands is written before it fills the room, without a wait for the next turn', async () => {
  const { journal, rows, note, told } = open()
  for (let i = 0; i < 4; i++) {
    note(5000)
    await new Promise(setImmediate)
  }
  assert.equal(rows.length, 20_000)
  assert.deepEqual(new Set(told), new Set(['cleared']))
  await journal.close()
})

test('while the state is away the newest ten thousand wait, and the others are counted', async () => {
  const { journal, rows, note, told, state } = open()
  state.isAway = true
  note(10_600)
  await journal.flush()
  assert.equal(rows.length, 0)
  assert.match(told.join('\n'), /1000 fetches of feeds were not written/)
  assert.match(told.at(-1) ?? '', /cannot be written to the journal: away/)
  state.isAway = false
  await journal.close()
  const revisions = rows.map(({ body }) => (body as { revision: number }).revision)
  assert.equal(revisions.length, 9600)
  assert.equal(revisions.at(-1), 10_599)
  assert.equal(new Set(revisions).size, revisions.length)
})
