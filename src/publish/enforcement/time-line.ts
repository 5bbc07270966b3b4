/** The proof of one block as plain data, for `explain`, the API and the pages. */
import { type BlockRecord, deniedOf, heldSinceMs, type LoadedBy } from './block-record.ts'
import type { EnforcementBook } from './enforcement-book.ts'
import type { Firewall } from './firewall.ts'

export interface FirewallLine {
  readonly key: string
  readonly name: string
  readonly fetchedAtMs: number | null
  readonly feed: string | null
  readonly revision: number | null
  readonly loadedAtMs: number | null
  readonly loadedBy: LoadedBy | null
  readonly registeredAtMs: number | null
  readonly firstDeniedAtMs: number | null
  readonly lastDeniedAtMs: number | null
  /** Lines since the start of the service. */
  readonly denied: number
  readonly deniedByList: number
  readonly allowed: number
  readonly lastAllowedAtMs: number | null
  readonly ended: number
  /** Of the last denied line. */
  readonly rule: string | null
  readonly isLeaking: boolean
}

/** `waiting`: no firewall has it; `stopping`: packets are denied; `leaking`; `idle`: firewalls have it, nothing came. */
export type EnforcementState = 'waiting' | 'stopping' | 'leaking' | 'idle'

export interface TimeLine {
  readonly target: string
  readonly decisionId: string
  readonly detectedAtMs: number
  readonly published: readonly {
    readonly feed: string
    readonly revision: number
    readonly atMs: number | null
  }[]
  /** Those that have to do with it, and those that fetch and do not have it yet. */
  readonly firewalls: readonly FirewallLine[]
  readonly state: EnforcementState
  /** Lines denied since the start of the service. */
  readonly stopped: number
}

/** O(firewalls). */
export function timeLineOf(book: EnforcementBook, record: BlockRecord): TimeLine {
  book.fill(record)
  const { text, decisionId, detectedAtMs, publications, marks } = record
  const lines = Array.from(marks.values(), (mark): FirewallLine => {
    const firewall = book.firewalls.get(mark.firewall)
    const { firewall: key, fetchedFeed, fetchedRevision, lastEndedAtMs: _, ...rest } = mark
    const name = firewall?.name ?? key.replace(/^(?:fetcher|device):/, '')
    const isLeaking = firewall?.leaks.has(text) ?? false
    return { key, name, feed: fetchedFeed, revision: fetchedRevision, ...rest, isLeaking }
  })
  const without = book.firewalls.all().filter(({ key, isExpected }) => isExpected && !marks.has(key))
  return {
    target: text,
    decisionId,
    detectedAtMs,
    published: publications,
    firewalls: [...lines, ...without.map(emptyLine)],
    state: stateOf(book, record),
    stopped: deniedOf(record),
  }
}

export function stateOf(book: EnforcementBook, record: BlockRecord): EnforcementState {
  book.fill(record)
  let isHeld = false
  let isDenied = false
  for (const mark of record.marks.values()) {
    if (book.firewalls.get(mark.firewall)?.leaks.has(record.text) === true) return 'leaking'
    isHeld ||= heldSinceMs(mark) !== null
    isDenied ||= mark.firstDeniedAtMs !== null
  }
  if (isDenied) return 'stopping'
  return isHeld ? 'idle' : 'waiting'
}

function emptyLine({ key, name }: Firewall): FirewallLine {
  return {
    key,
    name,
    fetchedAtMs: null,
    feed: null,
    revision: null,
    loadedAtMs: null,
    loadedBy: null,
    registeredAtMs: null,
    firstDeniedAtMs: null,
    lastDeniedAtMs: null,
    denied: 0,
    deniedByList: 0,
    allowed: 0,
    lastAllowedAtMs: null,
    ended: 0,
    rule: null,
    isLeaking: false,
  }
}
