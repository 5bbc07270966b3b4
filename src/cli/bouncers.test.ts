/** The words of `bouncers` and `import`, against a service that answers what the test gives. */
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { FakeService } from './testing-service.ts'

const service = new FakeService()
after(() => service.end())
beforeEach(() => {
  service.asked.length = 0
})

const USE = {
  address: '192.0.2.7',
  agent: 'crowdsec-firewall-bouncer',
  agentVersion: 'v0.0.25',
  firstSeenAt: '2026-01-31T11:00:00.000Z',
  lastSeenAt: '2026-01-31T12:00:00.000Z',
  lastPullAt: '2026-01-31T12:00:00.000Z',
  pulls: 7,
  lastAnswer: { isWhole: false, began: 2, ended: 1 },
}
const BOUNCER = {
  name: 'web-1',
  version: 1,
  note: 'reverse \u001b[2Jproxy',
  hasKey: true,
  certificate: null,
  hostsOnly: true,
  sources: ['192.0.2.0/24'],
  createdAt: '2026-01-31T10:00:00.000Z',
  createdBy: 'anna',
  lastPullAt: USE.lastPullAt,
  uses: [USE],
}
const IMPORT = {
  name: 'partner',
  version: 1,
  direction: 'block',
  from: 'https://lists.example.net/bad.txt',
  hosts: [],
  refreshMinutes: 60,
  confidence: 80,
  keepHours: 168,
  takesWide: false,
  maxEntries: 100_000,
  hasAuthorization: false,
  pin: null,
  note: '',
  createdAt: '2026-01-31T10:00:00.000Z',
  createdBy: 'anna',
  lastTryAt: null,
  lastOkAt: null,
  problem: 'it shrank from 40 to 2 entries',
  held: true,
  entries: 40,
  unreadable: 1,
  added: 3,
  ended: 2,
  leftOut: [{ reason: 'protected', count: 4, examples: ['10.0.0.1'] }],
}

test('bouncers add prints the key alone on stdout', async () => {
  await service.serve({ addBouncer: { bouncer: BOUNCER, key: 'the-key-of-web-1' } })
  const ran = await service.run(['bouncers', 'add', 'web-1', '--hosts-only', '--from', '192.0.2.0/24'])
  assert.deepEqual([ran.code, ran.out], [0, 'the-key-of-web-1\n'])
  assert.match(ran.err, /cannot be shown again/)
  const input = { name: 'web-1', hostsOnly: true, sources: ['192.0.2.0/24'], note: '' }
  assert.deepEqual(service.asked[0]?.slice(0, 2), ['addBouncer', input])
})

test('bouncers change sends what was said alone, and prints a new key', async () => {
  await service.serve({ changeBouncer: { bouncer: BOUNCER, key: 'another-key' } })
  const ran = await service.run([
    'bouncers',
    'change',
    'web-1',
    '--new-key',
    '--from',
    'any',
    '--reason',
    'yearly',
  ])
  assert.deepEqual([ran.code, ran.out], [0, 'another-key\n'])
  const input = { name: 'web-1', sources: [], newKey: true, reason: 'yearly' }
  assert.deepEqual(service.asked[0]?.slice(0, 2), ['changeBouncer', input])
  await service.serve({ changeBouncer: { bouncer: BOUNCER, key: null } })
  const other = await service.run(['bouncers', 'change', 'web-1', '--no-hosts-only', '--certificate', 'none'])
  assert.deepEqual([other.code, other.out], [0, 'web-1 is changed\n'])
  const said = { name: 'web-1', certificate: null, hostsOnly: false, newKey: false, reason: '' }
  assert.deepEqual(service.asked[1]?.[1], said)
})

test('import change and compare change send what was said alone', async () => {
  await service.serve({ changeImport: IMPORT })
  const ran = await service.run([
    'import',
    'change',
    'partner',
    '--every',
    '15m',
    '--confidence',
    'none',
    '--authorization',
    'none',
    '--no-wide',
    '--reason',
    'fresher',
  ])
  assert.equal(ran.code, 0, ran.err)
  assert.deepEqual(service.asked[0]?.[1], {
    name: 'partner',
    refreshMinutes: 15,
    confidence: null,
    authorization: null,
    takesWide: false,
    reason: 'fresher',
  })
  const compared = await service.run(['compare', 'change', 'old', '--pin', 'none'])
  assert.equal(compared.code, 0, compared.err)
  assert.deepEqual(service.asked[1]?.[1], { name: 'old', pin: null, reason: '' })
})

test('bouncers list and show say who fetched what, and hostile text does not reach the terminal', async () => {
  const item = { name: 'dropped', value: 42, unit: 'packet', labels: { origin: 'crowdsec' } }
  const metrics = {
    at: '2026-01-31T12:00:00.000Z',
    address: '192.0.2.7',
    type: 'crowdsec-firewall-bouncer',
    version: 'v0.0.31',
    operatingSystem: 'debian 12',
    startedAt: null,
    windowSeconds: 600,
    items: [item],
  }
  await service.serve({
    listBouncers: [BOUNCER, { ...BOUNCER, name: 'new', uses: [], lastPullAt: null }],
    showBouncer: { bouncer: BOUNCER, metrics: [metrics] },
  })
  const list = await service.run(['bouncers', 'list'])
  assert.equal(list.code, 0, list.err)
  assert.match(list.out, /web-1 +192\.0\.2\.7 .*crowdsec-firewall-bouncer +v0\.0\.25 +hosts/)
  assert.match(list.out, /new +- +never/)
  assert.match(list.out, /2 bouncers/)
  const show = await service.run(['bouncers', 'show', 'web-1'])
  assert.match(show.out, /changes: 2 new, 1 ended/)
  assert.match(show.out, /dropped +42 +packet +origin=crowdsec/)
  assert.ok(!`${list.out}${show.out}`.includes('\u001b'))
})

test('import block sends what was said, in the units of the service', async () => {
  await service.serve({ addImport: { import: IMPORT, preview: null } })
  const ran = await service.run([
    'import',
    'block',
    'partner',
    '--from',
    'https://lists.example.net/bad.txt',
    '--every',
    '2h',
    '--keep',
    '3d',
    '--confidence',
    '80',
  ])
  assert.equal(ran.code, 0, ran.err)
  const { from } = IMPORT
  assert.deepEqual(service.asked[0]?.[1], {
    name: 'partner',
    direction: 'block',
    from,
    hosts: [],
    refreshMinutes: 120,
    confidence: 80,
    keepHours: 72,
    takesWide: false,
    maxEntries: 100_000,
    note: '',
    dryRun: false,
  })
  const bad = await service.run(['import', 'block', 'partner', '--from', from, '--every', 'often'])
  assert.equal(bad.code, 2)
})

test('import show tells what was left out and what is held; compare shows both sides', async () => {
  await service.serve({
    showImport: IMPORT,
    listImports: [IMPORT, { ...IMPORT, name: 'old', direction: 'compare' }],
    compareList: [
      { target: '198.51.100.7', side: 'theirs', why: 'no rule has found anything against it' },
      { target: '198.51.100.8', side: 'ours', why: 'blocked since ...' },
    ],
  })
  const show = await service.run(['import', 'show', 'partner'])
  assert.match(show.out, /held: it shrank/)
  assert.match(show.out, /protected +4 +10\.0\.0\.1/)
  const list = await service.run(['import', 'list'])
  assert.match(list.out, /partner/)
  assert.ok(!list.out.includes('old'))
  const compared = await service.run(['compare', 'run', 'old'])
  assert.match(compared.out, /198\.51\.100\.7 +theirs only +no rule/)
  assert.match(compared.out, /1 on their list only, 1 on ours only/)
})
