/**
 * `feeds ...`: the lists of the running service: what they are, what is served, who fetches it. A secret is printed once,
 * when it is made.
 */
import type { Reply } from '../api/control-contract.ts'
import type { DifferenceView, FeedView, PreviewView } from '../api/contract/feeds.ts'
import { AppError } from '../lib/errors.ts'
import { DURATION_FORMS, formatDuration, parseDuration } from '../lib/time-text.ts'
import {
  type CredentialOptions,
  credentialsOf,
  type DefinitionOptions,
  definitionOf,
  wholeNumber,
} from './feed-options.ts'
import type { CliIo, LineOutput } from './io.ts'
import { clientOf, instantText, printing, type ServiceOptions } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'
import { Table } from './table.ts'

export interface FeedOptions extends ServiceOptions {
  readonly reason: string
}

export async function listFeeds(io: CliIo, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  await printing(io, async (output) => {
    const table = new Table(output, [
      'FEED',
      'PATH',
      'FORMAT',
      'ENTRIES',
      'REVISION',
      'ACCESS',
      'LAST FETCH',
      'NOTE',
    ])
    for await (const feed of client.rows('listFeeds', {})) {
      if (options.json) await output.line(jsonLine(feed))
      else await table.row(cellsOf(io, feed))
    }
    await table.end()
  })
}

function cellsOf(io: CliIo, feed: FeedView): string[] {
  const { list, limits, access, fetchers } = feed
  const last = instantText(io, fetchers.lastFetchedAt, 'never')
  return [
    feed.feed,
    feed.path,
    feed.format,
    limits.entries === null ? String(list.entries) : `${list.entries} of ${limits.entries}`,
    String(list.revision),
    accessText(access),
    fetchers.lastFetchedBy === null ? last : `${last} by ${fetchers.lastFetchedBy}`,
    notesOf(feed).join('; '),
  ]
}

function accessText({ open, credentials, sources, certificates }: FeedView['access']): string {
  const kinds = [
    ...new Set<string>(credentials.map(({ kind }) => kind)),
    ...(certificates === null ? [] : ['certificates of an authority']),
  ]
  const from =
    sources.length === 0 ? '' : ` from ${sources.length === 1 ? sources[0] : `${sources.length} networks`}`
  return `${open ? 'open' : kinds.join(', ')}${from}`
}

function notesOf({ held, pin, list, fetchers }: FeedView): string[] {
  return [
    ...(pin === null ? [] : [`stays at revision ${list.revision}`]),
    ...(held === null || pin !== null ? [] : ['next list held']),
    ...(list.stale ? ['last good copy'] : []),
    ...(list.leftOutDecisions === 0 ? [] : [`${list.leftOutDecisions} left out`]),
    ...(fetchers.silent === 0 ? [] : [`${fetchers.silent} silent`]),
  ]
}

export async function showFeed(io: CliIo, feed: string, options: ServiceOptions): Promise<void> {
  const client = clientOf(io, options)
  const view = await client.call('showFeed', { feed })
  const revisions: Reply<'listFeedRevisions'>[] = []
  for await (const revision of client.rows('listFeedRevisions', { feed })) revisions.push(revision)
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine({ ...view, revisions }))
      return
    }
    await printFeed(io, output, view)
    await output.line('')
    const table = new Table(output, ['REVISION', 'MADE', 'ENTRIES', 'DECISIONS', 'BYTES', 'NOTE'])
    for (const one of revisions) {
      const note = [one.served ? 'served' : '', one.note ?? ''].filter((text) => text !== '').join('; ')
      const counts = [one.entries, one.decisions, one.bytes].map(String)
      await table.row([String(one.revision), instantText(io, one.madeAt, '-'), ...counts, note])
    }
    await table.end()
  })
}

async function printFeed(io: CliIo, output: LineOutput, feed: FeedView): Promise<void> {
  const { list, limits, filter, access, held, pin } = feed
  const narrowed = Object.entries(filter)
    .filter(([, value]) => value !== null && value !== false && value !== 'both')
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(',') : String(value)}`)
  const aggregate =
    typeof feed.aggregate === 'string'
      ? feed.aggregate
      : `collateral ${feed.aggregate.collateralPerPrefix} a prefix`
  const lines: [string, string][] = [
    ['feed', `${feed.feed} (version ${feed.version})`],
    ...feed.urls.map((url): [string, string] => ['address', url]),
    ['format', `${feed.format}: ${feed.title}`],
    ['filter', narrowed.length === 0 ? 'everything' : narrowed.join('; ')],
    [
      'holds',
      limits.entries === null
        ? 'no limit known'
        : `${limits.entries} entries, ${limits.usable} used at most (per ${limits.scope})`,
    ],
    ['packing', `${aggregate}; ${feed.shards} ${feed.shards === 1 ? 'file' : 'files'}`],
    ['access', accessText(access)],
    ...access.credentials.map(({ kind, name, validUntil }): [string, string] => [
      '',
      `${kind} ${name}, ${validUntil === null ? 'until taken away' : `until ${instantText(io, validUntil, '')}`}`,
    ]),
    ...(access.certificates?.authorities ?? []).map(({ subject, notAfter }): [string, string] => [
      '',
      `certificates for ${access.certificates?.names.join(', ')} of ${subject}, until ${instantText(io, notAfter, '')}`,
    ]),
    [
      'list',
      `revision ${list.revision}, ${list.entries} entries for ${list.decisions} decisions, ${list.bytes} bytes${list.stale ? ', the last good copy' : ''}`,
    ],
    ...(list.leftOutDecisions === 0
      ? []
      : [['left out', `${list.leftOutDecisions} decisions without a place`] as [string, string]]),
    ...(pin === null
      ? []
      : [
          [
            'stays',
            `at revision ${list.revision}, by ${pin.by} since ${instantText(io, pin.since, '')}: ${pin.reason}`,
          ] as [string, string],
        ]),
    ...(held === null
      ? []
      : [
          ['held', `since ${instantText(io, held.since, '')}: ${held.reasons.join(' ')}`] as [string, string],
        ]),
  ]
  for (const [name, text] of lines) await output.line(`${name.padEnd(9)} ${safeText(text)}`)
}

/** Makes a feed, or with --dry-run shows what it would be. */
export async function addFeed(
  io: CliIo,
  feed: string,
  options: FeedOptions & DefinitionOptions & CredentialOptions,
): Promise<void> {
  const definition = definitionOf(options)
  const credentials = credentialsOf(options)
  const common = { reason: options.reason, dryRun: options.dryRun ?? false }
  const reply = await clientOf(io, options).call('addFeed', { feed, definition, credentials, ...common })
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(reply))
      return
    }
    await output.line(reply.dryRun ? `would make the feed ${feed}:` : `made the feed ${feed}:`)
    if (reply.feed !== null) await printFeed(io, output, reply.feed)
    await printPreview(output, reply.preview, false)
    for (const secret of reply.secrets) await printSecret(output, secret)
  })
}

export async function changeFeed(
  io: CliIo,
  feed: string,
  options: FeedOptions & DefinitionOptions,
): Promise<void> {
  const definition = definitionOf(options)
  if (Object.keys(definition).length === 0)
    throw new AppError('usage', 'say what to change: --help shows the options')
  const common = { reason: options.reason, dryRun: options.dryRun ?? false, version: null }
  const reply = await clientOf(io, options).call('changeFeed', { feed, definition, ...common })
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(reply))
      return
    }
    await output.line(reply.dryRun ? `would change the feed ${feed}:` : `changed the feed ${feed}:`)
    if (!reply.dryRun) await printFeed(io, output, reply.feed)
    await printPreview(output, reply.preview, false)
  })
}

/** `removeFeed`, `releaseFeed`, `refuseFeed`: one sentence of what came of it. */
export async function actOnFeed(
  io: CliIo,
  action: 'removeFeed' | 'releaseFeed' | 'refuseFeed',
  feed: string,
  options: FeedOptions,
): Promise<void> {
  const reply = await clientOf(io, options).call(action, { feed, reason: options.reason })
  await say(io, options, reply)
}

export async function previewFeed(io: CliIo, feed: string, options: ServiceOptions): Promise<void> {
  const preview = await clientOf(io, options).call('previewFeed', { feed })
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(preview))
    else await printPreview(output, preview, true)
  })
}

export async function diffFeed(
  io: CliIo,
  feed: string,
  options: ServiceOptions & { readonly from?: string; readonly to?: string },
): Promise<void> {
  const difference = await clientOf(io, options).call('diffFeed', {
    feed,
    ...(options.from === undefined ? {} : { from: wholeNumber('--from', options.from) }),
    ...(options.to === undefined ? {} : { to: wholeNumber('--to', options.to) }),
  })
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(difference))
    else await printDifference(output, difference, 1000)
  })
}

export async function rollbackFeed(
  io: CliIo,
  feed: string,
  revision: string,
  options: FeedOptions,
): Promise<void> {
  const input = { feed, revision: wholeNumber('the revision', revision), reason: options.reason }
  await say(io, options, await clientOf(io, options).call('rollbackFeed', input))
}

export async function rotateToken(
  io: CliIo,
  feed: string,
  options: FeedOptions & CredentialOptions & { readonly grace?: string },
): Promise<void> {
  const [credential, ...others] = credentialsOf(options)
  if (credential === undefined || others.length > 0)
    throw new AppError('usage', 'name one credential: --basic, --bearer, --path-token or --certificate')
  const graceMs = parseDuration(options.grace ?? '24h')
  if (graceMs === null && options.grace !== '0')
    throw new AppError('usage', `--grace ${options.grace ?? ''}: expected ${DURATION_FORMS}, or 0`)
  const input = { feed, credential, graceHours: (graceMs ?? 0) / 3_600_000, reason: options.reason }
  const reply = await clientOf(io, options).call('rotateFeedToken', input)
  await printing(io, async (output) => {
    if (options.json) await output.line(jsonLine(reply))
    else {
      await printSecret(output, reply.secret)
      await output.line(reply.message)
    }
  })
}

export async function revokeToken(
  io: CliIo,
  feed: string,
  options: FeedOptions & CredentialOptions,
): Promise<void> {
  const [credential, ...others] = credentialsOf(options, false)
  if (credential === undefined || others.length > 0)
    throw new AppError('usage', 'name one credential: --basic, --bearer, --path-token or --certificate')
  const { kind, name } = credential
  await say(
    io,
    options,
    await clientOf(io, options).call('revokeFeedToken', { feed, kind, name, reason: options.reason }),
  )
}

export async function fetchers(
  io: CliIo,
  feed: string | undefined,
  options: ServiceOptions & { readonly forget?: string; readonly reason?: string; readonly log?: boolean },
): Promise<void> {
  const client = clientOf(io, options)
  if (options.forget !== undefined) {
    if (feed === undefined) throw new AppError('usage', 'name the feed whose fetcher is to be forgotten')
    const reason = options.reason ?? 'by command'
    await say(io, options, await client.call('forgetFeedFetcher', { feed, address: options.forget, reason }))
    return
  }
  const wanted = feed === undefined ? {} : { feed }
  if (options.log) {
    await printFetches(io, options, await client.call('listFeedFetches', { ...wanted, limit: 100 }))
    return
  }
  await printing(io, async (output) => {
    const table = new Table(output, [
      'FEED',
      'ADDRESS',
      'LAST',
      'EVERY',
      'STATUS',
      'REVISION',
      'FETCHES',
      'AGENT',
      'NOTE',
    ])
    for await (const one of client.rows('listFeedFetchers', wanted)) {
      if (options.json) {
        await output.line(jsonLine(one))
        continue
      }
      const notes = [
        ...(one.silent ? ['SILENT'] : []),
        ...(one.cutOff > 0 ? [`turned away ${one.cutOff} times`] : []),
        ...(one.upToDate ? [] : ['has an older list']),
      ]
      await table.row([
        one.feed,
        one.address,
        instantText(io, one.lastAt, 'never'),
        one.intervalSeconds === null ? '-' : formatDuration(Math.round(one.intervalSeconds) * 1000),
        one.lastStatus === 0 ? 'turned away' : String(one.lastStatus),
        String(one.lastRevision),
        String(one.fetches),
        one.agent,
        notes.join('; '),
      ])
    }
    await table.end()
  })
}

async function printFetches(
  io: CliIo,
  options: ServiceOptions,
  { items }: Reply<'listFeedFetches'>,
): Promise<void> {
  await printing(io, async (output) => {
    const table = new Table(output, ['AT', 'FEED', 'ADDRESS', 'STATUS', 'REVISION', 'BYTES', 'AGENT'])
    for (const one of items) {
      if (options.json) await output.line(jsonLine(one))
      else {
        const status = one.status === 0 ? 'turned away' : `${one.status}${one.complete ? '' : ' cut'}`
        const numbers = [status, String(one.revision), String(one.bytes)]
        await table.row([instantText(io, one.at, '-'), one.feed, one.address, ...numbers, one.agent])
      }
    }
    await table.end()
  })
}

async function say(io: CliIo, options: ServiceOptions, reply: { readonly message: string }): Promise<void> {
  await printing(io, async (output) => {
    await output.line(options.json ? jsonLine(reply) : safeText(reply.message))
  })
}

async function printPreview(output: LineOutput, preview: PreviewView, withText: boolean): Promise<void> {
  const { entries, decisions, bytes, holds, leftOutDecisions, leftOut, refusedCount, refused } = preview
  await output.line(`${entries} entries for ${decisions} decisions, ${bytes} bytes`)
  for (const hold of holds) await output.line(`would be held: ${safeText(hold)}`)
  if (leftOutDecisions > 0)
    await output.line(`${leftOutDecisions} decisions find no place; the first of them:`)
  for (const row of leftOut.slice(0, 10)) await output.line(`  ${row.network}  ${row.rule}`)
  if (refusedCount > 0) await output.line(`${refusedCount} are never published; the first of them:`)
  for (const one of refused.slice(0, 10)) await output.line(`  ${one.network}  ${safeText(one.reason)}`)
  await printDifference(output, preview.difference, 10)
  if (!withText) return
  await output.line('')
  for (const line of preview.text.trimEnd().split('\n')) await output.line(safeText(line))
  if (preview.isCut) await output.line('...')
}

async function printDifference(output: LineOutput, difference: DifferenceView, most: number): Promise<void> {
  const { addedCount, removedCount, unchanged, added, removed } = difference
  await output.line(`${addedCount} more, ${removedCount} less, ${unchanged} as before`)
  for (const network of added.slice(0, most)) await output.line(`+ ${network}`)
  for (const network of removed.slice(0, most)) await output.line(`- ${network}`)
}

async function printSecret(output: LineOutput, secret: Reply<'rotateFeedToken'>['secret']): Promise<void> {
  const { kind, name, url } = secret
  if (secret.secret === null) {
    await output.line(`${kind} ${safeText(name)}: the client has its key`)
    return
  }
  const label = kind === 'basic' ? `user ${name}, password` : `${kind} ${name}`
  await output.line(`${safeText(label)}: ${secret.secret}`)
  if (url !== null) await output.line(`address: ${url}`)
  await output.line('It cannot be shown again.')
}
