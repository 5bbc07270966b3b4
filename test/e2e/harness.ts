/**
 * The whole service in-process on free ports and an own data folder, and the senders of lines around it. Everything
 * talks to 127.0.0.1 and ends with the test.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type App, startApp } from '../../src/app.ts'
import { ControlClient } from '../../src/api/control-client.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { StoreError } from '../../src/store/logs/store-error.ts'

/** Our own network and who may count as public in tests: documentation ranges only. */
export const TEST_NETWORKS = [
  'networks.own=203.0.113.0/24',
  'networks.public=192.0.2.0/24,198.51.100.0/24,203.0.113.0/24,2001:db8::/32',
]

export interface Service {
  readonly app: App
  readonly folder: string
  readonly logs: string
  readonly control: ControlClient
  /** What the service wrote to its log and for its operator. */
  readonly said: string[]
  readonly list: () => Promise<string[]>
  readonly get: (path: string) => Promise<Answer>
  readonly sendUdp: (lines: readonly string[]) => Promise<void>
  readonly sendTcp: (bytes: string | Buffer) => Promise<void>
  readonly appendFile: (device: string, lines: readonly string[]) => Promise<void>
  /** Stored records that fit a condition; NaN while the log store is away. */
  readonly stored: (condition?: string) => Promise<number>
  readonly stop: () => Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Starts a service; it is stopped and its folder removed when the test ends, unless `folder` is the caller's. */
export async function startService(
  t: TestContext,
  options: { sets?: readonly string[]; folder?: string; isPlainOidcAllowed?: boolean; clock?: Clock } = {},
): Promise<Service> {
  const folder = options.folder ?? (await temporaryFolder(t))
  const logs = join(folder, 'Firewall')
  await mkdir(logs, { recursive: true })
  const said: string[] = []
  const input = {
    workingDirectory: folder,
    environment: {},
    dataDir: join(folder, 'data'),
    sets: [
      'syslog.udp.listen=127.0.0.1:0',
      'syslog.tcp.listen=127.0.0.1:0',
      'syslog.tls.listen=',
      'web.listen=127.0.0.1:0',
      `files.watch=${logs}/*.log`,
      `import.folders=${folder}`,
      'time.zone=UTC',
      ...TEST_NETWORKS,
      ...(options.sets ?? []),
    ],
  }
  const app = await startApp({
    input,
    configuration: loadConfiguration(input),
    demo: false,
    isPlainOidcAllowed: options.isPlainOidcAllowed === true,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    announce: (line) => said.push(line),
    logStream: { write: (line) => said.push(line.trimEnd()) },
  })
  const port = (name: string): number =>
    Number(
      app.parts.pipeline?.inputs
        .find((known) => known.name === name)
        ?.address?.split(':')
        .at(-1),
    )
  const web = Number(new URL(app.urls.page).port)
  let stopping: Promise<void> | null = null
  const stop = (): Promise<void> => {
    stopping ??= app.stop()
    return stopping
  }
  atEnd(t, stop)
  const get = (path: string): Promise<Answer> => fetchPath(web, path)
  return {
    app,
    folder,
    logs,
    control: new ControlClient({ dataFolder: join(folder, 'data'), user: 'tester' }),
    said,
    get,
    list: async () => {
      const { status, body } = await get('/files/blacklist.txt')
      assert.equal(status, 200)
      assert.match(body, /^(?:[0-9a-f.:/]+\n)+$/)
      return body.trimEnd().split('\n')
    },
    sendUdp: (lines) => sendUdp(port('udp'), lines),
    sendTcp: (bytes) => sendTcp(port('tcp'), bytes),
    appendFile: (device, lines) =>
      appendFile(join(logs, `${device}.log`), lines.map((line) => `${line}\n`).join('')),
    stored: async (condition = '1') => {
      const sql = `SELECT count() AS n FROM logs WHERE ${condition}`
      try {
        const [row] = (await app.parts.logs?.client.rows<{ n: string | number }>(sql)) ?? []
        return Number(row?.n ?? 0)
      } catch (error) {
        if (error instanceof StoreError && error.isTransient) return Number.NaN // it is being started
        throw error
      }
    },
    stop,
  }
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ads-e2e-'))
  atEnd(t, () => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

type Ending = () => unknown
const endings = new WeakMap<TestContext, Ending[]>()

/** Runs when the test ends, last registered first (`t.after` runs the first first): a folder goes after its service. */
export function atEnd(t: TestContext, ending: Ending): void {
  const known = endings.get(t)
  if (known !== undefined) {
    known.push(ending)
    return
  }
  const all = [ending]
  endings.set(t, all)
  t.after(async () => {
    const failures: unknown[] = []
    for (const each of all.reverse()) {
      try {
        await each()
      } catch (error) {
        failures.push(error) // the others are still to be ended
      }
    }
    if (failures.length > 0) throw failures[0]
  })
}

/** Waits until `is` holds; fails with what it was waiting for. */
export async function until(
  what: string,
  is: () => Promise<boolean> | boolean,
  limitMs = 15_000,
): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await is())) {
    if (performance.now() > endMs) assert.fail(`waited ${limitMs / 1000} s in vain: ${what}`)
    await sleep(25)
  }
}

export function fetchPath(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // The certificate is checked by its own tests.
    const asked = request(
      { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
        answer.on('error', reject)
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

async function sendUdp(port: number, lines: readonly string[]): Promise<void> {
  const socket = createSocket('udp4')
  try {
    for (const line of lines) {
      await new Promise<void>((resolve, reject) => {
        socket.send(line, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)))
      })
    }
  } finally {
    socket.close()
  }
}

async function sendTcp(port: number, bytes: string | Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.end(bytes)
  socket.resume()
  await once(socket, 'close')
}

/** A line in the older system's custom format, with a BSD header. */
export function customLine(fields: {
  source: string
  destination?: string
  port: number
  atMs?: number
  device?: string
  severity?: string
  type?: string
  action?: string
  sourcePort?: number
  user?: string
}): string {
  const at = new Date(fields.atMs ?? Date.now())
  const stamp = at.toISOString().slice(0, 19).replace('T', ' ').replaceAll('-', '/')
  const month = at.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' })
  const day = String(at.getUTCDate()).padStart(2, ' ')
  const header = `<14>${month} ${day} ${at.toISOString().slice(11, 19)} ${fields.device ?? 'edge-fw-1'}`
  const isThreat = (fields.type ?? 'TRAFFIC') === 'THREAT'
  const threat = isThreat
    ? `ThreatName=Test Overflow Attempt; ThreatID=Test Overflow Attempt(30001); Severity=${fields.severity ?? 'critical'}; Subtype=vulnerability;`
    : 'ThreatName=$threat_name; ThreatID=$threatid; Severity=$severity; Subtype=drop;'
  return (
    `${header} SrcLocation=Testland; SrcIP=${fields.source}; SrcPort=${fields.sourcePort ?? 51514}; SrcUser=${fields.user ?? ''}; ` +
    `DstLocation=Testland; DstIP=${fields.destination ?? '203.0.113.10'}; DstPort=${fields.port}; Action=${fields.action ?? 'drop'}; ` +
    `RuleName=Active Defense sensor; RuleID=; TimeReceived=${stamp}; ${threat} Type= ${fields.type ?? 'TRAFFIC'};`
  )
}

/** Lines of a port scan: one source, one destination, ports counting up. */
export function scan(
  source: string,
  ports: number,
  more: Partial<Parameters<typeof customLine>[0]> = {},
): string[] {
  return Array.from({ length: ports }, (_, i) => customLine({ source, port: 1000 + i, ...more }))
}
