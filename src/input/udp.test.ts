import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { test } from 'node:test'
import { AppError } from '../lib/errors.ts'
import { kernelHex, parseSocketTable } from './proc-net.ts'
import { senderAddress } from './sender-address.ts'
import { eventually, Harness } from './testing/harness.ts'
import { UdpInput } from './udp.ts'

async function send(address: string, messages: (string | Buffer)[]): Promise<void> {
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  const socket = createSocket('udp4')
  for (const message of messages) {
    await new Promise<void>((resolve, reject) => {
      socket.send(message, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
    })
  }
  socket.close()
}

test('F02: line ends and NULs at the end of a datagram are cut, empty datagrams counted, 65,507 bytes whole', async () => {
  const harness = new Harness().consume()
  const input = new UdpInput({ listen: '127.0.0.1:0', receiveBufferBytes: 1 << 20 }, harness)
  await input.start()
  const big = `<14>${'b'.repeat(65_503)}`
  await send(input.address, ['<14>a\n', '<14>b\0', '<14>c\r\n\0', '', '\n\0', '<14>d\ne', big])
  await harness.until(5)
  await input.stop()
  assert.deepEqual(harness.texts, ['<14>a', '<14>b', '<14>c', '<14>d\ne', big])
  assert.ok(
    harness.taken.every((each) => each.sender === '127.0.0.1' && each.transport === 'udp' && each.live),
  )
  const { received, receivedBytes, empty, shed } = input.status()
  assert.deepEqual(
    { received, receivedBytes, empty, shed },
    { received: 5, receivedBytes: 65_529, empty: 2, shed: 0 },
  )
})

test('an empty host listens on IPv4 and IPv6, and an IPv4 sender is shown as IPv4', async () => {
  const harness = new Harness().consume()
  const input = new UdpInput({ listen: ':0', receiveBufferBytes: 1 << 18 }, harness)
  await input.start()
  await send(input.address, ['<14>x'])
  await harness.until(1)
  await input.stop()
  assert.equal(harness.taken[0]?.sender, '127.0.0.1')
})

test('N13: a sender is one address, mapped or not, with or without a zone', () => {
  assert.equal(senderAddress('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(senderAddress('192.0.2.7'), '192.0.2.7')
  assert.equal(senderAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(senderAddress('2001:db8::1'), '2001:db8::1')
})

test('with no free batch messages are shed and counted to their sender, and taken again later', async () => {
  const harness = new Harness(1)
  const input = new UdpInput({ listen: '127.0.0.1:0', receiveBufferBytes: 1 << 20, dropCheckMs: 20 }, harness)
  await input.start()
  await send(input.address, ['<14>kept'])
  await eventually(() => harness.queue.size === 1, 'the batch is delivered after 20 ms')
  await send(input.address, ['<14>lost', '<14>lost'])
  await eventually(() => input.status().shed === 2, 'two messages are shed')
  assert.deepEqual(input.status().shedBySender, [{ sender: '127.0.0.1', shed: 2 }])
  await eventually(
    () => harness.events.some((event) => event.kind === 'messages-shed'),
    'the loss is reported',
  )
  harness.consume()
  await harness.until(1)
  await send(input.address, ['<14>again'])
  await harness.until(2)
  await input.stop()
  assert.deepEqual(harness.texts, ['<14>kept', '<14>again'])
})

test('N02: what the kernel drops is counted for our own socket', {
  skip: process.platform !== 'linux',
}, async () => {
  const harness = new Harness()
  const input = new UdpInput({ listen: '127.0.0.1:0', receiveBufferBytes: 65_536 }, harness)
  await input.start()
  const port = Number(input.address.split(':')[1])
  const sender = createSocket('udp4')
  // Sent in one turn of the event loop, so that nobody reads meanwhile and the small buffer must overflow.
  sender.bind(0, '127.0.0.1')
  await new Promise((resolve) => {
    sender.once('listening', resolve)
  })
  const message = Buffer.alloc(1400, 'x')
  const sent = 400
  let done = 0
  for (let i = 0; i < sent; i++) sender.send(message, port, '127.0.0.1', () => done++)
  await eventually(() => done === sent, 'everything is sent')
  let status = input.status()
  await eventually(() => {
    void input.checkKernelDrops()
    status = input.status()
    return status.received + status.kernelDrops === sent
  }, 'every datagram is either received or counted as dropped')
  sender.close()
  await input.stop()
  await harness.finish()
  assert.equal(status.received, harness.taken.length)
  assert.ok(status.kernelDrops > 0, 'the test did not overflow the buffer')
})

test('a limited receive buffer is a finding with the command that mends it', async () => {
  const harness = new Harness()
  const input = new UdpInput({ listen: '127.0.0.1:0', receiveBufferBytes: 1 << 30 }, harness)
  await input.start()
  const [finding] = input.findings()
  const { receiveBufferBytes } = input.status()
  await input.stop()
  assert.ok(receiveBufferBytes > 0 && receiveBufferBytes < 1 << 30)
  assert.equal(finding?.code, 'receive-buffer-limited')
  assert.match(finding.mend, /sysctl -w net\.core\.rmem_max=1073741824/)
})

test('N15: a taken port is an error that names the place, the holder and the mend', async () => {
  const harness = new Harness()
  const first = new UdpInput({ listen: '127.0.0.1:0', receiveBufferBytes: 65_536 }, harness)
  await first.start()
  const second = new UdpInput({ listen: first.address, receiveBufferBytes: 65_536 }, harness)
  await assert.rejects(second.start(), (error) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'port-unavailable')
    assert.ok(error.message.startsWith(`cannot listen for syslog on udp ${first.address}: the port is taken`))
    assert.match(error.message, new RegExp(`process ${process.pid}`))
    return true
  })
  await first.stop()
})

test('a listen setting that is no address is a configuration error', async () => {
  const input = new UdpInput({ listen: '127.0.0.1:70000', receiveBufferBytes: 65_536 }, new Harness())
  await assert.rejects(input.start(), { code: 'bad-configuration' })
})

test('the kernel tables are read as proc(5) writes them', () => {
  const text = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    '  401: 0100007F:1F90 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 31337 2 00000000 17',
    'garbage',
    '',
  ].join('\n')
  assert.deepEqual(parseSocketTable(text), [{ addressHex: '0100007F', port: 8080, drops: 17 }])
  assert.equal(kernelHex('127.0.0.1'), '0100007F')
  assert.equal(kernelHex('::'), '0'.repeat(32))
  assert.equal(kernelHex('::1'), `${'0'.repeat(24)}01000000`)
})
