/** `notify list|add|change|remove|test|log|replay`: who is told what happens. */
import type { Input, Reply } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import type { CliIo } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions, sinceOf } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

export interface RecipientOptions extends ServiceOptions {
  readonly mail?: string
  readonly webhook?: string
  readonly siem?: string
  readonly abuseipdbKey?: string
  readonly format?: string
  readonly secret?: string
  readonly dailyLimit?: string
  readonly proof?: string
  readonly topics?: string
  readonly severity?: 'info' | 'warning' | 'critical'
  readonly quiet?: string
  readonly digest?: string
  readonly perHour?: string
  readonly lines?: string
  readonly on?: boolean
  readonly off?: boolean
  readonly reason?: string
}

type Target = Input<'addRecipient'>['to']
type Choices = Omit<Input<'changeRecipient'>, 'id' | 'to'>

export async function listRecipients(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['NAME', 'BY', 'TO', 'TOLD', 'WAITING', 'LAST DELIVERED', 'STATE'])
    let count = 0
    for await (const view of client.rows('listRecipients', {})) {
      count++
      if (options.json) await output.line(jsonLine(view))
      else await table.row(rowOf(io, view))
    }
    await table.end()
    if (!options.json) await output.line(`${count} ${count === 1 ? 'recipient' : 'recipients'}`)
  })
}

function rowOf(io: CliIo, view: Reply<'listRecipients'>): string[] {
  const failing = view.failures > 0 ? `failing: ${view.lastFailure ?? ''}` : 'ok'
  return [
    view.id,
    view.format === null ? view.channel : `${view.channel} ${view.format}`,
    view.to,
    view.topics.join(','),
    String(view.waiting),
    instantText(io, view.lastDeliveredAt, 'never'),
    view.enabled ? failing : 'off',
  ]
}

export async function addRecipient(io: CliIo, id: string, options: RecipientOptions): Promise<void> {
  const to = await targetOf(io, options)
  if (to === null)
    throw new AppError('usage', 'say how it is told: --mail, --webhook, --siem or --abuseipdb-key')
  const view = await clientOf(io, options).call('addRecipient', { id, to, ...choicesOf(options) })
  await say(
    io,
    options,
    view,
    `${view.id} is told ${view.topics.join(', ')} by ${view.channel}; try notify test ${view.id}`,
  )
}

export async function changeRecipient(io: CliIo, id: string, options: RecipientOptions): Promise<void> {
  const to = await targetOf(io, options)
  const change = { id, ...(to === null ? {} : { to }), ...choicesOf(options) }
  const view = await clientOf(io, options).call('changeRecipient', change)
  await say(io, options, view, `${view.id} is ${view.enabled ? `told ${view.topics.join(', ')}` : 'off'}`)
}

export async function removeRecipient(
  io: CliIo,
  id: string,
  options: ServiceOptions & { readonly reason?: string },
): Promise<void> {
  const reply = await clientOf(io, options).call('removeRecipient', { id, reason: options.reason ?? '' })
  await say(io, options, reply, reply.message)
}

export async function testRecipient(io: CliIo, id: string, options: ServiceOptions): Promise<number> {
  return sent(io, options, await clientOf(io, options).call('testRecipient', { id }))
}

export async function replayDelivery(io: CliIo, id: string, options: ServiceOptions): Promise<number> {
  return sent(io, options, await clientOf(io, options).call('replayDelivery', { id }))
}

async function sent(io: CliIo, options: ServiceOptions, reply: Reply<'testRecipient'>): Promise<number> {
  await say(io, options, reply, `${reply.outcome}: ${reply.message}`)
  return reply.outcome === 'delivered' ? 0 : 1
}

export interface DeliveryOptions extends ServiceOptions {
  readonly recipient?: string
  readonly outcome?: Input<'listDeliveries'>['outcome']
  readonly since?: string
  readonly count: string
}

export async function listDeliveries(io: CliIo, options: DeliveryOptions): Promise<void> {
  const most = numberOf(options.count, '--count')
  const input = {
    ...(options.recipient === undefined ? {} : { recipient: options.recipient }),
    ...(options.outcome === undefined ? {} : { outcome: options.outcome }),
    ...(options.since === undefined ? {} : { since: sinceOf(io, options.since) }),
  }
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, ['AT', 'RECIPIENT', 'OUTCOME', 'WHAT', 'WHY'])
    let count = 0
    for await (const view of client.rows('listDeliveries', input)) {
      if (count++ >= most) break
      if (options.json) await output.line(jsonLine(view))
      else
        await table.row([instantText(io, view.at, '-'), view.recipient, view.outcome, view.what, view.reason])
    }
    await table.end()
  })
}

async function targetOf(io: CliIo, options: RecipientOptions): Promise<Target | null> {
  const ways = [options.mail, options.webhook, options.siem, options.abuseipdbKey].filter(
    (way) => way !== undefined,
  )
  if (ways.length > 1)
    throw new AppError('usage', 'give one of --mail, --webhook, --siem and --abuseipdb-key')
  if (options.mail !== undefined) return { channel: 'mail', address: options.mail }
  if (options.webhook !== undefined) {
    const format = oneOf(options.format ?? 'json', ['json', 'slack', 'teams'], '--format')
    const secret = options.secret === undefined ? null : await secretOf(io, options.secret)
    return { channel: 'webhook', format, url: options.webhook, secret }
  }
  if (options.siem !== undefined) return siemOf(options.siem, options.format ?? 'cef')
  if (options.abuseipdbKey === undefined) return null
  return {
    channel: 'abuseipdb',
    key: await secretOf(io, options.abuseipdbKey),
    dailyLimit: numberOf(options.dailyLimit ?? '1000', '--daily-limit'),
    proof: oneOf(options.proof ?? 'handshake', ['handshake', 'any'], '--proof'),
  }
}

function siemOf(text: string, format: string): Target {
  const found = /^(udp|tcp):\/\/(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(text)
  const host = found?.[2] ?? found?.[3]
  if (found === null || host === undefined)
    throw new AppError('usage', `--siem ${text}: expected udp://HOST:PORT or tcp://HOST:PORT`)
  return {
    channel: 'siem',
    host,
    port: Number(found[4]),
    transport: found[1]?.toLowerCase() === 'tcp' ? 'tcp' : 'udp',
    format: oneOf(format, ['cef', 'json'], '--format'),
  }
}

function choicesOf(options: RecipientOptions): Choices {
  const { topics, severity, quiet, digest, perHour, lines } = options
  return {
    reason: options.reason ?? '',
    ...(options.on === true ? { enabled: true } : {}),
    ...(options.off === true ? { enabled: false } : {}),
    ...(topics === undefined
      ? {}
      : {
          topics: topics
            .split(',')
            .map((topic) =>
              oneOf(topic.trim(), ['block', 'held', 'lift', 'alarm', 'report', 'audit'], '--topics'),
            ),
        }),
    ...(severity === undefined ? {} : { severity }),
    ...(quiet === undefined ? {} : { quiet: quietOf(quiet) }),
    ...(digest === undefined ? {} : { digestMinutes: numberOf(digest, '--digest') }),
    ...(perHour === undefined ? {} : { perHour: numberOf(perHour, '--per-hour') }),
    ...(lines === undefined ? {} : { lines: numberOf(lines, '--lines') }),
  }
}

function quietOf(text: string): Choices['quiet'] {
  if (text === 'none') return null
  const [from, to] = text.split('-')
  if (from === undefined || to === undefined)
    throw new AppError('usage', `--quiet ${text}: expected FROM-TO such as 22:00-06:00, or none`)
  return { from, to }
}

function oneOf<Word extends string>(text: string, words: readonly Word[], option: string): Word {
  const word = words.find((known) => known === text)
  if (word === undefined) throw new AppError('usage', `${option} ${text}: expected ${words.join(', ')}`)
  return word
}

function numberOf(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new AppError('usage', `${option} ${text}: expected a whole number`)
  return Number(text)
}

/** A secret on the command line is seen by other users of the machine; `-` reads its first line from stdin. */
async function secretOf(io: CliIo, text: string): Promise<string> {
  if (text !== '-') return text
  let read = ''
  for await (const chunk of io.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    read += chunk
    if (read.length > 4096) throw new AppError('usage', 'more than 4096 characters of a secret on stdin')
  }
  return read.split(/\r?\n/, 1)[0] ?? ''
}

async function say(io: CliIo, options: ServiceOptions, reply: unknown, text: string): Promise<void> {
  await printing(io, async (output) => {
    await output.line(options.json ? jsonLine(reply) : safeText(text))
  })
}
