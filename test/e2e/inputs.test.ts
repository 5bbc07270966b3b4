/**
 * Inputs under stress, counted exactly: files that rotate while we run and while we do not, files that we empty, and
 * UDP beyond what buffers hold: whatever is not stored is counted as lost.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { appendFile, copyFile, mkdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, storedRecords } from './child-service.ts'
import { type Service, scan, startService, temporaryFolder, until } from './harness.ts'
import { benignLine, type Numbers, numberedLine, numbersSql } from './numbered-lines.ts'
import { freePorts } from '../free-ports.ts'

/** Least that may be asked; the kernel keeps some hundred datagrams in it. */
const SMALL_BUFFER = 'syslog.udp.receiveBuffer=65536'

describe('files', () => {
  test('rotated by rename and by copy, while we run and while we do not: every line is stored once', async (t) => {
    const folder = await temporaryFolder(t)
    let service = await startService(t, { folder })
    const writer = new Writer(join(service.logs, 'edge-fw-1.log'))
    const allStored = (): Promise<void> =>
      until('every line is stored', async () => (await service.stored()) >= writer.count, 60_000)

    await writer.write(3000)
    await until('the file is followed', async () => (await service.stored()) > 0)
    await writer.rotate()
    await writer.write(3000)
    await allStored()
    // The writer keeps the old file open until it is told: rsyslog's way, HUP after the rename.
    await writer.rotate({ linesIntoOld: 500 })
    await writer.write(700)
    await allStored()
    await writer.write(2000)
    await allStored()
    await writer.copyTruncate()
    await writer.write(1500)
    await allStored()
    await service.stop()

    await writer.write(1000)
    await writer.rotate()
    await writer.write(1000)
    service = await startService(t, { folder })
    await allStored()
    await service.stop()

    await writer.write(1000)
    await writer.rotate()
    await writer.write(1000)
    await writer.rotate()
    await writer.write(1000)
    service = await startService(t, { folder })
    await allStored()
    await service.stop()

    await writer.write(1000)
    await writer.copyTruncate()
    await writer.write(1000)
    service = await startService(t, { folder })
    await allStored()
    await writer.write(10)
    await allStored()
    await exactly(service, writer.count)
    assert.equal(await service.stored("device != 'edge-fw-1'"), 0)
  })

  test('a last line without its end is one line when the rest of it comes, also across a restart', async (t) => {
    const folder = await temporaryFolder(t)
    const first = await startService(t, { folder })
    const path = join(first.logs, 'edge-fw-1.log')
    const [a, b, c] = [0, 1, 2].map(benignLine) as [string, string, string]
    await writeFile(path, `${a}\n${b.slice(0, 100)}`)
    await until('the whole line is stored', async () => (await first.stored()) === 1)
    await appendFile(path, `${b.slice(100)}\n${c.slice(0, 50)}`)
    await until('the second too', async () => (await first.stored()) === 2)
    await first.stop()
    const second = await startService(t, { folder })
    await appendFile(path, `${c.slice(50)}\n`)
    await until('the third too', async () => (await second.stored()) === 3)
    await exactly(second, 3)
    assert.equal(await second.stored("unparsedReason != ''"), 0)
  })

  test('files.afterRead=truncate empties a file when its lines are stored, and no line is lost', async (t) => {
    const folder = await temporaryFolder(t)
    let service = await startService(t, { folder, sets: ['files.afterRead=truncate'] })
    const path = join(service.logs, 'edge-fw-1.log')
    const writer = new Writer(path)
    await writer.write(5000)
    await until('all is stored', async () => (await service.stored()) === 5000, 30_000)
    await until('the file is empty', async () => (await stat(path)).size === 0, 30_000)
    await writer.write(3000)
    await until('what came then is stored', async () => (await service.stored()) === 8000, 30_000)
    await service.stop()
    await writer.write(1000)
    service = await startService(t, { folder, sets: ['files.afterRead=truncate'] })
    await until('and what came while we were away', async () => (await service.stored()) === 9000, 30_000)
    await until('it is empty again', async () => (await stat(path)).size === 0, 90_000)
    await exactly(service, 9000)
  })
})

describe('UDP beyond its buffers', () => {
  test('what the kernel dropped while we were held up is counted: sent is stored plus dropped', async (t) => {
    const dataFolder = join(await temporaryFolder(t), 'data')
    const [metricsPort] = await freePorts()
    const sets = [SMALL_BUFFER, 'syslog.tcp.listen=', `metrics.listen=127.0.0.1:${metricsPort}`]
    const service = await startChild(t, { dataFolder, sets })
    await service.ready()
    const port = await service.portOf('udp')
    await send(
      port,
      Array.from({ length: 10 }, (_, i) => benignLine(i)),
    )
    await until('it listens', async () => (await storedRecords(dataFolder)) === 10, 30_000)

    const sent = 5000
    service.child.kill('SIGSTOP')
    await send(
      port,
      Array.from({ length: sent - 10 }, (_, i) => benignLine(10 + i)),
    )
    service.child.kill('SIGCONT')
    const lost = (): Promise<number> => lostOf(metricsPort, 'kernel')
    await until('the drops are in /metrics', async () => (await lost()) > 0, 30_000)
    // Only now: the buffer was full until it was read.
    await send(port, scan('198.51.100.180', 11))
    await until('detection goes on', async () => (await service.list())[0] === '198.51.100.180', 30_000)
    await until(
      'sent is stored plus dropped',
      async () => (await storedRecords(dataFolder)) + (await lost()) === sent + 11,
      30_000,
    )
    assert.equal(await lostOf(metricsPort, 'shed'), 0)
    t.diagnostic(
      `${sent + 11} sent, ${await storedRecords(dataFolder)} stored, ${await lost()} dropped by the kernel`,
    )
    const { inputs } = await service.status()
    const counters = inputs.find(({ name }) => name === 'udp')?.counters
    assert.equal(counters?.['kernelDrops'], await lost())
    assert.match(service.stderr(), /the kernel dropped \d+ datagrams because the receive buffer was full/)
    assert.deepEqual(await service.end('SIGTERM'), { code: 0, signal: null })
  })

  test('while segments cannot be written lines are shed and counted, an alarm stands, and then all goes on', async (t) => {
    const [metricsPort] = await freePorts()
    const service = await startService(t, { sets: [SMALL_BUFFER, `metrics.listen=127.0.0.1:${metricsPort}`] })
    await service.sendUdp(scan('198.51.100.181', 10))
    await until('it runs', async () => (await service.stored()) === 10, 30_000)

    // As a disk that takes no more: the folder of segments is away, so nothing can be made safe.
    const segments = join(service.folder, 'data', 'segments')
    await rename(segments, `${segments}.away`)
    let sent = 10
    const lost = async (): Promise<number> =>
      (await lostOf(metricsPort, 'shed')) + (await lostOf(metricsPort, 'kernel'))
    // Long lines fill memory's share with fewer datagrams.
    await until(
      'lines are shed',
      async () => {
        const lines = Array.from({ length: 500 }, () => longLine(sent++))
        await service.sendUdp(lines)
        return (await lostOf(metricsPort, 'shed')) > 0
      },
      60_000,
    )
    await until('an alarm tells', async () =>
      (await service.control.call('status', {})).findings.some(({ code }) => code === 'segment-write-failed'),
    )
    assert.equal((await service.get('/files/blacklist.txt')).status, 200, 'the list is served meanwhile')

    await mkdir(segments, { recursive: true })
    await rm(`${segments}.away`, { recursive: true })
    await until(
      'sent is stored plus counted as lost',
      async () => (await service.stored()) + (await lost()) === sent,
      60_000,
    )
    t.diagnostic(`${sent} sent, ${await service.stored()} stored, ${await lost()} lost and counted`)
    assert.equal(await service.stored("unparsedReason != ''"), 0)
    await service.sendUdp(scan('198.51.100.182', 11))
    await until('lines go on to the list', async () => (await service.list()).includes('198.51.100.182'))
    await until('the alarm is over', async () =>
      (await service.control.call('status', {})).findings.every(
        ({ code }) => code !== 'segment-write-failed',
      ),
    )
  })
})

/** Appends numbered lines as a syslog server does, and rotates the file as logrotate does. */
class Writer {
  readonly #path: string
  #count = 0
  #rotations = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Lines written so far, into whichever file. */
  get count(): number {
    return this.#count
  }

  async write(lines: number): Promise<void> {
    await this.#append(this.#path, lines)
  }

  /** By rename; some lines may still go into the old file afterwards. */
  async rotate(options: { linesIntoOld?: number } = {}): Promise<void> {
    const old = `${this.#path}.${++this.#rotations}`
    await rename(this.#path, old)
    await this.#append(old, options.linesIntoOld ?? 0)
    await writeFile(this.#path, '')
  }

  /** By copy and truncation; nothing is written between the two. */
  async copyTruncate(): Promise<void> {
    await copyFile(this.#path, `${this.#path}.${++this.#rotations}`)
    await truncate(this.#path)
  }

  async #append(path: string, lines: number): Promise<void> {
    const texts = Array.from({ length: lines }, () => `${benignLine(this.#count++)}\n`)
    const bytes = Buffer.from(texts.join(''))
    // In odd pieces, so that lines are seen half.
    for (let at = 0; at < bytes.length; at += 70_001) await appendFile(path, bytes.subarray(at, at + 70_001))
  }
}

/** Each of the first `count` numbers is stored once, and nothing else is. */
async function exactly(service: Service, count: number): Promise<void> {
  const [found] = (await service.app.parts.logs?.client.rows<Numbers>(numbersSql(count))) ?? []
  assert.deepEqual(
    { ...found, records: Number(found?.records), numbers: Number(found?.numbers) },
    { records: count, numbers: count, missing: [], twice: [] },
  )
  assert.equal(await service.stored(), count)
}

function longLine(number: number): string {
  const line = numberedLine({ number, source: '192.0.2.9', port: 443, action: 'allow' })
  return line.replace('RuleName=', `RuleName=${'a long name of a rule '.repeat(350)}`)
}

/** Sends in small bursts: the sender's own socket must not be what drops them. */
async function send(port: number, lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const line of lines)
    await new Promise<void>((resolve, reject) => {
      socket.send(line, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
    })
  socket.close()
}

/** Messages lost at the UDP input for a reason, as /metrics says. */
async function lostOf(metricsPort: number, reason: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
  const line = new RegExp(
    `^active_defense_input_lost_messages_total\\{(?=[^}]*input="udp")(?=[^}]*reason="${reason}")[^}]*\\} (\\d+)$`,
    'm',
  ).exec(await answer.text())
  await sleep(50) // the counters move once a second
  return Number(line?.[1] ?? Number.NaN)
}
