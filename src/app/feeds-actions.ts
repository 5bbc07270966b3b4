/** What the contract says of feeds, carried out: people's changes go through the desk, which writes the audit log. */
import type { Input, Reply, ServiceActions } from '../api/control-contract.ts'
import type { FEEDS_ROUTES } from '../api/contract/feeds.ts'
import type { Decider } from '../decide/decider.ts'
import { randomUUIDv7 } from 'node:crypto'
import { AppError } from '../lib/errors.ts'
import { accessView } from '../publish/feeds/feed-access.ts'
import type { FeedDefinition } from '../publish/feeds/feed-definition.ts'
import type { MadeSecret } from '../publish/feeds/feed-desk.ts'
import type { ManagedFeed } from '../publish/feeds/managed-feed.ts'
import {
  differenceView,
  editedDefinition,
  feedView,
  fetcherView,
  newDefinition,
  previewView,
} from './feed-views.ts'
import { importBlocks } from './import-blocks.ts'
import type { Parts } from './parts.ts'

type FeedActions = Pick<ServiceActions, keyof typeof FEEDS_ROUTES>

const iso = (ms: number): string => new Date(ms).toISOString()

/** `decider` throws while the decisions are not loaded. */
export function feedsActions(parts: Parts, decider: () => Decider): FeedActions {
  const { feeds, feedDesk: desk } = parts
  const view = (feed: ManagedFeed): Reply<'showFeed'> => {
    const silent = feeds.silentOf(feed)
    return feedView(feed, originsOf(parts), silent.size)
  }
  const preview = async (definition: FeedDefinition): Promise<Reply<'previewFeed'>> => {
    decider() // without decisions every list would be empty
    return previewView(await desk.preview(definition))
  }
  return {
    listFeeds: () => feeds.all().map(view),
    showFeed: ({ feed }) => view(desk.find(feed)),
    addFeed: async ({ feed, definition: input, credentials, reason, dryRun }, { user }) => {
      const definition = newDefinition(feed, input, credentials.length > 0)
      // Judged as if the credentials were made: a feed that is not open needs one.
      const { open, certificates = null } = definition.access
      const isOpen = open || (certificates === null && credentials.length > 0)
      const fault = desk.fault({ ...definition, access: { ...definition.access, open: isOpen } }, null)
      if (fault !== null) throw new AppError('usage', fault)
      const shown = await preview(definition)
      if (dryRun) return { dryRun, feed: null, secrets: [], preview: shown }
      const made = await desk.add(definition, credentials, { by: user, reason })
      const secrets = made.secrets.map((secret) => secretView(parts, made.feed, secret))
      return { dryRun, feed: view(made.feed), secrets, preview: shown }
    },
    changeFeed: async ({ feed, definition: input, version, reason, dryRun }, { user }) => {
      const known = desk.find(feed)
      const definition = editedDefinition(known.definition, input)
      const fault = desk.fault(definition, feed)
      if (fault !== null) throw new AppError('usage', fault)
      const shown = await preview(definition)
      if (dryRun) return { dryRun, feed: view(known), preview: shown }
      const edit = (current: FeedDefinition): FeedDefinition => editedDefinition(current, input)
      const changed = await desk.change(feed, edit, version, { by: user, reason })
      return { dryRun, feed: view(changed), preview: shown }
    },
    removeFeed: async ({ feed, reason }, { user }) => {
      await desk.remove(feed, { by: user, reason })
      return { message: `the feed ${feed} is removed; whoever still fetches it keeps the last list` }
    },
    previewFeed: ({ feed }) => preview(desk.find(feed).definition),
    listFeedRevisions: ({ feed }) => revisionViews(desk.find(feed)),
    diffFeed: async ({ feed, from, to }) => differenceView(await desk.diff(feed, from ?? null, to ?? null)),
    rollbackFeed: async ({ feed, revision, reason }, { user }) => {
      const done = await desk.rollback(feed, revision, { by: user, reason })
      const refused = done.refused === 0 ? '' : `, less ${done.refused} that must no longer be blocked`
      const message = `the feed ${feed} serves the list of revision ${revision} as revision ${done.revision}${refused}, and stays there until it is released`
      return { message, ...done }
    },
    releaseFeed: async ({ feed, reason }, { user }) => {
      const { wasHeld } = await desk.release(feed, { by: user, reason })
      return {
        message: wasHeld
          ? `the list that was held is published; the feed ${feed} follows the decisions`
          : `the feed ${feed} follows the decisions again`,
      }
    },
    refuseFeed: async ({ feed, reason }, { user }) => {
      await desk.refuse(feed, { by: user, reason })
      return { message: `the feed ${feed} stays at the list in service until it is released` }
    },
    rotateFeedToken: async ({ feed, credential, graceHours, reason }, { user }) => {
      const made = await desk.rotate(feed, credential, graceHours * 3_600_000, { by: user, reason })
      const message =
        graceHours === 0
          ? 'the old credential ended'
          : `the old credential is valid for ${graceHours} more hours`
      return { secret: secretView(parts, desk.find(feed), made), message }
    },
    revokeFeedToken: async ({ feed, kind, name, reason }, { user }) => {
      await desk.revoke(feed, kind, name, { by: user, reason })
      const left = accessView(desk.find(feed).definition.access).credentials.length
      return { message: `taken away; ${left} ${left === 1 ? 'credential is' : 'credentials are'} left` }
    },
    listFeedFetchers: ({ feed }) => fetcherViews(parts, feed),
    forgetFeedFetcher: ({ feed, address, reason }, { user }) => forget(parts, feed, address, reason, user),
    listFeedFetches: (input) => fetchViews(parts, input),
    importBlocks: (input, { user }) => importBlocks(decider(), input, user),
  }
}

/** `https://HOST:PORT` under which firewalls reach the service, the likeliest first. */
function originsOf(parts: Parts): string[] {
  return parts.listUrls().map((url) => new URL(url).origin)
}

function secretView(
  parts: Parts,
  { definition }: ManagedFeed,
  { kind, name, secret }: MadeSecret,
): Reply<'rotateFeedToken'>['secret'] {
  const [origin] = originsOf(parts)
  if (kind !== 'path-token' || secret === null || origin === undefined)
    return { kind, name, secret, url: null }
  const [, first, ...rest] = definition.path.split('/')
  return { kind, name, secret, url: `${origin}/${first ?? ''}/${secret}/${rest.join('/')}` }
}

function revisionViews({ engine, store }: ManagedFeed): Reply<'listFeedRevisions'>[] {
  const { revision: served, madeAtMs, entries, decisions, bytes } = engine.facts
  const kept = store.notes.map((note) => ({
    revision: note.revision,
    madeAt: iso(note.madeAtMs),
    entries: note.entries,
    decisions: note.decisions,
    bytes: Math.max(...note.files.map((file) => file.bytes)),
    note: note.note,
    kept: true,
    served: note.revision === served,
  }))
  if (kept.some(({ revision }) => revision === served)) return kept
  const current = { revision: served, madeAt: iso(madeAtMs), entries, decisions, bytes, note: null }
  return [{ ...current, kept: false, served: true }, ...kept]
}

function fetcherViews({ feeds, feedDesk }: Parts, name: string | undefined): Reply<'listFeedFetchers'>[] {
  const wanted = name === undefined ? feeds.all() : [feedDesk.find(name)]
  return wanted.flatMap((feed) => {
    const silent = feeds.silentOf(feed)
    return feed.fetchers.all().map((fetcher) => fetcherView(feed, fetcher, silent.has(fetcher.address)))
  })
}

async function forget(
  { feeds, feedDesk, state, clock }: Parts,
  name: string,
  address: string,
  reason: string,
  user: string,
): Promise<{ message: string }> {
  const feed = feedDesk.find(name)
  if (feed.fetchers.get(address) === null)
    throw new AppError('not-found', `${address} is not known to fetch the feed ${name}`)
  const entry = { id: randomUUIDv7(), atMs: clock.nowMs(), actor: user, action: 'feed.forget', subject: name }
  await state?.commit([{ kind: 'audit', entry: { ...entry, reason, details: { address } } }])
  feed.fetchers.forget(address)
  feeds.counter.forget(name)
  feeds.checkSilence()
  return { message: `${address} is forgotten: nothing is expected of it any more` }
}

async function fetchViews(
  { feeds }: Parts,
  { feed, before, limit }: Input<'listFeedFetches'>,
): Promise<Reply<'listFeedFetches'>> {
  await feeds.journal?.flush()
  const query = {
    limit,
    ...(feed === undefined ? {} : { feed }),
    ...(before === undefined ? {} : { beforeId: before }),
  }
  const rows = (await feeds.journal?.read(query)) ?? []
  const items = rows.map((row) => ({
    id: row.id,
    feed: row.feed,
    at: iso(row.atMs),
    address: row.address,
    agent: row.userAgent,
    method: row.method,
    status: row.status,
    revision: row.revision,
    shard: row.shard,
    bytes: row.bytes,
    complete: row.isComplete,
    credential: row.credential,
  }))
  return { items, next: rows.length === limit ? (items.at(-1)?.id ?? null) : null }
}
