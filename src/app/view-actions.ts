/**
 * What the contract says of saved views, carried out: objects of kind `view`, each of the person who saved it. Others see
 * it when it is shared; only its owner and administrators change it. At most MOST_OF_ONE for a person, MOST in all.
 */
import { randomUUIDv7 } from 'node:crypto'
import { z } from 'zod'
import type { Caller, Reply, ServiceActions } from '../api/control-contract.ts'
import type { Clock } from '../lib/clock.ts'
import { AppError } from '../lib/errors.ts'
import type { ObjectRepository, StoredObject } from '../model/object.ts'
import type { AuditEntry, Json } from '../model/state.ts'
import { readFilter } from './record-actions.ts'

type ViewActions = Pick<ServiceActions, 'listViews' | 'saveView' | 'removeView'>

const VIEW_KIND = 'view'
const MOST_OF_ONE = 100
const MOST = 2000
/** Before the name of an operating-system user, where others have the id of an account. */
const LOCAL = 'local:'

const body = z.object({
  name: z.string(),
  filter: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  columns: z.array(z.string()),
  shared: z.boolean(),
  ownerId: z.string(),
  owner: z.string(),
})
type Body = z.infer<typeof body>

interface Known {
  readonly id: string
  readonly version: number
  readonly changedAtMs: number
  readonly body: Body
}

/** `repository` throws while there is none yet. */
export function viewActions(repository: () => ObjectRepository, clock: Clock): ViewActions {
  const all = (): Promise<Known[]> => allViews(repository())
  const change = async (
    id: string,
    next: Body | null,
    before: Known | null,
    { user }: Caller,
  ): Promise<number> => {
    const atMs = clock.nowMs()
    if (!(await changeView(repository(), { id, next, before, user, atMs, reason: null })))
      throw new AppError('unsafe', 'the view was changed by somebody else: look again')
    return atMs
  }
  return {
    listViews: async (_, caller) =>
      (await all())
        .filter((known) => known.body.shared || isOwn(known, caller))
        .map((known) => viewOf(known, caller))
        .sort((a, b) => a.name.localeCompare(b.name)),
    saveView: async (input, caller) => {
      readFilter(input.filter)
      const views = await all()
      const own = views.filter((known) => isOwn(known, caller))
      const before = own.find((known) => known.body.name === input.name) ?? null
      if (before === null && (own.length >= MOST_OF_ONE || views.length >= MOST))
        throw new AppError('usage', `there are ${own.length} views already: remove one first`)
      const next: Body = { ...input, ownerId: ownerOf(caller), owner: caller.user }
      const id = before?.id ?? randomUUIDv7()
      const changedAtMs = await change(id, next, before, caller)
      return viewOf({ id, version: 0, changedAtMs, body: next }, caller)
    },
    removeView: async ({ id }, caller) => {
      const known = (await all()).find((one) => one.id === id)
      const isTheirs = known !== undefined && !isOwn(known, caller)
      const maySee = known !== undefined && (known.body.shared || isOwn(known, caller))
      if (known === undefined || !maySee) throw new AppError('not-found', 'there is no such view')
      if (isTheirs && caller.role !== undefined && caller.role !== 'administrator')
        throw new AppError('unsafe', `the view is of ${known.body.owner}: only they may remove it`)
      await change(id, null, known, caller)
      return { message: `the view ${known.body.name} is removed` }
    },
  }
}

/**
 * Removes private views whose owner is no user any more, which nobody could see or remove; shared ones stay for those who
 * use them. Each has its audit row. Answers how many went.
 */
export async function removeForsakenViews(
  repository: ObjectRepository,
  clock: Clock,
  isUser: (userId: string) => boolean,
  { user }: Pick<Caller, 'user'>,
): Promise<number> {
  let removed = 0
  for (const known of await allViews(repository)) {
    const { shared, ownerId } = known.body
    if (shared || ownerId.startsWith(LOCAL) || isUser(ownerId)) continue
    const reason = 'its owner was removed'
    const edit = { id: known.id, next: null, before: known, user, atMs: clock.nowMs(), reason }
    if (await changeView(repository, edit)) removed++
  }
  return removed
}

async function allViews(repository: ObjectRepository): Promise<Known[]> {
  return (await repository.objects(VIEW_KIND)).flatMap(knownOf)
}

interface ViewEdit {
  readonly id: string
  /** Null removes it. */
  readonly next: Body | null
  readonly before: Known | null
  readonly user: string
  readonly atMs: number
  readonly reason: string | null
}

/** False: somebody else was faster. */
async function changeView(repository: ObjectRepository, edit: ViewEdit): Promise<boolean> {
  const { id, next, before, user, atMs, reason } = edit
  const audit: AuditEntry = {
    id: randomUUIDv7(),
    atMs,
    actor: user,
    action: next === null ? 'view.remove' : 'view.save',
    subject: (next ?? before?.body)?.name ?? id,
    reason,
    details: { before: before?.body ?? null, after: next },
  }
  const onVersion = before?.version ?? 0
  const change = { kind: VIEW_KIND, id, body: next as Json, onVersion, by: user }
  return (await repository.changeObject(change, audit)).ok
}

/** On the control socket there are no accounts: the name of the operating-system user stands for one. */
function ownerOf({ userId, user }: Caller): string {
  return userId ?? `${LOCAL}${user}`
}

function isOwn({ body: { ownerId } }: Known, caller: Caller): boolean {
  return ownerId === ownerOf(caller)
}

/** What cannot be read is left out: it was written by another version. */
function knownOf({ id, version, changedAtMs, body: stored }: StoredObject): Known[] {
  const read = body.safeParse(stored)
  return read.success ? [{ id, version, changedAtMs, body: read.data }] : []
}

function viewOf(known: Known, caller: Caller): Reply<'listViews'> {
  const { ownerId: _, ...shown } = known.body
  return {
    id: known.id,
    ...shown,
    own: isOwn(known, caller),
    changedAt: new Date(known.changedAtMs).toISOString(),
  }
}
