/**
 * Firewalls that people wrote down: kept as objects with their audit, told to the proof of enforcement, and, where a
 * management API is given, pushed to (publish/paloalto-api). API keys are sealed before they are kept.
 */
import { randomUUIDv7 } from 'node:crypto'
import { AppError } from '../lib/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { SecretBox } from '../lib/secret-box.ts'
import type { ObjectRepository } from '../model/object.ts'
import type { AuditEntry, Json } from '../model/state.ts'
import {
  bodyOfFirewall,
  FIREWALL_KIND,
  type FirewallBody,
  firewallOfBody,
  MOST_FIREWALLS,
} from '../publish/enforcement/firewall-object.ts'

export interface KnownFirewall {
  readonly id: string
  readonly version: number
  readonly body: FirewallBody
}

export interface FirewallsOptions {
  readonly repository: ObjectRepository
  readonly box: SecretBox
  readonly clock: Clock
  /** Told of all firewalls after each change, and at the start. */
  readonly onChange: (firewalls: Firewalls) => void
}

/** A firewall as it comes from people: the key in clear text; `undefined` keeps the one that is there. */
export interface FirewallDraft extends Omit<FirewallBody, 'api'> {
  readonly api: (Omit<NonNullable<FirewallBody['api']>, 'key'> & { readonly key?: string | undefined }) | null
}

export class Firewalls {
  readonly #options: FirewallsOptions
  readonly #known = new Map<string, KnownFirewall>()

  private constructor(options: FirewallsOptions) {
    this.#options = options
  }

  /** Rejects with AppError `state-unavailable`. */
  static async open(options: FirewallsOptions): Promise<Firewalls> {
    const firewalls = new Firewalls(options)
    for (const { id, version, body } of await options.repository.objects(FIREWALL_KIND)) {
      const read = firewallOfBody(body)
      if (read !== null) firewalls.#known.set(id, { id, version, body: read })
    }
    options.onChange(firewalls)
    return firewalls
  }

  all(): KnownFirewall[] {
    return [...this.#known.values()]
  }

  /** By id or name. */
  find(text: string): KnownFirewall | null {
    return this.#known.get(text) ?? this.all().find(({ body }) => body.name === text) ?? null
  }

  /** The API key in clear text; null when it cannot be opened with the key file that is there. */
  keyOf({ id, body }: KnownFirewall): string | null {
    return body.api === null ? null : this.#options.box.unseal(body.api.key, purposeOf(id))
  }

  async add(draft: FirewallDraft, user: string, reason: string): Promise<KnownFirewall> {
    if (this.#known.size >= MOST_FIREWALLS)
      throw new AppError('usage', `there are ${MOST_FIREWALLS} firewalls already`)
    this.#refuseTwice(draft, null)
    const id = randomUUIDv7()
    return this.#save(id, this.#sealed(id, draft, null), 0, user, 'firewall.add', reason)
  }

  async change(
    known: KnownFirewall,
    draft: FirewallDraft,
    user: string,
    reason: string,
  ): Promise<KnownFirewall> {
    this.#refuseTwice(draft, known.id)
    const body = this.#sealed(known.id, draft, known)
    return this.#save(known.id, body, known.version, user, 'firewall.change', reason)
  }

  async remove(known: KnownFirewall, user: string, reason: string): Promise<void> {
    const change = { kind: FIREWALL_KIND, id: known.id, body: null, onVersion: null, by: user }
    const details = { before: shown(known.body) }
    const audit = this.#audit('firewall.remove', known.body.name, user, reason, details)
    await this.#options.repository.changeObject(change, audit)
    this.#known.delete(known.id)
    this.#options.onChange(this)
  }

  /** One address or name belongs to one firewall: else nobody could say whose line it is. */
  #refuseTwice({ name, addresses, devices }: FirewallDraft, ownId: string | null): void {
    for (const { id, body } of this.#known.values()) {
      if (id === ownId) continue
      if (body.name === name) throw new AppError('usage', `there is a firewall ${name} already`)
      const address = addresses.find((one) => body.addresses.includes(one))
      if (address !== undefined)
        throw new AppError('usage', `the address ${address} belongs to the firewall ${body.name}`)
      const device = devices.find((one) => body.devices.includes(one))
      if (device !== undefined)
        throw new AppError('usage', `the device ${device} belongs to the firewall ${body.name}`)
    }
  }

  #sealed(id: string, { api, ...rest }: FirewallDraft, known: KnownFirewall | null): FirewallBody {
    if (api === null) return { ...rest, api: null }
    const { key, ...settings } = api
    const before = known?.body.api ?? null
    if (key === undefined && before === null) throw new AppError('usage', 'the management API needs a key')
    // A key is for the firewall that it was made for: it does not go to another address unasked.
    if (
      key === undefined &&
      before !== null &&
      (before.host !== settings.host || before.port !== settings.port)
    )
      throw new AppError('usage', 'another address of the management API needs its key anew')
    const sealed = key === undefined ? (before?.key ?? '') : this.#options.box.seal(key, purposeOf(id))
    return { ...rest, api: { ...settings, key: sealed } }
  }

  async #save(
    id: string,
    body: FirewallBody,
    onVersion: number,
    user: string,
    action: string,
    reason: string,
  ): Promise<KnownFirewall> {
    const change = { kind: FIREWALL_KIND, id, body: bodyOfFirewall(body), onVersion, by: user }
    const before = this.#known.get(id)
    const details = { before: before === undefined ? null : shown(before.body), after: shown(body) }
    const outcome = await this.#options.repository.changeObject(
      change,
      this.#audit(action, body.name, user, reason, details),
    )
    if (!outcome.ok)
      throw new AppError('unsafe', 'somebody else changed the firewall meanwhile: look at it again')
    const known = { id, version: outcome.version, body }
    this.#known.set(id, known)
    this.#options.onChange(this)
    return known
  }

  #audit(action: string, subject: string, actor: string, reason: string, details: Json): AuditEntry {
    return {
      id: randomUUIDv7(),
      atMs: this.#options.clock.nowMs(),
      actor,
      action,
      subject,
      reason: reason === '' ? null : reason,
      details,
    }
  }
}

function purposeOf(id: string): string {
  return `firewall:${id}`
}

/** For the audit log: the sealed key is left out, and whether there is one is told. */
function shown({ api, ...rest }: FirewallBody): Json {
  if (api === null) return { ...rest, api: null }
  const { key, ...settings } = api
  return bodyOfFirewall({ ...rest, api: { ...settings, key: key === '' ? 'none' : 'sealed' } })
}
