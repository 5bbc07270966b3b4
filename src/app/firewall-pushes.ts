/**
 * The pushes to the management APIs of firewalls, one per firewall that has one: made and ended as firewalls are written
 * down, told of new blocks and revisions, looked at once a day. What firewalls answer goes to the proof of enforcement.
 */
import { AppError, messageOf } from '../lib/errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { Network } from '../lib/address.ts'
import type { EnforcementBook } from '../publish/enforcement/enforcement-book.ts'
import { PanOsError } from '../publish/paloalto-api/answers.ts'
import { PanOsClient } from '../publish/paloalto-api/client.ts'
import { PanOsConnection } from '../publish/paloalto-api/connection.ts'
import { PanOsPush, type PushStatus } from '../publish/paloalto-api/push.ts'
import type { AlarmInput, AlarmSink } from '../telemetry/alarms.ts'
import type { KnownFirewall } from './firewalls.ts'

const CHECK_MS = 86_400_000

export interface FirewallPushesOptions {
  readonly clock: Clock
  readonly alarms: AlarmSink
  readonly book: EnforcementBook
}

interface Running {
  readonly version: number
  readonly feed: string
  readonly name: string
  readonly push: PanOsPush
  checkAtMs: number
}

export class FirewallPushes {
  readonly #options: FirewallPushesOptions
  readonly #running = new Map<string, Running>()

  constructor(options: FirewallPushesOptions) {
    this.#options = options
  }

  /** Takes over what is written down. `keyOf` answers null for a key that cannot be opened. */
  update(known: readonly KnownFirewall[], keyOf: (firewall: KnownFirewall) => string | null): void {
    const wanted = new Map(known.filter(({ body }) => body.api !== null).map((one) => [one.id, one]))
    for (const [id, running] of this.#running)
      if (wanted.get(id)?.version !== running.version) this.#end(id, running)
    for (const [id, firewall] of wanted) if (!this.#running.has(id)) this.#begin(firewall, keyOf(firewall))
  }

  /** Targets went on and off the list. */
  changed(added: readonly Network[], removed: readonly Network[]): void {
    for (const { push } of this.#running.values()) push.changed(added, removed)
  }

  published(feed: string): void {
    for (const running of this.#running.values()) if (running.feed === feed) running.push.published()
  }

  /** To be called about every second: looks at each firewall once a day, the first time soon after the start. */
  tick(): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const [id, running] of this.#running) {
      if (nowMs < running.checkAtMs) continue
      running.checkAtMs = nowMs + CHECK_MS
      void this.#look(id, running).catch(() => {}) // the push has noted it and raised its alarm
    }
  }

  statusOf(id: string): PushStatus | null {
    return this.#running.get(id)?.push.status() ?? null
  }

  /** Rejects with an AppError that says what the firewall answered. */
  async check(id: string): Promise<readonly AlarmInput[]> {
    const running = this.#find(id)
    return this.#told(running.name, () => this.#look(id, running))
  }

  async refresh(id: string): Promise<string> {
    const { push, name } = this.#find(id)
    await this.#told(name, () => push.refreshNow())
    return `${name} fetches the list now`
  }

  async stop(): Promise<void> {
    const ending = Array.from(this.#running.values(), ({ push }) => push.close())
    this.#running.clear()
    await Promise.all(ending)
  }

  #find(id: string): Running {
    const running = this.#running.get(id)
    if (running !== undefined) return running
    throw new AppError('usage', 'no management API with a key that can be opened is written down for it')
  }

  #begin({ id, version, body }: KnownFirewall, key: string | null): void {
    const { clock, alarms, book } = this.#options
    if (body.api === null) return
    if (key === null) {
      alarms.raise({
        code: `firewall-key:${id}`,
        severity: 'critical',
        message: `The API key of the firewall ${body.name} cannot be opened: secrets.key is another one than it was sealed with.`,
        mend: 'Put back the secrets.key of your backup, or enter the key anew: firewalls change NAME --key-file FILE.',
      })
      return
    }
    alarms.clear(`firewall-key:${id}`)
    const { host, port, ca, fingerprint, ...settings } = body.api
    const client = new PanOsClient(new PanOsConnection({ host, port, ca, fingerprint, key }))
    const push = new PanOsPush({
      id,
      name: body.name,
      settings,
      client,
      clock,
      alarms,
      onLoaded: (loaded) => book.loaded(id, { feed: body.feed, ...loaded }, clock.nowMs()),
      onRegistered: (target) => book.registered(id, target, clock.nowMs()),
    })
    this.#running.set(id, { version, feed: body.feed, name: body.name, push, checkAtMs: clock.monotonicMs() })
  }

  #end(id: string, { push }: Running): void {
    this.#running.delete(id)
    for (const code of ['check', 'key']) this.#options.alarms.clear(`firewall-${code}:${id}`)
    void push.close()
  }

  async #look(id: string, { push, name }: Running): Promise<readonly AlarmInput[]> {
    const { alarms } = this.#options
    const findings = await push.check()
    const worse = findings.filter(({ severity }) => severity !== 'info')
    const [first] = worse.toSorted(
      (a, b) => Number(b.severity === 'critical') - Number(a.severity === 'critical'),
    )
    if (first === undefined) alarms.clear(`firewall-check:${id}`)
    else {
      const more = worse.length === 1 ? '' : ` And ${worse.length - 1} more: firewalls check ${name}.`
      alarms.raise({ ...first, code: `firewall-check:${id}`, message: first.message + more })
    }
    return findings
  }

  async #told<Answer>(name: string, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof PanOsError)) throw error
      const what = {
        auth: 'refuses the API key',
        certificate: 'shows a certificate that is not trusted',
        unreachable: 'does not answer',
        full: 'holds no more registered addresses',
        refused: 'refuses',
        unclear: 'answers what is not understood',
      }[error.fault]
      const code = error.fault === 'unreachable' ? 'not-reachable' : 'failed'
      throw new AppError(code, `${name} ${what}: ${messageOf(error)}`, error)
    }
  }
}
