import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../config/schema.ts'
import { checkMemory, checkPrivilegedPorts, checkReceiveBuffer, diskCheck } from './doctor.ts'

const GIB = 1 << 30

test('a small receive buffer is a warning with the sysctl line', () => {
  const settings = { ...defaultSettings(), 'syslog.udp.receiveBuffer': 8_388_608 }
  const small = checkReceiveBuffer(settings, 212_992)
  assert.equal(small.state, 'warn')
  assert.match(small.mend, /^sudo sysctl -w net\.core\.rmem_max=8388608;/)
  assert.equal(checkReceiveBuffer(settings, 8_388_608).state, 'ok')
  assert.equal(checkReceiveBuffer(settings, null).state, 'ok')
  assert.equal(checkReceiveBuffer({ ...settings, 'syslog.udp.listen': '' }, 1).state, 'ok')
})

test('ports below the unprivileged start fail for an ordinary user only', () => {
  const settings = { ...defaultSettings(), 'syslog.udp.listen': ':514', 'web.listen': '[::1]:443' }
  assert.deepEqual(
    checkPrivilegedPorts(settings, 1024, false).map(({ state, message }) => `${state} ${message}`),
    [
      'fail syslog.udp.listen :514: this user may not bind port 514.',
      'fail web.listen [::1]:443: this user may not bind port 443.',
    ],
  )
  assert.deepEqual(checkPrivilegedPorts(settings, 1024, true), [])
  assert.deepEqual(checkPrivilegedPorts(settings, 443, false), [])
})

test('disk and memory have limits', () => {
  assert.equal(diskCheck(50 * GIB, 100 * GIB).state, 'ok')
  assert.equal(diskCheck(10 * GIB, 100 * GIB).state, 'warn')
  assert.equal(diskCheck(0.5 * GIB, 100 * GIB).state, 'fail')
  assert.equal(checkMemory(4 * GIB, GIB).state, 'ok')
  assert.equal(checkMemory(1 * GIB, GIB).state, 'warn')
})
