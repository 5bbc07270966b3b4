/** `firewalls list|show|add|change|remove|check|refresh|leaks|idle`: who enforces the list, and whether blocks bite. */
import { readFile } from 'node:fs/promises'
import type { Input, Reply } from '../api/control-contract.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { CliIo, LineOutput } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

type FirewallView = Reply<'listFirewalls'>
type Finding = Reply<'checkFirewall'>['findings'][number]

export interface WriteFirewallOptions extends ServiceOptions {
  readonly name?: string
  readonly address?: readonly string[]
  readonly device?: readonly string[]
  readonly interval?: string
  readonly feed?: string
  readonly api?: string
  readonly port?: string
  readonly keyFile?: string
  readonly caFile?: string
  readonly fingerprint?: string
  readonly vsys?: readonly string[]
  readonly list?: string
  /** `on` or `off`. */
  readonly refresh?: string
  readonly readBack?: string
  readonly clearSessions?: string
  /** Or `off`. */
  readonly tag?: string
  readonly tagTimeout?: string
  /** Takes the push away. */
  readonly withoutApi?: boolean
  readonly reason?: string
}

/** What the options say of the management API. */
type GivenApi = Partial<NonNullable<Input<'addFirewall'>['api']>>

const KEY_LIMIT = 4096
const TAG_TIMEOUT_SECONDS = 3600
const API_DEFAULTS = {
  port: 443,
  ca: null,
  fingerprint: null,
  vsys: [],
  list: null,
  refresh: true,
  readBack: true,
  register: null,
  clearSessions: false,
}

export async function listFirewalls(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const header = ['NAME', 'FETCHES FROM', 'DEVICES', 'LAST FETCH', 'REVISION', 'DENIED', 'LEAKS', 'PUSH']
    const table = new Table(output, header)
    let count = 0
    for await (const firewall of client.rows('listFirewalls', {})) {
      count++
      if (options.json) await output.line(jsonLine(firewall))
      else await table.row(cellsOf(io, firewall))
    }
    await table.end()
    if (!options.json) await output.line(`${count} ${count === 1 ? 'firewall' : 'firewalls'}`)
  })
}

function cellsOf(io: CliIo, firewall: FirewallView): string[] {
  const { name, addresses, devices, lastFetchedAt, feeds, denied, leaks, api } = firewall
  return [
    name,
    addresses.join(' ') || '-',
    devices.join(' ') || '-',
    instantText(io, lastFetchedAt, 'never'),
    feeds.map(({ feed, revision }) => `${feed}:${revision}`).join(' ') || '-',
    String(denied),
    String(leaks),
    api === null ? '-' : api.state,
  ]
}

export async function showFirewall(io: CliIo, name: string, options: ServiceOptions): Promise<void> {
  const reply = await clientOf(io, options).call('showFirewall', { firewall: name })
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(reply))
      return
    }
    await printFirewall(io, output, reply.firewall)
    if (reply.leaks.length > 0) await output.line('Blocked addresses that it lets through:')
    const table = new Table(output, ['TARGET', 'LINES', 'SINCE', 'LAST', 'RULE'])
    for (const { target, lines, firstAt, lastAt, rule } of reply.leaks)
      await table.row([
        target,
        String(lines),
        instantText(io, firstAt, '-'),
        instantText(io, lastAt, '-'),
        rule ?? '-',
      ])
    await table.end()
  })
}

async function printFirewall(io: CliIo, output: LineOutput, firewall: FirewallView): Promise<void> {
  const { name, origin, addresses, devices, intervalSeconds, feeds, loaded, api } = firewall
  const what = { named: 'written down', fetcher: 'an address that fetches', device: 'reports only' }[origin]
  await output.line(safeText(`${name}: ${what}, id ${firewall.id}`))
  await output.line(safeText(`fetches from ${addresses.join(', ') || '-'}, every ${intervalSeconds} s`))
  await output.line(safeText(`its lines name it ${devices.join(', ') || '-'}`))
  for (const { feed, revision, lastFetchedAt, fetches } of feeds)
    await output.line(
      safeText(
        `has revision ${revision} of ${feed} since ${instantText(io, lastFetchedAt, '-')}, ${fetches} fetches`,
      ),
    )
  for (const { feed, at, valid, ignored, invalid, expected } of loaded)
    await output.line(
      safeText(
        `loaded ${valid} of ${expected ?? '?'} entries of ${feed}, ${ignored ?? '?'} ignored, ${invalid ?? '?'} invalid; asked ${instantText(io, at, '-')}`,
      ),
    )
  await output.line(
    `${firewall.denied} lines of blocked sources denied, ${firewall.allowed} let through since the service started`,
  )
  if (api === null) return
  const problem = api.problem === null ? '' : `: ${api.problem}`
  await output.line(safeText(`push to ${api.host}:${api.port}: ${api.state}${problem}`))
  await output.line(
    `${api.refreshes} refreshes, ${api.registered} addresses registered, sessions of ${api.clearedSources} cleared, ${api.waiting} wait, ${api.dropped} given up`,
  )
  await printFindings(output, api.findings)
}

async function printFindings(output: LineOutput, findings: readonly Finding[]): Promise<void> {
  for (const { severity, message, mend } of findings) {
    await output.line(safeText(`${severity}: ${message}`))
    await output.line(safeText(`  ${mend}`))
  }
}

export async function addFirewall(io: CliIo, name: string, options: WriteFirewallOptions): Promise<void> {
  const api = await apiOf(io, options)
  if (api !== undefined && (api.host === undefined || api.key === undefined))
    throw new AppError('usage', 'a management API needs --api HOST and --key-file FILE')
  const reply = await clientOf(io, options).call('addFirewall', {
    name,
    addresses: [...(options.address ?? [])],
    devices: [...(options.device ?? [])],
    intervalSeconds: interval(options).intervalSeconds ?? null,
    feed: options.feed ?? 'blacklist',
    api: api === undefined ? null : { ...API_DEFAULTS, ...api, host: api.host ?? '', key: api.key ?? '' },
    reason: options.reason ?? '',
  })
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(reply))
    else await printFirewall(io, output, reply)
  })
}

export async function changeFirewall(io: CliIo, name: string, options: WriteFirewallOptions): Promise<void> {
  const api = options.withoutApi ? null : await apiOf(io, options)
  const reply = await clientOf(io, options).call('changeFirewall', {
    firewall: name,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.address === undefined ? {} : { addresses: [...options.address] }),
    ...(options.device === undefined ? {} : { devices: [...options.device] }),
    ...interval(options),
    ...(options.feed === undefined ? {} : { feed: options.feed }),
    ...(api === undefined ? {} : { api }),
    reason: options.reason ?? '',
  })
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(reply))
    else await printFirewall(io, output, reply)
  })
}

export async function removeFirewall(io: CliIo, name: string, options: WriteFirewallOptions): Promise<void> {
  const given = { firewall: name, reason: options.reason ?? '' }
  await printMessage(io, options, await clientOf(io, options).call('removeFirewall', given))
}

/** Exit code 1 when something must be mended. */
export async function checkFirewall(io: CliIo, name: string, options: ServiceOptions): Promise<number> {
  const reply = await clientOf(io, options).call('checkFirewall', { firewall: name })
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(reply))
    else {
      await printFindings(output, reply.findings)
      if (reply.ok) await output.line('nothing stands in the way')
    }
  })
  return reply.ok ? 0 : 1
}

export async function refreshFirewall(io: CliIo, name: string, options: ServiceOptions): Promise<void> {
  await printMessage(io, options, await clientOf(io, options).call('refreshFirewall', { firewall: name }))
}

export async function listLeaks(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['TARGET', 'FIREWALL', 'LINES', 'SINCE', 'LAST', 'RULE'])
    let count = 0
    for await (const leak of client.rows('listLeaks', {})) {
      count++
      if (options.json) {
        await output.line(jsonLine(leak))
        continue
      }
      const { target, firewallName, lines, firstAt, lastAt, rule } = leak
      await table.row([
        target,
        firewallName,
        String(lines),
        instantText(io, firstAt, '-'),
        instantText(io, lastAt, '-'),
        rule ?? '-',
      ])
    }
    await table.end()
    if (!options.json) await output.line(`${count} ${count === 1 ? 'leak' : 'leaks'}`)
  })
}

/** Blocks that firewalls have and that never stopped anything. */
export async function listIdle(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['TARGET', 'BLOCKED', 'FIREWALLS THAT HAVE IT'])
    let count = 0
    for await (const line of client.rows('listEnforcement', { state: 'idle', most: 10_000 })) {
      count++
      const names = line.firewalls.filter(({ fetchedAt }) => fetchedAt !== null).map(({ name }) => name)
      if (options.json) await output.line(jsonLine(line))
      else await table.row([line.target, instantText(io, line.detectedAt, '-'), names.join(' ') || '-'])
    }
    await table.end()
    if (!options.json) await output.line(`${count} that have stopped nothing so far`)
  })
}

async function printMessage(io: CliIo, options: ServiceOptions, reply: { message: string }): Promise<void> {
  await printing(io, async (output) => {
    await output.line(options.json ? jsonLine(reply) : safeText(reply.message))
  })
}

function interval({ interval: text }: WriteFirewallOptions): { intervalSeconds?: number | null } {
  if (text === undefined) return {}
  return { intervalSeconds: text === 'learned' ? null : wholeNumber('--interval', text) }
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new AppError('usage', `${option} ${text}: expected a whole number`)
  return Number(text)
}

/** What the options say of the management API; undefined when none of them is given. */
async function apiOf(io: CliIo, options: WriteFirewallOptions): Promise<GivenApi | undefined> {
  const { api, port, keyFile, caFile, fingerprint, vsys, list } = options
  const { refresh, readBack, clearSessions, tag, tagTimeout } = options
  const given = {
    ...(api === undefined ? {} : { host: api }),
    ...(port === undefined ? {} : { port: wholeNumber('--port', port) }),
    ...(keyFile === undefined ? {} : { key: await keyOf(io, keyFile) }),
    ...(caFile === undefined ? {} : { ca: await textOf(caFile) }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(vsys === undefined ? {} : { vsys: [...vsys] }),
    ...(list === undefined ? {} : { list }),
    ...(refresh === undefined ? {} : { refresh: isOn('--refresh', refresh) }),
    ...(readBack === undefined ? {} : { readBack: isOn('--read-back', readBack) }),
    ...(clearSessions === undefined ? {} : { clearSessions: isOn('--clear-sessions', clearSessions) }),
    ...(tag === undefined ? {} : { register: tag === 'off' ? null : registered(tag, tagTimeout) }),
  }
  return Object.keys(given).length === 0 ? undefined : given
}

function registered(tag: string, timeout: string | undefined): { tag: string; timeoutSeconds: number } {
  const timeoutSeconds = timeout === undefined ? TAG_TIMEOUT_SECONDS : wholeNumber('--tag-timeout', timeout)
  return { tag, timeoutSeconds }
}

function isOn(option: string, text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new AppError('usage', `${option} ${text}: expected on or off`)
  return text === 'on'
}

/** From a file or from stdin: an argument would stand in the list of processes for everyone to read. */
async function keyOf(io: CliIo, path: string): Promise<string> {
  let text = ''
  if (path === '-') {
    for await (const chunk of io.stdin.setEncoding('utf8') as AsyncIterable<string>) {
      text += chunk
      if (text.length > KEY_LIMIT) break
    }
  } else text = await textOf(path)
  const key = text.trim()
  if (key === '' || key.length > KEY_LIMIT) throw new AppError('usage', `${path} holds no API key`)
  return key
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new AppError('usage', `cannot read ${path}: ${messageOf(error)}`, error)
  }
}
