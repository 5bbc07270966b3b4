/**
 * The proof that blocks bite: per blocked target the time line detected, published, fetched, loaded, first packet denied,
 * for each firewall; and leaks, where a firewall lets through what it must deny. A plain state machine: events in with
 * their times, steps to keep out; it reads no clock, asks nobody and sends nothing.
 *
 * A firewall leaks when it lets a blocked address through later than one of its intervals after it fetched a revision that
 * holds the address. Ends of sessions may tell of sessions that began before the block, which a list does not cut: they
 * count as a leak only after an hour.
 *
 * Bounded: MAX_TARGETS targets (the one published longest ago goes first and is counted), 16 firewalls a target. Cost: a
 * fetch marks the targets that are new to the firewall; a line of a blocked source is a few look-ups.
 */
import { formatNetwork, isV4, type Network, networkOf } from '../../lib/address.ts'
import type { SeenReport } from '../../model/seen-report.ts'
import {
  type BlockRecord,
  heldSinceMs,
  type LoadedBy,
  type Mark,
  MAX_MARKS,
  mergedMark,
  newMark,
} from './block-record.ts'
import { Cover } from './cover.ts'
import type { Firewall, NamedFirewall } from './firewall.ts'
import { FirewallBook } from './firewall-book.ts'
import { restoreStep } from './restore-step.ts'
import type { KeptStep, Step } from './step.ts'

const MAX_TARGETS = 100_000
const MAX_FEEDS = 64
/** Of the 128-bit form: an IPv4 address lies in no IPv6 network. */
const V4_PREFIX = 96
/** Sessions that end so long after the firewall had the list can hardly have begun before it. */
const OLD_SESSION_MS = 3_600_000
/** A leak that shows no new line for so long is over. */
const LEAK_REST_MS = 24 * 3_600_000

export interface BlockedTarget {
  readonly target: Network
  readonly decisionId: string
  readonly detectedAtMs: number
}

export interface PublishedRevision {
  readonly feed: string
  readonly revision: number
  readonly added: readonly Network[]
  readonly removed: readonly Network[]
  /** Everything that the revision holds, when the differences are not known; `added` and `removed` are then not read. */
  readonly whole: readonly Network[] | null
  readonly entries: number
  readonly atMs: number
}

export interface Fetched {
  readonly feed: string
  readonly address: string
  readonly revision: number
  readonly shard: number
  readonly atMs: number
}

interface Feed {
  /** Published targets in order, from `base` on. */
  readonly log: { readonly text: string; readonly revision: number }[]
  base: number
  /** Entries of the last revisions, to compare with what a firewall loaded. */
  readonly entries: Map<number, number>
}

export interface EnforcementBookOptions {
  /** Told of each step that is to survive a restart; must not throw. */
  readonly keep: (step: KeptStep) => void
  readonly maxTargets?: number
}

export class EnforcementBook {
  readonly firewalls = new FirewallBook()
  readonly #records = new Map<string, BlockRecord>()
  /** Targets per prefix length. */
  readonly #lengths = new Map<number, number>()
  readonly #feeds = new Map<string, Feed>()
  readonly #keep: (step: KeptStep) => void
  readonly #maxTargets: number
  #forgotten = 0

  constructor(options: EnforcementBookOptions) {
    this.#keep = options.keep
    this.#maxTargets = options.maxTargets ?? MAX_TARGETS
  }

  /** Targets that were given up for want of room. */
  get forgotten(): number {
    return this.#forgotten
  }

  get size(): number {
    return this.#records.size
  }

  record(text: string): BlockRecord | null {
    return this.#records.get(text) ?? null
  }

  /** The blocked target that holds all of the network, the narrowest; null when none does. O(prefix lengths in use). */
  holder(network: Network): BlockRecord | null {
    const shortest = isV4(network.words) && network.prefixLength >= V4_PREFIX ? V4_PREFIX : 0
    for (let length = network.prefixLength; length >= shortest; length--) {
      if (length !== network.prefixLength && (this.#lengths.get(length) ?? 0) === 0) continue
      const record = this.#records.get(formatNetwork(networkOf(network.words, length)))
      if (record !== undefined) return record
    }
    return null
  }

  records(): IterableIterator<BlockRecord> {
    return this.#records.values()
  }

  /** What people say of firewalls; what was noted under an address or a device's name goes over to the one that bears it. */
  name(firewalls: readonly NamedFirewall[]): void {
    this.firewalls.name(firewalls)
    const keys = new Map<string, string>()
    for (const { id, addresses, devices } of firewalls) {
      for (const address of addresses) keys.set(`fetcher:${address}`, id)
      for (const device of devices) keys.set(`device:${device}`, id)
    }
    for (const { marks } of this.#records.values()) {
      for (const [key, mark] of marks) {
        const id = keys.get(key)
        if (id === undefined) continue
        marks.delete(key)
        const known = marks.get(id)
        marks.set(id, known === undefined ? { ...mark, firewall: id } : mergedMark(id, known, mark))
      }
    }
  }

  blocked({ target, decisionId, detectedAtMs }: BlockedTarget): void {
    const text = formatNetwork(target)
    if (this.#records.get(text)?.decisionId === decisionId) return
    this.lifted(target)
    if (this.#records.size >= this.#maxTargets) {
      const [oldest] = this.#records.values()
      if (oldest !== undefined) this.lifted(oldest.target)
      this.#forgotten++
    }
    this.#count(target.prefixLength, 1)
    this.#records.set(text, {
      target,
      text,
      decisionId,
      detectedAtMs,
      publications: [],
      marks: new Map(),
    })
  }

  lifted(target: Network): void {
    const text = formatNetwork(target)
    if (!this.#records.delete(text)) return
    this.#count(target.prefixLength, -1)
    for (const firewall of this.firewalls.all()) firewall.leaks.delete(text)
  }

  published(event: PublishedRevision): void {
    const feed = this.#feed(event.feed)
    if (feed === null) return
    feed.entries.set(event.revision, event.entries)
    if (feed.entries.size > 256) feed.entries.delete(feed.entries.keys().next().value as number)
    if (event.whole === null) this.#changed(event, feed)
    else this.#replaced(event, feed, event.whole)
  }

  /** Takes a fetch in. A fetch that was cut off, or that did not get all, is not to be told. */
  fetched({ feed: name, address, revision, shard, atMs }: Fetched): void {
    const firewall = this.firewalls.fetcher(address)
    const held = firewall.fetched(name, shard, revision, atMs)
    const feed = this.#feeds.get(name)
    if (held === null || feed === undefined) return
    const state = firewall.feed(name)
    let cursor = Math.max(state?.cursor ?? 0, feed.base)
    for (let entry = feed.log[cursor - feed.base]; entry !== undefined; ) {
      if (entry.revision > held) break
      const record = this.#records.get(entry.text)
      const publication = record?.publications.find(({ feed: of }) => of === name)
      if (record !== undefined && publication?.revision === entry.revision)
        this.#markFetched(record, firewall, name, held, atMs, publication.atMs !== null)
      cursor++
      entry = feed.log[cursor - feed.base]
    }
    firewall.moveCursor(name, cursor)
  }

  /** A firewall told how many entries it loaded. As many as the list has: all that it fetched is in force. */
  loaded(
    key: string,
    counts: {
      readonly feed: string
      readonly valid: number
      readonly ignored: number | null
      readonly invalid: number | null
    },
    atMs: number,
  ): void {
    const firewall = this.firewalls.get(key)
    if (firewall === null) return
    const entries = this.#feeds.get(counts.feed)?.entries
    // A firewall that fetches under an address that we do not know it by is held against the newest list.
    const revision = firewall.feed(counts.feed)?.revision ?? [...(entries?.keys() ?? [])].at(-1) ?? null
    const listed = revision === null ? undefined : entries?.get(revision)
    const expected = listed === undefined ? null : Math.max(1, listed) // an empty list holds the sentinel
    const isAll = expected !== null && counts.valid === expected
    const isWrong = (expected !== null && !isAll) || (counts.ignored ?? 0) + (counts.invalid ?? 0) > 0
    const wrongSinceMs = isWrong ? (firewall.loaded.get(counts.feed)?.wrongSinceMs ?? atMs) : null
    const wholeRevision = isAll ? revision : null
    firewall.loaded.set(counts.feed, { ...counts, atMs, expected, wrongSinceMs, wholeRevision })
    if (wholeRevision === null) return
    for (const record of this.#records.values()) {
      const publication = record.publications.find(({ feed }) => feed === counts.feed)
      // Of those that nobody saw published `fill` knows it when it matters.
      if (publication === undefined || publication.atMs === null || publication.revision > wholeRevision)
        continue
      const mark = this.#markOf(record, firewall)
      if (mark !== null && mark.loadedAtMs === null) this.#markLoaded(record, mark, 'read-back', atMs, true)
    }
  }

  /** The firewall was told of the address at once, by tag. */
  registered(key: string, target: Network, atMs: number): void {
    const record = this.#records.get(formatNetwork(target))
    const firewall = this.firewalls.get(key)
    if (record === undefined || firewall === null) return
    const mark = this.#markOf(record, firewall)
    if (mark === null || mark.registeredAtMs !== null) return
    mark.registeredAtMs = atMs
    this.#keep({ subject: record.text, atMs, step: { step: 'registered', firewall: key } })
  }

  /** Lines of a blocked target, by firewall. */
  seen(text: string, reports: readonly SeenReport[]): void {
    const record = this.#records.get(text)
    if (record === undefined) return
    for (const report of reports) {
      if (report.denied + report.allowed + report.ended === 0) continue
      const firewall = this.firewalls.reporter(report.device, report.sender)
      if (firewall === null) continue
      const mark = this.#markOf(record, firewall)
      if (mark === null) continue
      this.#fill(record, firewall)
      this.#denied(record, firewall, mark, report)
      this.#allowed(record, firewall, mark, report)
    }
  }

  /** Notes at which firewalls the target is, where that follows from what they fetched. O(firewalls). */
  fill(record: BlockRecord): void {
    for (const firewall of this.firewalls.all()) if (firewall.fetches > 0) this.#fill(record, firewall)
  }

  /** Ends leaks that are over: denied since, or without a new line for a day. */
  settle(nowMs: number): void {
    for (const firewall of this.firewalls.all()) {
      for (const [target, leak] of firewall.leaks) {
        const mark = this.#records.get(target)?.marks.get(firewall.key)
        const isDenied = (mark?.lastDeniedAtMs ?? 0) > leak.lastAtMs
        const restMs = isDenied ? firewall.graceMs : LEAK_REST_MS
        if (mark === undefined || nowMs - leak.lastAtMs > restMs) firewall.leaks.delete(target)
      }
      if (firewall.leaks.size === 0) firewall.moreLeaks = 0
    }
  }

  /** Takes back what was kept, oldest first; to be told of the blocked targets before. */
  restore(steps: readonly KeptStep[]): void {
    for (const { subject, atMs, step } of steps) {
      const record = this.#records.get(subject)
      if (record !== undefined) restoreStep(record, atMs, step)
    }
    // Steps of an earlier block of the same target were dropped with its decision's id.
    for (const record of this.#records.values())
      for (const [key, mark] of record.marks) {
        const firewall = this.firewalls.get(key)
        if (firewall !== null && mark.firstDeniedAtMs !== null)
          firewall.firstDeniedAtMs = Math.min(
            firewall.firstDeniedAtMs ?? mark.firstDeniedAtMs,
            mark.firstDeniedAtMs,
          )
      }
  }

  #count(prefixLength: number, change: 1 | -1): void {
    this.#lengths.set(prefixLength, (this.#lengths.get(prefixLength) ?? 0) + change)
  }

  #feed(name: string): Feed | null {
    const known = this.#feeds.get(name)
    if (known !== undefined || this.#feeds.size >= MAX_FEEDS) return known ?? null
    const feed: Feed = { log: [], base: 0, entries: new Map() }
    this.#feeds.set(name, feed)
    return feed
  }

  #changed({ feed: name, revision, added, removed, atMs }: PublishedRevision, feed: Feed): void {
    const arrived = this.#coveredBy(added)
    for (const record of this.#coveredBy(removed)) {
      if (arrived.has(record)) continue // merged into a wider row, or taken out of one: still on the list
      const at = record.publications.findIndex((publication) => publication.feed === name)
      if (at !== -1) record.publications.splice(at, 1)
    }
    for (const record of arrived) this.#publish(record, name, feed, revision, atMs)
  }

  #replaced({ feed: name, revision }: PublishedRevision, feed: Feed, whole: readonly Network[]): void {
    const cover = new Cover(whole)
    for (const record of this.#records.values()) {
      const at = record.publications.findIndex((publication) => publication.feed === name)
      if (cover.holds(record.target)) {
        // Nothing is logged of those that nobody saw published: who has them is asked when it matters (`fill`).
        if (at === -1) record.publications.push({ feed: name, revision, atMs: null })
        else this.#log(feed, record.text, (record.publications[at] as { revision: number }).revision)
      } else if (at !== -1) record.publications.splice(at, 1)
    }
  }

  #publish(record: BlockRecord, name: string, feed: Feed, revision: number, atMs: number): void {
    if (record.publications.some((publication) => publication.feed === name)) return
    record.publications.push({ feed: name, revision, atMs })
    this.#log(feed, record.text, revision)
    const step: Step = { step: 'published', feed: name, revision, decision: record.decisionId }
    this.#keep({ subject: record.text, atMs, step })
  }

  #log(feed: Feed, text: string, revision: number): void {
    feed.log.push({ text, revision })
    if (feed.log.length < 2 * this.#maxTargets) return
    feed.log.splice(0, this.#maxTargets)
    feed.base += this.#maxTargets
  }

  /** The blocked targets within the rows. A row is mostly a target itself; those that are not hold several. */
  #coveredBy(rows: readonly Network[]): Set<BlockRecord> {
    const found = new Set<BlockRecord>()
    const wide: Network[] = []
    for (const row of rows) {
      const record = this.#records.get(formatNetwork(row))
      if (record !== undefined) found.add(record)
      if (row.prefixLength < 128) wide.push(row)
    }
    if (wide.length === 0) return found
    const cover = new Cover(wide)
    for (const record of this.#records.values()) if (cover.holds(record.target)) found.add(record)
    return found
  }

  #fill(record: BlockRecord, firewall: Firewall): void {
    for (const { feed, revision, atMs } of record.publications) {
      if (atMs !== null) continue
      const held = firewall.heldSince(feed, revision)
      if (held !== null) this.#markFetched(record, firewall, feed, held.revision, held.atMs, false)
      const loaded = firewall.loaded.get(feed)
      if ((loaded?.wholeRevision ?? -1) < revision || loaded === undefined) continue
      const mark = this.#markOf(record, firewall)
      if (mark !== null && mark.loadedAtMs === null)
        this.#markLoaded(record, mark, 'read-back', loaded.atMs, false)
    }
  }

  #markOf(record: BlockRecord, firewall: Firewall): Mark | null {
    const known = record.marks.get(firewall.key)
    if (known !== undefined || record.marks.size >= MAX_MARKS) return known ?? null
    const mark = newMark(firewall.key)
    record.marks.set(firewall.key, mark)
    return mark
  }

  #markFetched(
    record: BlockRecord,
    firewall: Firewall,
    feed: string,
    revision: number,
    atMs: number,
    isKept: boolean,
  ): void {
    const mark = this.#markOf(record, firewall)
    if (mark === null || mark.fetchedAtMs !== null) return
    mark.fetchedAtMs = atMs
    mark.fetchedFeed = feed
    mark.fetchedRevision = revision
    // Of what stood on the list at the start nothing is kept: it would be written anew at every start.
    if (isKept)
      this.#keep({
        subject: record.text,
        atMs,
        step: { step: 'fetched', firewall: firewall.key, feed, revision },
      })
  }

  #markLoaded(record: BlockRecord, mark: Mark, by: LoadedBy, atMs: number, isKept: boolean): void {
    mark.loadedAtMs = atMs
    mark.loadedBy = by
    if (!isKept) return
    this.#keep({ subject: record.text, atMs, step: { step: 'loaded', firewall: mark.firewall, by } })
  }

  #denied(record: BlockRecord, firewall: Firewall, mark: Mark, report: SeenReport): void {
    const { denied, deniedByList, firstDeniedAtMs, lastDeniedAtMs, rule, sourceEdl } = report
    if (denied === 0 || firstDeniedAtMs === null || lastDeniedAtMs === null) return
    mark.denied += denied
    mark.deniedByList += deniedByList
    mark.lastDeniedAtMs = Math.max(mark.lastDeniedAtMs ?? lastDeniedAtMs, lastDeniedAtMs)
    mark.rule = rule ?? mark.rule
    firewall.denied += denied
    firewall.deniedByList += deniedByList
    firewall.firstDeniedAtMs ??= firstDeniedAtMs
    firewall.lastDeniedAtMs = Math.max(firewall.lastDeniedAtMs ?? lastDeniedAtMs, lastDeniedAtMs)
    if (sourceEdl !== null && mark.loadedAtMs === null)
      this.#markLoaded(record, mark, 'log-line', firstDeniedAtMs, true)
    // What convicted it was mostly denied by the firewall's other rules: only later ones prove the block.
    const heldMs = heldSinceMs(mark)
    if (heldMs === null && firewall.lastFetchMs !== null) return // it fetches, and has not fetched this yet
    const sinceMs = heldMs ?? record.publications[0]?.atMs ?? record.detectedAtMs
    const firstMs = firstDeniedAtMs >= sinceMs ? firstDeniedAtMs : lastDeniedAtMs
    if (mark.firstDeniedAtMs !== null || firstMs < sinceMs) return
    mark.firstDeniedAtMs = firstMs
    const step: Step = { step: 'denied', firewall: firewall.key, rule: cut(rule) }
    this.#keep({ subject: record.text, atMs: firstMs, step })
  }

  #allowed(record: BlockRecord, firewall: Firewall, mark: Mark, report: SeenReport): void {
    const { allowed, lastAllowedAtMs, ended, lastEndedAtMs, rule } = report
    mark.allowed += allowed
    mark.ended += ended
    if (lastAllowedAtMs !== null)
      mark.lastAllowedAtMs = Math.max(mark.lastAllowedAtMs ?? lastAllowedAtMs, lastAllowedAtMs)
    if (lastEndedAtMs !== null)
      mark.lastEndedAtMs = Math.max(mark.lastEndedAtMs ?? lastEndedAtMs, lastEndedAtMs)
    firewall.allowed += allowed
    if (lastAllowedAtMs !== null)
      firewall.lastAllowedAtMs = Math.max(firewall.lastAllowedAtMs ?? lastAllowedAtMs, lastAllowedAtMs)
    const sinceMs = this.#mustDenySinceMs(record, firewall, mark)
    if (sinceMs === null) return
    const isLeak = lastAllowedAtMs !== null && lastAllowedAtMs > sinceMs
    const isLateEnd = lastEndedAtMs !== null && lastEndedAtMs > sinceMs + OLD_SESSION_MS
    if (!isLeak && !isLateEnd) return
    const atMs = Math.max(isLeak ? lastAllowedAtMs : 0, isLateEnd ? lastEndedAtMs : 0)
    const lines = (isLeak ? allowed : 0) + (isLateEnd ? ended : 0)
    const isNew = !firewall.leaks.has(record.text)
    firewall.leak(record.text, atMs, lines, cut(rule))
    if (isNew)
      this.#keep({
        subject: record.text,
        atMs,
        step: { step: 'leaked', firewall: firewall.key, rule: cut(rule) },
      })
  }

  /**
   * From when on it must let nothing through, the grace included; null when that is not known. A firewall that is not
   * known to fetch is asked to have it an hour after it was published: whoever sends us lines is meant to enforce.
   */
  #mustDenySinceMs(record: BlockRecord, firewall: Firewall, mark: Mark): number | null {
    if (record.publications.length === 0) return null // on no list: nobody can have it
    const heldMs = heldSinceMs(mark)
    if (heldMs !== null) return heldMs + firewall.graceMs
    if (firewall.lastFetchMs !== null) return null // it fetches, and has not fetched this yet
    const publishedMs = record.publications.find(({ atMs }) => atMs !== null)?.atMs
    return publishedMs == null ? null : publishedMs + OLD_SESSION_MS
  }
}

function cut(rule: string | null): string | null {
  return rule === null ? null : rule.slice(0, 100)
}
