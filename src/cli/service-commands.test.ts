/** The other commands that ask the service, against a real control server. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, test } from 'node:test'
import type { SettingView, StatusView } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import { FakeService, type Ran } from './testing-service.ts'

let service!: FakeService
beforeEach(() => {
  service = new FakeService()
})
afterEach(() => service.end())

test('without a service every command exits 4 with one line', async () => {
  const commands = [
    ['status'],
    ['explain', '198.51.100.7'],
    ['blocks', 'list'],
    ['blocks', 'add', '198.51.100.7', '--reason', 'x'],
    ['allow', 'check', '198.51.100.7'],
    ['withdraw', '--since', '1h'],
    ['freeze'],
    ['engine', 'off'],
    ['settings', 'list'],
    ['reload'],
  ]
  for (const argv of commands) {
    const { code, out, err } = await service.run(argv)
    assert.equal(code, 4, argv.join(' '))
    assert.equal(out, '')
    assert.match(
      err,
      /^active-defense: no service answers .*is the service running on this data folder\?.*\n$/,
    )
  }
})

test('errors of the service keep their exit codes', async () => {
  const cases: [AppError, number][] = [
    [new AppError('bad-configuration', 'bad file'), 3],
    [new AppError('unsafe', 'no'), 7],
    [new AppError('state-unavailable', 'disk\nfull'), 1],
  ]
  for (const [error, code] of cases) {
    await service.serve({ reload: error })
    const ran = await service.run(['reload'])
    assert.equal(ran.code, code)
    assert.equal(ran.err, `active-defense: ${error.message.replace('\n', ' ')}\n`)
  }
})

const withdrawn = (input: unknown) => ({
  dryRun: (input as { dryRun: boolean }).dryRun,
  count: 2,
  targets: ['198.51.100.7', '198.51.100.8'],
})

test('withdraw where nobody can be service.asked wants --yes and changes nothing without', async () => {
  await service.serve({ withdraw: withdrawn })
  const refused = await service.run(['withdraw', '--since', '1h'])
  assert.equal(refused.code, 7)
  assert.match(refused.err, /this would lift 2 blocks: look with --dry-run, then give --yes/)
  assert.deepEqual(
    service.asked.map(([, input]) => (input as { dryRun: boolean }).dryRun),
    [true],
  )
  const dry = await service.run(['withdraw', '--since', '1h', '--dry-run'])
  assert.equal(dry.out, 'would lift 2 blocks:\n  198.51.100.7\n  198.51.100.8\n')
  const done = await service.run([
    'withdraw',
    '--since',
    '1h',
    '--rule',
    'Port Scan Attack v2',
    '--reason',
    'test gone wrong',
    '--yes',
  ])
  assert.equal(done.out, 'lifted 2 blocks:\n  198.51.100.7\n  198.51.100.8\n')
  const input = {
    since: '2026-11-22T07:30:00.000Z',
    rule: 'host-sweep',
    reason: 'test gone wrong',
    dryRun: false,
  }
  assert.deepEqual(service.asked.at(-1), ['withdraw', input, 'ann'])
})

test('withdraw on a terminal shows the preview and asks', async () => {
  await service.serve({ withdraw: withdrawn })
  const answered = async (answer: string): Promise<Ran> => {
    const stdin = new PassThrough()
    stdin.write(`${answer}\n`)
    return service.run(['withdraw', '--device', 'fw-2'], { stdin, isInteractive: true })
  }
  const no = await answered('')
  assert.equal(no.code, 7)
  assert.match(
    no.err,
    /would lift 2 blocks:\n {2}198\.51\.100\.7\n.*\nLift them\? \[y\/N\] .*nothing was withdrawn/s,
  )
  assert.equal((await answered('y')).code, 0)
  assert.equal(service.asked.length, 3)
})

test('explain prints the sentences; --json the whole answer', async () => {
  const answer = {
    address: '198.51.100.7',
    verdict: 'blocked',
    sentences: ['It is blocked.', 'By\u001b[1m rule.'],
    evidence: ['raw'],
    block: null,
  }
  await service.serve({ explain: answer })
  assert.equal((await service.run(['explain', '198.51.100.7'])).out, 'It is blocked.\nBy\\x1b[1m rule.\n')
  assert.deepEqual(JSON.parse((await service.run(['explain', '198.51.100.7', '--json'])).out), answer)
})

test('explain takes a line, from stdin too, or a stored record, and only one of them', async () => {
  await service.serve({ explainLine: { sentences: ['Read as paloalto-csv.'], counts: true } })
  const asked = async (...args: string[]): Promise<unknown> => {
    const { code, out } = await service.run(['explain', ...args], { stdin: '\n<14>a line\nanother\n' })
    assert.equal(code, 0)
    assert.equal(out, 'Read as paloalto-csv.\n')
    return service.asked.at(-1)?.[1]
  }
  assert.deepEqual(await asked('--line', '<14>x'), { line: '<14>x' })
  assert.deepEqual(await asked('--line', '-', '--sender', '192.0.2.1'), {
    line: '<14>a line',
    sender: '192.0.2.1',
  })
  const record = '01890a5d-ac96-774b-bcce-b302099a8057:7'
  assert.deepEqual(await asked('--record', record), { record })
  for (const args of [[], ['198.51.100.7', '--line', 'x'], ['--line', 'x', '--record', record]])
    assert.equal((await service.run(['explain', ...args])).code, 2)
})

test('switches say what they did', async () => {
  await service.serve({
    setFreeze: (input: { frozen: boolean }) => ({
      changed: true,
      message: input.frozen ? 'frozen' : 'moving',
    }),
    setEngine: (input: { action: string }) => ({ changed: true, message: `engine ${input.action}` }),
    reload: { changed: ['log.level'], needsRestart: ['web.listen'] },
    stop: { message: 'stopping' },
  })
  assert.equal((await service.run(['freeze', '--reason', 'change window'])).out, 'frozen\n')
  assert.equal((await service.run(['unfreeze'])).out, 'moving\n')
  for (const state of ['on', 'off', 'reset'])
    assert.equal((await service.run(['engine', state])).out, `engine ${state}\n`)
  assert.equal((await service.run(['reload'])).out, 'changed: log.level; needs a restart: web.listen\n')
  assert.equal((await service.run(['stop', '--json'])).out, '{"message":"stopping"}\n')
  assert.deepEqual(service.asked[0], ['setFreeze', { frozen: true, reason: 'change window' }, 'ann'])
})

const setting = (key: string, value: string): SettingView => ({
  key,
  value,
  default: '10',
  origin: 'state',
  fixed: false,
  live: true,
  takes: 'a whole number',
  description: 'x',
})

test('settings are listed, read, set and reset', async () => {
  await service.serve({
    listSettings: [setting('detection.portScan.ports', '20'), setting('metrics.token', '')],
    changeSettings: { results: [{ key: 'detection.portScan.ports', needsRestart: false }] },
  })
  assert.match(
    (await service.run(['settings', 'list'])).out,
    /^KEY +VALUE +FROM\ndetection\.portScan\.ports +20 +state\nmetrics\.token +\(empty\) +state\n$/,
  )
  assert.equal((await service.run(['settings', 'get', 'detection.portScan.ports'])).out, '20\n')
  const unknown = await service.run(['settings', 'get', 'detection.portScan.port'])
  assert.equal(unknown.code, 3)
  assert.match(unknown.err, /nearest known one is detection\.portScan\.ports/)
  assert.equal(
    (await service.run(['settings', 'set', 'detection.portScan.ports=20'])).out,
    'detection.portScan.ports acts now\n',
  )
  assert.deepEqual(service.asked.at(-1)?.[1], { changes: { 'detection.portScan.ports': '20' }, reason: '' })
  await service.run(['settings', 'reset', 'detection.portScan.ports', '--reason', 'back'])
  assert.deepEqual(service.asked.at(-1)?.[1], {
    changes: { 'detection.portScan.ports': null },
    reason: 'back',
  })
})

const view: StatusView = {
  version: '1.2.3',
  processId: 42,
  startedAt: '2026-11-22T07:00:00.000Z',
  dataFolder: '/srv/ads',
  engine: { on: false, changedAt: '2026-11-22T08:00:00.000Z', changedBy: 'ann', reason: 'test' },
  freeze: { frozen: true, changedAt: null, changedBy: null, reason: null },
  inputs: [
    {
      name: 'udp',
      address: '0.0.0.0:5514',
      counters: { received: 12, shed: 0 },
      findings: [{ code: 'rmem', message: 'The buffer is small.', mend: 'sysctl' }],
    },
  ],
  parser: { parsed: 12 },
  detector: {},
  store: { state: 'up', counters: { stored: 12 } },
  list: {
    url: 'https://localhost:8443/files/blacklist.txt',
    entries: 3,
    changedAt: null,
    lastFetchedAt: null,
    lastFetchedBy: null,
  },
  decisions: { blocked: 3, held: 1, shadow: 0, allowed: 2 },
  devices: [
    {
      device: 'fw-1\u001b]0;x\u0007',
      lastSeenAt: '2026-11-22T08:29:00.000Z',
      records: 12,
      unparsed: 0,
      clockOffsetMs: -7_200_000,
      clockInsane: false,
      timeZone: null,
    },
  ],
  senders: {
    known: 1,
    pending: 1,
    pendingLines: 7,
    forgotten: 0,
    unknown: 'use',
    list: [
      {
        sender: '192.0.2.9',
        transport: 'tls',
        identity: 'fw-9\u001b.example.net',
        known: false,
        firstSeenAt: '2026-11-22T08:00:00.000Z',
        lastSeenAt: '2026-11-22T08:29:00.000Z',
        lines: 7,
        unparsed: 2,
      },
    ],
  },
  relay: {
    to: 'udp://192.0.2.70:514',
    state: 'failing',
    reason: 'refused',
    sentLines: 5,
    shedLines: 1,
    failedLines: 2,
    waitingLines: 3,
    waitingBytes: 300,
  },
  losses: [{ device: '0011', type: 'TRAFFIC', records: 12, duplicates: 1, lost: 3 }],
  unknownLines: [
    {
      sender: '192.0.2.9',
      count: 7,
      sample: 'relay says\u001b[2J SrcIP=',
      reason: 'no known firewall format',
      closest: 'paloalto-custom',
      failed: 'it does not begin as its lines do',
      advice: 'Leave the log format as it is.',
    },
  ],
  findings: [],
}

test('status fits one screen and names what stands in the way', async () => {
  await service.serve({ status: view })
  const { code, out } = await service.run(['status'])
  assert.equal(code, 0)
  assert.match(out, /^Active Defense Syslog 1\.2\.3, up 1 h 30 min, process 42, data in \/srv\/ads\n/)
  assert.match(out, /\nengine: OFF by ann since 2026-11-22 08:00:00 UTC \(test\)\nlist: FROZEN/)
  assert.match(out, /\nudp 0\.0\.0\.0:5514: received 12\n/)
  assert.match(out, /\nfw-1\\x1b\]0;x\\x07 .* 2 h ahead\n/)
  assert.match(
    out,
    /\n0011 TRAFFIC: 3 lines never came, by the firewall's own numbers \(.*\), 1 came twice\n/,
  )
  assert.match(out, /\nsenders: 1 known, 1 pending \(7 lines, used, untrusted\)/)
  assert.match(out, /\n192\.0\.2\.9 +tls +fw-9\\x1b\.example\.net +pending .* 7 +2\n/)
  assert.match(
    out,
    /\nrelay: udp:\/\/192\.0\.2\.70:514 failing \(refused\): 5 lines sent, 3 wait, 1 shed, 2 failed\n/,
  )
  assert.match(out, /\n! The buffer is small\.\n {2}Mend: sysctl\n$/)
  assert.deepEqual(JSON.parse((await service.run(['status', '--json'])).out), view)
})

test('doctor names the findings of the service and exits by what fails', async () => {
  await service.serve({ status: view })
  const { out, err } = await service.run(['doctor', '--json', '--set', 'files.watch='])
  assert.equal(err, '')
  const checks = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { check: string; state: string })
  assert.deepEqual(checks.find(({ check }) => check === 'rmem')?.state, 'warn')
  assert.deepEqual(checks.find(({ check }) => check === 'service')?.state, 'ok')
})
