/**
 * The rows of one search, loaded page by page as somebody scrolls. Pages are found again by the cursor at which they
 * begin, so rows far from the view are forgotten and asked for again when it comes back: MOST_PAGES stay in memory,
 * however long the list. At most MOST_ROWS can be scrolled through.
 */
import { call } from './api.ts'
import type { LogRow, Search } from './records.ts'

/** The first page is small, so that it comes soon. */
const FIRST_ROWS = 100
const PAGE_ROWS = 500
const MOST_PAGES = 24
export const MOST_ROWS = 500_000
/** How far ahead of the view rows are asked for. */
const AHEAD_ROWS = 400

interface PageOfRows {
  /** Where it begins; null: at the newest. */
  readonly cursor: string | null
  readonly count: number
  /** Null: forgotten. */
  rows: readonly LogRow[] | null
  isAsked: boolean
}

export interface PagesState {
  /** Rows that are known to be there. */
  readonly count: number
  readonly hasMore: boolean
  readonly isFirstHere: boolean
  readonly error: Error | null
  /** What the search spans, as the service understood it. */
  readonly span: { readonly from: string; readonly to: string } | null
  /** Grows when rows have come or gone. */
  readonly change: number
}

const NOTHING: PagesState = {
  count: 0,
  hasMore: true,
  isFirstHere: false,
  error: null,
  span: null,
  change: 0,
}

export class RecordPages {
  readonly #search: Search
  readonly #fields: readonly string[]
  readonly #pages: PageOfRows[] = []
  readonly #ending = new AbortController()
  readonly #listeners = new Set<() => void>()
  #next: string | null = null
  #isAskingNext = false
  #first = 0
  #last = 0
  #state = NOTHING

  constructor(search: Search, fields: readonly string[]) {
    this.#search = search
    this.#fields = fields
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): PagesState => this.#state

  /** Null: not here yet, or forgotten. */
  rowAt(index: number): LogRow | null {
    const page = this.#pages[pageOf(index)]
    return page?.rows?.[index - firstOf(pageOf(index))] ?? null
  }

  /** All rows that are in memory, the newest first. */
  *here(): Generator<LogRow> {
    for (const { rows } of this.#pages) if (rows !== null) yield* rows
  }

  /** Tells which rows are in view: missing ones are asked for unless they fly past, far ones forgotten. */
  show(first: number, last: number, isFlying = false): void {
    this.#first = first
    this.#last = last
    const end = isFlying ? -1 : pageOf(last)
    for (let page = pageOf(Math.max(0, first)); page <= end; page++) void this.#again(page)
    if (last + AHEAD_ROWS >= this.#state.count) void this.#more()
  }

  /** Asks again for what failed. */
  retry(): void {
    this.#tell({ error: null })
    this.show(this.#first, this.#last)
  }

  close(): void {
    this.#ending.abort()
    this.#listeners.clear()
  }

  async #more(): Promise<void> {
    const { hasMore, error, count } = this.#state
    if (this.#ending.signal.aborted) return
    if (this.#isAskingNext || !hasMore || error !== null || count >= MOST_ROWS) return
    this.#isAskingNext = true
    try {
      const cursor = this.#next
      const isFirst = this.#pages.length === 0
      const { items, nextCursor, from, to } = await this.#ask(cursor, isFirst ? FIRST_ROWS : PAGE_ROWS)
      this.#pages.push({ cursor, count: items.length, rows: items, isAsked: false })
      this.#next = nextCursor
      this.#forget()
      const hasMoreThen = nextCursor !== null && count + items.length < MOST_ROWS
      this.#tell({
        count: count + items.length,
        hasMore: hasMoreThen,
        isFirstHere: true,
        ...(isFirst ? { span: { from, to } } : {}),
      })
    } catch (error_) {
      this.#fail(error_)
    } finally {
      this.#isAskingNext = false
    }
    if (this.#last + AHEAD_ROWS >= this.#state.count) void this.#more()
  }

  /** A page that was forgotten. */
  async #again(index: number): Promise<void> {
    const page = this.#pages[index]
    if (page === undefined || page.rows !== null || page.isAsked || this.#state.error !== null) return
    if (this.#ending.signal.aborted) return
    page.isAsked = true
    try {
      const { items } = await this.#ask(page.cursor, page.count)
      page.rows = items
      this.#forget()
      this.#tell({})
    } catch (error) {
      this.#fail(error)
    } finally {
      page.isAsked = false
    }
  }

  #ask(cursor: string | null, limit: number) {
    const question = { ...this.#search, fields: [...this.#fields], limit }
    return call('queryRecords', cursor === null ? question : { ...question, cursor }, this.#ending.signal)
  }

  #forget(): void {
    const middle = pageOf(Math.floor((this.#first + this.#last) / 2))
    const kept = this.#pages
      .map((page, index) => ({ page, distance: Math.abs(index - middle) }))
      .filter(({ page }) => page.rows !== null)
      .sort((a, b) => a.distance - b.distance)
    for (const { page } of kept.slice(MOST_PAGES)) page.rows = null
  }

  #fail(error: unknown): void {
    if (this.#ending.signal.aborted) return // nobody looks any more
    this.#tell({ error: error instanceof Error ? error : new Error(String(error)) })
  }

  #tell(changes: Partial<PagesState>): void {
    if (this.#ending.signal.aborted) return
    this.#state = { ...this.#state, ...changes, change: this.#state.change + 1 }
    for (const listener of this.#listeners) listener()
  }
}

function pageOf(index: number): number {
  return index < FIRST_ROWS ? 0 : 1 + Math.floor((index - FIRST_ROWS) / PAGE_ROWS)
}

function firstOf(page: number): number {
  return page === 0 ? 0 : FIRST_ROWS + (page - 1) * PAGE_ROWS
}
