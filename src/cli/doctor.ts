/**
 * `doctor`: looks for what stands in the way of a good service on this machine and says how to mend it. The checks are
 * pure functions over facts; a running service is asked for its own findings. Exit 1 when something fails.
 */
import { accessSync, constants, existsSync, globSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { freemem, totalmem } from 'node:os'
import { ControlClient } from '../api/control-client.ts'
import { loadConfiguration } from '../config/load.ts'
import type { Settings } from '../config/schema.ts'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import type { UnknownShape } from '../parse/unknown-lines.ts'
import type { CliIo } from './io.ts'
import { configurationInput, printing, type ServiceOptions } from './options.ts'
import { jsonLine } from './safe-text.ts'
import { findingsOf } from './status.ts'
import { Table } from './table.ts'

export interface Check {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly message: string
  /** What to do; empty when ok. */
  readonly mend: string
}

const ok = (check: string, message: string): Check => ({ check, state: 'ok', message, mend: '' })
const MIB = 1 << 20
/** Below this the log store cannot merge its parts. */
const DISK_FAIL_BYTES = 1024 * MIB
const DISK_WARN_SHARE = 0.85
const MEMORY_WARN_BYTES = 2048 * MIB
/** Characters shown of a line that was not understood. */
const SHOWN_SAMPLE = 160

/** Answers 1 when a check fails, else 0. */
export async function doctor(io: CliIo, options: ServiceOptions): Promise<number> {
  const { settings, configFile, warnings } = loadConfiguration(configurationInput(io, options))
  const dataFolder = resolve(io.workingDirectory, settings['data.dir'])
  const checks = [
    ok('configuration', configFile === null ? 'no file; defaults, environment and --set' : configFile),
    ...warnings.map(
      (message): Check => ({ check: 'configuration', state: 'warn', message, mend: 'set it anew' }),
    ),
    checkDataFolder(dataFolder),
    checkDisk(dataFolder),
    checkMemory(totalmem(), freemem()),
    checkReceiveBuffer(settings, readNumber('/proc/sys/net/core/rmem_max')),
    ...checkPrivilegedPorts(
      settings,
      readNumber('/proc/sys/net/ipv4/ip_unprivileged_port_start'),
      isPrivileged(),
    ),
    ...settings['files.watch'].map((glob) => checkWatchedFiles(glob, io.workingDirectory)),
    ...(await checkService(io, dataFolder)),
  ]
  await printing(io, async (output) => {
    const table = new Table(output, ['STATE', 'CHECK', 'WHAT'])
    for (const check of checks) {
      const what =
        check.mend === '' ? check.message : `${check.message.replace(/\.?$/, '.')} Mend: ${check.mend}`
      if (options.json) await output.line(jsonLine(check))
      else await table.row([check.state, check.check, what])
    }
    await table.end()
  })
  return checks.some((check) => check.state === 'fail') ? 1 : 0
}

function checkDataFolder(folder: string): Check {
  const check = 'data folder'
  let existing = folder
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  try {
    accessSync(existing, constants.W_OK | constants.X_OK)
  } catch (error) {
    const mend = `give it to the user of the service (chown), or name another with --data`
    return { check, state: 'fail', message: `${existing} cannot be written: ${messageOf(error)}.`, mend }
  }
  return ok(check, existing === folder ? folder : `${folder} (made at the first start)`)
}

function checkDisk(folder: string): Check {
  let existing = folder
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  const { bavail, blocks, bsize } = statfsSync(existing)
  return diskCheck(bavail * bsize, blocks * bsize)
}

export function diskCheck(freeBytes: number, totalBytes: number): Check {
  const check = 'disk'
  const free = `${Math.floor(freeBytes / MIB)} MiB of ${Math.floor(totalBytes / MIB)} MiB free`
  const mend = 'give the data folder more room, or keep logs for less time (retention.logMonths)'
  if (freeBytes < DISK_FAIL_BYTES) return { check, state: 'fail', message: `${free}.`, mend }
  if (freeBytes < totalBytes * (1 - DISK_WARN_SHARE))
    return { check, state: 'warn', message: `${free}.`, mend }
  return ok(check, free)
}

export function checkMemory(totalBytes: number, freeBytes: number): Check {
  const text = `${Math.floor(freeBytes / MIB)} MiB of ${Math.floor(totalBytes / MIB)} MiB free`
  if (totalBytes >= MEMORY_WARN_BYTES) return ok('memory', text)
  const mend = 'give the machine 2 GiB, or lower logs.memory and detection.maxKeys'
  return { check: 'memory', state: 'warn', message: `${text}.`, mend }
}

/** `rmemMax` null: not told by this kernel. */
export function checkReceiveBuffer(settings: Settings, rmemMax: number | null): Check {
  const check = 'UDP buffer'
  const wanted = settings['syslog.udp.receiveBuffer']
  if (settings['syslog.udp.listen'] === '') return ok(check, 'UDP is switched off')
  if (rmemMax === null) return ok(check, 'the limit of this kernel is not known')
  if (rmemMax >= wanted) return ok(check, `net.core.rmem_max is ${rmemMax}`)
  return {
    check,
    state: 'warn',
    message: `net.core.rmem_max is ${rmemMax} bytes, wanted are ${wanted}: bursts of UDP may be lost.`,
    mend: `sudo sysctl -w net.core.rmem_max=${wanted}; and for the next boot: echo net.core.rmem_max=${wanted} | sudo tee /etc/sysctl.d/60-active-defense.conf`,
  }
}

export function checkPrivilegedPorts(
  settings: Settings,
  firstFree: number | null,
  privileged: boolean,
): Check[] {
  const keys = ['syslog.udp.listen', 'syslog.tcp.listen', 'syslog.tls.listen', 'web.listen'] as const
  return keys.flatMap((key): Check[] => {
    const text = settings[key]
    const port = Number(text.slice(text.lastIndexOf(':') + 1))
    if (text === '' || privileged || port === 0 || port >= (firstFree ?? 1024)) return []
    const mend =
      'use the packaged systemd unit, or sudo sysctl -w net.ipv4.ip_unprivileged_port_start=443, or a higher port'
    return [
      {
        check: 'ports',
        state: 'fail',
        message: `${key} ${text}: this user may not bind port ${port}.`,
        mend,
      },
    ]
  })
}

function checkWatchedFiles(glob: string, folder: string): Check {
  const check = 'files'
  const parent = resolve(folder, glob.replace(/[^/]*[*?{[].*$/, ''))
  try {
    accessSync(parent, constants.R_OK | constants.X_OK)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return ok(check, `${glob}: the folder does not exist (yet)`)
    return unreadable(glob, parent)
  }
  const files = globSync(glob, { cwd: folder })
  const closed = files.filter((file) => !isReadable(resolve(folder, file)))
  if (closed.length > 0) return unreadable(glob, closed[0] ?? '')
  return ok(check, `${glob}: ${files.length} ${files.length === 1 ? 'file' : 'files'}`)
}

function unreadable(glob: string, path: string): Check {
  const mend =
    'add the user of the service to the group that owns it (often: sudo usermod -aG adm USER), then log in anew'
  return { check: 'files', state: 'fail', message: `${glob}: ${path} cannot be read.`, mend }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return statSync(path).isFile()
  } catch {
    return false // the question was whether it can be read
  }
}

/** Lines that the running service could not read, one shape each. Lines of other programs are no fault. */
export function checkOfShape(shape: UnknownShape): Check {
  const lines = `${shape.count} ${shape.count === 1 ? 'line' : 'lines'} of ${shape.sender} not understood`
  const closest = shape.closest === null ? '' : `closest to ${shape.closest}, `
  const sample = shape.sample.length > SHOWN_SAMPLE ? `${shape.sample.slice(0, SHOWN_SAMPLE)}…` : shape.sample
  return {
    check: 'unknown lines',
    state: shape.closest === null ? 'ok' : 'warn',
    message: `${lines}: ${closest}${shape.failed}; the first: ${sample}`,
    mend: shape.closest === null ? '' : shape.advice,
  }
}

async function checkService(io: CliIo, dataFolder: string): Promise<Check[]> {
  try {
    const view = await new ControlClient({ dataFolder, user: io.user }).call('status', {})
    return [
      ok('service', `version ${view.version} runs as process ${view.processId}`),
      ...findingsOf(view).map(
        (finding): Check => ({
          check: finding.code,
          state: 'warn',
          message: finding.message,
          mend: finding.mend,
        }),
      ),
      ...view.unknownLines.map(checkOfShape),
    ]
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not-reachable') throw error
    return [
      {
        check: 'service',
        state: 'warn',
        message: 'no service runs on this data folder.',
        mend: 'start it: active-defense run',
      },
    ]
  }
}

function isPrivileged(): boolean {
  return process.getuid?.() === 0
}

function readNumber(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8').trim())
  } catch {
    return null // another kernel, or a container that hides it
  }
}
