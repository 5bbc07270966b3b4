/**
 * The service as users run it (`src/main.ts run`), started by a benchmark on free ports and a folder of its own, asked
 * over its control socket and HTTPS. Nothing of it runs in the benchmark's process, so /proc tells its cost.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:https'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ControlClient } from '../../src/api/control-client.ts'
import type { Reply } from '../../src/api/control-contract.ts'
import { settingArguments } from './settings.ts'
import { freePorts } from '../free-ports.ts'

export type Status = Reply<'status'>

const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_MS = 60_000

export interface RunningService {
  readonly processId: number
  readonly syslogPort: number
  readonly webPort: number
  readonly dataFolder: string
  readonly control: ControlClient
  status(): Promise<Status>
  /** The block list as fetched over HTTPS on a kept connection. */
  list(): Promise<string>
  stop(): Promise<void>
  /** kill -9, as a crash. */
  kill(): Promise<void>
}

export interface ServiceOptions {
  readonly dataFolder: string
  readonly settings?: Readonly<Record<string, string | number | boolean>>
}

/** Starts it and waits until it serves the list; rejects with what it printed when it does not. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const [syslogPort, webPort] = await freePorts()
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv, // from the launcher, as users' services have them
      join(import.meta.dirname, '../../src/main.ts'),
      'run',
      ...settingArguments({
        'data.dir': options.dataFolder,
        'syslog.udp.listen': `127.0.0.1:${syslogPort}`,
        'syslog.tcp.listen': `127.0.0.1:${syslogPort}`,
        'syslog.tls.listen': '',
        'web.listen': `127.0.0.1:${webPort}`,
        'files.watch': '[]',
        ...options.settings,
      }),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const printed = collect(child)
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false })
  const list = (): Promise<string> => fetchText(`https://127.0.0.1:${webPort}/files/blacklist.txt`, agent)
  const control = new ControlClient({ dataFolder: options.dataFolder, user: 'bench' })
  const exited = once(child, 'exit')
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await Promise.race([exited, delay(STOP_TIMEOUT_MS, undefined, { ref: false })])
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      throw new Error(`the service did not stop within ${STOP_TIMEOUT_MS / 1000} s:\n${printed()}`)
    }
    agent.destroy()
  }
  const startedMs = performance.now()
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}:\n${printed()}`)
    if (performance.now() - startedMs > START_TIMEOUT_MS) {
      child.kill('SIGKILL')
      throw new Error(`the service did not come up:\n${printed()}`)
    }
    try {
      await control.call('status', {})
      await list()
      break
    } catch {
      await delay(20) // not up yet: the loop's own limits end the wait
    }
  }
  return {
    processId: child.pid as number,
    syslogPort,
    webPort,
    dataFolder: options.dataFolder,
    control,
    list,
    status: () => control.call('status', {}),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

/** The body of a GET over HTTPS on the agent's connections; rejects unless the status is 200. */
async function fetchText(url: string, agent: Agent): Promise<string> {
  const parts: Buffer[] = []
  await fetchParts(url, agent, (part) => parts.push(part))
  return Buffer.concat(parts).toString('latin1')
}

/** Hands on the body of an answer piece by piece; rejects when it is not 200. */
export function fetchParts(url: string, agent: Agent, take: (part: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (reply) => {
      reply.on('data', take)
      reply.on('error', reject)
      reply.on('end', () => {
        if (reply.statusCode === 200) resolve()
        else reject(new Error(`${url} answered ${reply.statusCode}`))
      })
    }).on('error', reject)
  })
}

function collect(child: ChildProcess): () => string {
  let text = ''
  const keep = (part: Buffer): void => {
    text = (text + part.toString()).slice(-20_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  return () => text
}

/** Asks for the status until `done` says so; rejects after `limitSeconds`. */
export async function waitForStatus(
  service: RunningService,
  done: (status: Status) => boolean,
  limitSeconds: number,
  everyMs = 50,
): Promise<Status> {
  const endMs = performance.now() + limitSeconds * 1000
  for (;;) {
    const status = await service.status()
    if (done(status)) return status
    if (performance.now() > endMs) {
      throw new Error(`not done after ${limitSeconds} s; the last status: ${JSON.stringify(status.store)}`)
    }
    await delay(everyMs)
  }
}
