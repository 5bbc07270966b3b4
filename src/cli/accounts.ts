/**
 * `users`, `sessions`, `tokens` and `audit`: who may do what, from the server itself, where nobody has to sign in: the way
 * in for whoever has lost the last password. Passwords are read from stdin, never from arguments, which others can see.
 */
import type { Input, Reply } from '../api/control-contract.ts'
import { type Role, ROLES } from '../api/http/roles.ts'
import { AppError } from '../lib/errors.ts'
import type { CliIo } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

const PASSWORD_MOST = 1024

export interface ChangeUserOptions extends ServiceOptions {
  readonly role?: string
  readonly disable?: boolean
  readonly enable?: boolean
  readonly password?: boolean
  readonly dropFactor?: boolean
}

export interface AuditOptions extends ServiceOptions {
  readonly action?: string
  readonly subject?: string
  readonly actor?: string
  readonly limit?: string
}

export async function listUsers(io: CliIo, options: ServiceOptions): Promise<void> {
  await printTable(
    io,
    options,
    'listUsers',
    ['NAME', 'ROLE', 'STATE', 'FACTOR', 'FROM', 'SESSIONS'],
    (user) => [
      user.name,
      user.role,
      user.isDisabled
        ? 'disabled'
        : user.hasLostRole
          ? 'lost the role'
          : user.mustChange
            ? 'must choose a password'
            : 'ok',
      user.hasFactor ? 'yes' : 'no',
      user.elsewhere ?? 'here',
      String(user.sessions),
    ],
  )
}

/** The password is the first line of stdin; the user chooses another at the first sign-in. */
export async function addUser(
  io: CliIo,
  name: string,
  options: ServiceOptions & { readonly role: string },
): Promise<void> {
  const role = roleOf(options.role)
  const password = await passwordFromStdin(io)
  const user = await clientOf(io, options).call('addUser', { name, role, password, mustChange: true })
  await printLine(io, options, user, `${user.name} was added as ${user.role}`)
}

export async function changeUser(io: CliIo, name: string, options: ChangeUserOptions): Promise<void> {
  const change: { -readonly [Key in keyof Input<'changeUser'>]: Input<'changeUser'>[Key] } = { name }
  if (options.role !== undefined) change.role = roleOf(options.role)
  if (options.disable === true && options.enable === true)
    throw new AppError('usage', 'give --disable or --enable, not both')
  if (options.disable === true) change.isDisabled = true
  if (options.enable === true) change.isDisabled = false
  if (options.dropFactor === true) change.dropFactor = true
  if (options.password === true) change.password = await passwordFromStdin(io)
  if (Object.keys(change).length === 1)
    throw new AppError('usage', 'say what to change: --role, --disable, --enable, --password, --drop-factor')
  const user = await clientOf(io, options).call('changeUser', change)
  await printLine(io, options, user, `${user.name} was changed; sessions of that user have ended`)
}

export async function removeUser(
  io: CliIo,
  name: string,
  options: ServiceOptions & { readonly reason: string },
): Promise<void> {
  const reply = await clientOf(io, options).call('removeUser', { name, reason: options.reason })
  await printLine(io, options, reply, reply.message)
}

export async function listSessions(io: CliIo, options: ServiceOptions): Promise<void> {
  await printTable(
    io,
    options,
    'listSessions',
    ['ID', 'USER', 'ADDRESS', 'SINCE', 'LAST USED'],
    (session) => [
      session.id,
      session.user,
      session.address,
      instantText(io, session.createdAt, '-'),
      instantText(io, session.lastUsedAt, '-'),
    ],
  )
}

export async function listTokens(io: CliIo, options: ServiceOptions): Promise<void> {
  await printTable(
    io,
    options,
    'listTokens',
    ['ID', 'NAME', 'USER', 'ROLE', 'SCOPES', 'UNTIL', 'LAST USED'],
    (token) => [
      token.id,
      token.name,
      token.user,
      token.role,
      token.scopes === null ? 'all' : token.scopes.join(', '),
      instantText(io, token.expiresAt, 'removed'),
      instantText(io, token.lastUsedAt, 'never'),
    ],
  )
}

/** Ends a session or removes a token, by its id. */
export async function endById(
  io: CliIo,
  route: 'endSession' | 'removeToken',
  id: string,
  options: ServiceOptions,
): Promise<void> {
  const reply = await clientOf(io, options).call(route, { id })
  await printLine(io, options, reply, reply.message)
}

export async function listAudit(io: CliIo, options: AuditOptions): Promise<void> {
  const { action, subject, actor, limit = '100' } = options
  if (!/^[1-9]\d{0,2}$|^1000$/.test(limit))
    throw new AppError('usage', `--limit ${limit}: expected a number from 1 to 1000`)
  const { items } = await clientOf(io, options).call('listAudit', {
    ...(action === undefined ? {} : { action }),
    ...(subject === undefined ? {} : { subject }),
    ...(actor === undefined ? {} : { actor }),
    count: Number(limit),
  })
  await printing(io, async (output) => {
    const table = new Table(output, ['ROW', 'WHEN', 'WHO', 'ACTION', 'WHAT', 'REASON'])
    for (const row of items)
      if (options.json) await output.line(jsonLine(row))
      else
        await table.row([
          String(row.sequence),
          instantText(io, row.at, '-'),
          row.actor,
          row.action,
          row.subject,
          row.reason ?? '',
        ])
    await table.end()
  })
}

/** Exit 1 when the chain is broken. */
export async function checkAudit(io: CliIo, options: ServiceOptions): Promise<number> {
  const check = await clientOf(io, options).call('checkAudit', {})
  const text = check.ok
    ? `the audit log is whole: ${check.rows} rows`
    : `changed from outside: ${check.problem}`
  await printLine(io, options, check, text)
  return check.ok ? 0 : new AppError('failed', '').exitCode
}

function roleOf(text: string): Role {
  const role = ROLES.find((one) => one === text)
  if (role === undefined) throw new AppError('usage', `--role ${text}: expected ${ROLES.join(', ')}`)
  return role
}

async function passwordFromStdin(io: CliIo): Promise<string> {
  if (io.isInteractive) io.stderr.write('Password (it is shown as you type), then Enter and Ctrl-D: ')
  let text = ''
  for await (const chunk of io.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > PASSWORD_MOST) break
  }
  const [password = ''] = text.split(/\r?\n/, 1)
  if (password === '' || text.length > PASSWORD_MOST)
    throw new AppError('usage', 'the password is read from stdin, one line: printf "%s" "$PASSWORD" | ...')
  return password
}

type Listed = 'listUsers' | 'listSessions' | 'listTokens'

async function printTable<Name extends Listed>(
  io: CliIo,
  options: ServiceOptions,
  route: Name,
  heads: readonly string[],
  cells: (row: Reply<Name>) => string[],
): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, heads)
    for await (const row of client.rows(route, {} as Input<Name>))
      if (options.json) await output.line(jsonLine(row))
      else await table.row(cells(row))
    await table.end()
  })
}

async function printLine(io: CliIo, options: ServiceOptions, reply: object, text: string): Promise<void> {
  await printing(io, async (output) => {
    await output.line(options.json ? jsonLine(reply) : safeText(text))
  })
}
