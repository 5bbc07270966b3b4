/** `blocks` and `allow` against a real control server: what is printed, what is asked, exit codes. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { BlockView, ChangeResult } from '../api/control-contract.ts'
import { NOW } from './testing.ts'
import { FakeService } from './testing-service.ts'

let service!: FakeService
beforeEach(() => {
  service = new FakeService()
})
afterEach(() => service.end())

const block = (target: string, more: Partial<BlockView> = {}): BlockView => ({
  id: 'id',
  target,
  scope: 'address',
  origin: 'detector',
  rule: 'port-scan',
  reason: 'reached 11 ports',
  proof: 'spoofable',
  severity: null,
  country: null,
  mode: 'block',
  createdAt: '2026-11-22T08:00:00.000Z',
  createdBy: 'system',
  lastSeenAt: '2026-11-22T08:10:00.000Z',
  expiresAt: '2026-12-22T08:10:00.000Z',
  endedAt: null,
  endedBy: null,
  endReason: null,
  device: 'fw-1',
  tags: [],
  ...more,
})
const results = (...outcomes: ChangeResult['outcome'][]) => ({
  dryRun: false,
  results: outcomes.map((outcome, i) => ({
    target: `198.51.100.${i}`,
    outcome,
    message: `it is ${outcome}`,
  })),
})

test('blocks list is an aligned table with the original names, hostile text escaped', async () => {
  const manual = {
    rule: null,
    origin: 'manual',
    reason: 'x\u001b[2J\u202e',
    proof: null,
    expiresAt: null,
  } as const
  const graded = {
    severity: 'high',
    country: 'Test\u202eland',
    tags: ['botnet', 'seen before'],
  } satisfies Partial<BlockView>
  await service.serve({
    listBlocks: [block('198.51.100.7', graded), block('2001:db8::/64', { ...manual, createdBy: 'ann' })],
  })
  const { code, out, err } = await service.run(['blocks', 'list'])
  assert.equal(code, 0)
  assert.equal(err, '')
  assert.equal(
    out,
    `TARGET         RULE                             PROOF      SEVERITY  COUNTRY           SINCE                    LAST SEEN                UNTIL                    BY      TAGS                 REASON
198.51.100.7   port-scan (Port Scan Attack v1)  spoofable  high      Test\\u{202e}land  2026-11-22 08:00:00 UTC  2026-11-22 08:10:00 UTC  2026-12-22 08:10:00 UTC  system  botnet, seen before  reached 11 ports
2001:db8::/64  manual (User Added)              -          -         -                 2026-11-22 08:00:00 UTC  2026-11-22 08:10:00 UTC  removed                  ann     -                    x\\x1b[2J\\u{202e}
2 blocks
`,
  )
})

test('blocks list --json prints the rows as they are', async () => {
  await service.serve({ listBlocks: [block('198.51.100.7')] })
  const { out } = await service.run(['blocks', 'list', '--json'])
  assert.deepEqual(JSON.parse(out), block('198.51.100.7'))
  assert.equal(out.split('\n').length, 2)
})

test('filters of blocks list take our names, the original ones, durations and targets', async () => {
  await service.serve({ listBlocks: [] })
  const filters: [string[], unknown][] = [
    [[], { mode: 'block' }],
    [['--rule', 'host-sweep'], { mode: 'block', rule: 'host-sweep' }],
    [['--rule', 'port scan attack V1'], { mode: 'block', rule: 'port-scan' }],
    [['--rule', 'User Added'], { mode: 'block', origin: 'manual' }],
    [['--held'], { mode: 'hold' }],
    [['--shadow', '--device', 'fw-1'], { mode: 'shadow', device: 'fw-1' }],
    [['--since', '24h', '--ended'], { mode: 'block', since: '2026-11-21T08:30:00.000Z', ended: true }],
    [['--tag', 'botnet'], { mode: 'block', tag: 'botnet' }],
    [['198.51.100.0/24'], { mode: 'block', target: '198.51.100.0/24' }],
  ]
  for (const [args, expected] of filters) {
    assert.equal((await service.run(['blocks', 'list', ...args])).code, 0)
    assert.deepEqual(service.asked.at(-1), ['listBlocks', expected, 'ann'])
  }
  assert.match(
    (await service.run(['blocks', 'list', '--rule', 'portscan'])).err,
    /expected port-scan \("Port Scan Attack v1"\)/,
  )
})

test('blocks add sends canonical targets once, the reason, the end and the user', async () => {
  await service.serve({ addBlocks: results('done') })
  const { code, out } = await service.run([
    'blocks',
    'add',
    '198.51.100.7',
    '198.51.100.7/32',
    '2001:DB8::1',
    '--reason',
    'why',
    '--for',
    '7d',
  ])
  assert.equal(code, 0)
  assert.match(out, /^TARGET +OUTCOME +WHAT\n198\.51\.100\.0 +done +it is done\n$/)
  const until = new Date(NOW + 7 * 86_400_000).toISOString()
  const input = { targets: ['198.51.100.7', '2001:db8::1'], reason: 'why', dryRun: false, until }
  assert.deepEqual(service.asked, [['addBlocks', input, 'ann']])
})

test('blocks extend sends the end that is named, and wants one', async () => {
  await service.serve({ extendBlocks: results('done') })
  const extend = (...args: string[]) =>
    service.run(['blocks', 'extend', '198.51.100.7', '--reason', 'why', ...args])
  const sent = (until: string | null, dryRun = false) => [
    'extendBlocks',
    { targets: ['198.51.100.7'], reason: 'why', dryRun, until },
    'ann',
  ]
  assert.equal((await extend('--for', '7d')).code, 0)
  assert.deepEqual(service.asked.at(-1), sent(new Date(NOW + 7 * 86_400_000).toISOString()))
  assert.equal((await extend('--permanent', '--dry-run')).code, 0)
  assert.deepEqual(service.asked.at(-1), sent(null, true))
  for (const args of [[], ['--permanent', '--for', '7d']]) {
    const { code, err } = await extend(...args)
    assert.equal(code, 2)
    assert.match(err, /one of --until, --for and --permanent/)
  }
  assert.equal(service.asked.length, 2)
})

test('blocks tag sends words to put on and take off, and blocks tags lists them', async () => {
  await service.serve({ tagBlocks: results('done'), listTags: [{ tag: 'botnet', count: 2 }] })
  const given = ['--add', 'botnet', 'ticket 4711', '--remove', 'old']
  assert.equal((await service.run(['blocks', 'tag', '198.51.100.7', ...given])).code, 0)
  const input = { targets: ['198.51.100.7'], add: ['botnet', 'ticket 4711'], remove: ['old'] }
  assert.deepEqual(service.asked, [['tagBlocks', { ...input, reason: '', dryRun: false }, 'ann']])
  assert.equal((await service.run(['blocks', 'tag', '198.51.100.7'])).code, 2)
  assert.equal((await service.run(['blocks', 'tags'])).out, 'TAG     BLOCKS\nbotnet  2\n')
})

test('- reads targets from stdin, with comments and blank lines', async () => {
  await service.serve({ addBlocks: results('done') })
  await service.run(['blocks', 'add', '-', '--reason', 'list'], {
    stdin: '# bad ones\n198.51.100.7 # one\r\n\n 203.0.113.0/24\n203.0.113.0/24\n',
  })
  assert.deepEqual((service.asked[0]?.[1] as { targets: string[] } | undefined)?.targets, [
    '198.51.100.7',
    '203.0.113.0/24',
  ])
})

test('many targets are sent in several requests', async () => {
  await service.serve({
    addAllow: (input: { targets: string[] }) => ({
      dryRun: false,
      results: input.targets.map((target) => ({ target, outcome: 'done', message: '' })),
    }),
  })
  const stdin = Array.from({ length: 25_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`).join(
    '\n',
  )
  const { code, out } = await service.run(['allow', 'add', '-', '--reason', 'ours', '--json'], { stdin })
  assert.equal(code, 0)
  assert.equal(service.asked.length, 3)
  assert.equal(out.trimEnd().split('\n').length, 25_000)
})

test('exit codes of changes: refused is 7, not found 1, otherwise 0', async () => {
  const cases: [ChangeResult['outcome'][], number][] = [
    [['done', 'unchanged'], 0],
    [['done', 'not-found'], 1],
    [['not-found', 'refused', 'done'], 7],
  ]
  for (const [outcomes, code] of cases) {
    await service.serve({ removeBlocks: results(...outcomes) })
    assert.equal((await service.run(['blocks', 'remove', '198.51.100.7', '--reason', 'x'])).code, code)
  }
})

test('bad arguments are usage errors of one line, and nothing is sent', async () => {
  await service.serve({})
  const cases: [string[], RegExp][] = [
    [['blocks', 'add', '198.51.100.7'], /required option '--reason <text>' not specified/],
    [['blocks', 'add', '--reason', 'x'], /missing required argument 'target'/],
    [
      ['blocks', 'add', '010.1.1.1', '--reason', 'x'],
      /^active-defense: 010\.1\.1\.1 is no address or network/,
    ],
    [['blocks', 'add', '192.0.2.7/24', '--reason', 'x'], /did you mean 192\.0\.2\.0\/24\?$/],
    [['blocks', 'add', '198.51.100.7', '--reason', 'x', '--until', 'soon'], /--until soon: expected 2026-/],
    [
      ['blocks', 'add', '198.51.100.7', '--reason', 'x', '--until', '2h'],
      /--until 2h: expected .*\(a span from now is --for 2h\)/,
    ],
    [['blocks', 'add', '198.51.100.7', '--reason', 'x', '--until', '2020-01-01'], /the end lies in the past/],
    [['blocks', 'add', '198.51.100.7', '--reason', 'x', '--for', '7 days'], /--for 7 days: expected 90m/],
    [
      ['blocks', 'add', '198.51.100.7', '--reason', 'x', '--for', '7d', '--until', 'tomorrow'],
      /cannot be used with/,
    ],
    [['blocks', 'lst'], /unknown command 'lst' \(Did you mean list\?\)/],
    [['withdraw'], /say what to withdraw/],
    [['explain', 'a\u001b[2Jb'], /^active-defense: a\\x1b\[2Jb is no address/],
    [['settings', 'set', 'detection.portScan.ports'], /expected KEY=VALUE/],
  ]
  for (const [argv, message] of cases) {
    const { code, out, err } = await service.run(argv)
    assert.equal(code, 2, `${argv.join(' ')}: ${err}`)
    assert.equal(out, '')
    assert.match(err.trimEnd(), message)
    assert.equal(err.split('\n').length, 2, err)
  }
  assert.deepEqual(service.asked, [])
})
