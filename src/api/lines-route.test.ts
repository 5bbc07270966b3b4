import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { BODY_LIMIT_BYTES, LINES_PATH, type SubmitOutcome } from './lines-route.ts'
import type { Lines } from './posted-lines.ts'
import { type Answer, TestServer } from './test-server.ts'

const TOKEN = 'a-token-of-the-tests'

describe('log lines by POST', () => {
  let server: TestServer
  let token = TOKEN
  let taken: { peer: string; lines: string[] }[] = []
  let submit: () => Promise<SubmitOutcome>

  before(async () => {
    server = await TestServer.start()
  })
  after(() => server.server.stop())
  beforeEach(() => {
    server.reset()
    token = TOKEN
    taken = []
    submit = () => Promise.resolve('taken')
    server.sources.lines = {
      token: () => token,
      submit: (peer: string, { bytes, start, end }: Lines) => {
        const lines = Array.from(start, (from, i) => Buffer.from(bytes.subarray(from, end[i])).toString())
        taken.push({ peer, lines })
        return submit()
      },
    }
  })

  const post = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
    server.ask(LINES_PATH, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'text/plain', ...headers },
    })
  const told = ({ body }: Answer): unknown => JSON.parse(body.toString())

  test('lines are handed over with the peer, and counted in the answer', async () => {
    const answer = await post('<14>a\n<14>b\n')
    assert.equal(answer.status, 200)
    assert.deepEqual(told(answer), { accepted: 2, refused: 0 })
    assert.deepEqual(taken, [{ peer: '127.0.0.1', lines: ['<14>a', '<14>b'] }])
    const json = await post('{"logs":[{"a":1},7]}', { 'content-type': 'application/json' })
    assert.deepEqual(told(json), { accepted: 1, refused: 1 })
    assert.equal((await post('')).status, 200)
  })

  test('gzip is unpacked, within the limit', async () => {
    const packed = gzipSync('<14>a\n<14>b')
    assert.deepEqual(told(await post(packed, { 'content-encoding': 'gzip' })), { accepted: 2, refused: 0 })
    const bomb = gzipSync(Buffer.alloc(BODY_LIMIT_BYTES + 1, 'x'))
    assert.ok(bomb.length < 10_000)
    assert.equal((await post(bomb, { 'content-encoding': 'gzip' })).status, 413)
    assert.equal((await post('no gzip', { 'content-encoding': 'gzip' })).status, 400)
    assert.equal((await post(packed.subarray(0, 12), { 'content-encoding': 'gzip' })).status, 400)
    assert.equal((await post('x', { 'content-encoding': 'br' })).status, 415)
    assert.equal((await post(Buffer.alloc(BODY_LIMIT_BYTES, 'x'))).status, 200)
    assert.equal((await post(Buffer.alloc(BODY_LIMIT_BYTES + 1, 'x'))).status, 413)
    assert.equal(taken.length, 2)
  })

  test('without a token set there is no such route; with a wrong one the body is not read', async () => {
    for (const authorization of ['', 'Bearer wrong', `Bearer ${TOKEN}x`, 'Basic eDp5', `Digest ${TOKEN}`]) {
      const answer = await post('<14>a', { authorization })
      assert.equal(answer.status, 401, authorization)
      assert.equal(answer.headers['www-authenticate'], 'Bearer')
    }
    token = ''
    for (const authorization of ['', `Bearer ${TOKEN}`, 'Bearer ', 'Basic eDo='])
      assert.equal((await post('<14>a', { authorization })).status, 404, authorization)
    assert.deepEqual(taken, [])
    assert.equal((await server.ask(LINES_PATH)).status, 404)
  })

  test('the token may also come as Splunk or as a password', async () => {
    const basic = Buffer.from(`panorama:${TOKEN}`).toString('base64')
    for (const authorization of [`Splunk ${TOKEN}`, `Basic ${basic}`])
      assert.equal((await post('<14>a', { authorization })).status, 200, authorization)
  })

  test('a full or absent pipeline is told so that the client sends the same again', async () => {
    submit = () => Promise.resolve('full')
    const full = await post('<14>a\n<14>b')
    assert.deepEqual(
      [full.status, full.headers['retry-after'], told(full)],
      [429, '1', { accepted: 0, refused: 2 }],
    )
    submit = () => Promise.resolve('away')
    assert.equal((await post('<14>a')).status, 503)
  })

  test('what requests hold together is bounded', async () => {
    const waiting = Promise.withResolvers<SubmitOutcome>()
    submit = () => waiting.promise
    const big = Buffer.alloc(BODY_LIMIT_BYTES, 'x')
    const held = Array.from({ length: 8 }, () => post(big))
    while (taken.length < 8) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await post('one more')).status, 429)
    waiting.resolve('taken')
    for (const answer of await Promise.all(held)) assert.equal(answer.status, 200)
    assert.equal((await post('one more')).status, 200)
  })

  test('holders of the token are not slowed by the limit of requests; the others are', async () => {
    let refusals = 0
    for (let i = 0; i < 30; i++) if ((await post('<14>a')).status === 200) refusals++
    assert.equal(refusals, 30)
    const statuses = new Set<number>()
    for (let i = 0; i < 620; i++) {
      statuses.add((await post('<14>a', { authorization: 'Bearer guess' })).status)
      if (statuses.has(429)) break
    }
    assert.deepEqual([...statuses], [401, 429])
    assert.equal((await post('<14>a')).status, 200, 'still open for the holder')
  })
})
