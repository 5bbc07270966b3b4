import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { AppError } from './errors.ts'
import { formatListen, parseListen, portHolder, portUnavailable } from './listen-address.ts'

test('a listen text is a host and a port, and an empty host means every address', () => {
  assert.equal(parseListen(''), null)
  assert.deepEqual(parseListen(':8443'), { host: null, port: 8443 })
  assert.deepEqual(parseListen('127.0.0.1:0'), { host: '127.0.0.1', port: 0 })
  assert.deepEqual(parseListen('[::1]:443'), { host: '::1', port: 443 })
  assert.equal(formatListen({ host: '::1', port: 443 }), '[::1]:443')
  assert.equal(formatListen({ host: null, port: 443 }), '*:443')
})

test('a listen text that is none is a fault of the configuration', () => {
  for (const text of ['8443', ':99999', '::1:443', 'a b:1']) {
    assert.throws(
      () => parseListen(text),
      (error) => error instanceof AppError && error.code === 'bad-configuration',
    )
  }
})

test('the holder of a taken port is named, with the setting that mends it', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  assert.ok(bound !== null && typeof bound === 'object')
  try {
    assert.match((await portHolder('tcp', bound.port)) ?? '', new RegExp(`process ${process.pid}`))
    const cause = Object.assign(new Error('taken'), { code: 'EADDRINUSE' })
    const error = await portUnavailable('HTTPS', 'tcp', { host: null, port: bound.port }, 'web.listen', cause)
    assert.equal(error.code, 'port-unavailable')
    assert.match(error.message, new RegExp(`taken by .*process ${process.pid}.*--set web.listen=:PORT`))
  } finally {
    server.close()
  }
})

test('a port that is not permitted names the capability', async () => {
  const cause = Object.assign(new Error('denied'), { code: 'EACCES' })
  const error = await portUnavailable('syslog', 'udp', { host: null, port: 514 }, 'syslog.udp.listen', cause)
  assert.match(error.message, /udp \*:514: not permitted.*CAP_NET_BIND_SERVICE/)
})
