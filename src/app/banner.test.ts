/** What is printed when the service runs: the addresses in use, and the next step with what really listens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputStatus } from '../pipeline-messages.ts'
import { bannerLines } from './banner.ts'

const input = (name: string, address: string | null): InputStatus => ({
  name,
  address,
  counters: {},
  findings: [],
})
const banner = (inputs: readonly InputStatus[]): string =>
  bannerLines({
    version: '0.1.0',
    dataFolder: '/data',
    inputs,
    pageUrl: 'https://192.0.2.10:8443/',
    listUrl: 'https://192.0.2.10:8443/files/blacklist.txt',
    listEntries: 1,
    setupCode: 'ABCD',
    findings: [{ message: 'The buffer is small.', mend: 'Make it larger.' }],
    isDemo: false,
  }).join('\n')

test('the banner names what listens, the list, the setup code, and what stands in the way with its mend', () => {
  const text = banner([input('udp', '[::]:5514'), input('tcp', null)])
  assert.match(text, /Syslog over UDP +\[::\]:5514\n/)
  assert.match(text, /Syslog over TCP +off\n/)
  assert.match(text, /blacklist\.txt {2}\(1 entry\)/)
  assert.match(text, /Setup code +ABCD/)
  assert.match(text, /! The buffer is small\.\n +Mend: Make it larger\./)
})

test('the firewall is told the first transport that listens', () => {
  assert.match(
    banner([input('udp', '[::]:5514'), input('tcp', '[::]:5515')]),
    /this machine, UDP, port 5514,/,
  )
  assert.match(banner([input('tcp', '127.0.0.1:5515')]), /this machine, TCP, port 5515,/)
  assert.match(banner([input('udp', null), input('tls', '[::]:6514')]), /this machine, SSL, port 6514,/)
  assert.match(
    banner([input('file', 'following 1 file')]),
    /this machine, once a syslog listener is switched on/,
  )
})
