/**
 * The service as users run it, a process of its own: started, asked over its control socket and HTTPS, ended or killed
 * by its process id. Whatever is left of it when the test ends is killed, and only that.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ControlClient } from '../../src/api/control-client.ts'
import type { Reply } from '../../src/api/control-contract.ts'
import { socketPathOf } from '../../src/store/logs/embedded.ts'
import { LogStore } from '../../src/store/logs/log-store.ts'
import { atEnd, fetchPath, TEST_NETWORKS, until } from './harness.ts'

export const ROOT = join(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'src/main.ts')
export const LAUNCHER = join(ROOT, 'scripts/launch.mjs')
/** A start on a busy machine. */
const READY_LIMIT_MS = 60_000

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export interface Program {
  readonly child: ChildProcess
  readonly processId: number
  /** Resolves when it has ended and all that it printed is here. */
  readonly exited: Promise<Exit>
  readonly signal: (name: NodeJS.Signals) => void
  /** What it printed so far. */
  readonly stdout: () => string
  readonly stderr: () => string
}

/** Starts a program with this Node; it is killed when the test ends, if it still runs. */
export function runNode(t: TestContext, args: readonly string[], options: ProgramOptions = {}): Program {
  return runProgram(t, process.execPath, args, options)
}

export interface ProgramOptions {
  readonly environment?: NodeJS.ProcessEnv
  /** In a process group of its own, as a terminal starts it; a signal then goes to all of it, as Ctrl-C does. */
  readonly isGroup?: boolean
}

export function runProgram(
  t: TestContext,
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Program {
  const child = spawn(command, [...args], {
    cwd: ROOT,
    detached: options.isGroup ?? false,
    // Without the test runner's own variables: a child must not think that it is a test file. And without a network
    // for npm: what a start needs is there.
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TZ: 'UTC',
      npm_config_offline: 'true',
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const signal = (name: NodeJS.Signals): void => {
    const processId = child.pid as number
    if (options.isGroup) process.kill(-processId, name)
    else child.kill(name)
  }
  const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }))
  atEnd(t, async () => {
    if (child.exitCode === null && child.signalCode === null) signal('SIGKILL')
    await exited
  })
  return {
    child,
    processId: child.pid as number,
    exited,
    signal,
    stdout: () => stdout,
    stderr: () => stderr,
  }
}

export interface ServiceProcess extends Program {
  readonly dataFolder: string
  readonly control: ControlClient
  readonly status: () => Promise<Reply<'status'>>
  readonly list: () => Promise<string[]>
  /** Port of an input, as bound. */
  readonly portOf: (input: 'udp' | 'tcp') => Promise<number>
  /** Resolves when the control socket answers. */
  readonly ready: () => Promise<void>
  /** Ends it as `kill` does; resolves when it is gone. */
  readonly end: (signal: NodeJS.Signals) => Promise<Exit>
}

/** `node src/main.ts run` on free ports of 127.0.0.1 unless `sets` say otherwise. */
export async function startChild(
  t: TestContext,
  options: { dataFolder: string; sets?: readonly string[] },
): Promise<ServiceProcess> {
  const { dataFolder } = options
  await mkdir(dataFolder, { recursive: true })
  // Registered before the program: runs after it was ended.
  atEnd(t, () => endLogStores(dataFolder))
  const program = runNode(t, [MAIN, 'run', '--data', dataFolder, ...setArguments(options.sets ?? [])])
  return serviceOf(program, dataFolder)
}

/** The same as `npm start` does it, in a process group as a terminal has it. */
export async function startLauncher(
  t: TestContext,
  options: { dataFolder: string; sets?: readonly string[]; arguments?: readonly string[] },
): Promise<ServiceProcess> {
  const { dataFolder } = options
  await mkdir(dataFolder, { recursive: true })
  atEnd(t, () => endLogStores(dataFolder))
  const sets = setArguments(options.sets ?? [])
  const args = [LAUNCHER, 'run', '--data', dataFolder, ...(options.arguments ?? []), ...sets]
  return serviceOf(runNode(t, args, { isGroup: true }), dataFolder)
}

/** Settings of a service that meets no other on this machine. */
export function setArguments(sets: readonly string[]): string[] {
  const all = [
    'syslog.udp.listen=127.0.0.1:0',
    'syslog.tcp.listen=127.0.0.1:0',
    'syslog.tls.listen=',
    'web.listen=127.0.0.1:0',
    'files.watch=[]',
    'time.zone=UTC',
    ...TEST_NETWORKS,
    ...sets,
  ]
  // The last of a key wins, as it does for the service; a key is given once.
  const byKey = new Map(all.map((set) => [set.slice(0, set.indexOf('=')), set]))
  return [...byKey.values()].flatMap((set) => ['--set', set])
}

export function serviceOf(program: Program, dataFolder: string): ServiceProcess {
  const control = new ControlClient({ dataFolder, user: 'tester' })
  const status = (): Promise<Reply<'status'>> => control.call('status', {})
  const { child, exited, signal } = program
  return {
    ...program,
    dataFolder,
    control,
    status,
    list: async () => {
      const { list } = await status()
      const answer = await fetchPath(Number(new URL(list.url ?? '').port), '/files/blacklist.txt')
      if (answer.status !== 200) throw new Error(`the list answered ${answer.status}`)
      return answer.body.trimEnd().split('\n')
    },
    portOf: async (input) => {
      const { inputs } = await status()
      return Number(
        inputs
          .find(({ name }) => name === input)
          ?.address?.split(':')
          .at(-1),
      )
    },
    ready: () =>
      until(
        'the service answers',
        async () => {
          if (child.exitCode !== null || child.signalCode !== null)
            throw new Error(`the service ended:\n${program.stdout()}\n${program.stderr()}`)
          return (await status().catch(() => null)) !== null // not yet
        },
        READY_LIMIT_MS,
      ),
    end: async (name) => {
      signal(name)
      return exited
    },
  }
}

/** Asks the embedded engine of a data folder; nothing waits while it is away: null then. */
export async function askLogs<Row>(dataFolder: string, sql: string): Promise<Row[] | null> {
  const store = new LogStore({ socketPath: socketPathOf(dataFolder) })
  try {
    return await store.rows<Row>(sql)
  } catch {
    return null // being started
  } finally {
    await store.close()
  }
}

/** Stored records that fit a condition; NaN while the log store is away. */
export async function storedRecords(dataFolder: string, condition = '1'): Promise<number> {
  const rows = await askLogs<{ n: string | number }>(
    dataFolder,
    `SELECT count() AS n FROM logs WHERE ${condition}`,
  )
  return Number(rows?.[0]?.n ?? Number.NaN)
}

/** Log store processes of a data folder: the folder stands in their arguments. */
export async function logStoresOf(dataFolder: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // A process that ended meanwhile has nothing to read.
    const text = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (text.includes('log-store-process') && text.includes(`"${join(dataFolder, 'logs')}"`))
      found.push(Number(name))
  }
  return found
}

async function endLogStores(dataFolder: string): Promise<void> {
  for (const processId of await logStoresOf(dataFolder)) killIfThere(processId)
  await until(
    'the log store is gone',
    async () => (await logStoresOf(dataFolder)).length === 0,
    READY_LIMIT_MS,
  )
}

export function killIfThere(processId: number): boolean {
  try {
    process.kill(processId, 'SIGKILL')
    return true
  } catch {
    return false // it has just ended by itself
  }
}
