/** `firewalls` on the command line: what it asks the service, what it prints, and that a key is no argument. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Reply } from '../api/control-contract.ts'
import { FakeService } from './testing-service.ts'

const service = new FakeService()

const EDGE: Reply<'listFirewalls'> = {
  id: 'f1',
  name: 'edge\u001b[2J',
  written: { intervalSeconds: null, feed: 'blacklist' },
  origin: 'named',
  addresses: ['203.0.113.1'],
  devices: ['LAB-FW-01'],
  intervalSeconds: 300,
  fetches: 12,
  lastFetchedAt: '2026-01-15T12:00:00.000Z',
  feeds: [{ feed: 'blacklist', revision: 812, lastFetchedAt: '2026-01-15T12:00:00.000Z', fetches: 12 }],
  loaded: [
    { feed: 'blacklist', at: '2026-01-15T12:00:10.000Z', valid: 3, ignored: 1, invalid: 0, expected: 4 },
  ],
  denied: 142,
  allowed: 2,
  lastDeniedAt: null,
  leaks: 1,
  api: null,
  version: 1,
}
const LEAK: Reply<'listLeaks'> = {
  target: '198.51.100.7',
  firewall: 'f1',
  firewallName: 'edge',
  firstAt: '2026-01-15T12:00:00.000Z',
  lastAt: '2026-01-15T12:05:00.000Z',
  lines: 7,
  rule: 'Web servers',
}
const FINDING = {
  code: 'no-deny-rule',
  severity: 'critical',
  message: 'It denies nothing.',
  mend: 'Make the rule.',
} as const

before(() =>
  service.serve({
    listFirewalls: [EDGE],
    showFirewall: { firewall: EDGE, leaks: [LEAK] },
    addFirewall: EDGE,
    changeFirewall: EDGE,
    removeFirewall: { message: 'edge is no longer written down' },
    checkFirewall: { ok: false, findings: [FINDING], firewall: EDGE },
    refreshFirewall: { message: 'edge fetches the list now' },
    listLeaks: [LEAK],
    listEnforcement: [],
  }),
)
after(() => service.end())

test('list and show print what is known, with hostile names made visible', async () => {
  const listed = await service.run(['firewalls', 'list'])
  assert.equal(listed.code, 0)
  assert.match(listed.out, /edge\\x1b\[2J +203\.0\.113\.1 +LAB-FW-01 .* blacklist:812 +142 +1/)
  const { out } = await service.run(['firewalls', 'show', 'edge'])
  assert.match(out, /loaded 3 of 4 entries of blacklist, 1 ignored/)
  assert.match(out, /198\.51\.100\.7 +7 .* Web servers/)
  assert.match((await service.run(['firewalls', 'leaks'])).out, /1 leak\n$/)
  assert.match((await service.run(['firewalls', 'idle'])).out, /0 that have stopped nothing/)
})

test('add takes the key from a file, and change sends only what is named', async () => {
  const keyFile = join(service.folder, 'key.txt')
  writeFileSync(keyFile, 'the-key\n')
  const words = [
    '--address',
    '203.0.113.1',
    '--device',
    'LAB-FW-01',
    '0132',
    '--api',
    '192.0.2.1',
    '--key-file',
    keyFile,
  ]
  const added = await service.run([
    'firewalls',
    'add',
    'edge',
    ...words,
    '--list',
    'Blacklist',
    '--tag',
    'ads',
  ])
  assert.equal(added.code, 0, added.err)
  const [, input] = service.asked.findLast(([name]) => name === 'addFirewall') ?? []
  assert.deepEqual(input, {
    name: 'edge',
    addresses: ['203.0.113.1'],
    devices: ['LAB-FW-01', '0132'],
    intervalSeconds: null,
    feed: 'blacklist',
    api: {
      host: '192.0.2.1',
      port: 443,
      ca: null,
      fingerprint: null,
      vsys: [],
      list: 'Blacklist',
      refresh: true,
      readBack: true,
      register: { tag: 'ads', timeoutSeconds: 3600 },
      clearSessions: false,
      key: 'the-key',
    },
    reason: '',
  })
  assert.doesNotMatch(added.out + added.err, /the-key/)

  await service.run([
    'firewalls',
    'change',
    'edge',
    '--refresh',
    'off',
    '--tag',
    'off',
    '--interval',
    'learned',
  ])
  const [, change] = service.asked.findLast(([name]) => name === 'changeFirewall') ?? []
  assert.deepEqual(change, {
    firewall: 'edge',
    intervalSeconds: null,
    api: { refresh: false, register: null },
    reason: '',
  })
})

test('faults of typing are told before the service is asked', async () => {
  for (const words of [
    ['add', 'edge', '--api', '192.0.2.1'],
    ['add', 'edge', '--key-file', '/nowhere/key'],
    ['change', 'edge', '--refresh', 'maybe'],
    ['change', 'edge', '--port', 'https'],
  ]) {
    const ran = await service.run(['firewalls', ...words])
    assert.equal(ran.code, 2, words.join(' '))
  }
})

test('check ends with 1 when something must be mended', async () => {
  const ran = await service.run(['firewalls', 'check', 'edge'])
  assert.equal(ran.code, 1)
  assert.match(ran.out, /critical: It denies nothing\.\n {2}Make the rule\./)
  assert.match((await service.run(['firewalls', 'refresh', 'edge'])).out, /fetches the list now/)
  assert.match((await service.run(['firewalls', 'remove', 'edge'])).out, /no longer/)
})
