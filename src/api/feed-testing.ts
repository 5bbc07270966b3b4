/**
 * For tests of feeds over HTTPS: the service of feeds on decisions that a test makes, behind a real server on 127.0.0.1, with
 * a clock that stands still; and a firewall that fetches by the rules of external dynamic lists.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatNetwork, type Network, networkOf, parseNetwork } from '../lib/address.ts'
import { ManualClock } from '../lib/clock.ts'
import type { Decision } from '../model/decision.ts'
import type { Journal, JournalEntry, ObjectRepository, StoredObject } from '../model/object.ts'
import { FeedDesk } from '../publish/feeds/feed-desk.ts'
import { FeedService } from '../publish/feeds/feed-service.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { HttpsServer } from './server.ts'
import { sampleStatus } from './sample-status.ts'
import { newCertificate, SENTINEL } from './test-server.ts'

export const START_MS = Date.UTC(2026, 4, 1, 8, 0, 0)

/** 198.18.0.0/15 is for benchmarks (RFC 2544); used for sets too large for documentation networks. */
export const host = (i: number): Network => networkOf([0, 0, 0xffff, 0xc6120000 + i], 128)

export const range = (count: number, from = 0): Network[] =>
  Array.from({ length: count }, (_, i) => host(from + i))

/**
 * First and number of the addresses of 198.18.0.0/15 that a list covers. Throws unless they follow each other without a gap,
 * each once and in order: what no part of a list could be, and no two lists mixed.
 */
export function coveredBy(body: Buffer): { first: number; count: number } {
  let first: number | null = null
  let next = 0
  for (const line of body.toString('latin1').trimEnd().split('\n')) {
    const network = parseNetwork(line)
    if (network === null) throw new Error(`${JSON.stringify(line)} is no network`)
    const at = network.words[3] - (host(0).words[3] as number)
    if (first !== null && at !== next) throw new Error(`${line} does not follow what stands before it`)
    first ??= at
    next = at + 2 ** (128 - network.prefixLength)
  }
  return { first: first ?? 0, count: next - (first ?? 0) }
}

/** A state in memory: objects with versions and a journal. */
export class MemoryState implements ObjectRepository, Journal {
  readonly kept = new Map<string, StoredObject>()
  readonly rows: JournalEntry[] = []
  readonly audited: string[] = []
  isAway = false

  #check(): void {
    if (this.isAway) throw new Error('the state is away')
  }

  async objects(kind: string): Promise<StoredObject[]> {
    this.#check()
    return [...this.kept.values()].filter((object) => object.kind === kind)
  }

  async object(kind: string, id: string): Promise<StoredObject | null> {
    this.#check()
    return this.kept.get(`${kind} ${id}`) ?? null
  }

  async changeObject(
    { kind, id, body, onVersion, by }: Parameters<ObjectRepository['changeObject']>[0],
    audit: Parameters<ObjectRepository['changeObject']>[1],
  ): ReturnType<ObjectRepository['changeObject']> {
    this.#check()
    const version = this.kept.get(`${kind} ${id}`)?.version ?? 0
    if (onVersion !== null && onVersion !== version) return { ok: false, reason: 'changed' }
    if (audit !== null) this.audited.push(JSON.stringify(audit))
    if (body === null) this.kept.delete(`${kind} ${id}`)
    else
      this.kept.set(`${kind} ${id}`, { kind, id, body, version: version + 1, changedAtMs: 0, changedBy: by })
    return { ok: true, version: version + 1 }
  }

  async appendJournal(entries: readonly JournalEntry[]): Promise<void> {
    this.#check()
    this.rows.push(...entries)
  }

  async journal({ kind, subject, limit }: Parameters<Journal['journal']>[0]): Promise<JournalEntry[]> {
    this.#check()
    const found = this.rows.filter(
      (row) => row.kind === kind && (subject === undefined || row.subject === subject),
    )
    return found.reverse().slice(0, limit)
  }

  async pruneJournal(): Promise<number> {
    return 0
  }
}

/** The decisions: targets on the list, each with a block that detectors made. */
export class FakeDecisions {
  readonly #targets = new Map<string, { network: Network; decision: Decision }>()

  add(networks: readonly Network[], more: Partial<Decision> = {}): void {
    for (const network of networks) {
      const text = formatNetwork(network)
      this.#targets.set(text, { network, decision: { ...decisionOf(network), ...more } })
    }
  }

  remove(networks: readonly Network[]): void {
    for (const network of networks) this.#targets.delete(formatNetwork(network))
  }

  published(): Network[] {
    return [...this.#targets.values()].map(({ network }) => network)
  }

  blockOf(target: Network): { decision: Decision; lines: number } | null {
    const found = this.#targets.get(formatNetwork(target))
    return found === undefined ? null : { decision: found.decision, lines: 0 }
  }
}

function decisionOf(target: Network): Decision {
  return {
    id: '019c9a00-0000-7000-8000-0000000000aa',
    target,
    scope: 'address',
    origin: 'detector',
    rule: 'port-scan',
    reason: 'more than 10 ports in 10 minutes',
    proof: 'spoofable',
    severity: null,
    country: null,
    mode: 'block',
    createdAtMs: START_MS,
    lastSeenAtMs: START_MS,
    expiresAtMs: null,
    endedAtMs: null,
    endedBy: null,
    endReason: null,
    device: 'edge-fw-1',
    createdBy: 'system',
    lifetimeMs: null,
    offences: 1,
    tags: [],
  }
}

export class FeedSite {
  readonly clock = new ManualClock(START_MS)
  readonly alarms = new Alarms({ clock: this.clock })
  readonly state: MemoryState
  readonly decisions = new FakeDecisions()
  readonly failures: string[] = []
  readonly folder: string
  /** Why a network must not be published, by text. */
  readonly refused = new Map<string, string>()
  feeds!: FeedService
  desk!: FeedDesk
  server!: HttpsServer
  authority = ''

  private constructor(folder: string, state: MemoryState) {
    this.folder = folder
    this.state = state
  }

  static async open(options: { folder?: string; state?: MemoryState } = {}): Promise<FeedSite> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'ads-feeds-')))
    const site = new FeedSite(folder, options.state ?? new MemoryState())
    const { clock, alarms, state } = site
    site.feeds = await FeedService.open({
      folder,
      clock,
      alarms,
      sentinel: () => SENTINEL,
      refuse: (target) => site.refused.get(formatNetwork(target)) ?? null,
      never: () => [],
      spared: () => Promise.resolve([]),
      initialList: null,
      onListRendered: () => {},
      onFailure: (what) => site.failures.push(what),
    })
    if (!state.isAway) await site.feeds.takeState(state, false)
    site.desk = new FeedDesk({ service: site.feeds, state, clock })
    const { ca, served } = await newCertificate()
    site.authority = ca
    site.server = new HttpsServer({
      listen: { host: '127.0.0.1', port: 0 },
      certificate: served,
      sources: {
        list: () => site.feeds.whole.list.snapshot,
        feeds: { counter: site.feeds.counter, onFetch: (fetch) => site.feeds.noteFetch(fetch) },
        components: () => [],
        status: () => sampleStatus(),
        metrics: async () => ({ contentType: 'text/plain', text: '' }),
        authorityPem: () => null,
        metricsToken: () => '',
        lines: { token: () => '', submit: () => Promise.resolve('taken') },
      },
      clock,
      sentinel: SENTINEL,
      onFetch: () => {},
      onFailure: (what) => site.failures.push(what),
    })
    await site.server.start()
    return site
  }

  /** Detectors' blocks come and go. */
  change(added: readonly Network[], removed: readonly Network[] = [], liftedByPeople = 0): void {
    this.decisions.remove(removed)
    this.decisions.add(added)
    this.feeds.apply({ added, removed, liftedByPeople })
  }

  /** Further evidence says more of a block. */
  regrade(network: Network, grade: Pick<Decision, 'severity' | 'country'>): void {
    this.decisions.add([network], grade)
    this.feeds.apply({ added: [], removed: [], regraded: [network] })
  }

  async close(options: { keepFolder?: boolean } = {}): Promise<void> {
    await this.server.stop()
    await this.feeds.close()
    await this.feeds.closeJournal()
    if (options.keepFolder !== true) await rm(this.folder, { recursive: true, force: true })
  }
}

/** What came over the wire. */
export interface FetchedList {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** One request for a path of the site; rejects when the connection ends without an answer. */
export function fetchList(
  site: FeedSite,
  path: string,
  options: { agent?: Agent; method?: string; headers?: Record<string, string> } = {},
): Promise<FetchedList> {
  const { agent = new Agent({ ca: site.authority, servername: 'localhost' }), ...rest } = options
  const { promise, resolve, reject } = Promise.withResolvers<FetchedList>()
  const port = site.server.address?.port ?? 0
  const asked = request({ host: '127.0.0.1', port, path, agent, ...rest }, (answer) => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () =>
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
    )
    answer.on('error', reject)
  })
  asked.on('error', reject)
  asked.end()
  return promise
}

/** How a firewall takes a list: PAN-OS external dynamic lists (what fails how, and what is then enforced). */
export class FakeFirewall {
  readonly #site: FeedSite
  readonly #path: string
  readonly #agent: Agent
  headers: Record<string, string>
  /** What it enforces. */
  entries: readonly string[] = []
  /** False after an error of authentication or certificate: the policy stops enforcing the list. */
  isEnforcing = true
  /** Of the last try. */
  outcome = ''

  constructor(
    site: FeedSite,
    path: string,
    options: { headers?: Record<string, string>; from?: string } = {},
  ) {
    this.#site = site
    this.#path = path
    this.headers = options.headers ?? {}
    this.#agent = new Agent({
      ca: site.authority,
      servername: 'localhost',
      ...(options.from === undefined ? {} : { localAddress: options.from }),
    })
  }

  async fetch(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const port = this.#site.server.address?.port ?? 0
    const asked = request(
      { host: '127.0.0.1', port, path: this.#path, agent: this.#agent, headers: this.headers },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => {
          this.#take(answer.statusCode ?? 0, Buffer.concat(chunks).toString('latin1'))
          resolve()
        })
      },
    )
    asked.on('error', (error: NodeJS.ErrnoException) => {
      this.outcome = error.code ?? error.message
      // Unreachable: the last list goes on. A certificate that is not valid: it does not.
      if (/CERT|certificate/i.test(this.outcome)) this.isEnforcing = false
      resolve()
    })
    asked.end()
    await promise
  }

  #take(status: number, body: string): void {
    this.outcome = String(status)
    if (status === 401 || status === 403 || status === 404) {
      this.isEnforcing = false
      return
    }
    if (status !== 200) return
    this.isEnforcing = true
    // An answer without a line clears the list; a line that is no address is skipped.
    this.entries = body.split('\n').filter((line) => /^[0-9a-f.:/]+$/.test(line))
  }
}
