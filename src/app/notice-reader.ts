/**
 * Turns the audit log into notices: every block, hold and lift has its row there, written with it in one transaction, so
 * nothing that took effect goes untold, not even over a crash; the evidence comes from the detections kept beside it.
 * The place up to which the log has been told is kept by the caller.
 */
import { randomUUIDv7 } from 'node:crypto'
import { formatNetwork, parseAddress } from '../lib/address.ts'
import { formatInstant } from '../lib/time-text.ts'
import { boundedText } from '../lib/visible-text.ts'
import type { Decision } from '../model/decision.ts'
import { type Detection, ORIGINAL_NAMES, TECHNIQUES } from '../model/detection.ts'
import type { AuditLog, AuditRow, Json, StateRepository } from '../model/state.ts'
import type { GeoDatabase } from '../parse/geo-database.ts'
import {
  type BlockFacts,
  LINE_CHARACTERS,
  MAX_LINES,
  type Notice,
  type Topic,
} from '../publish/notify/notice.ts'

const PAGE_ROWS = 200
/** Rows read at one time; the rest is read the next time. */
export const MOST_ROWS = 2000
/** Blocks looked up with their evidence at one time; further ones are told without. */
const MOST_EVIDENCE = 100
const REACHED_SHOWN = 20

export interface NoticeSources {
  readonly state: Pick<StateRepository, 'decisions' | 'detections'> & Pick<AuditLog, 'audit' | 'auditHead'>
  readonly geo: () => GeoDatabase | null
  readonly timeZone: () => string
  /** The page about an address, or null while nothing is served. */
  readonly linkOf: (target: string) => string | null
  readonly wants: (topic: Topic) => boolean
}

export interface ReadNotices {
  readonly notices: Notice[]
  /** Up to here the log has been read. */
  readonly sequence: number
}

/**
 * What happened after a row of the audit log, oldest first, at most `most` rows of it; nothing when the log is another one.
 * One query where nothing is new.
 */
export async function readNotices(
  sources: NoticeSources,
  after: number,
  most = MOST_ROWS,
): Promise<ReadNotices> {
  const head = await sources.state.auditHead() // every second: a row of a large import has a megabyte of details
  if (after >= head) return { notices: [], sequence: head }
  // Nobody is to be told: a large import is not read through.
  if (!READ_TOPICS.some((topic) => sources.wants(topic))) return { notices: [], sequence: head }
  const upTo = Math.min(head, after + most)
  const rows: AuditRow[] = []
  let before = upTo + 1
  while (before > after + 1) {
    const page = await sources.state.audit({ beforeSequence: before, limit: PAGE_ROWS })
    rows.push(...page.filter(({ sequence }) => sequence > after))
    before = page.at(-1)?.sequence ?? 0
  }
  const notices: Notice[] = []
  let evidence = 0
  for (const row of rows.reverse()) {
    if (sources.wants('audit')) notices.push(auditNotice(row))
    const topic = TOPIC_OF[row.action]
    if (topic === undefined || !sources.wants(topic)) continue
    if (topic === 'lift') notices.push(...liftNotice(row, sources))
    else notices.push(await blockNotice(row, topic, sources, evidence++ < MOST_EVIDENCE))
  }
  return { notices, sequence: upTo }
}

/** `block.withdraw` is told once, by the row of the whole. */
const TOPIC_OF: Readonly<Record<string, 'block' | 'held' | 'lift'>> = {
  'decision.block': 'block',
  'block.add': 'block',
  'hold.release': 'block',
  'decision.hold': 'held',
  'block.lift': 'lift',
  'hold.refuse': 'lift',
  withdraw: 'lift',
}

const READ_TOPICS: readonly Topic[] = ['audit', ...new Set(Object.values(TOPIC_OF))]

const NO_BLOCK = { sentences: [], facts: [], lines: [], link: null, block: null }

function auditNotice({ action, actor, subject, reason, details, atMs, sequence, hash }: AuditRow): Notice {
  return {
    ...NO_BLOCK,
    id: randomUUIDv7(),
    topic: 'audit',
    severity: 'info',
    atMs,
    subject: bounded(subject),
    title: bounded(`${action} ${subject}`),
    sentences: reason === null ? [] : [bounded(reason)],
    facts: [
      ['by', bounded(actor)],
      ['action', bounded(action)],
      ['details', boundedText(JSON.stringify(details), 2000)],
      ['sequence', String(sequence)],
      ['hash', hash],
    ],
  }
}

function liftNotice(
  { action, actor, subject, reason, details, atMs }: AuditRow,
  sources: NoticeSources,
): Notice[] {
  const count = numberOf(details, 'count')
  const what = action === 'withdraw' ? `${count ?? 'Some'} block${count === 1 ? '' : 's'}` : subject
  if (action === 'withdraw' && count === 0) return []
  const verb = action === 'hold.refuse' ? 'not blocked' : action === 'withdraw' ? 'withdrawn' : 'lifted'
  const notice: Notice = {
    ...NO_BLOCK,
    id: randomUUIDv7(),
    topic: 'lift',
    severity: 'info',
    atMs,
    subject: bounded(subject),
    title: bounded(`${what} ${verb} by ${actor}`),
    sentences: reason === null ? [] : [`Reason: ${bounded(reason)}.`],
    facts: criteriaOf(details),
    link: action === 'withdraw' ? null : sources.linkOf(subject),
  }
  return [notice]
}

function criteriaOf(details: Json): [string, string][] {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return []
  const known = details as { readonly [key: string]: Json }
  return ['rule', 'device'].flatMap((name): [string, string][] => {
    const value = known[name]
    return typeof value === 'string' ? [[name, bounded(value)]] : []
  })
}

async function blockNotice(
  row: AuditRow,
  topic: 'block' | 'held',
  sources: NoticeSources,
  withEvidence: boolean,
): Promise<Notice> {
  const { subject: target, actor, reason, atMs, details } = row
  const id = textOf(details, 'id')
  const decision = withEvidence && id !== null ? await decisionOf(sources, target, id) : null
  const detections =
    withEvidence && id !== null ? await sources.state.detections({ decisionId: id, limit: MAX_LINES }) : []
  // The first is what convicted; those after it came while it was blocked already.
  const detection = detections.at(-1)?.detection ?? null
  const facts = blockFacts(row, decision, detection, sources)
  const why = decision?.reason ?? reason ?? ''
  const verb =
    topic === 'held' ? 'held for review' : row.action === 'hold.release' ? `released by ${actor}` : 'blocked'
  const rule = facts.rule === null ? `by ${actor}` : `(${facts.rule})`
  return {
    id: randomUUIDv7(),
    topic,
    severity: topic === 'held' ? 'warning' : 'info',
    atMs,
    subject: bounded(target),
    title: bounded(`${target} ${verb}${row.action === 'hold.release' ? '' : ` ${rule}`}`),
    sentences: [whyText(why, decision)],
    facts: factsForPeople(facts, sources.timeZone(), detection),
    lines: (detection?.evidence ?? []).slice(0, MAX_LINES).map((line) => boundedText(line, LINE_CHARACTERS)),
    link: sources.linkOf(target),
    block: facts,
  }
}

/** A detector's reason is a predicate: `reached 11 ports of ...`. */
function whyText(why: string, decision: Decision | null): string {
  if (why === '') return 'No reason was given.'
  const isPredicate = decision?.origin === 'detector' && decision.mode === 'block' && !why.startsWith('held ')
  return bounded(isPredicate ? `It ${why}.` : `Reason: ${why}.`)
}

async function decisionOf({ state }: NoticeSources, target: string, id: string): Promise<Decision | null> {
  const words = parseAddress(target.split('/', 1)[0] ?? '')
  if (words === null) return null
  const overlapping = { words, prefixLength: 128 }
  const decisions = await state.decisions({ overlapping, state: 'all', limit: 20 })
  return decisions.find((decision) => decision.id === id && formatNetwork(decision.target) === target) ?? null
}

function blockFacts(
  { subject, actor, details }: AuditRow,
  decision: Decision | null,
  detection: Detection | null,
  { geo }: NoticeSources,
): BlockFacts {
  const address = detection?.sourceAddress ?? subject.split('/', 1)[0] ?? subject
  const owner = geo()?.ownerOf(address) ?? null
  const rule = detection?.rule ?? decision?.rule ?? null
  const ownerText = [owner?.asNumber == null ? null : `AS${owner.asNumber}`, owner?.name].filter(
    (part) => part != null,
  )
  return {
    target: subject,
    sourceAddress: detection?.sourceAddress ?? null,
    origin: decision?.origin ?? (detection === null ? 'manual' : 'detector'),
    rule: rule ?? textOf(details, 'rule'),
    originalName: ORIGINAL_NAMES[rule ?? 'manual'],
    technique: rule === null ? null : TECHNIQUES[rule],
    proof: detection?.proof ?? decision?.proof ?? null,
    severity: decision?.severity ?? detection?.severity ?? null,
    count: detection?.count ?? null,
    threshold: detection?.threshold ?? null,
    windowSeconds: detection?.windowSeconds ?? null,
    country: nameOr(decision?.country ?? detection?.sourceCountry ?? geo()?.countryOf(address) ?? null),
    owner: ownerText.length === 0 ? null : bounded(ownerText.join(' ')),
    reached: detection === null ? [] : reachedOf(detection),
    firstSeenAt: isoOf(detection?.firstSeenAtMs ?? null),
    lastSeenAt: isoOf(detection?.detectedAtMs ?? null),
    expiresAt: isoOf(decision?.expiresAtMs ?? null),
    device: nameOr(detection?.device ?? decision?.device ?? null),
    by: bounded(actor),
  }
}

/** Our addresses: the one that was scanned or attacked, or those that count in the window. */
function reachedOf({ destination, witnesses }: Detection): string[] {
  if (destination !== null) return [destination]
  const found = new Set<string>()
  for (const { value } of witnesses) {
    const address = [value, value.replace(/:\d+$/, ''), value.replace(/^\[|\](?::\d+)?$/g, '')].find(
      (text) => parseAddress(text) !== null,
    )
    if (address !== undefined) found.add(address)
    if (found.size >= REACHED_SHOWN) break
  }
  return [...found]
}

function factsForPeople(
  facts: BlockFacts,
  timeZone: string,
  detection: Detection | null,
): [string, string][] {
  const instant = (iso: string | null): string | null =>
    iso === null ? null : formatInstant(Date.parse(iso), timeZone)
  const where = [facts.country, facts.owner].filter((part) => part !== null).join(', ')
  const rows: [string, string | null][] = [
    ['Country and network', where === '' ? null : where],
    ['Severity', facts.severity],
    ['Our addresses reached', facts.reached.length === 0 ? null : facts.reached.join(', ')],
    ['First seen', instant(facts.firstSeenAt)],
    ['Convicted', instant(facts.lastSeenAt)],
    ['Blocked until', instant(facts.expiresAt)],
    ['Seen by', facts.device],
    ['Evidence', detection === null ? null : `${detection.proof}: ${bounded(detection.proofReason)}`],
    ['Name in the older system', facts.rule === null ? null : facts.originalName],
  ]
  return rows.flatMap(([label, value]): [string, string][] => (value === null ? [] : [[label, value]]))
}

const bounded = (text: string): string => boundedText(text, 500)
const nameOr = (text: string | null): string | null =>
  text === null || text === '' ? null : boundedText(text, 100)
const isoOf = (ms: number | null): string | null =>
  ms === null || !Number.isFinite(ms) ? null : new Date(ms).toISOString()

function fieldOf(details: Json, name: string): Json {
  if (typeof details !== 'object' || details === null || Array.isArray(details)) return null
  return (details as { readonly [key: string]: Json })[name] ?? null
}
function textOf(details: Json, name: string): string | null {
  const value = fieldOf(details, name)
  return typeof value === 'string' ? value : null
}
function numberOf(details: Json, name: string): number | null {
  const value = fieldOf(details, name)
  return typeof value === 'number' ? value : null
}
