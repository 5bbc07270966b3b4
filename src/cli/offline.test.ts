/** `parse` and `replay` on lines of our own: the exact output, merged files, settings, faults, and a reader that goes. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { testWorld } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'ads-offline-'))
after(() => rmSync(folder, { recursive: true }))
const write = (name: string, lines: readonly string[] | Buffer): string => {
  writeFileSync(join(folder, name), Buffer.isBuffer(lines) ? lines : `${lines.join('\n')}\n`)
  return name
}
const world = (stdin: string | Buffer = '') => testWorld({ workingDirectory: folder, stdin })
const objects = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

/** The original's custom format under an rsyslog file header; `second` counts from 08:30 on 22 November 2026. */
function line(
  second: number,
  source: string,
  destination: string,
  port: number,
  rest = 'Severity=$severity; Subtype=deny; Type= TRAFFIC;',
): string {
  const time = new Date(Date.UTC(2026, 10, 22, 8, 30, second)).toISOString().slice(11, 19)
  return (
    `Nov 22 ${time} fw-1 SrcLocation=United States; SrcIP=${source}; SrcPort=40000; SrcUser=; DstLocation=Australia; ` +
    `DstIP=${destination}; DstPort=${port}; Action=deny; RuleName=sensor; RuleID=; TimeReceived=2026/11/22 ${time}; ` +
    `ThreatName=$threat_name; ThreatID=$threatid; ${rest}`
  )
}
const scan = (source: string, ports: number, second = 0): string[] =>
  Array.from({ length: ports }, (_, i) => line(second + i, source, '192.0.2.10', 100 + i))
const SETTINGS = ['--set', 'networks.public=198.51.100.0/24', '--set', 'time.zone=UTC']

test('parse prints one object per line that is not blank, in order, with file, line and record or reason', async () => {
  const file = write('fw-1.log', [line(5, '198.51.100.7', '192.0.2.10', 443), '', 'nonsense'])
  const { run, stdout, stderr } = world()
  assert.equal(await run('parse', file, ...SETTINGS.slice(2)), 0)
  assert.equal(stderr(), '')
  const [first, second, ...more] = objects(stdout())
  assert.deepEqual(more, [])
  assert.deepEqual(Object.keys(first ?? {}), ['file', 'line', 'ok', 'record'])
  assert.deepEqual([first?.['file'], first?.['line'], first?.['ok']], ['fw-1.log', 1, true])
  const record = first?.['record'] as Record<string, unknown>
  assert.equal(record['receivedAt'], null)
  assert.equal(record['eventTime'], '2026-11-22T08:30:05.000Z')
  assert.equal(record['sourceAddress'], '198.51.100.7')
  assert.equal(record['destinationPort'], 443)
  assert.equal(record['type'], 'TRAFFIC')
  assert.equal(record['threatName'], null)
  assert.equal(record['raw'], line(5, '198.51.100.7', '192.0.2.10', 443))
  assert.deepEqual(Object.keys(second ?? {}), ['file', 'line', 'ok', 'reason'])
  assert.deepEqual([second?.['file'], second?.['line'], second?.['ok']], ['fw-1.log', 3, false])
  assert.equal(typeof second?.['reason'], 'string')
})

test('parse reads stdin by - and by default, several files one after another, and gzip', async () => {
  const one = line(1, '198.51.100.7', '192.0.2.10', 1)
  const zipped = write('b.log.gz', gzipSync(`${one}\n`))
  for (const args of [[], ['-']]) {
    const { run, stdout } = world(one)
    assert.equal(await run('parse', ...args), 0)
    assert.deepEqual(
      objects(stdout()).map(({ file, line: number, ok }) => [file, number, ok]),
      [['-', 1, true]],
    )
  }
  const { run, stdout } = world(one)
  await run('parse', zipped, '-', zipped)
  assert.deepEqual(
    objects(stdout()).map(({ file }) => file),
    ['b.log.gz', '-', 'b.log.gz'],
  )
})

test('hostile bytes come out of parse as harmless JSON with the same value', async () => {
  const { run, stdout } = world('\u001b]0;owned\u0007 \u202e \u009b2J nonsense\n')
  await run('parse')
  assert.doesNotMatch(stdout().trimEnd(), /[^\u0020-\u007e]/)
})

test('replay prints each detection exactly as specified, and a summary on stderr', async () => {
  const file = write('scan.log', [
    ...scan('198.51.100.7', 12),
    line(20, '198.51.100.7', '192.0.2.10', 100),
    'nonsense',
  ])
  const { run, stdout, stderr } = world()
  assert.equal(await run('replay', file, ...SETTINGS), 0)
  const [found, ...more] = objects(stdout())
  assert.deepEqual(more, [])
  assert.deepEqual(found, {
    rule: 'port-scan',
    mode: 'enforce',
    source: '198.51.100.7',
    destination: '192.0.2.10',
    port: null,
    count: 11,
    threshold: 10,
    windowSeconds: 600,
    firstSeenAt: '2026-11-22T08:30:00.000Z',
    detectedAt: '2026-11-22T08:30:10.000Z',
    proof: 'spoofable',
    decision: 'block',
    reason: found?.['reason'],
    evidence: scan('198.51.100.7', 11),
  })
  assert.match(String(found?.['reason']), /11 ports of 192\.0\.2\.10/)
  assert.deepEqual(Object.keys(found ?? {}).slice(0, 5), ['rule', 'mode', 'source', 'destination', 'port'])
  assert.equal(
    stderr(),
    'replay: 14 lines (1 not understood) from 2026-11-22T08:30:00.000Z to 2026-11-22T08:30:20.000Z; ' +
      '1 detections: 1 block, 0 hold, 0 refuse, 0 none\n',
  )
})

test('replay decides: a known source needs nothing new, an own one is refused, shadow blocks nothing', async () => {
  const sweep = Array.from({ length: 10 }, (_, i) => line(60 + i, '198.51.100.7', `192.0.2.${20 + i}`, 22))
  const file = write('two.log', [...scan('198.51.100.7', 11), ...sweep])
  const decisions = async (...sets: string[]): Promise<unknown[]> => {
    const { run, stdout } = world()
    const classic = ['detection.slowScan.mode=off', 'detection.subnetScan.mode=off', ...sets]
    await run('replay', file, ...SETTINGS, ...classic.flatMap((set) => ['--set', set]))
    return objects(stdout()).map(({ rule, decision }) => `${String(rule)} ${String(decision)}`)
  }
  assert.deepEqual(await decisions(), ['port-scan block', 'host-sweep none'])
  assert.deepEqual(await decisions('decisions.protected=198.51.100.7'), [
    'port-scan refuse',
    'host-sweep refuse',
  ])
  assert.deepEqual(await decisions('detection.portScan.mode=shadow'), ['port-scan none', 'host-sweep block'])
  assert.deepEqual(await decisions('detection.portScan.ports=11'), ['host-sweep block'])
  assert.deepEqual(await decisions('detection.portScan.minutes=0', 'detection.hostSweep.mode=off'), [])
})

test('a block of a long replay lives as long as its source is seen, and ends when it is quiet', async () => {
  const day = 86_400
  const dated = (second: number, destination: string, port: number): string => {
    const stamp = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
    const [date = '', time = ''] = stamp.slice(0, 19).split('T')
    return (
      `SrcIP=198.51.100.7; SrcPort=40000; DstIP=${destination}; DstPort=${port}; Action=deny; RuleName=sensor; ` +
      `TimeReceived=${date.replaceAll('-', '/')} ${time}; Severity=informational; Subtype=deny; Type= TRAFFIC;`
    )
  }
  const scanOf = (destination: string, second: number): string[] =>
    Array.from({ length: 11 }, (_, i) => dated(second + i, destination, 100 + i))
  const first = scanOf('192.0.2.10', 0)
  const again = scanOf('192.0.2.11', 45 * day)
  const denied = Array.from({ length: 44 }, (_, i) => dated((i + 1) * day, '192.0.2.10', 443))
  const decisions = async (name: string, lines: string[]): Promise<unknown[]> => {
    const { run, stdout } = world()
    await run('replay', write(name, lines), ...SETTINGS)
    return objects(stdout()).map(({ decision }) => decision)
  }
  assert.deepEqual(await decisions('seen.log', [...first, ...denied, ...again]), ['block', 'none'])
  assert.deepEqual(await decisions('quiet.log', [...first, ...again]), ['block', 'block'])
  assert.deepEqual(await decisions('late.log', [...first, ...denied.slice(35), ...again]), ['block', 'block'])
})

test('several files are merged by event time: a scan spread over three firewalls is one scan', async () => {
  const all = scan('198.51.100.7', 11)
  const files = [0, 1, 2].map((part) =>
    write(
      `part-${part}.log`,
      all.filter((_, i) => i % 3 === part),
    ),
  )
  const merged = world()
  await merged.run('replay', ...files.reverse(), ...SETTINGS)
  const [found] = objects(merged.stdout())
  assert.equal(found?.['detectedAt'], '2026-11-22T08:30:10.000Z')
  assert.deepEqual(found?.['evidence'], all)
  const single = world()
  await single.run('replay', write('all.log', all), ...SETTINGS)
  assert.equal(merged.stdout(), single.stdout())
})

test('without networks.public a documentation address is no public source', async () => {
  const { run, stdout } = world()
  await run('replay', write('doc.log', scan('198.51.100.7', 11)), '--set', 'time.zone=UTC')
  assert.equal(objects(stdout()).filter(({ decision }) => decision === 'block').length, 0)
})

test('faults of parse and replay have their exit codes and one line', async () => {
  const cases: [string[], number, RegExp][] = [
    [['parse', 'missing.log'], 1, /^active-defense: cannot read missing\.log: there is no such file\n$/],
    [
      ['replay', 'missing.log', '-'],
      1,
      /^active-defense: cannot read missing\.log: there is no such file\n$/,
    ],
    [
      ['replay', '--set', 'detection.portScan.prots=5'],
      3,
      /nearest known one is detection\.portScan\.ports\n$/,
    ],
    [['replay', '--set', 'nonsense'], 2, /expected KEY=VALUE/],
    [['parse', '--sets', 'a=b'], 2, /unknown option '--sets'/],
  ]
  for (const [argv, code, message] of cases) {
    const { run, stdout, stderr } = world()
    assert.equal(await run(...argv), code, argv.join(' '))
    assert.equal(stdout(), '')
    assert.match(stderr(), message)
    assert.equal(stderr().split('\n').length, 2, stderr())
  }
})

test('a reader that goes away ends the command with 0 and without a word', async () => {
  const closing = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    },
  })
  const many = Array.from({ length: 2000 }, (_, i) => line(i % 60, '198.51.100.7', '192.0.2.10', 1 + i))
  const { run, stderr } = testWorld({ workingDirectory: folder, stdin: many.join('\n'), stdout: closing })
  assert.equal(await run('parse'), 0)
  assert.equal(stderr(), '')
})

test('a slow reader holds the command up instead of filling the memory', async () => {
  let most = 0
  let text = ''
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      most = Math.max(most, slow.writableLength)
      text += chunk.toString()
      setImmediate(done)
    },
  })
  const many = Array.from({ length: 3000 }, (_, i) => line(i % 60, '198.51.100.7', '192.0.2.10', 1 + i))
  const { run } = testWorld({ workingDirectory: folder, stdin: many.join('\n'), stdout: slow })
  assert.equal(await run('parse'), 0)
  assert.equal(objects(text).length, 3000)
  assert.ok(most < 200_000, `${most} characters waited`)
})
