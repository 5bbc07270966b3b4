import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawBatch, type Transport } from '../model/raw-batch.ts'
import { octetCounted, relayAddress } from './relay-target.ts'
import { pointsAtUs, Relay, type RelayStatus } from './relay.ts'

const NO_PORTS = { udp: [], tcp: [] }

function batchOf(lines: readonly string[], transport: Transport = 'udp'): RawBatch {
  const raw = new RawBatch(1 << 16)
  raw.transport = transport
  for (const line of lines) {
    const bytes = Buffer.from(line)
    raw.reserve(bytes.length)
    raw.add(bytes, 0, bytes.length, 0)
  }
  return raw
}

function relayOf(t: TestContext, ownPorts = NO_PORTS, limitBytes?: number): Relay {
  const relay = new Relay(() => ownPorts, limitBytes)
  t.after(() => relay.stop())
  return relay
}

async function until(what: string, is: () => boolean): Promise<void> {
  const endMs = performance.now() + 10_000
  while (!is()) {
    if (performance.now() > endMs) assert.fail(`did not happen: ${what}`)
    await sleep(5)
  }
}

/** A TCP server that keeps what comes, and can be started again on its port. */
async function receiver(t: TestContext, port = 0) {
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => chunks.push(chunk))
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  t.after(close)
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close,
    text: () => Buffer.concat(chunks).toString(),
  }
}

const counts = (relay: Relay): Partial<RelayStatus> => {
  const { sentLines, shedLines, failedLines, waitingLines } = relay.status() as RelayStatus
  return { sentLines, shedLines, failedLines, waitingLines }
}

test('lines go out over UDP as they came, one datagram each', async (t) => {
  // 300 datagrams fill the kernel's usual buffer when nobody reads for a moment
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 })
  t.after(() => socket.close())
  const got: Buffer[] = []
  socket.on('message', (message) => got.push(message))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const relay = relayOf(t)
  assert.equal(relay.status(), null)
  relay.take(batchOf(['before it is on']))
  await relay.configure({ to: `udp://127.0.0.1:${socket.address().port}`, files: false })
  const lines = Array.from({ length: 300 }, (_, i) => `<14>line ${i} \u00e9`)
  const raw = batchOf(lines)
  relay.take(raw)
  raw.bytes.fill(0) // the pipeline reuses the batch at once
  relay.take(batchOf(['of a file'], 'file'))
  relay.take(batchOf(['by post'], 'http'))
  await until('all have come', () => got.length >= 301)
  assert.deepEqual(got.map(String), [...lines, 'by post'])
  await until('all are counted', () => relay.status()?.waitingLines === 0)
  assert.deepEqual(counts(relay), { sentLines: 301, shedLines: 0, failedLines: 0, waitingLines: 0 })
  assert.equal(relay.status()?.state, 'connected')
})

test('over TCP lines are octet-counted, files come along when asked for, and a stop sends what waits', async (t) => {
  const there = await receiver(t)
  const relay = relayOf(t)
  await relay.configure({ to: `tcp://127.0.0.1:${there.port}`, files: true })
  relay.take(batchOf(['<14>a\u00e9', '<14>two\nlines']))
  relay.take(batchOf(['from a file'], 'file'))
  await relay.configure({ to: '', files: true })
  await until('all have come', () => there.text().length >= 34)
  assert.equal(there.text(), '7 <14>a\u00e913 <14>two\nlines11 from a file')
  assert.equal(relay.status(), null)
})

test('a target that is away is tried again, and lines wait for it', async (t) => {
  const first = await receiver(t)
  const relay = relayOf(t)
  await relay.configure({ to: `tcp://127.0.0.1:${first.port}`, files: false })
  relay.take(batchOf(['<14>one']))
  await until('the first has come', () => first.text() === '7 <14>one')
  first.close()
  await until('it hears of the end', () => {
    relay.take(batchOf(['<14>lost or late']))
    return relay.status()?.state === 'failing'
  })
  assert.notEqual(relay.status()?.reason, '')
  relay.take(batchOf(['<14>last']))
  const second = await receiver(t, first.port)
  await until('the last has come', () => second.text().endsWith('8 <14>last'))
  await until('it is well again', () => relay.status()?.state === 'connected')
  assert.equal(relay.status()?.waitingLines, 0)
})

test('what may wait is bounded: more is shed and counted, and nothing waits for the target', async (t) => {
  const relay = relayOf(t, NO_PORTS, 1000)
  await relay.configure({ to: 'tcp://127.0.0.1:1', files: false })
  for (let i = 0; i < 100; i++) relay.take(batchOf(['x'.repeat(99)]))
  assert.deepEqual(counts(relay), { sentLines: 0, shedLines: 90, failedLines: 0, waitingLines: 10 })
  assert.equal(relay.status()?.waitingBytes, 990)
  await relay.stop()
  assert.deepEqual(counts(relay), { sentLines: 0, shedLines: 90, failedLines: 10, waitingLines: 0 })
})

test('relaying to ourselves is refused', async (t) => {
  const ownPorts = { udp: [5514], tcp: [] }
  const relay = relayOf(t, ownPorts as never)
  await relay.configure({ to: 'udp://127.0.0.1:5514', files: false })
  relay.take(batchOf(['<14>round and round']))
  assert.equal(relay.status()?.state, 'refused')
  const at = (text: string): boolean => pointsAtUs(relayAddress(text), ownPorts)
  assert.ok(at('udp://localhost:5514') && at('udp://[::1]:5514') && at(`udp://${hostname()}:5514`))
  assert.ok(!at('tcp://127.0.0.1:5514') && !at('udp://127.0.0.1:5515') && !at('udp://192.0.2.1:5514'))
})

test('addresses and frames', () => {
  assert.deepEqual(relayAddress('tcp://[2001:db8::1]:601'), {
    protocol: 'tcp',
    host: '2001:db8::1',
    port: 601,
  })
  assert.deepEqual(relayAddress('udp://old.example.net:514'), {
    protocol: 'udp',
    host: 'old.example.net',
    port: 514,
  })
  const long = 'y'.repeat(65_536)
  const bytes = Buffer.from(`ab${long}`)
  const piece = { bytes, start: Uint32Array.of(0, 2), end: Uint32Array.of(2, bytes.length) }
  assert.equal(octetCounted(piece).toString(), `2 ab65536 ${long}`)
})
