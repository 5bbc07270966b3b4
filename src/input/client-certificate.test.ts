import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { ManualClock, systemClock } from '../lib/clock.ts'
import { clientName, readAuthorities } from './client-certificate.ts'
import { TcpInput } from './tcp.ts'
import { makeCertificate } from './testing/certificate.ts'
import { type ClientCertificate, makeClientAuthority } from './testing/client-authority.ts'
import { eventually, Harness } from './testing/harness.ts'

const SERVER = await makeCertificate()
const AUTHORITY = await makeClientAuthority()

async function started(t: TestContext, harness: Harness, pem = AUTHORITY.pem): Promise<TcpInput> {
  const input = new TcpInput(
    {
      listen: '127.0.0.1:0',
      maxConnections: 50,
      idleSeconds: 60,
      tls: SERVER,
      clientAuthorities: readAuthorities(pem, 'test'),
      sweepMs: 5,
    },
    harness,
  )
  await input.start()
  t.after(() => input.stop())
  return input
}

function clientOf(input: TcpInput, certificate?: ClientCertificate): TLSSocket {
  const socket = connect({
    port: Number(input.address.split(':').at(-1)),
    host: '127.0.0.1',
    ca: SERVER.cert,
    servername: 'localhost',
    ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
  })
  socket.on('error', () => {}) // refused ones are reset
  return socket
}

/** Sends a line and waits until the server has closed the connection. */
async function refused(input: TcpInput, certificate?: ClientCertificate): Promise<void> {
  const socket = clientOf(input, certificate)
  socket.end('<14>forged\n')
  await once(socket, 'close')
}

const reasons = (harness: Harness): string[] =>
  harness.events.filter(({ kind }) => kind === 'tls-client-refused').map(({ message }) => message)

test('N10: a client with a certificate of the authority is taken, and its name goes with its lines', async (t) => {
  const harness = new Harness().consume()
  const seen: string[][] = []
  harness.onBatch = (batch) => seen.push(batch.senders.map((name, i) => `${name}=${batch.identities[i]}`))
  const input = await started(t, harness)
  clientOf(input, await AUTHORITY.issue('CN=fw-1.example.net')).end('<14>a\n')
  await harness.until(1)
  await input.stop()
  assert.deepEqual(seen, [['127.0.0.1=fw-1.example.net']])
  assert.equal(input.status().tlsClientsRefused, 0)
})

test('N10: no certificate, a strange one, an expired one and one for servers are refused before a line is read', async (t) => {
  const stranger = await makeClientAuthority('Strange Authority')
  const cases: [RegExp, ClientCertificate | undefined][] = [
    [/no client certificate/, undefined],
    [/another authority/, await stranger.issue('CN=fw-1.example.net')],
    [/has expired/, await AUTHORITY.issue('CN=fw-1.example.net', { endsInMs: -1000 })],
    [/not meant for clients/, await AUTHORITY.issue('CN=fw-1.example.net', { usage: 'server' })],
  ]
  for (const [reason, certificate] of cases) {
    const harness = new Harness().consume()
    const input = await started(t, harness)
    await refused(input, certificate)
    await eventually(() => input.status().connections === 0, 'it is gone')
    await input.stop()
    assert.deepEqual(harness.texts, [])
    assert.equal(input.status().tlsClientsRefused, 1)
    assert.equal(reasons(harness).length, 1)
    assert.match(reasons(harness)[0] ?? '', reason)
    assert.match(reasons(harness)[0] ?? '', /^127\.0\.0\.1: /)
  }
})

test('N10: every refusal is counted, and told once a minute per peer', async (t) => {
  const clock = new ManualClock(systemClock.nowMs())
  const harness = new Harness(8, clock).consume()
  const input = await started(t, harness)
  for (let i = 0; i < 5; i++) await refused(input)
  await eventually(() => input.status().tlsClientsRefused === 5, 'all five are refused')
  assert.equal(reasons(harness).length, 1)
  clock.advance(61_000)
  await refused(input)
  await eventually(() => reasons(harness).length === 2, 'it is told again')
  assert.equal(harness.events.at(-1)?.count, 5, 'with those held back meanwhile')
  await input.stop()
})

test('N10: a revoked certificate is refused, and new authorities act without a restart', async (t) => {
  const harness = new Harness().consume()
  const input = await started(t, harness)
  const good = await AUTHORITY.issue('CN=good')
  const revoked = await AUTHORITY.issue('CN=stolen')
  clientOf(input, revoked).end('<14>before\n')
  await harness.until(1)
  const list = await AUTHORITY.revoke(revoked.serialNumber)
  input.setClientAuthorities(readAuthorities(`${AUTHORITY.pem}\n${list}\n`, 'test'))
  await refused(input, revoked)
  clientOf(input, good).end('<14>after\n')
  await harness.until(2)
  await input.stop()
  assert.deepEqual(harness.texts, ['<14>before', '<14>after'])
  assert.match(reasons(harness)[0] ?? '', /was revoked/)
})

test('a session is not resumed, so every connection is judged anew', async (t) => {
  const harness = new Harness().consume()
  const input = await started(t, harness)
  const certificate = await AUTHORITY.issue('CN=fw-1')
  const first = clientOf(input, certificate)
  let session: Buffer | undefined
  first.on('session', (ticket) => {
    session = ticket
  })
  first.write('<14>a\n')
  await harness.until(1)
  first.end()
  await once(first, 'close')
  if (session !== undefined) {
    const port = Number(input.address.split(':').at(-1))
    const again = connect({ port, host: '127.0.0.1', ca: SERVER.cert, servername: 'localhost', session })
    again.on('error', () => {})
    again.write('<14>b\n')
    await once(again, 'secureConnect')
    assert.equal(again.isSessionReused(), false)
    await once(again, 'close')
  }
  await input.stop()
  assert.deepEqual(harness.texts, ['<14>a'])
})

test('a connection whose certificate ends is closed', async (t) => {
  const clock = new ManualClock(systemClock.nowMs())
  const harness = new Harness(8, clock).consume()
  const input = await started(t, harness)
  const socket = clientOf(input, await AUTHORITY.issue('CN=fw-1', { endsInMs: 30_000 }))
  socket.write('<14>a\n')
  await harness.until(1)
  assert.equal(socket.destroyed, false)
  clock.advance(31_000)
  await once(socket, 'close')
  await input.stop()
})

test('what is no authority is a configuration error that names the file', () => {
  for (const pem of [
    '',
    'nonsense',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    `${AUTHORITY.pem}\n-----BEGIN CRL-----\nAAAA\n-----END CRL-----`,
  ]) {
    assert.throws(() => readAuthorities(pem, '/etc/ca.pem'), {
      code: 'bad-configuration',
      message: /syslog\.tls\.clientCa: \/etc\/ca\.pem cannot be used/,
    })
  }
})

test('the name is the common name if there is one plain one, else the first DNS name, else none', () => {
  assert.equal(
    clientName('C=XX\nO=Example\nCN=fw-1.example.net', 'DNS:other.example.net'),
    'fw-1.example.net',
  )
  assert.equal(clientName('CN=192.0.2.5', undefined), '192.0.2.5')
  assert.equal(clientName('O=Example', 'email:x@example.net, DNS:fw-2.example.net'), 'fw-2.example.net')
  assert.equal(clientName('', 'IP Address:2001:db8::1'), '2001:db8::1')
  assert.equal(clientName('CN=a\nCN=b', 'DNS:c'), 'c')
  assert.equal(clientName('CN=fw\\0A', undefined), null)
  assert.equal(clientName('CN=x, CN=y', 'DNS:"a, DNS:b"'), null)
  assert.equal(clientName(undefined, undefined), null)
})
