import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { connect } from 'node:tls'
import { systemClock } from '../lib/clock.ts'
import { AppError } from '../lib/errors.ts'
import { MetricsServer } from './metrics-server.ts'
import { HttpsServer, isBearer } from './server.ts'
import { type Answer, type AskOptions, LIST, newCertificate, SENTINEL, TestServer } from './test-server.ts'

let site: TestServer
before(async () => {
  site = await TestServer.start()
})
beforeEach(() => site.reset())
after(() => site.server.stop())

describe('the other routes', () => {
  test('healthz is alive, readyz tells each part and is 503 until all are ready', async () => {
    assert.equal((await site.ask('/healthz')).body.toString(), 'alive\n')
    assert.equal((await site.ask('/readyz')).status, 200)
    site.components = [
      { name: 'list', isReady: true, reason: 'served' },
      { name: 'log-store', isReady: false, reason: 'restarting' },
    ]
    const { status, body } = await site.ask('/readyz')
    assert.equal(status, 503)
    assert.deepEqual(JSON.parse(body.toString()), { isReady: false, components: site.components })
  })

  test('metrics need the token, and are refused when none is set', async () => {
    const withToken = (token: string): Promise<Answer> =>
      site.ask('/metrics', { headers: { authorization: `Bearer ${token}` } })
    assert.equal((await withToken('correct-token')).body.toString(), 'active_defense_up 1\n')
    assert.equal((await site.ask('/metrics')).status, 401)
    assert.equal((await withToken('wrong')).status, 401)
    site.sources.metricsToken = () => ''
    assert.equal((await site.ask('/metrics', { headers: { authorization: 'Bearer ' } })).status, 403)
    assert.equal(isBearer('Bearer ', ''), false)
  })

  test('the authority can be fetched, unless an own certificate is used', async () => {
    assert.equal((await site.ask('/ca.crt')).body.toString(), site.authority)
    site.sources.authorityPem = () => null
    assert.equal((await site.ask('/ca.crt')).status, 404)
  })

  test('the page says what runs, and 503 with the list when the status cannot be told', async () => {
    const { status, headers, body } = await site.ask('/')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    assert.match(body.toString(), /Block list/)
    site.sources.status = () => {
      throw new Error('secret detail at /home/x')
    }
    const broken = await site.ask('/')
    assert.equal(broken.status, 503)
    assert.match(broken.body.toString(), /files\/blacklist\.txt/)
    assert.doesNotMatch(broken.body.toString(), /secret detail/)
  })

  test('bear the security headers everywhere, errors included', async () => {
    site.sources.metrics = async () => {
      throw new Error('secret detail')
    }
    const bearer = { authorization: 'Bearer correct-token' }
    const asked: readonly [string, number, AskOptions?][] = [
      [LIST, 200],
      [LIST, 304, { headers: { 'if-none-match': '*' } }],
      ['/', 200],
      ['/healthz', 200],
      ['/readyz', 200],
      ['/style.css', 200],
      ['/icon.svg', 200],
      ['/ca.crt', 200],
      ['/metrics', 401],
      ['/metrics', 500, { headers: bearer }],
      ['/nothing', 404],
      ['/files/', 404],
      [LIST, 404, { method: 'DELETE' }],
      ['/%zz', 400],
      ['/', 404, { method: 'POST', headers: { 'content-type': 'x/y; z' } }],
    ]
    for (const [path, expected, options] of asked) {
      const { status, headers, body } = await site.ask(path, options)
      assert.equal(status, expected, `${options?.method ?? 'GET'} ${path}`)
      assert.match(
        String(headers['content-security-policy']),
        /default-src 'none'.*frame-ancestors 'none'/,
        path,
      )
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/)
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
      assert.equal(headers['referrer-policy'], 'no-referrer', path)
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin', path)
      assert.match(String(headers['strict-transport-security']), /^max-age=86400$/, path)
      assert.equal(headers['x-powered-by'], undefined)
      if (expected >= 400) {
        assert.match(body.toString(), /^[a-z .,;]+\n$/, path)
        assert.match(String(headers['content-type']), /^text\/plain/, path)
      }
    }
    assert.deepEqual(site.failures, ['GET /metrics'])
  })

  test('a client that knows HTTP/1.0 alone gets the list', async () => {
    const socket = connect({
      port: site.port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.0'],
    })
    socket.end(`GET ${LIST} HTTP/1.0\r\n\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(answer, /\r\n\r\n198\.51\.100\.1\n/)
  })

  test('what is no sound HTTP is refused in one line, with the headers', async () => {
    const smuggled = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
    const huge = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`
    for (const [text, status] of [
      [smuggled, 400],
      [huge, 431],
      ['\u0016\u0003rubbish\r\n\r\n', 400],
    ] as const) {
      const answer = await site.askRaw(text)
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(answer, /frame-ancestors 'none'/)
      assert.match(answer, /\r\n\r\n[a-z ]+\n$/)
    }
  })

  test('an unknown host is served all the same', async () => {
    assert.equal((await site.ask(LIST, { headers: { host: 'whatever.example' } })).status, 200)
  })
})

describe('the listener', () => {
  test('speaks TLS 1.2 and 1.3 and nothing older', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = connect({
        host: '127.0.0.1',
        port: site.port,
        ca: site.authority,
        minVersion: version,
        maxVersion: version,
      })
      await once(socket, 'secureConnect')
      assert.equal(socket.getProtocol(), version)
      socket.destroy()
    }
    const old = connect({
      host: '127.0.0.1',
      port: site.port,
      ca: site.authority,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
    })
    await once(old, 'error')
  })

  test('gives new connections a new certificate at once', async () => {
    const next = await newCertificate()
    site.server.setCertificate(next.served)
    try {
      assert.equal((await site.ask(LIST, { ca: next.ca })).status, 200)
      await assert.rejects(site.ask(LIST, { ca: site.authority }))
    } finally {
      site.server.setCertificate(site.certificate)
    }
  })

  test('names the holder of a taken port and the setting to change', async () => {
    const holder = createServer()
    holder.listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const bound = holder.address()
    assert.ok(bound !== null && typeof bound === 'object')
    const second = new HttpsServer({
      listen: { host: '127.0.0.1', port: bound.port },
      certificate: site.certificate,
      sources: site.sources,
      clock: systemClock,
      sentinel: SENTINEL,
      onFetch: () => {},
      onFailure: () => {},
    })
    try {
      await assert.rejects(second.start(), (error) => {
        assert.ok(error instanceof AppError && error.code === 'port-unavailable')
        assert.match(
          error.message,
          new RegExp(`:${bound.port}: the port is taken by .*process ${process.pid}.*web\\.listen`),
        )
        return true
      })
    } finally {
      holder.close()
      await once(holder, 'close')
    }
    // The port is free now: the same server may try again.
    await second.start()
    assert.equal(second.address?.port, bound.port)
    await second.stop()
  })

  test('of its own for metrics serves them in plain HTTP, and nothing else', async () => {
    const metrics = new MetricsServer({
      listen: { host: '127.0.0.1', port: 0 },
      metrics: () => site.sources.metrics(),
      onFailure: (what) => site.failures.push(what),
    })
    await metrics.start()
    try {
      const base = `http://127.0.0.1:${metrics.address?.port}`
      assert.equal(await (await fetch(`${base}/metrics`)).text(), 'active_defense_up 1\n')
      assert.equal((await fetch(`${base}${LIST}`)).status, 404)
      site.sources.metrics = async () => {
        throw new Error('secret detail')
      }
      const broken = await fetch(`${base}/metrics`)
      assert.equal(broken.status, 500)
      assert.equal(await broken.text(), 'internal server error\n')
    } finally {
      await metrics.stop()
    }
  })
})
