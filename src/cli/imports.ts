/** `import ...` and `compare ...`: lists of others, the older system's blacklist, and lists held beside ours. */
import type { Reply } from '../api/control-contract.ts'
import { namesForAddresses, settingsOfMail, settingsOfNumbers } from '../decide/import/original-settings.ts'
import { AppError } from '../lib/errors.ts'
import { DURATION_FORMS, parseDuration } from '../lib/time-text.ts'
import type { CliIo, LineOutput } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions } from './options.ts'
import { readOriginalFile } from './original-file.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

type ImportView = Reply<'showImport'>
type Direction = ImportView['direction']

/** Rows in one request. */
const ROWS_PER_REQUEST = 5000

export interface AddImportOptions extends ServiceOptions {
  readonly from?: string
  readonly host?: readonly string[]
  readonly every?: string
  readonly keep?: string
  readonly confidence?: string
  readonly wide?: boolean
  readonly most?: string
  readonly authorization?: string
  readonly pin?: string
  readonly note?: string
  readonly dryRun?: boolean
}

export interface ChangeImportOptions extends Omit<AddImportOptions, 'dryRun'> {
  readonly reason?: string
}

export interface OriginalOptions extends ServiceOptions {
  readonly reason: string
  readonly dryRun?: boolean
  readonly settings?: boolean
  /** False: leave them. */
  readonly recipients?: boolean
  readonly timeZone?: string
}

export async function listImports(
  io: CliIo,
  isWanted: (direction: Direction) => boolean,
  options: ServiceOptions,
): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['NAME', 'WHAT', 'ENTRIES', 'LAST READ', 'FROM', 'PROBLEM'])
    for await (const one of client.rows('listImports', {})) {
      if (!isWanted(one.direction)) continue
      if (options.json) await output.line(jsonLine(one))
      else
        await table.row([
          one.name,
          one.direction,
          one.entries === null ? '-' : String(one.entries),
          instantText(io, one.lastOkAt, 'never'),
          one.from ?? one.hosts.join(' '),
          one.problem ?? '',
        ])
    }
    await table.end()
  })
}

export async function addImport(
  io: CliIo,
  direction: Direction,
  name: string,
  options: AddImportOptions,
): Promise<void> {
  const reply = await clientOf(io, options).call('addImport', {
    name,
    direction,
    ...(options.from === undefined ? {} : { from: options.from }),
    hosts: [...(options.host ?? [])],
    refreshMinutes: spanOf('--every', options.every ?? '1h', 60_000),
    confidence: options.confidence === undefined ? null : numberOf('--confidence', options.confidence),
    keepHours: spanOf('--keep', options.keep ?? '7d', 3_600_000),
    takesWide: options.wide ?? false,
    maxEntries: numberOf('--most', options.most ?? '100000'),
    ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
    ...(options.pin === undefined ? {} : { pin: options.pin }),
    note: options.note ?? '',
    dryRun: options.dryRun ?? false,
  })
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(reply))
    else if (reply.preview === null)
      await output.line(`${safeText(name)} is added; it is read within seconds`)
    else {
      const { entries, unreadable, added, leftOut } = reply.preview
      const word = direction === 'block' ? 'would be blocked' : 'are named'
      await output.line(`${entries} entries, ${unreadable} unreadable lines; ${added} ${word}`)
      await printLeftOut(output, leftOut)
    }
  })
}

export async function changeImport(io: CliIo, name: string, options: ChangeImportOptions): Promise<void> {
  const { from, host, every, keep, confidence, wide, most, authorization, pin, note, reason = '' } = options
  const orNull = (text: string): string | null => (text === 'none' ? null : text)
  const reply = await clientOf(io, options).call('changeImport', {
    name,
    ...(from === undefined ? {} : { from }),
    ...(host === undefined ? {} : { hosts: [...host] }),
    ...(every === undefined ? {} : { refreshMinutes: spanOf('--every', every, 60_000) }),
    ...(keep === undefined ? {} : { keepHours: spanOf('--keep', keep, 3_600_000) }),
    ...(confidence === undefined
      ? {}
      : { confidence: confidence === 'none' ? null : numberOf('--confidence', confidence) }),
    ...(wide === undefined ? {} : { takesWide: wide }),
    ...(most === undefined ? {} : { maxEntries: numberOf('--most', most) }),
    ...(authorization === undefined ? {} : { authorization: orNull(authorization) }),
    ...(pin === undefined ? {} : { pin: orNull(pin) }),
    ...(note === undefined ? {} : { note }),
    reason,
  })
  await printing(io, async (output) => {
    await output.line(
      options.json ? jsonLine(reply) : `${safeText(name)} is changed; it is read within seconds`,
    )
  })
}

export async function showImport(io: CliIo, name: string, options: ServiceOptions): Promise<void> {
  await printOne(io, await clientOf(io, options).call('showImport', { name }), options)
}

/** Reads it now; `--confirm` takes what was held. */
export async function refreshImport(
  io: CliIo,
  name: string,
  options: ServiceOptions & { readonly confirm?: boolean },
): Promise<void> {
  const client = clientOf(io, options)
  await printOne(io, await client.call('refreshImport', { name, confirm: options.confirm ?? false }), options)
}

export async function removeImport(
  io: CliIo,
  name: string,
  options: ServiceOptions & { readonly reason: string },
): Promise<void> {
  const reply = await clientOf(io, options).call('removeImport', { name, reason: options.reason })
  await printing(io, async (output) => {
    const text = `${safeText(name)} is removed; ${reply.ended} entries of it are gone`
    await output.line(options.json ? jsonLine(reply) : text)
  })
}

async function printOne(io: CliIo, one: ImportView, options: ServiceOptions): Promise<void> {
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(one))
      return
    }
    const from = one.from ?? one.hosts.join(' ')
    await output.line(safeText(`${one.name}: ${one.direction} ${from}, every ${one.refreshMinutes} minutes`))
    await output.line(
      `last read ${instantText(io, one.lastOkAt, 'never')}: ${one.entries ?? 0} entries, ${one.unreadable} unreadable lines, ${one.added} added, ${one.ended} ended`,
    )
    if (one.problem !== null) await output.line(safeText(`${one.held ? 'held' : 'problem'}: ${one.problem}`))
    await printLeftOut(output, one.leftOut)
  })
}

async function printLeftOut(output: LineOutput, leftOut: ImportView['leftOut']): Promise<void> {
  const table = new Table(output, ['LEFT OUT', 'COUNT', 'SUCH AS'])
  for (const { reason, count, examples } of leftOut)
    await table.row([reason, String(count), examples.join(' ')])
  await table.end()
}

/** Who is on one list only, and why. */
export async function compareList(io: CliIo, name: string, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['TARGET', 'ON', 'WHY'])
    const counts = { theirs: 0, ours: 0 }
    for await (const row of client.rows('compareList', { name })) {
      counts[row.side]++
      if (options.json) await output.line(jsonLine(row))
      else await table.row([row.target, row.side === 'theirs' ? 'theirs only' : 'ours only', row.why])
    }
    await table.end()
    if (!options.json) await output.line(`${counts.theirs} on their list only, ${counts.ours} on ours only`)
  })
}

/** Takes the older system's blacklist and recipients over, and with `--settings` its numbers and mail server. */
export async function importOriginal(io: CliIo, path: string, options: OriginalOptions): Promise<void> {
  const file = readOriginalFile(path, options.timeZone ?? 'UTC')
  const client = clientOf(io, options)
  const dryRun = options.dryRun ?? false
  const totals = { added: 0, unreadable: [] as string[], leftOut: new Map<string, LeftOut>() }
  for (let at = 0; at < file.rows.length; at += ROWS_PER_REQUEST) {
    const rows = file.rows.slice(at, at + ROWS_PER_REQUEST).map((row) => ({ ...row }))
    const reply = await client.call('importOriginal', { rows, reason: options.reason, dryRun })
    totals.added += reply.added
    totals.unreadable.push(...reply.unreadable)
    for (const one of reply.leftOut) {
      const known = totals.leftOut.get(one.reason)
      totals.leftOut.set(one.reason, known === undefined ? one : { ...known, count: known.count + one.count })
    }
  }
  const changes = {
    ...settingsOfNumbers(file.numbers),
    ...(file.mail === null ? {} : settingsOfMail(file.mail)),
  }
  if (options.settings === true && !dryRun && Object.keys(changes).length > 0)
    await client.call('changeSettings', { changes, reason: options.reason })
  const recipients = options.recipients === false ? [] : await newRecipients(client, file.recipients)
  if (!dryRun)
    for (const { id, address } of recipients)
      await client.call('addRecipient', { id, to: { channel: 'mail', address }, reason: options.reason })
  await printing(io, async (output) => {
    const leftOut = [...totals.leftOut.values()]
    if (options.json) {
      const { added, unreadable } = totals
      const told = {
        kind: file.kind,
        dryRun,
        rows: file.rows.length,
        added,
        unreadable,
        leftOut,
        settings: withoutPassword(changes),
        recipients,
      }
      await output.line(jsonLine(told))
      return
    }
    const word = dryRun ? 'would be' : 'are'
    await output.line(`${file.kind} with ${file.rows.length} entries: ${totals.added} ${word} taken over`)
    await printLeftOut(output, leftOut)
    if (totals.unreadable.length > 0)
      await output.line(safeText(`no address or network: ${totals.unreadable.slice(0, 10).join(', ')}`))
    if (recipients.length > 0) {
      const all = recipients.map(({ id, address }) => `${id} (${address})`).join(', ')
      await output.line(safeText(`recipients of mail that ${word} added: ${all}`))
    }
    await printSettings(output, withoutPassword(changes), options.settings === true && !dryRun)
  })
}

type LeftOut = ImportView['leftOut'][number]

/** Those that are not told by mail already. */
async function newRecipients(
  client: ReturnType<typeof clientOf>,
  addresses: readonly string[],
): Promise<{ id: string; address: string }[]> {
  if (addresses.length === 0) return []
  const known: Reply<'listRecipients'>[] = []
  for await (const recipient of client.rows('listRecipients', {})) known.push(recipient)
  const told = new Set(known.flatMap(({ channel, to }) => (channel === 'mail' ? [to.toLowerCase()] : [])))
  const fresh = addresses.filter((address) => !told.has(address.toLowerCase()))
  const taken = known.map(({ id }) => id)
  return namesForAddresses(fresh, taken).map((one) => ({ ...one }))
}

/** What is printed: a password is taken over and never shown. */
function withoutPassword({
  'smtp.password': _password,
  ...shown
}: Readonly<Record<string, string>>): Record<string, string> {
  return shown
}

async function printSettings(
  output: LineOutput,
  changes: Readonly<Record<string, string>>,
  isDone: boolean,
): Promise<void> {
  const all = Object.entries(changes).map(([key, value]) => `${key}=${value}`)
  if (all.length === 0) return
  await output.line(
    isDone
      ? `its numbers are set: ${all.join(' ')}`
      : `its numbers: active-defense settings set ${all.join(' ')}`,
  )
}

function spanOf(option: string, text: string, unitMs: number): number {
  const ms = parseDuration(text)
  if (ms === null) throw new AppError('usage', `${option} ${text}: expected ${DURATION_FORMS}`)
  return Math.max(1, Math.round(ms / unitMs))
}

function numberOf(option: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 0)
    throw new AppError('usage', `${option} ${text}: expected a whole number`)
  return number
}
