/**
 * What the contract says of one address or network, carried out: decisions and detections of it, its neighbours and its
 * network owner, the audit of it, and notes. What the stored lines show is in address-records.ts.
 */
import { randomUUIDv7 } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import type { Caller, Input, Reply, ServiceActions } from '../api/control-contract.ts'
import { viewOfDecision } from '../api/decision-views.ts'
import type { Decider } from '../decide/decider.ts'
import { formatAddress, formatNetwork, isV4, type Network, networkOf, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import type { Decision } from '../model/decision.ts'
import type { Json, StoredDetection } from '../model/state.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { addressRecords } from './address-records.ts'
import type { Parts } from './parts.ts'

type AddressActions = Pick<ServiceActions, 'addressProfile' | 'addressRecords' | 'addNote' | 'removeNote'>
type Profile = Reply<'addressProfile'>

const SHOWN = 200
const AUDIT_SHOWN = 100
const NEIGHBOURS_SHOWN = 256
const NOTE_KIND = 'address-note'
/** Bodies of notes that this version cannot read, so that writing another note does not lose them. */
const ASIDE_KIND = 'address-note-unread'
const MOST_NOTES = 100
/** Two people may write at once; each tries again on what the other left. */
const NOTE_TRIES = 5
/** Blocks whose network owner is looked up, the newest, and how long the count is kept. */
const OWNERS_MOST = 50_000
const OWNERS_PER_TURN = 500
const OWNERS_KEPT_MS = 120_000

const noteBody = z.object({
  notes: z.array(z.object({ id: z.string(), atMs: z.number(), by: z.string(), text: z.string() })),
})
type Note = z.infer<typeof noteBody>['notes'][number]
const asideBody = z.object({ bodies: z.array(z.json()) })
const BUSY = 'somebody else is writing notes at the same time: try again'

interface ReadNotes {
  readonly notes: readonly Note[]
  readonly version: number
  /** A body that this version cannot read; null: there is none. */
  readonly unread: { readonly body: Json } | null
}

export function addressActions(
  parts: Parts,
  decider: () => Decider,
  state: () => StateStore,
): AddressActions {
  const owners = new OwnerCounts(parts)
  const notes = new Notes(parts, state)
  return {
    addressProfile: async ({ address }) => {
      const network = networkOfText(address)
      const target = formatNetwork(network)
      const store = state()
      const standing = decider().overlapping(network)
      const active = standing.slice(0, SHOWN)
      const [ended, detections, audit, kept] = await Promise.all([
        store.decisions({ state: 'ended', overlapping: network, limit: SHOWN }),
        store.detections({ overlapping: network, limit: SHOWN }),
        store.audit({ subject: target, limit: AUDIT_SHOWN }),
        notes.of(target),
      ])
      return {
        address: target,
        block: blockOf(standing, network),
        decisions: [...active, ...ended]
          .sort((a, b) => b.createdAtMs - a.createdAtMs)
          .slice(0, SHOWN)
          .map(viewOfDecision),
        detections: detections.map(viewOfDetection),
        neighbours: neighboursOf(decider(), network),
        owner: await owners.ownerOf(network, decider()),
        country: parts.geo?.countryOf(formatAddress(network.words)) ?? null,
        notes: kept.notes.map(noteView),
        notesUnread: kept.unread,
        audit: audit.map(({ sequence, atMs, actor, action, reason }) => ({
          sequence,
          at: iso(atMs),
          actor,
          action,
          reason,
        })),
      }
    },
    addressRecords: (input, { signal }) => addressRecords(parts, networkOfText(input.address), input, signal),
    addNote: async ({ address, text }, caller) => ({
      notes: (await notes.add(formatNetwork(networkOfText(address)), text, caller)).map(noteView),
    }),
    removeNote: async ({ address, id }, caller) => ({
      notes: (await notes.remove(formatNetwork(networkOfText(address)), id, caller)).map(noteView),
    }),
  }
}

function networkOfText(text: Input<'addressProfile'>['address']): Network {
  const network = parseNetwork(text)
  if (network === null) throw new AppError('usage', 'expected an address or network')
  return network
}

/** What holds on all of the network: of several the one on the list, then the newest. */
function blockOf(decisions: readonly Decision[], network: Network): Profile['block'] {
  const standing = decisions.filter(
    ({ endedAtMs, target }) =>
      endedAtMs === null &&
      target.prefixLength <= network.prefixLength &&
      formatNetwork(networkOf(network.words, target.prefixLength)) === formatNetwork(target),
  )
  const chosen = standing.find(({ mode }) => mode === 'block') ?? standing[0]
  return chosen === undefined ? null : viewOfDecision(chosen)
}

function viewOfDetection({
  id,
  atMs,
  detection,
  verdict,
  reason,
}: StoredDetection): Profile['detections'][number] {
  const { rule, count, threshold, device, proof, proofReason, technique } = detection
  return {
    id,
    at: iso(atMs),
    rule,
    verdict,
    reason,
    count,
    threshold,
    firstSeenAt: iso(detection.firstSeenAtMs),
    detectedAt: iso(detection.detectedAtMs),
    device,
    proof,
    proofReason,
    technique,
  }
}

/** The /24 or /48 around it, and what of it is on the list. */
function neighboursOf(decider: Decider, network: Network): Profile['neighbours'] {
  const is4 = isV4(network.words) && network.prefixLength >= 96
  const around = networkOf(network.words, Math.min(network.prefixLength, is4 ? 120 : 48))
  // Addresses are counted in the unit that is blocked: one of IPv4, a /64 of IPv6.
  const unit = is4 ? 128 : 64
  const sizeOf = (prefixLength: number): number => 2 ** Math.min(30, Math.max(0, unit - prefixLength))
  const size = sizeOf(around.prefixLength)
  const found = decider.overlapping(around).filter(({ mode }) => mode === 'block')
  const covered = found.reduce((sum, { target }) => sum + sizeOf(target.prefixLength), 0)
  return {
    network: formatNetwork(around),
    size,
    blocked: Math.min(size, covered),
    targets: found.slice(0, NEIGHBOURS_SHOWN).map(({ target }) => formatNetwork(target)),
  }
}

/** How many blocks lie in networks of each owner; counted anew now and then, in slices, since each is a look-up. */
class OwnerCounts {
  readonly #parts: Parts
  #counts: ReadonlyMap<number, number> = new Map()
  #untilMs = Number.NEGATIVE_INFINITY
  #work: Promise<void> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async ownerOf({ words }: Network, decider: Decider): Promise<Profile['owner']> {
    const { geo, clock } = this.#parts
    const owner = geo?.ownerOf(formatAddress(words)) ?? null
    if (owner === null) return null
    if (owner.asNumber === null) return { ...owner, blocked: null }
    if (clock.monotonicMs() >= this.#untilMs) {
      this.#work ??= this.#count(decider).finally(() => {
        this.#work = null
      })
      await this.#work
    }
    return { ...owner, blocked: this.#counts.get(owner.asNumber) ?? 0 }
  }

  async #count(decider: Decider): Promise<void> {
    const counts = new Map<number, number>()
    const blocks = decider.active({ mode: 'block' }).slice(0, OWNERS_MOST)
    for (const [i, { target }] of blocks.entries()) {
      if (i % OWNERS_PER_TURN === 0) await nextTurn()
      const number = this.#parts.geo?.ownerOf(formatAddress(target.words))?.asNumber ?? null
      if (number !== null) counts.set(number, (counts.get(number) ?? 0) + 1)
    }
    this.#counts = counts
    this.#untilMs = this.#parts.clock.monotonicMs() + OWNERS_KEPT_MS
  }
}

/** Notes about addresses: one object per address that has any. */
class Notes {
  readonly #parts: Parts
  readonly #state: () => StateStore

  constructor(parts: Parts, state: () => StateStore) {
    this.#parts = parts
    this.#state = state
  }

  /** `unread`: how many bodies of notes there are that this version cannot read; they are kept in the state. */
  async of(address: string): Promise<{ readonly notes: readonly Note[]; readonly unread: number }> {
    const [{ notes, unread }, aside] = await Promise.all([this.#read(address), this.#aside(address)])
    return { notes, unread: aside.bodies.length + (unread === null ? 0 : 1) }
  }

  add(address: string, text: string, { user }: Caller): Promise<readonly Note[]> {
    const note = { id: randomUUIDv7(), atMs: this.#parts.clock.nowMs(), by: user, text }
    return this.#change(address, user, 'note.add', (notes) => {
      if (notes.length >= MOST_NOTES)
        throw new AppError('usage', `there are ${MOST_NOTES} notes already: remove one first`)
      return { notes: [...notes, note], changed: note }
    })
  }

  remove(address: string, id: string, { user }: Caller): Promise<readonly Note[]> {
    return this.#change(address, user, 'note.remove', (notes) => {
      const removed = notes.find((note) => note.id === id)
      if (removed === undefined) throw new AppError('not-found', 'there is no such note')
      return { notes: notes.filter((note) => note !== removed), changed: removed }
    })
  }

  async #read(address: string): Promise<ReadNotes> {
    const stored = await this.#state().object(NOTE_KIND, address)
    if (stored === null) return { notes: [], version: 0, unread: null }
    const body = noteBody.safeParse(stored.body)
    if (body.success) return { notes: body.data.notes, version: stored.version, unread: null }
    return { notes: [], version: stored.version, unread: { body: stored.body } }
  }

  async #aside(address: string): Promise<{ bodies: Json[]; version: number }> {
    const stored = await this.#state().object(ASIDE_KIND, address)
    if (stored === null) return { bodies: [], version: 0 }
    const body = asideBody.safeParse(stored.body)
    return { bodies: body.success ? body.data.bodies : [stored.body], version: stored.version }
  }

  /** Keeps what cannot be read beside the notes, before anything is written over it. */
  async #setAside(address: string, { body }: { readonly body: Json }, by: string): Promise<void> {
    const { bodies, version } = await this.#aside(address)
    // Another writer may have done it a moment ago.
    if (bodies.some((known) => JSON.stringify(known) === JSON.stringify(body))) return
    const outcome = await this.#state().changeObject(
      { kind: ASIDE_KIND, id: address, body: { bodies: [...bodies, body] }, onVersion: version, by },
      {
        id: randomUUIDv7(),
        atMs: this.#parts.clock.nowMs(),
        actor: by,
        action: 'note.unread',
        subject: address,
        reason: 'notes that cannot be read were kept aside before another was written',
        details: { kind: ASIDE_KIND, count: bodies.length + 1 },
      },
    )
    if (!outcome.ok) throw new AppError('unsafe', BUSY)
  }

  async #change(
    address: string,
    by: string,
    action: string,
    change: (notes: readonly Note[]) => { notes: readonly Note[]; changed: Note },
  ): Promise<readonly Note[]> {
    for (let attempt = 1; attempt <= NOTE_TRIES; attempt++) {
      const { notes: before, version, unread } = await this.#read(address)
      const { notes, changed } = change(before)
      if (unread !== null) await this.#setAside(address, unread, by)
      const { text, by: author } = changed
      const outcome = await this.#state().changeObject(
        {
          kind: NOTE_KIND,
          id: address,
          body: notes.length === 0 ? null : { notes: notes.map((note) => ({ ...note })) },
          onVersion: version,
          by,
        },
        {
          id: randomUUIDv7(),
          atMs: this.#parts.clock.nowMs(),
          actor: by,
          action,
          subject: address,
          reason: null,
          details: { text, by: author },
        },
      )
      if (outcome.ok) return notes
    }
    throw new AppError('unsafe', BUSY)
  }
}

function noteView({ id, atMs, by, text }: Note): Profile['notes'][number] {
  return { id, at: iso(atMs), by, text }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
