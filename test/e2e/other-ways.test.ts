/** Other ways in and out: TLS with client certificates, lines by HTTPS POST, trust per sender, the raw relay. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { type ClientCertificate, makeClientAuthority } from '../../src/input/testing/client-authority.ts'
import { atEnd, customLine, scan, type Service, startService, temporaryFolder, until } from './harness.ts'

const TOKEN = 'token-of-the-end-to-end-tests'

/** Sends lines over TLS; resolves when the connection has ended. */
async function sendTls(
  service: Service,
  lines: readonly string[],
  client?: ClientCertificate,
): Promise<void> {
  const input = service.app.parts.pipeline?.inputs.find(({ name }) => name === 'tls')
  const port = Number(input?.address?.split(':').at(-1))
  // The server's certificate is checked by its own tests.
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(client === undefined ? {} : { cert: client.cert, key: client.key }),
  })
  socket.on('error', () => {}) // refused ones are reset, and `once` would throw that
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  socket.on('close', () => resolve())
  socket.end(lines.map((line) => `${Buffer.byteLength(line)} ${line}`).join(''))
  socket.resume()
  await closed
}

function post(
  service: Service,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port: new URL(service.app.urls.page).port,
        path: '/api/v1/lines',
        method: 'POST',
        rejectUnauthorized: false,
        agent: false,
        headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'text/plain', ...headers },
      },
      (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
        answer.on('error', reject)
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

/** A syslog server of somebody else, over UDP. */
async function udpReceiver(t: TestContext): Promise<{ to: string; got: string[] }> {
  const socket = createSocket('udp4')
  const got: string[] = []
  socket.on('message', (message) => got.push(message.toString()))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  atEnd(t, () => socket.close())
  return { to: `udp://127.0.0.1:${socket.address().port}`, got }
}

async function tcpReceiver(t: TestContext): Promise<{ to: string; text: () => string }> {
  const chunks: Buffer[] = []
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {}) // the relay goes first
    socket.on('data', (chunk) => chunks.push(chunk))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { to: `tcp://127.0.0.1:${port}`, text: () => Buffer.concat(chunks).toString() }
}

const change = (service: Service, changes: Record<string, string>): Promise<unknown> =>
  service.control.call('changeSettings', { changes, reason: 'test' })

describe('other ways in and out', () => {
  test('known senders convict, strangers only fill the store, bad certificates get nothing in, and all is relayed', async (t) => {
    const folder = await temporaryFolder(t)
    const authority = await makeClientAuthority()
    const ca = join(folder, 'clients.pem')
    await writeFile(ca, authority.pem)
    const other = await udpReceiver(t)
    const service = await startService(t, {
      folder,
      sets: [
        'syslog.tls.listen=127.0.0.1:0',
        `syslog.tls.clientCa=${ca}`,
        `input.http.token=${TOKEN}`,
        'web.plainPage=open',
        'metrics.token=metrics-of-the-tests',
        `relay.to=${other.to}`,
        'senders.unknown=store',
        'senders.known=fw-*.example.net',
      ],
    })
    const byUdp = scan('198.51.100.1', 11)
    const byKnownTls = scan('198.51.100.2', 11)
    const byStrangeTls = scan('198.51.100.3', 11)
    const byPost = scan('198.51.100.4', 11)
    await service.sendUdp(byUdp)
    await sendTls(service, byStrangeTls, await authority.issue('CN=printer.example.net'))
    await sendTls(service, scan('198.51.100.5', 11)) // no certificate
    await sendTls(
      service,
      scan('198.51.100.6', 11),
      await authority.issue('CN=fw-9.example.net', { endsInMs: -1000 }),
    )
    await sendTls(service, byKnownTls, await authority.issue('CN=fw-1.example.net'))
    const packed = gzipSync(JSON.stringify({ logs: byPost }))
    const answer = await post(service, packed, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    })
    assert.deepEqual(answer, { status: 200, text: '{"accepted":11,"refused":0}' })

    await until('both known scanners are listed', async () => (await service.list()).length === 2)
    assert.deepEqual(await service.list(), ['198.51.100.2', '198.51.100.4'])
    await until('what was let in is stored', async () => (await service.stored()) === 44)
    assert.equal(await service.stored('bitAnd(flags, 128) != 0'), 22, 'lines of strangers carry the flag')
    assert.deepEqual(await service.list(), ['198.51.100.2', '198.51.100.4'])

    const told = await service.control.call('explain', { address: '198.51.100.1' })
    assert.match(told.sentences.join('\n'), /sender that is not among senders\.known/)

    const relayed = [...byUdp, ...byStrangeTls, ...byKnownTls, ...byPost]
    await until('all that came in was relayed', () => other.got.length >= relayed.length)
    assert.deepEqual(other.got.sort(), relayed.sort())

    await until(
      'the status has caught up',
      async () => (await service.control.call('status', {})).relay?.sentLines === 44,
    )
    const { senders, relay, inputs } = await service.control.call('status', {})
    const seen = senders.list.map(
      ({ transport, identity, known, lines }) => `${transport} ${identity} ${known} ${lines}`,
    )
    assert.deepEqual(
      new Set(seen),
      new Set([
        'http null true 11',
        'tls fw-1.example.net true 11',
        'tls printer.example.net false 11',
        'udp null false 11',
      ]),
    )
    assert.deepEqual(
      [senders.known, senders.pending, senders.pendingLines, senders.unknown],
      [2, 2, 22, 'store'],
    )
    assert.deepEqual([relay?.state, relay?.shedLines, relay?.failedLines], ['connected', 0, 0])
    assert.equal(inputs.find(({ name }) => name === 'tls')?.counters['tlsClientsRefused'], 2)
    assert.equal(inputs.find(({ name }) => name === 'http')?.counters['received'], 11)
    assert.match((await service.get('/plain')).body, /Senders: 2 known, 2 pending/)
    assert.ok(
      service.said.some((line) => /tls-client-refused.*no client certificate/.test(line)),
      'the refusal is in the log',
    )

    assert.equal((await post(service, 'x', { authorization: 'Bearer wrong' })).status, 401)
  })

  test('by default strangers count and are shown as pending; naming them, the relay and posts can be switched while it runs', async (t) => {
    const other = await tcpReceiver(t)
    const service = await startService(t, { sets: ['web.plainPage=open'] })
    assert.equal((await post(service, 'x')).status, 404, 'without a token there is no such route')
    await service.sendUdp(scan('198.51.100.1', 11))
    await until('the scanner is listed', async () => (await service.list()).includes('198.51.100.1'))
    await until('it is pending', async () => (await service.control.call('status', {})).senders.pending === 1)
    assert.equal((await service.control.call('status', {})).relay, null)
    assert.match((await service.get('/plain')).body, /Senders: 0 known, 1 pending \(their lines are used/)

    await change(service, {
      'input.http.token': TOKEN,
      'relay.to': other.to,
      'senders.unknown': 'store',
      'senders.known': '192.0.2.0/24',
    })
    const posted = customLine({ source: '198.51.100.7', port: 443, type: 'THREAT' })
    assert.equal((await post(service, `${posted}\n`)).status, 200)
    await until('a posted threat is listed', async () => (await service.list()).includes('198.51.100.7'))
    const late = scan('198.51.100.2', 11)
    await service.sendUdp(late)
    await until('its lines are stored', async () => (await service.stored()) === 23)
    assert.ok(!(await service.list()).includes('198.51.100.2'))
    const frames = [posted, ...late].map((line) => `${Buffer.byteLength(line)} ${line}`).join('')
    await until('both were relayed with octet counts', () => other.text() === frames)

    await change(service, { 'senders.known': '127.0.0.0/8', 'relay.to': '' })
    await service.sendUdp(scan('198.51.100.3', 11))
    await until('the named sender convicts', async () => (await service.list()).includes('198.51.100.3'))
    await until(
      'nothing is pending',
      async () => (await service.control.call('status', {})).senders.pending === 0,
    )
    assert.equal(other.text(), frames, 'nothing more was relayed')
  })

  test('a relay to ourselves is refused and told, and a missing file of authorities stops the start', async (t) => {
    const service = await startService(t)
    const udp = service.app.parts.pipeline?.inputs.find(({ name }) => name === 'udp')
    await change(service, { 'relay.to': `udp://${udp?.address}` })
    await until('it is told', async () =>
      (await service.control.call('status', {})).findings.some(({ code }) => code === 'relay-not-sent:relay'),
    )
    await service.sendUdp(scan('198.51.100.1', 11))
    await until('detection goes on', async () => (await service.list()).includes('198.51.100.1'))
    await until('each line is stored', async () => (await service.stored()) === 11)
    const received = (): number | undefined =>
      service.app.parts.pipeline?.inputs.find(({ name }) => name === 'udp')?.counters['received']
    await until('each line came once: nothing goes round in circles', () => received() === 11)
    await assert.rejects(
      startService(t, { sets: ['syslog.tls.listen=127.0.0.1:0', 'syslog.tls.clientCa=/nonexistent/ca.pem'] }),
      { code: 'bad-configuration', message: /syslog\.tls\.clientCa: cannot read \/nonexistent\/ca\.pem/ },
    )
  })
})
