/** What the contract says of notifications, carried out. Edits are objects of kind `recipient` with their audit rows. */
import { randomUUIDv7 } from 'node:crypto'
import type { Input, Reply, ServiceActions } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import type { Json } from '../model/state.ts'
import { DELIVERY_KIND, type DeliveryBody, deliveryOf } from '../publish/notify/delivery.ts'
import {
  MAX_RECIPIENTS,
  type Recipient,
  RECIPIENT_DEFAULTS,
  RECIPIENT_KIND,
} from '../publish/notify/recipient.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Notifications } from './notifications.ts'
import type { Parts } from './parts.ts'

type NotifyActions = Pick<
  ServiceActions,
  | 'listRecipients'
  | 'showRecipient'
  | 'addRecipient'
  | 'changeRecipient'
  | 'removeRecipient'
  | 'testRecipient'
  | 'listDeliveries'
  | 'replayDelivery'
>
type Target = Input<'addRecipient'>['to']
type Body = Omit<Recipient, 'id'>

const PAGE = 200

/** `state` throws while there is none yet. */
export function notifyActions(parts: Parts, state: () => StateStore): NotifyActions {
  const notifications = (): Notifications => {
    if (parts.notifications !== null) return parts.notifications
    throw new AppError('state-unavailable', 'the recipients are not loaded yet: try again in a moment')
  }
  const known = (id: string): Recipient => {
    const recipient = notifications().recipients.find((one) => one.id === id)
    if (recipient === undefined)
      throw new AppError('not-found', `there is no recipient ${id}: see notify list`)
    return recipient
  }
  const keep = async (
    id: string,
    body: Body | null,
    before: Body | null,
    what: { action: string; by: string; reason: string },
  ): Promise<void> => {
    const details: Json = { before: shown(id, before), after: shown(id, body) }
    const reason = what.reason === '' ? null : what.reason
    const audit = {
      id: randomUUIDv7(),
      atMs: parts.clock.nowMs(),
      actor: what.by,
      action: what.action,
      subject: id,
      reason,
      details,
    }
    const onVersion = before === null ? 0 : body === null ? null : notifications().versionOf(id)
    const change = { kind: RECIPIENT_KIND, id, body: body as Json, onVersion, by: what.by }
    const outcome = await state().changeObject(change, audit)
    if (!outcome.ok) throw new AppError('unsafe', `${id} was changed by somebody else: look again`)
    await notifications().reloadRecipients()
  }
  const sealer =
    (id: string) =>
    (secret: string): string =>
      notifications().seal(id, secret)
  const viewById = (id: string): Reply<'listRecipients'> => viewOf(known(id), notifications())
  return {
    listRecipients: () => notifications().recipients.map((recipient) => viewOf(recipient, notifications())),
    showRecipient: ({ id }) => viewById(id),
    addRecipient: async ({ id, to, reason, ...choices }, { user }) => {
      const { recipients } = notifications()
      if (recipients.some((one) => one.id === id))
        throw new AppError('usage', `there is a recipient ${id} already`)
      if (recipients.length >= MAX_RECIPIENTS)
        throw new AppError('usage', `there are ${MAX_RECIPIENTS} recipients already`)
      const body = { ...RECIPIENT_DEFAULTS[to.channel], ...given(choices), to: sealed(to, sealer(id)) }
      await keep(id, body, null, { action: 'notify.add', by: user, reason })
      return viewById(id)
    },
    changeRecipient: async ({ id, to, reason, ...choices }, { user }) => {
      const { id: _, ...before } = known(id)
      if (to !== undefined && to.channel !== before.to.channel)
        throw new AppError(
          'usage',
          `${id} is told by ${before.to.channel}: add another recipient for ${to.channel}`,
        )
      const body = {
        ...before,
        ...given(choices),
        ...(to === undefined ? {} : { to: sealed(to, sealer(id)) }),
      }
      await keep(id, body, before, { action: 'notify.change', by: user, reason })
      return viewById(id)
    },
    removeRecipient: async ({ id, reason }, { user }) => {
      const { id: _, ...before } = known(id)
      await keep(id, null, before, { action: 'notify.remove', by: user, reason })
      return { message: `${id} is told nothing any more` }
    },
    ...deliveryActions(parts, state, notifications, known),
  }
}

type DeliveryActions = Pick<NotifyActions, 'testRecipient' | 'listDeliveries' | 'replayDelivery'>

function deliveryActions(
  parts: Parts,
  state: () => StateStore,
  notifications: () => Notifications,
  known: (id: string) => Recipient,
): DeliveryActions {
  const note = (action: string, subject: string, actor: string): Promise<void> => {
    const atMs = parts.clock.nowMs()
    const entry = { id: randomUUIDv7(), atMs, actor, action, subject, reason: null, details: null }
    return state().commit([{ kind: 'audit', entry }])
  }
  return {
    testRecipient: async ({ id }, { user }) => {
      const { id: recipient } = known(id)
      await note('notify.test', recipient, user)
      return sentReply(await notifications().test(recipient, user))
    },
    listDeliveries: (input) => deliveries(state(), input),
    replayDelivery: async ({ id }, { user }) => {
      await note('notify.replay', id, user)
      return sentReply(await notifications().outbox.replay(id))
    },
  }
}

/** Without what was not given, so that defaults and earlier choices stay. */
function given<Choices extends object>(
  choices: Choices,
): { [Key in keyof Choices]?: Exclude<Choices[Key], undefined> } {
  return Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Choices]?: Exclude<Choices[Key], undefined>
  }
}

function sealed(to: Target, seal: (secret: string) => string): Recipient['to'] {
  switch (to.channel) {
    case 'mail':
    case 'siem':
      return to
    case 'webhook': {
      const { channel, format, url, secret } = to
      const sealedSecret = secret === null ? null : seal(secret)
      return { channel, format, site: new URL(url).origin, sealedUrl: seal(url), sealedSecret }
    }
    case 'abuseipdb': {
      const { channel, key, dailyLimit, proof } = to
      return { channel, sealedKey: seal(key), dailyLimit, proof }
    }
  }
}

/** For the audit log: without secrets, sealed or not. */
function shown(id: string, body: Body | null): Json {
  if (body === null) return null
  const { to, ...rest } = body
  return { ...rest, channel: to.channel, to: siteOf({ id, ...body }) }
}

function siteOf({ to }: Recipient): string {
  switch (to.channel) {
    case 'mail':
      return to.address
    case 'webhook':
      return to.site
    case 'siem':
      return `${to.transport}://${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`
    case 'abuseipdb':
      return `abuseipdb.com, at most ${to.dailyLimit} a day, ${to.proof === 'any' ? 'forgeable sources too' : 'proven sources only'}`
  }
}

const isoOrNull = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

function viewOf(recipient: Recipient, notifications: Notifications): Reply<'listRecipients'> {
  const { to, ...rest } = recipient
  const status = notifications.outbox.statusOf(recipient.id)
  return {
    ...rest,
    version: notifications.versionOf(recipient.id),
    channel: to.channel,
    to: siteOf(recipient),
    format: to.channel === 'webhook' || to.channel === 'siem' ? to.format : null,
    waiting: status.waiting,
    failures: status.failures,
    nextTryAt: isoOrNull(status.nextTryAtMs),
    lastDeliveredAt: isoOrNull(status.lastDeliveredAtMs),
    lastFailedAt: isoOrNull(status.lastFailure?.atMs ?? null),
    lastFailure: status.lastFailure?.reason ?? null,
  }
}

function sentReply({ outcome, reason }: DeliveryBody): Reply<'testRecipient'> {
  return { outcome, message: reason }
}

/** Newest first, page by page: the log may be long and the reader stops early. */
async function* deliveries(
  state: StateStore,
  { recipient, outcome, since }: Input<'listDeliveries'>,
): AsyncGenerator<Reply<'listDeliveries'>, void, undefined> {
  let beforeId: string | undefined
  for (;;) {
    const page = await state.journal({
      kind: DELIVERY_KIND,
      ...(recipient === undefined ? {} : { subject: recipient }),
      ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
      ...(beforeId === undefined ? {} : { beforeId }),
      limit: PAGE,
    })
    for (const entry of page) {
      const delivery = deliveryOf(entry)
      if (delivery === null || (outcome !== undefined && delivery.outcome !== outcome)) continue
      const { atMs, ...rest } = delivery
      yield { ...rest, at: new Date(atMs).toISOString() }
    }
    beforeId = page.at(-1)?.id
    if (page.length < PAGE) return
  }
}
