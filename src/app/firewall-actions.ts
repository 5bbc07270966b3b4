/** What the contract says of firewalls and of the proof that blocks bite, carried out. */
import type { Input, Reply, ServiceActions } from '../api/control-contract.ts'
import { formatNetwork, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import type { BlockRecord } from '../publish/enforcement/block-record.ts'
import type { EnforcementBook } from '../publish/enforcement/enforcement-book.ts'
import type { Firewall } from '../publish/enforcement/firewall.ts'
import { panOsSettings } from '../publish/enforcement/firewall-object.ts'
import { stateOf, type TimeLine, timeLineOf } from '../publish/enforcement/time-line.ts'
import { enforcementSentences } from './enforcement-sentences.ts'
import type { FirewallDraft, Firewalls, KnownFirewall } from './firewalls.ts'
import type { FirewallPushes } from './firewall-pushes.ts'
import type { Parts } from './parts.ts'

type FirewallActions = Pick<
  ServiceActions,
  | 'listFirewalls'
  | 'showFirewall'
  | 'addFirewall'
  | 'changeFirewall'
  | 'removeFirewall'
  | 'checkFirewall'
  | 'refreshFirewall'
  | 'listLeaks'
  | 'listEnforcement'
  | 'showEnforcement'
>
type FirewallView = Reply<'listFirewalls'>

export function firewallActions(parts: Parts): FirewallActions {
  const book = (): EnforcementBook =>
    parts.enforcement?.book ?? fail('the proof of enforcement is not loaded yet: try again in a moment')
  const firewalls = (): Firewalls =>
    parts.firewalls ?? fail('the firewalls are not loaded yet: try again in a moment')
  const pushes = (): FirewallPushes =>
    parts.firewallPushes ?? fail('the firewalls are not loaded yet: try again in a moment')
  const viewOf = (firewall: Firewall): FirewallView =>
    viewOfFirewall(firewall, firewalls().find(firewall.key), parts.firewallPushes)
  const find = (text: string): Firewall => {
    const known = firewalls().find(text)
    const all = book().firewalls
    const firewall = all.get(known?.id ?? text) ?? all.all().find(({ name }) => name === text) ?? null
    return firewall ?? fail(`there is no firewall ${text}`, 'not-found')
  }
  const findNamed = (text: string): KnownFirewall =>
    firewalls().find(text) ??
    fail(`there is no firewall ${text} written down: firewalls add names one`, 'not-found')
  return {
    listFirewalls: () => book().firewalls.all().map(viewOf),
    showFirewall: ({ firewall: text }) => {
      const firewall = find(text)
      return { firewall: viewOf(firewall), leaks: leaksOf(firewall) }
    },
    addFirewall: async ({ reason, ...draft }, { user }) => {
      const known = await firewalls().add(canonical(draft), user, reason)
      return viewOf(find(known.id))
    },
    changeFirewall: async ({ firewall, reason, ...change }, { user }) => {
      const known = findNamed(firewall)
      const changed = await firewalls().change(known, changedDraft(known, change), user, reason)
      return viewOf(find(changed.id))
    },
    removeFirewall: async ({ firewall, reason }, { user }) => {
      const known = findNamed(firewall)
      await firewalls().remove(known, user, reason)
      return { message: `${known.body.name} is no longer written down` }
    },
    checkFirewall: async ({ firewall }) => {
      const known = findNamed(firewall)
      const findings = await pushes().check(known.id)
      const ok = findings.every(({ severity }) => severity === 'info')
      return { ok, findings: [...findings], firewall: viewOf(find(known.id)) }
    },
    refreshFirewall: async ({ firewall }) => ({
      message: await pushes().refresh(findNamed(firewall).id),
    }),
    listLeaks: () => book().firewalls.all().flatMap(leaksOf),
    listEnforcement: ({ state, firewall, most }) =>
      timeLines(book(), state, firewall === undefined ? null : find(firewall), most),
    showEnforcement: ({ target }) => {
      const record = recordOf(book(), target)
      if (record === null)
        return { enforcement: null, sentences: ['It is not on the list, so there is nothing to enforce.'] }
      const line = timeLineOf(book(), record)
      return { enforcement: viewOfTimeLine(line), sentences: enforcementSentences(line) }
    },
  }
}

function fail(message: string, code: 'state-unavailable' | 'not-found' = 'state-unavailable'): never {
  throw new AppError(code, message)
}

/** What `explain` says of the way of a block to the firewalls; empty when the address is on no list. */
export function enforcementOf(
  parts: Parts,
  target: string,
): { readonly sentences: string[]; readonly enforcement: Reply<'showEnforcement'>['enforcement'] } {
  const book = parts.enforcement?.book
  const record = book === undefined ? null : recordOf(book, target)
  if (book === undefined || record === null) return { sentences: [], enforcement: null }
  const line = timeLineOf(book, record)
  return { sentences: enforcementSentences(line), enforcement: viewOfTimeLine(line) }
}

/** The block of the target, or of the narrowest network on the list that holds it. */
function recordOf(book: EnforcementBook, text: string): BlockRecord | null {
  const network = parseNetwork(text)
  if (network === null) return null
  return book.holder(network)
}

/** The newest blocks first. */
function timeLines(
  book: EnforcementBook,
  state: Input<'listEnforcement'>['state'],
  firewall: Firewall | null,
  most: number,
): Reply<'listEnforcement'>[] {
  const found: BlockRecord[] = []
  for (const record of book.records()) {
    if (state !== undefined && stateOf(book, record) !== state) continue
    if (firewall === null || firewall.isExpected || record.marks.has(firewall.key)) found.push(record)
  }
  return found
    .toReversed()
    .slice(0, most)
    .map((record) => viewOfTimeLine(timeLineOf(book, record)))
}

function canonical<Draft extends Pick<FirewallDraft, 'addresses'>>(draft: Draft): Draft {
  const addresses = draft.addresses.map((text) => {
    const network = parseNetwork(text)
    return network === null ? text : formatNetwork(network)
  })
  return { ...draft, addresses: [...new Set(addresses)] }
}

function changedDraft(
  { body }: KnownFirewall,
  { api, ...change }: Omit<Input<'changeFirewall'>, 'firewall' | 'reason'>,
): FirewallDraft {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const rest = { ...body, ...given }
  if (api === null) return canonical({ ...rest, api: null })
  const before = body.api === null ? null : { ...body.api, key: undefined }
  if (api === undefined) return canonical({ ...rest, api: before })
  const { key, ...wanted } = api
  const settings = panOsSettings.safeParse({ ...withoutKey(before), ...defined(wanted) })
  if (!settings.success)
    throw new AppError('usage', `the management API: ${settings.error.issues[0]?.message ?? 'does not fit'}`)
  return canonical({ ...rest, api: { ...settings.data, key } })
}

function withoutKey(api: FirewallDraft['api']): object {
  if (api === null) return {}
  const { key: _, ...settings } = api
  return settings
}

function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function viewOfFirewall(
  firewall: Firewall,
  known: KnownFirewall | null,
  pushes: FirewallPushes | null,
): FirewallView {
  return {
    id: firewall.key,
    name: firewall.name,
    origin: firewall.origin,
    addresses: [...firewall.addresses],
    devices: [...firewall.devices],
    intervalSeconds: Math.round(firewall.intervalMs / 1000),
    fetches: firewall.fetches,
    lastFetchedAt: iso(firewall.lastFetchMs),
    feeds: firewall.feeds().map(({ feed, revision, lastMs, fetches }) => ({
      feed,
      revision,
      lastFetchedAt: new Date(lastMs).toISOString(),
      fetches,
    })),
    loaded: Array.from(firewall.loaded.values(), ({ feed, atMs, valid, ignored, invalid, expected }) => ({
      feed,
      at: new Date(atMs).toISOString(),
      valid,
      ignored,
      invalid,
      expected,
    })),
    denied: firewall.denied,
    allowed: firewall.allowed,
    lastDeniedAt: iso(firewall.lastDeniedAtMs),
    leaks: firewall.leaks.size + firewall.moreLeaks,
    written: known === null ? null : { intervalSeconds: known.body.intervalSeconds, feed: known.body.feed },
    api: apiView(known, pushes),
    version: known?.version ?? null,
  }
}

function apiView(known: KnownFirewall | null, pushes: FirewallPushes | null): FirewallView['api'] {
  const api = known?.body.api ?? null
  if (known === null || api === null) return null
  const { key, ...settings } = api
  const status = pushes?.statusOf(known.id) ?? null
  return {
    ...settings,
    hasKey: key !== '',
    state: status?.state ?? 'starting',
    problem: status?.problem ?? null,
    lastAnswerAt: iso(status?.lastAnswerAtMs ?? null),
    waiting: status?.waiting ?? 0,
    dropped: status?.dropped ?? 0,
    refreshes: status?.refreshes ?? 0,
    registered: status?.registered ?? 0,
    clearedSources: status?.clearedSources ?? 0,
    checkedAt: iso(status?.checkedAtMs ?? null),
    findings: [...(status?.findings ?? [])],
  }
}

function leaksOf({ key, name, leaks }: Firewall): Reply<'listLeaks'>[] {
  return Array.from(leaks.values(), ({ target, firstAtMs, lastAtMs, lines, rule }) => ({
    target,
    firewall: key,
    firewallName: name,
    firstAt: new Date(firstAtMs).toISOString(),
    lastAt: new Date(lastAtMs).toISOString(),
    lines,
    rule,
  }))
}

function viewOfTimeLine(line: TimeLine): Reply<'listEnforcement'> {
  return {
    target: line.target,
    decisionId: line.decisionId,
    detectedAt: new Date(line.detectedAtMs).toISOString(),
    state: line.state,
    stopped: line.stopped,
    published: line.published.map(({ feed, revision, atMs }) => ({ feed, revision, at: iso(atMs) })),
    firewalls: line.firewalls.map((one) => ({
      id: one.key,
      name: one.name,
      fetchedAt: iso(one.fetchedAtMs),
      feed: one.feed,
      revision: one.revision,
      loadedAt: iso(one.loadedAtMs),
      loadedBy: one.loadedBy,
      registeredAt: iso(one.registeredAtMs),
      firstDeniedAt: iso(one.firstDeniedAtMs),
      lastDeniedAt: iso(one.lastDeniedAtMs),
      denied: one.denied,
      deniedByList: one.deniedByList,
      allowed: one.allowed,
      lastAllowedAt: iso(one.lastAllowedAtMs),
      rule: one.rule,
      leaking: one.isLeaking,
    })),
  }
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
