/**
 * The real rsyslogd between firewalls and the service, configured as the older system's manual says (one file per host)
 * and as a forwarder over TCP. It runs in the foreground with a configuration, pid file and ports of its own.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { bsdHeader, csvBody, lineTime } from '../../src/demo/log-lines.ts'
import { FLAG } from '../../src/model/log-record.ts'
import { runProgram } from './child-service.ts'
import { customLine, type Service, scan, startService, until } from './harness.ts'

const PATHS = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd', '/usr/local/sbin/rsyslogd']
const INSTALL_LIMIT_MS = 180_000

let rsyslogd: string | null = null

describe('behind the real rsyslog', () => {
  before(() => {
    rsyslogd = find() ?? install()
    if (rsyslogd === null && process.env['CI'] === 'true')
      assert.fail('CI has to bring rsyslog (Debian package rsyslog): .ci/run installs it')
  })

  test('files per host, as the manual of the older system says: scanners are listed, a new host is a new device', async (t) => {
    if (isMissing(t)) return
    const service = await startService(t)
    const rsyslog = await startRsyslog(t, service, [
      '$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat', // as Debian and Ubuntu ship it
      ...perHostFiles(service.logs),
    ])
    await rsyslog.send([
      ...scan('198.51.100.101', 11, { device: 'SYD-FW-01' }),
      ...scan('198.51.100.102', 10, { device: 'SYD-FW-01' }),
      ...sweep('198.51.100.103', 'MEL-FW-01'),
    ])
    await until('both are listed', async () => (await service.list()).length === 2)
    assert.deepEqual(await service.list(), ['198.51.100.101', '198.51.100.103'])
    assert.deepEqual((await readdir(service.logs)).toSorted(), ['MEL-FW-01.log', 'SYD-FW-01.log'])

    await rsyslog.send([
      customLine({ source: '198.51.100.104', port: 443, type: 'THREAT', device: 'BNE-FW-02' }),
    ])
    await until('the new host has its file', () => existsSync(join(service.logs, 'BNE-FW-02.log')))
    await until('its attacker is listed', async () => (await service.list()).includes('198.51.100.104'))
    await until('every line is stored', async () => (await service.stored()) === 32)
    assert.equal(await service.stored("unparsedReason != ''"), 0)
    assert.deepEqual(await devices(service), { 'BNE-FW-02': 1, 'MEL-FW-01': 10, 'SYD-FW-01': 21 })
  })

  test('RFC 3339 times and repeated-message reduction: repeats are one record with their number', async (t) => {
    if (isMissing(t)) return
    const service = await startService(t)
    const rsyslog = await startRsyslog(t, service, [
      '$ActionFileDefaultTemplate RSYSLOG_FileFormat',
      '$RepeatedMsgReduction on',
      ...perHostFiles(service.logs),
    ])
    const atMs = Date.now()
    const knock = customLine({ source: '198.51.100.110', port: 22, atMs, device: 'SYD-FW-01' })
    const thrice = scan('198.51.100.111', 11, { atMs, device: 'SYD-FW-01' }).flatMap((line) => [
      line,
      line,
      line,
    ])
    const last = customLine({ source: '198.51.100.112', port: 443, atMs, device: 'SYD-FW-01' })
    await rsyslog.send([...Array.from({ length: 6 }, () => knock), ...thrice, last])
    await until('the scanner is listed', async () => (await service.list())[0] === '198.51.100.111')
    await until(
      'every line is stored',
      async () => (await service.stored("sourceAddress = '198.51.100.112'")) === 1,
    )
    const text = await readFile(join(service.logs, 'SYD-FW-01.log'), 'utf8')
    assert.match(text, /message repeated 5 times: \[/, 'rsyslog has reduced')
    const [knocks] =
      (await service.app.parts.logs?.client.rows<{ records: string; times: string; flagged: string }>(
        `SELECT count() AS records, sum(repeatCount) AS times, countIf(bitAnd(flags, ${FLAG.repeated}) != 0) AS flagged
         FROM logs WHERE sourceAddress = '198.51.100.110' AND destinationPort = 22`,
      )) ?? []
    assert.deepEqual([Number(knocks?.records), Number(knocks?.times), Number(knocks?.flagged)], [2, 6, 1])
    assert.equal(await service.stored("unparsedReason != ''"), 0)
    assert.deepEqual(await service.list(), ['198.51.100.111'])
  })

  const forwards = [
    { template: 'RSYSLOG_TraditionalForwardFormat', format: 'custom', scanLines: scan },
    { template: 'RSYSLOG_SyslogProtocol23Format', format: 'CSV', scanLines: csvScan },
  ]
  for (const { template, format, scanLines } of forwards) {
    test(`${format} lines forwarded over TCP with octet counting and ${template}`, async (t) => {
      if (isMissing(t)) return
      const service = await startService(t)
      const tcp = service.app.parts.pipeline?.inputs.find(({ name }) => name === 'tcp')?.address?.split(':')
      const rsyslog = await startRsyslog(t, service, [
        `action(type="omfwd" target="127.0.0.1" port="${tcp?.at(-1)}" protocol="tcp" TCP_Framing="octet-counted" template="${template}")`,
      ])
      const lines = scanLines('198.51.100.120', 11, { device: 'SYD-FW-01' })
      await rsyslog.send(lines.slice(0, 5))
      await until('the first are stored', async () => (await service.stored()) === 5)
      await rsyslog.send([...lines.slice(5), ...scanLines('198.51.100.121', 12, { device: 'MEL-FW-01' })])
      await until('both are listed', async () => (await service.list()).length === 2)
      assert.deepEqual(await service.list(), ['198.51.100.120', '198.51.100.121'])
      await until('every line is stored', async () => (await service.stored()) === 23)
      assert.equal(await service.stored("unparsedReason != ''"), 0)
      assert.deepEqual(await devices(service), { 'MEL-FW-01': 12, 'SYD-FW-01': 11 })
    })
  }
})

function isMissing(t: TestContext): boolean {
  if (rsyslogd === null)
    t.skip('rsyslogd is not installed and cannot be: apt-get install rsyslog, then run this again')
  return rsyslogd === null
}

function find(): string | null {
  return PATHS.find((path) => existsSync(path)) ?? null
}

/** Installs Debian's package where we may; null where not. */
function install(): string | null {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return null
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env: environment, stdio: 'ignore', timeout: INSTALL_LIMIT_MS } as const
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'rsyslog'], options)
  return find()
}

/** The three lines of the older system's manual. */
function perHostFiles(folder: string): string[] {
  return [
    `$template firewall, "${folder}/%HOSTNAME%.log"`,
    "if $fromhost != 'the-hostname-of-this-server' then ?firewall",
    '& stop',
  ]
}

function sweep(source: string, device: string): string[] {
  return Array.from({ length: 10 }, (_, i) =>
    customLine({ source, destination: `203.0.113.${i + 1}`, port: 445, device }),
  )
}

/** A port scan in PAN-OS's default CSV. */
function csvScan(source: string, ports: number, { device }: { device: string }): string[] {
  const time = lineTime(Date.now(), 0)
  const identity = { name: device, serial: '013201001001' }
  return Array.from({ length: ports }, (_, i) => {
    const event = {
      subtype: 'drop',
      sourceAddress: source,
      sourcePort: 51_514,
      sourceCountry: 'Testland',
      sourceUser: '',
      sourceZone: 'untrust',
      destinationAddress: '203.0.113.10',
      destinationPort: 1000 + i,
      destinationCountry: 'Testland',
      destinationZone: 'dmz',
      protocol: 'tcp' as const,
      application: 'not-applicable',
      action: 'drop',
      rule: 'Active Defense sensor',
      ruleId: '',
      sessionEndReason: 'policy-deny',
      sessionId: 0,
      sequenceNumber: 7_204_134_051_000 + i,
      bytesSent: 60,
      bytesReceived: 0,
      packetsSent: 1,
      packetsReceived: 0,
      threat: null,
    }
    return bsdHeader(identity, time) + csvBody(event, identity, time)
  })
}

/** Stored records by device. */
async function devices(service: Service): Promise<Record<string, number>> {
  const rows =
    (await service.app.parts.logs?.client.rows<{ device: string; n: string }>(
      'SELECT device, count() AS n FROM logs GROUP BY device ORDER BY device',
    )) ?? []
  return Object.fromEntries(rows.map(({ device, n }) => [device, Number(n)]))
}

interface Rsyslog {
  /** Sends datagrams to it, as firewalls do. */
  readonly send: (lines: readonly string[]) => Promise<void>
}

async function startRsyslog(t: TestContext, service: Service, rules: readonly string[]): Promise<Rsyslog> {
  const folder = join(service.folder, 'rsyslog')
  await mkdir(folder, { recursive: true })
  const port = await freeUdpPort()
  const path = join(folder, 'rsyslog.conf')
  const lines = [
    `global(workDirectory="${folder}" net.enableDNS="off")`,
    'module(load="imudp")',
    `input(type="imudp" address="127.0.0.1" port="${port}")`,
    ...rules,
  ]
  await writeFile(path, `${lines.join('\n')}\n`)
  const program = runProgram(t, rsyslogd ?? '', ['-n', '-f', path, '-i', join(folder, 'rsyslogd.pid')])
  await until('rsyslogd listens', async () => {
    if (program.child.exitCode !== null) assert.fail(`rsyslogd ended: ${program.stderr()}`)
    const rows = await readFile('/proc/net/udp', 'utf8')
    return rows.includes(`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `)
  })
  return {
    send: async (texts) => {
      const socket = createSocket('udp4')
      for (const text of texts)
        await new Promise<void>((resolve, reject) => {
          socket.send(text, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
        })
      socket.close()
    },
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
