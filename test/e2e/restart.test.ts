/** Windows over a restart: what was counted before a kill -9 or a stop counts after it. */
import assert from 'node:assert/strict'
import { appendFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { type ServiceProcess, startChild, storedRecords } from './child-service.ts'
import { customLine, scan, temporaryFolder, until } from './harness.ts'

const SLOW = [
  'detection.slowScan.mode=enforce',
  'detection.slowScan.perHour=0',
  'detection.slowScan.perSixHours=10',
  'detection.slowScan.perDay=0',
]
/** Then nothing but the hours before the restart can bring a window back. */
const NO_SHORT_WINDOWS = [
  'detection.portScan.minutes=0',
  'detection.hostSweep.minutes=0',
  'detection.bruteForce.minutes=0',
  'detection.vendorScan.minutes=0',
  'detection.randomScan.minutes=0',
  'detection.subnetScan.mode=off',
]

/** So many pairs of a slow scanner, from the n-th on. */
function slowScan(source: string, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) =>
    customLine({ source, destination: `203.0.113.${from + i + 1}`, port: 1000 + from + i }),
  )
}

interface Site {
  readonly start: () => Promise<ServiceProcess>
  readonly write: (lines: readonly string[]) => Promise<void>
  readonly dataFolder: string
}

async function siteOf(t: TestContext, sets: readonly string[]): Promise<Site> {
  const folder = await temporaryFolder(t)
  const dataFolder = join(folder, 'data')
  const logs = join(folder, 'Firewall')
  await mkdir(logs)
  const all = ['syslog.udp.listen=', 'syslog.tcp.listen=', `files.watch=${logs}/*.log`, ...sets]
  return {
    dataFolder,
    start: async () => {
      const service = await startChild(t, { dataFolder, sets: all })
      await service.ready()
      return service
    },
    write: (lines) => appendFile(join(logs, 'edge-fw-1.log'), `${lines.join('\n')}\n`),
  }
}

describe('a restart', () => {
  test('after kill -9 a scanner of 14 ports is convicted by the 15th, one of 20 slow pairs by the 21st', async (t) => {
    const site = await siteOf(t, [
      'detection.portScan.ports=14',
      ...SLOW,
      'detection.slowScan.perSixHours=20',
    ])
    const before = await site.start()
    await site.write([...scan('198.51.100.41', 14), ...slowScan('198.51.100.42', 0, 20)])
    await until('all are stored', async () => (await storedRecords(site.dataFolder)) === 34)
    assert.deepEqual(await before.list(), ['192.0.2.255'])
    await before.end('SIGKILL')
    const after = await site.start()
    await site.write([...scan('198.51.100.41', 16).slice(14), ...slowScan('198.51.100.42', 20, 21)])
    await until('both are listed', async () => (await after.list()).length === 2)
    assert.deepEqual(await after.list(), ['198.51.100.41', '198.51.100.42'])
  })

  test('windows of hours come from the snapshot after a stop, and from stored records where there is none', async (t) => {
    const site = await siteOf(t, [...NO_SHORT_WINDOWS, ...SLOW])
    const first = await site.start()
    await site.write(slowScan('198.51.100.43', 0, 7))
    await until('all are stored', async () => (await storedRecords(site.dataFolder)) === 7)
    await first.end('SIGTERM')
    const second = await site.start()
    await site.write(slowScan('198.51.100.43', 7, 11))
    await until('it is listed', async () => (await second.list()).includes('198.51.100.43'))
    await site.write(slowScan('198.51.100.44', 0, 10))
    await until('all are stored', async () => (await storedRecords(site.dataFolder)) === 21)
    await second.end('SIGKILL')
    await rm(join(site.dataFolder, 'windows.snapshot'))
    const third = await site.start()
    await site.write(slowScan('198.51.100.44', 10, 11))
    await until('the other one is listed', async () => (await third.list()).includes('198.51.100.44'))
  })

  test('brings back nothing of what was counted before a reset, and all that was counted since', async (t) => {
    const site = await siteOf(t, [
      'detection.portScan.ports=14',
      ...SLOW,
      'detection.slowScan.perSixHours=20',
    ])
    const before = await site.start()
    await site.write([...scan('198.51.100.45', 14), ...slowScan('198.51.100.46', 0, 20)])
    await until('all are stored', async () => (await storedRecords(site.dataFolder)) === 34)
    await before.end('SIGTERM') // writes a snapshot
    const second = await site.start()
    await second.control.call('setEngine', { action: 'reset', reason: 'begin anew' })
    await site.write([...scan('198.51.100.47', 14), ...slowScan('198.51.100.48', 0, 20)])
    await until('all are stored', async () => (await storedRecords(site.dataFolder)) === 68)
    assert.deepEqual(await second.list(), ['192.0.2.255'])
    await second.end('SIGKILL')
    const third = await site.start()
    await site.write([
      ...scan('198.51.100.45', 16).slice(14),
      ...slowScan('198.51.100.46', 20, 22),
      ...slowScan('198.51.100.48', 20, 21),
      ...scan('198.51.100.47', 16).slice(14),
    ])
    await until('those since are listed', async () => (await third.list()).length === 2)
    await until('all are stored', async () => (await storedRecords(site.dataFolder)) === 75)
    assert.deepEqual(await third.list(), ['198.51.100.47', '198.51.100.48'])
  })
})
