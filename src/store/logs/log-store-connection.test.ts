import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { LogStore } from './log-store.ts'
import { StoreError } from './store-error.ts'

/** A store that closes the connection of its first `lost` questions unanswered; `asked` counts all. */
async function storeThatLoses(
  t: TestContext,
  lost: number,
): Promise<{ store: LogStore; asked: () => number }> {
  const folder = mkdtempSync(join(tmpdir(), 'ads-store-'))
  const socketPath = join(folder, 's')
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    if (asked <= lost) return request.socket.destroy()
    let text = request.url ?? ''
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    return request.on('end', () => {
      setTimeout(() => response.end('{"n":7}\n'), text.includes('slow') ? 1000 : 0)
    })
  })
  await once(server.listen(socketPath), 'listening')
  const store = new LogStore({ socketPath })
  t.after(async () => {
    await store.close()
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  })
  return { store, asked: () => asked }
}

test('a question whose connection is lost before the answer is asked once more', async (t) => {
  const { store, asked } = await storeThatLoses(t, 1)
  assert.deepEqual(await store.rows('SELECT 7 AS n'), [{ n: 7 }])
  assert.equal(asked(), 2)
})

test('but not a third time', async (t) => {
  const { store, asked } = await storeThatLoses(t, 5)
  await assert.rejects(
    store.rows('SELECT 7 AS n'),
    (error) => error instanceof StoreError && error.clickhouseCode === null && error.isTransient,
  )
  assert.equal(asked(), 2)
})

test('a statement that changes something is not said twice', async (t) => {
  const { store, asked } = await storeThatLoses(t, 1)
  await assert.rejects(store.command('DROP TABLE x'), StoreError)
  assert.equal(asked(), 1)
})

test('nor a question that is cancelled', async (t) => {
  const { store, asked } = await storeThatLoses(t, 1)
  await assert.rejects(store.rows('SELECT 7 AS n', {}, AbortSignal.abort()), StoreError)
  assert.equal(asked(), 0)
})

test('a question that is cancelled before it has a connection takes none from a later one', async (t) => {
  const { store, asked } = await storeThatLoses(t, 0)
  await store.rows('SELECT 1')
  await delay(100)
  const cancelled = new AbortController()
  const answer = store.rows('SELECT 2', {}, cancelled.signal)
  queueMicrotask(() => queueMicrotask(() => cancelled.abort()))
  await assert.rejects(answer, StoreError)
  assert.equal(asked(), 1)
  // the client's timer would be over while this one is answered
  await delay(1500)
  assert.deepEqual(await store.rows('SELECT slow'), [{ n: 7 }])
  assert.equal(asked(), 2)
})
