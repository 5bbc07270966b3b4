import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { commentOf, reportable, ReportLimits, sendAbuseReport } from './abuse-report.ts'
import type { Notice } from './notice.ts'
import { batchOf, blockFactsOf, noticeOf, NOW_MS } from './notice-fixture.ts'
import { post } from './post.ts'
import { WebTargets } from './web-target.ts'
import { sendWebhook, webhookPost } from './webhook.ts'

const LOOPBACK = new WebTargets(['127.0.0.0/8'])
const PUBLIC = new WebTargets([])

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly url: string
  readonly body: string
}

async function start(
  t: TestContext,
  answer: RequestListener = (_, response) => response.end('ok'),
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({
        headers: request.headers,
        url: request.url ?? '',
        body: Buffer.concat(chunks).toString('utf8'),
      })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received }
}

const message = (url: string, targets: WebTargets) => ({
  url,
  headers: {},
  body: '{}',
  targets,
  timeoutMs: 5000,
})

describe('post', () => {
  test('reaches no private, loopback, link-local, metadata or mapped address unless it is named', async (t) => {
    const { url, received } = await start(t)
    const port = new URL(url).port
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0.0.0.0',
      '127.1',
      '2130706433',
      '0x7f.1',
    ]) {
      const result = await post(message(`http://${host}:${port}/`, PUBLIC))
      assert.ok(!result.ok && result.isPermanent, host)
      assert.match(
        result.reason,
        /not public|is no address|not resolve|has no address/,
        `${host}: ${result.reason}`,
      )
    }
    for (const host of [
      '10.0.0.1',
      '169.254.169.254',
      '192.168.1.1',
      '[fe80::1]',
      '[fd00::1]',
      '100.64.0.1',
      '[::]',
    ])
      assert.ok(!(await post(message(`https://${host}/`, PUBLIC))).ok, host)
    assert.equal(received.length, 0)
    assert.deepEqual(await post(message(url, LOOPBACK)), { ok: true, detail: 'HTTP 200' })
    assert.equal(received.length, 1)
  })

  test('a name that answers with a private address gains nothing: the address connected to is what counts', async (t) => {
    const { url, received } = await start(t)
    const { port } = new URL(url)
    const named = `http://localhost:${port}/`
    const result = await post(message(named, PUBLIC))
    assert.match(result.ok ? '' : result.reason, /localhost: .*not public: loopback/)
    assert.equal((await post(message(named, LOOPBACK))).ok, true)
    // A guard that let the name pass: what was reached is looked at once more, before anything is written.
    class Fooled extends WebTargets {
      override lookup(): ReturnType<WebTargets['lookup']> {
        return LOOPBACK.lookup()
      }
    }
    const fooled = await post(message(named, new Fooled([])))
    assert.ok(!fooled.ok && fooled.isPermanent)
    assert.equal(received.length, 1)
  })

  test('redirects are not followed', async (t) => {
    const target = await start(t)
    const { url } = await start(t, (_, response) => {
      response.writeHead(307, { location: target.url }).end()
    })
    const result = await post(message(url, LOOPBACK))
    assert.ok(!result.ok && result.isPermanent)
    assert.match(result.reason, /307: redirects are not followed/)
    assert.equal(target.received.length, 0)
  })

  test('5xx and 429 may pass, with the wait that is asked for; other codes are for good; text is made visible', async (t) => {
    let status = 500
    const { url } = await start(t, (_, response) => {
      response.writeHead(status, { 'retry-after': '120' }).end('no\r\n\u202e<b>')
    })
    assert.deepEqual(await post(message(url, LOOPBACK)), {
      ok: false,
      isPermanent: false,
      reason: 'HTTP 500: no\\x0d\\x0a\\u{202e}<b>',
      retryAfterMs: 120_000,
    })
    for (const [code, isPermanent] of [
      [429, false],
      [401, false],
      [404, true],
      [410, true],
    ] as const) {
      status = code
      const result = await post(message(url, LOOPBACK))
      assert.ok(!result.ok && result.isPermanent === isPermanent, String(code))
    }
  })

  test('an endless answer and one that never comes are cut off', async (t) => {
    const endless = await start(t, (_, response) => {
      const more = (): void => {
        if (!response.destroyed && response.write('x'.repeat(65_536))) setImmediate(more)
        else if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    assert.equal((await post(message(endless.url, LOOPBACK))).ok, true)
    const mute = await start(t, () => {})
    const result = await post({ ...message(mute.url, LOOPBACK), timeoutMs: 100 })
    assert.match(result.ok ? '' : result.reason, /no answer within/)
  })
})

describe('webhooks', () => {
  test('json is signed over stamp and body, and tells the block in fields', async (t) => {
    const { url, received } = await start(t)
    const to = { url, secret: 'key of the webhook', format: 'json', lines: 5, targets: LOOPBACK } as const
    assert.equal((await sendWebhook(to, batchOf([noticeOf()], { lift: 2 }))).ok, true)
    const [request] = received
    assert.ok(request)
    const stamp = String(request.headers['x-ads-timestamp'])
    assert.equal(stamp, String(NOW_MS / 1000))
    const expected = createHmac('sha256', 'key of the webhook')
      .update(`${stamp}.${request.body}`)
      .digest('hex')
    assert.equal(request.headers['x-ads-signature'], `v1=${expected}`)
    const body = JSON.parse(request.body) as { notices: Notice[]; more: unknown }
    assert.equal(body.notices[0]?.block?.target, '198.51.100.7')
    assert.deepEqual(body.more, { lift: 2 })
    const unsigned = webhookPost({ ...to, secret: null }, batchOf([noticeOf()]))
    assert.equal(unsigned.headers['x-ads-signature'], undefined)
  })

  test('Slack and Teams get forms in which no mark-up is read, within their limits', () => {
    const hostile = '<!channel> <https://example.net|click> [x](https://example.net)\r\n\u202e'
    const notices = Array.from({ length: 60 }, () =>
      noticeOf({ title: hostile, sentences: [hostile.repeat(50)] }),
    )
    for (const format of ['slack', 'teams'] as const) {
      const to = { url: 'https://192.0.2.1/', secret: null, format, lines: 5, targets: PUBLIC }
      const { body } = webhookPost(to, batchOf(notices))
      assert.ok(body.length < 28_000, `${format} ${body.length}`)
      assert.doesNotMatch(body, /\u202e|"mrkdwn"|"TextBlock"/)
      assert.match(body, /And 45 new blocks\./)
    }
    const to = {
      url: 'https://192.0.2.1/',
      secret: null,
      format: 'slack',
      lines: 5,
      targets: PUBLIC,
    } as const
    const slack = JSON.parse(webhookPost(to, batchOf([noticeOf({ title: hostile })])).body) as {
      text: string
      blocks: { text: { type: string } }[]
    }
    assert.doesNotMatch(slack.text, /<!channel>/)
    assert.ok(slack.blocks.every(({ text }) => text.type === 'plain_text'))
  })
})

describe('AbuseIPDB', () => {
  test('a report names address, category and numbers, and nothing of ours', async (t) => {
    const { url, received } = await start(t)
    const notice = noticeOf({
      block: blockFactsOf({ reached: ['203.0.113.10'], device: 'fw-secret', by: 'alice' }),
    })
    const result = await sendAbuseReport(
      { key: 'the-key', proof: 'handshake', url, targets: LOOPBACK },
      notice,
    )
    assert.equal(result.ok, true)
    const [request] = received
    assert.equal(request?.headers['key'], 'the-key')
    assert.deepEqual(Object.fromEntries(new URLSearchParams(request?.body)), {
      ip: '198.51.100.7',
      categories: '14',
      comment: 'Port scan: many ports of one host (11 within 10 minutes).',
      timestamp: '2026-11-22T12:00:00.000Z',
    })
    assert.doesNotMatch(request?.body ?? '', /203\.0|fw-secret|alice/)
    assert.equal(
      commentOf(blockFactsOf({ rule: 'threat', count: 1 })),
      'Exploit attempt, found by intrusion prevention.',
    )
  })

  test('what people added, what came by feeds and what could be forged is not reported', () => {
    const why = (
      changes: Parameters<typeof blockFactsOf>[0],
      proof: 'handshake' | 'any' = 'handshake',
    ): boolean => 'why' in reportable(noticeOf({ block: blockFactsOf(changes) }), proof)
    assert.equal(why({}), false)
    assert.equal(why({ origin: 'manual' }), true)
    assert.equal(why({ origin: 'feed' }), true)
    assert.equal(why({ sourceAddress: null }), true)
    assert.equal(why({ proof: 'spoofable' }), true)
    assert.equal(why({ proof: 'spoofable' }, 'any'), false)
    assert.equal('why' in reportable(noticeOf({ topic: 'held' }), 'any'), true)
  })

  test('an address is reported once in 15 minutes, and no more a day than allowed', () => {
    const limits = new ReportLimits()
    limits.note('198.51.100.1', NOW_MS)
    assert.match(limits.refusal('198.51.100.1', 10, NOW_MS + 899_999) ?? '', /15 minutes/)
    assert.equal(limits.refusal('198.51.100.1', 10, NOW_MS + 900_000), null)
    assert.equal(limits.refusal('198.51.100.2', 2, NOW_MS), null)
    limits.note('198.51.100.2', NOW_MS)
    assert.match(limits.refusal('198.51.100.3', 2, NOW_MS) ?? '', /of this day/)
    assert.equal(limits.refusal('198.51.100.3', 2, NOW_MS + 86_400_000), null)
  })
})
