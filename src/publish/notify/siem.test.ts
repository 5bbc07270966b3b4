import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { batchOf, noticeOf } from './notice-fixture.ts'
import { type SiemTo, sendSiem, siemMessage } from './siem.ts'

const TO: SiemTo = {
  host: '127.0.0.1',
  port: 0,
  transport: 'udp',
  format: 'cef',
  lines: 1,
  hostName: 'log-1',
  version: '0.1.0',
}

test('CEF carries target, rule, country and one line; separators in data are escaped', () => {
  const text = siemMessage(noticeOf({ title: 'a|b\\c', lines: ['SrcIP=198.51.100.7\r\nx'] }), TO)
  assert.match(
    text,
    /^<110>1 2026-11-22T12:00:00\.000Z log-1 active-defense - block - CEF:0\|Active Defense\|/,
  )
  assert.match(text, /\|block\|a\\\|b\\\\c\|3\|rt=1795348800000 /)
  assert.match(text, / src=198\.51\.100\.7 .* dst=203\.0\.113\.10 cnt=11 dvchost=fw-1 .*cs2=port-scan /)
  assert.match(text, / msg=Country and network: Testland rawEvent=SrcIP\\=198\.51\.100\.7\\\\x0d\\\\x0ax$/)
  assert.doesNotMatch(text, /[\r\n]/)
})

test('JSON is one line that can be read back, and gives up lines before it grows too large', () => {
  const notice = noticeOf({ lines: ['x\u2028\u202e\n'] })
  const text = siemMessage(notice, { ...TO, format: 'json' })
  assert.doesNotMatch(text, /[\r\n\u2028\u202e]/)
  const body = JSON.parse(text.slice(text.indexOf('{'))) as { lines: string[]; block: { rule: string } }
  assert.deepEqual(body.lines, ['x\u2028\u202e\n'])
  assert.equal(body.block.rule, 'port-scan')
  const long = siemMessage(noticeOf({ lines: Array.from({ length: 20 }, () => 'y'.repeat(1000)) }), {
    ...TO,
    format: 'json',
    lines: 20,
  })
  assert.ok(long.length < 8200)
  assert.equal((JSON.parse(long.slice(long.indexOf('{'))) as { lines?: unknown }).lines, undefined)
})

test('UDP sends a datagram a notice, TCP counts octets; nobody there is a failure that may pass', async (t) => {
  const batch = batchOf([noticeOf(), noticeOf({ topic: 'lift', title: 'lifted ü' })])
  const socket = createSocket('udp4')
  const datagrams: string[] = []
  socket.on('message', (bytes) => datagrams.push(bytes.toString('utf8')))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  const first = once(socket, 'message')
  assert.equal((await sendSiem({ ...TO, port: socket.address().port }, batch)).ok, true)
  await first
  while (datagrams.length < 2) await once(socket, 'message')
  assert.match(datagrams[1] ?? '', /lifted ü/)

  const server = createServer()
  let stream = ''
  server.on('connection', (connection) => {
    connection.setEncoding('utf8')
    connection.on('data', (text: string) => {
      stream += text
    })
    connection.on('end', () => server.emit('whole'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const whole = once(server, 'whole')
  assert.equal((await sendSiem({ ...TO, port, transport: 'tcp' }, batch)).ok, true)
  await whole
  const [count = '', rest] = /^(\d+) (.*)/.exec(stream)?.slice(1) ?? []
  assert.ok(rest)
  const bytes = Buffer.from(stream)
  assert.match(bytes.subarray(count.length + 1 + Number(count)).toString('utf8'), /^\d+ <110>1 .*lifted ü/)

  server.close()
  await once(server, 'close')
  const away = await sendSiem({ ...TO, port, transport: 'tcp' }, batch)
  assert.ok(!away.ok && !away.isPermanent)
})
