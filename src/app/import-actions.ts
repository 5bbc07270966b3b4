/** What the contract says of lists of others, carried out. */
import type { Reply, ServiceActions } from '../api/control-contract.ts'
import type { Decider } from '../decide/decider.ts'
import { originalBlocks } from '../decide/import/original-list.ts'
import { AppError } from '../lib/errors.ts'
import { fingerprintOf } from '../publish/crowdsec/bouncer.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { type Difference, differences } from './import/compare.ts'
import type { SourceBody } from './import/import-source.ts'
import type { Importer, LiveSource } from './import/importer.ts'
import type { Parts } from './parts.ts'

type ImportActions = Pick<
  ServiceActions,
  | 'listImports'
  | 'addImport'
  | 'changeImport'
  | 'removeImport'
  | 'showImport'
  | 'refreshImport'
  | 'importOriginal'
  | 'compareList'
>

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

export function importActions(parts: Parts, decider: () => Decider, state: () => StateStore): ImportActions {
  const importer = (): Importer => {
    if (parts.importer !== null) return parts.importer
    throw new AppError('state-unavailable', 'the lists are not loaded yet: try again in a moment')
  }
  return {
    listImports: () => importer().all().map(viewOf),
    addImport: async (input, { user }) => {
      const body = bodyOf(importer(), input, parts.clock.nowMs(), user)
      if (!input.dryRun)
        return { import: viewOf(await importer().add(input.name, body, user)), preview: null }
      const { entries, unreadable, added, leftOut } = await importer().preview(input.name, body)
      return { import: null, preview: { entries, unreadable, added, leftOut: copied(leftOut) } }
    },
    changeImport: async ({ name, reason, ...change }, { user }) => {
      const edit = (body: SourceBody): SourceBody => editedBody(importer(), name, body, change)
      return viewOf(await importer().change(name, edit, user, reason === '' ? null : reason))
    },
    removeImport: ({ name, reason }, { user }) => importer().remove(name, user, reason),
    showImport: ({ name }) => viewOf(importer().find(name)),
    refreshImport: async ({ name, confirm }, { user }) =>
      viewOf(await importer().refresh(name, confirm, user)),
    importOriginal: async ({ rows, reason, dryRun }, { user }) => {
      const known = rows.map(({ target, alert, lastSeenAt }) => {
        return { target, alert, lastSeenAtMs: lastSeenAt === null ? null : Date.parse(lastSeenAt) }
      })
      const { blocks, unreadable } = originalBlocks(known, parts.clock.nowMs())
      const done = await decider().imports.adopt(blocks, user, reason, dryRun)
      return { dryRun, added: done.added, leftOut: copied(done.leftOut), unreadable: [...unreadable] }
    },
    compareList: ({ name }, { user }) => compared(importer(), decider(), state(), name, user),
  }
}

async function* compared(
  importer: Importer,
  decider: Decider,
  state: StateStore,
  name: string,
  user: string,
): AsyncGenerator<Difference, void, undefined> {
  const known = importer.find(name)
  const live = known.networks === null ? await importer.refresh(name, false, user) : known
  if (live.networks === null)
    throw new AppError('failed', `${name} has not been read: ${live.state.problem ?? 'try again'}`)
  yield* differences(decider, state, live.networks)
}

function bodyOf(
  importer: Importer,
  input: Parameters<ServiceActions['addImport']>[0],
  nowMs: number,
  user: string,
): SourceBody {
  const { name, direction, hosts, confidence, takesWide, maxEntries, note } = input
  const pin = input.pin === undefined ? null : checkedPin(input.pin)
  if (direction === 'allow' && confidence !== null)
    throw new AppError('usage', 'confidence is said of block lists only')
  return {
    direction,
    from: input.from ?? null,
    hosts,
    refreshMs: input.refreshMinutes * MINUTE_MS,
    confidence,
    lifetimeMs: input.keepHours * HOUR_MS,
    takesWide,
    maxEntries,
    authorization: input.authorization === undefined ? null : importer.seal(name, input.authorization),
    pin,
    note,
    createdAtMs: nowMs,
    createdBy: user,
  }
}

function checkedPin(text: string): string {
  const pin = fingerprintOf(text.replace(/^sha256 fingerprint=/i, ''))
  if (pin !== null) return pin
  throw new AppError(
    'usage',
    'pin: expected a SHA-256 as `openssl x509 -noout -fingerprint -sha256` prints it',
  )
}

type Change = Omit<Parameters<ServiceActions['changeImport']>[0], 'name' | 'reason'>

function editedBody(importer: Importer, name: string, body: SourceBody, change: Change): SourceBody {
  const { from, hosts, refreshMinutes, confidence, keepHours, authorization, pin } = change
  if (body.from === null && from !== undefined)
    throw new AppError('usage', `${name} is made of names of hosts: add another list for a URL or file`)
  if (body.from !== null && hosts !== undefined)
    throw new AppError('usage', `${name} is a URL or file: add another list for names of hosts`)
  if (body.direction === 'allow' && confidence != null)
    throw new AppError('usage', 'confidence is said of block lists only')
  // What opens one server is not sent to another unasked.
  if (from !== undefined && authorization === undefined && body.authorization !== null)
    if (URL.parse(from)?.origin !== URL.parse(body.from ?? '')?.origin)
      throw new AppError('usage', 'another server needs the authorization anew, or null to send none')
  return {
    ...body,
    from: from ?? body.from,
    hosts: hosts ?? body.hosts,
    refreshMs: refreshMinutes === undefined ? body.refreshMs : refreshMinutes * MINUTE_MS,
    confidence: confidence === undefined ? body.confidence : confidence,
    lifetimeMs: keepHours === undefined ? body.lifetimeMs : keepHours * HOUR_MS,
    takesWide: change.takesWide ?? body.takesWide,
    maxEntries: change.maxEntries ?? body.maxEntries,
    authorization:
      authorization === undefined
        ? body.authorization
        : authorization === null
          ? null
          : importer.seal(name, authorization),
    pin: pin === undefined ? body.pin : pin === null ? null : checkedPin(pin),
    note: change.note ?? body.note,
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

function copied(
  leftOut: readonly {
    readonly reason: string
    readonly count: number
    readonly examples: readonly string[]
  }[],
): Reply<'showImport'>['leftOut'] {
  return leftOut.map((one) => ({ ...one, examples: [...one.examples] }))
}

function viewOf({ source, state }: LiveSource): Reply<'showImport'> {
  const { name, direction, from, hosts, confidence, takesWide, maxEntries, pin, note, createdBy } = source
  return {
    name,
    version: source.version,
    direction,
    from,
    hosts,
    refreshMinutes: source.refreshMs / MINUTE_MS,
    confidence,
    keepHours: source.lifetimeMs / HOUR_MS,
    takesWide,
    maxEntries,
    hasAuthorization: source.authorization !== null,
    pin,
    note,
    createdAt: iso(source.createdAtMs),
    createdBy,
    lastTryAt: isoOrNull(state.lastTryAtMs),
    lastOkAt: isoOrNull(state.lastOkAtMs),
    problem: state.problem,
    held: state.isHeld,
    entries: state.entries,
    unreadable: state.unreadable,
    added: state.added,
    ended: state.ended,
    leftOut: copied(state.leftOut),
  }
}
