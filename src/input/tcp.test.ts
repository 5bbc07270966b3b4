import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { ManualClock } from '../lib/clock.ts'
import { TcpInput, type TcpOptions } from './tcp.ts'
import type { Certificate } from './tls-front.ts'
import { makeCertificate } from './testing/certificate.ts'
import { eventually, Harness } from './testing/harness.ts'

const OPTIONS: TcpOptions = { listen: '127.0.0.1:0', maxConnections: 50, idleSeconds: 60 }

async function started(harness: Harness, options: Partial<TcpOptions> = {}): Promise<TcpInput> {
  const input = new TcpInput({ ...OPTIONS, ...options }, harness)
  await input.start()
  return input
}

const portOf = (input: TcpInput): number => Number(input.address.split(':').at(-1))

async function connected(input: TcpInput): Promise<Socket> {
  const socket = connect(portOf(input), '127.0.0.1')
  socket.on('error', () => {}) // resets are what some tests are about
  await once(socket, 'connect')
  socket.setNoDelay(true)
  return socket
}

const lines = (count: number, size = 60): string =>
  Array.from({ length: count }, (_, i) => `<14>${i} ${'x'.repeat(size)}\n`).join('')

test('N11: single bytes, one big piece and a half-close give the same messages', async () => {
  const harness = new Harness().consume()
  const input = await started(harness)
  const text = '<14>one\n9 <14>two\n\n<14>three\r\n<14>last'
  const slow = await connected(input)
  for (const char of text) slow.write(char)
  slow.end()
  await harness.until(4)
  const fast = await connected(input)
  fast.end(text)
  await harness.until(8)
  await input.stop()
  const expected = ['<14>one', '<14>two\n'.trim(), '<14>three', '<14>last']
  assert.deepEqual(harness.texts, [...expected, ...expected])
  assert.ok(harness.taken.every((each) => each.transport === 'tcp' && !each.truncated))
  assert.equal(harness.taken[0]?.sender, '127.0.0.1')
})

test('64 KiB in one piece and more is split without loss', async () => {
  const harness = new Harness().consume()
  const input = await started(harness)
  const socket = await connected(input)
  const text = lines(20_000)
  socket.end(text)
  await harness.until(20_000)
  await input.stop()
  assert.equal(`${harness.texts.join('\n')}\n`, text)
  assert.equal(input.status().received, 20_000)
})

test('N11: what came before a reset is delivered, the unfinished message flagged', async () => {
  const harness = new Harness().consume()
  const input = await started(harness)
  const socket = await connected(input)
  socket.write('<14>whole\n<14>uncertain')
  await harness.until(1)
  socket.resetAndDestroy()
  await harness.until(2)
  await eventually(() => input.status().connections === 0, 'the connection is gone')
  await input.stop()
  assert.deepEqual(
    harness.taken.map(({ text, truncated }) => [text, truncated]),
    [
      ['<14>whole', false],
      ['<14>uncertain', true],
    ],
  )
})

test('a quiet stream is delivered without waiting for a full batch', async () => {
  const harness = new Harness().consume()
  const input = await started(harness)
  const socket = await connected(input)
  socket.write('<14>alone\n')
  await harness.until(1)
  assert.equal(socket.destroyed, false)
  socket.destroy()
  await input.stop()
})

test('N12: with no free batch sockets are paused, and every message arrives once there is room', async () => {
  const harness = new Harness(2)
  const input = await started(harness)
  const texts = ['a', 'b', 'c'].map((name) => lines(30_000, 100).replaceAll('<14>', `<14>${name}`))
  for (const text of texts) (await connected(input)).end(text)
  await eventually(() => input.status().paused > 0, 'sockets are paused')
  const before = input.status()
  assert.ok(before.received < 90_000)
  assert.ok(harness.queue.size <= 2)
  harness.consume()
  await harness.until(90_000)
  await eventually(() => input.status().connections === 0, 'all connections end')
  await input.stop()
  for (const [i, name] of ['a', 'b', 'c'].entries()) {
    const own = harness.texts.filter((text) => text.startsWith(`<14>${name}`))
    assert.equal(`${own.join('\n')}\n`, texts[i])
  }
  assert.equal(input.status().bytesLostAtStop, 0)
})

test('F03: a framing error closes its connection only, and is counted', async () => {
  const harness = new Harness().consume()
  const input = await started(harness)
  const bad = await connected(input)
  const good = await connected(input)
  bad.write('<14>before\n99999999999 <14>x\n')
  await once(bad, 'close')
  good.end('<14>good\n')
  await harness.until(2)
  assert.equal(input.status().framingErrors, 1)
  await input.stop()
  assert.deepEqual(harness.texts.sort(), ['<14>before', '<14>good'])
  assert.ok(harness.events.some((event) => event.kind === 'framing-error'))
})

test('N07: connections beyond the caps are turned away and counted', async () => {
  const harness = new Harness().consume()
  const input = await started(harness, { maxConnections: 3, maxConnectionsPerAddress: 2 })
  const first = await connected(input)
  const second = await connected(input)
  const third = await connected(input)
  await once(third, 'close')
  assert.equal(input.status().connections, 2)
  assert.equal(input.status().connectionsRefused, 1)
  first.destroy()
  await eventually(() => input.status().connections === 1, 'a place is free again')
  const fourth = await connected(input)
  fourth.write('<14>x\n')
  await harness.until(1)
  second.destroy()
  fourth.destroy()
  await input.stop()
})

test('at the cap the connection that was silent longest makes room', async () => {
  const clock = new ManualClock(1_000_000)
  const harness = new Harness(8, clock).consume()
  const input = await started(harness, { maxConnections: 2, idleSeconds: 86_400 })
  const silent = await connected(input)
  clock.advance(50_000)
  const talking = await connected(input)
  clock.advance(20_000)
  talking.write('<14>a\n')
  await harness.until(1)
  const closed = once(silent, 'close')
  const next = await connected(input)
  await closed
  next.write('<14>b\n')
  await harness.until(2)
  talking.destroy()
  next.destroy()
  await input.stop()
  assert.equal(input.status().connectionsRefused, 0)
})

test('N08: idle connections and messages that never end are closed; talking ones stay', async () => {
  const clock = new ManualClock(1_000_000)
  const harness = new Harness(8, clock).consume()
  const input = await started(harness, { sweepMs: 5, idleSeconds: 600, frameSeconds: 60 })
  const idle = await connected(input)
  clock.advance(500_000)
  const slow = await connected(input)
  slow.write('<14>begun')
  const talking = await connected(input)
  talking.write('<14>a\n')
  await harness.until(1)
  const slowClosed = once(slow, 'close')
  clock.advance(61_000)
  await slowClosed
  assert.equal(idle.destroyed, false)
  const idleClosed = once(idle, 'close')
  talking.write('<14>b\n')
  await harness.until(3)
  clock.advance(40_000)
  await idleClosed
  assert.equal(talking.destroyed, false)
  assert.equal(input.status().connectionsIdleClosed, 2)
  talking.destroy()
  await input.stop()
  assert.deepEqual(
    harness.taken.filter((each) => each.truncated).map((each) => each.text),
    ['<14>begun'],
  )
})

test('stop delivers what connections had sent', async () => {
  const harness = new Harness()
  const input = await started(harness)
  const socket = await connected(input)
  socket.write('<14>a\n<14>unfinished')
  await eventually(() => input.status().received === 1, 'the line arrived')
  await input.stop()
  await harness.finish()
  assert.deepEqual(harness.texts, ['<14>a', '<14>unfinished'])
})

test('N15: a taken port is an error that names the place and the holder', async () => {
  const harness = new Harness()
  const first = await started(harness)
  await assert.rejects(started(harness, { listen: first.address }), (error) => {
    assert.match(
      String(error),
      new RegExp(
        `cannot listen for syslog on tcp ${first.address}: the port is taken by .*process ${process.pid}`,
      ),
    )
    return true
  })
  await first.stop()
})

async function secureClient(
  input: TcpInput,
  certificate: Certificate,
): Promise<ReturnType<typeof connectTls>> {
  const socket = connectTls({
    port: portOf(input),
    host: '127.0.0.1',
    ca: certificate.cert,
    servername: 'localhost',
  })
  socket.on('error', () => {}) // resets at the end of the test
  await once(socket, 'secureConnect')
  return socket
}

test('TLS carries the same messages, and the certificate can be swapped while it runs', async () => {
  const harness = new Harness().consume()
  const old = await makeCertificate()
  const fresh = await makeCertificate()
  const input = await started(harness, { tls: old })
  const first = await secureClient(input, old)
  input.setCertificate(fresh)
  const second = await secureClient(input, fresh)
  first.end('<14>a\n9 <14>bcdef')
  await harness.until(2)
  second.end('<14>c')
  await harness.until(3)
  await eventually(() => input.status().connections === 0, 'closed TLS connections are not counted any more')
  assert.throws(() => input.setCertificate({ cert: 'no', key: 'no' }), { code: 'bad-configuration' })
  await input.stop()
  assert.deepEqual(harness.texts, ['<14>a', '<14>bcdef', '<14>c'])
  assert.ok(harness.taken.every((each) => each.transport === 'tls' && each.sender === '127.0.0.1'))
})

test('N09: gibberish, a cut handshake and plain syslog on the TLS port are counted, others are served', async () => {
  const harness = new Harness().consume()
  const certificate = await makeCertificate()
  const input = await started(harness, { tls: certificate })
  const gibberish = await connected(input)
  gibberish.write('<14>plain text\n')
  await once(gibberish, 'close')
  const cut = await connected(input)
  cut.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))
  cut.resetAndDestroy()
  await eventually(() => input.status().connections === 0, 'both are gone')
  assert.equal(input.status().tlsHandshakeFailures, 2)
  const good = await secureClient(input, certificate)
  good.end('<14>x\n')
  await harness.until(1)
  await input.stop()
  assert.deepEqual(harness.texts, ['<14>x'])
})

test('N09: connections that never begin a handshake are closed in time', async () => {
  const harness = new Harness().consume()
  const input = await started(harness, { tls: await makeCertificate(), tlsHandshakeMs: 30 })
  const silent = await Promise.all(Array.from({ length: 20 }, () => connected(input)))
  await Promise.all(silent.map((socket) => once(socket, 'close')))
  await eventually(() => input.status().connections === 0, 'all are gone')
  assert.equal(input.status().tlsHandshakeFailures, 20)
  await input.stop()
})

test('a certificate that cannot be used is a configuration error', async () => {
  await assert.rejects(started(new Harness(), { tls: { cert: 'x', key: 'y' } }), {
    code: 'bad-configuration',
  })
})
