/**
 * Stored records for the page: what is asked in one search (filter and time, fixed when it begins, so that list, chart
 * and counts speak of the same records), and the questions that belong to it. Counts wait in a short line, so that the
 * records themselves come first on a small machine.
 */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { parseInstant } from '../../../src/lib/time-text.ts'
import { call, type Input, type Reply, rows } from './api.ts'

export type LogRow = Readonly<Record<string, Reply<'recordById'>[string]>>

/** What one search asks; instants are ISO 8601, `since` absent: what the service takes for the usual time. */
export interface Search {
  readonly filter: string
  readonly since?: string
  readonly until: string
}

/** Times as typed: `now-24h`, `yesterday 14:00`, `2026-11-22 08:30`. */
export interface TimeText {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export const TIME_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone

/** Unix milliseconds of a time as typed, in the browser's zone; null: not understood. */
export function instantMs(text: string, nowMs: number): number | null {
  return parseInstant(text.trim(), nowMs, TIME_ZONE)
}

/** The search that begins now. What cannot be understood of the times counts as not given. */
export function searchOf(filter: string, { from, to }: TimeText, nowMs: number): Search {
  const sinceMs = from === undefined ? null : instantMs(from, nowMs)
  const untilMs = (to === undefined ? null : instantMs(to, nowMs)) ?? nowMs
  return {
    filter,
    ...(sinceMs === null ? {} : { since: new Date(Math.min(sinceMs, untilMs)).toISOString() }),
    until: new Date(untilMs).toISOString(),
  }
}

/** Two at a time: each takes a core of the log store. */
const AT_ONCE = 2
let running = 0
const waiting: (() => void)[] = []

async function inLine<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  running++
  try {
    signal.throwIfAborted()
    return await ask()
  } finally {
    running--
    waiting.shift()?.()
  }
}

const KEPT_MS = 60_000

export function histogramQuery(search: Search, buckets: number) {
  return queryOptions({
    queryKey: ['records', 'histogram', search, buckets],
    queryFn: ({ signal }) =>
      inLine(signal, () => call('histogram', { ...search, buckets, by: 'disposition' }, signal)),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    retry: false,
  })
}

export function facetQuery(search: Search, field: string, limit: number) {
  return queryOptions({
    queryKey: ['records', 'facet', field, limit, search],
    queryFn: async ({ signal }) => {
      const answer = await inLine(signal, () => call('facets', { ...search, fields: [field], limit }, signal))
      return answer.facets[0]?.values ?? []
    },
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: KEPT_MS,
    retry: false,
  })
}

export function recordQuery(id: string) {
  return queryOptions({
    queryKey: ['records', 'one', id],
    queryFn: () => call('recordById', { id }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function whyQuery(question: Input<'explainLine'>) {
  return queryOptions({
    queryKey: ['records', 'why', question],
    queryFn: () => call('explainLine', question),
    staleTime: 30_000,
    retry: false,
  })
}

export function completionQuery(filter: string, at: number) {
  return queryOptions({
    queryKey: ['records', 'completion', filter, at],
    queryFn: ({ signal }) => call('checkFilter', { filter, at }, signal),
    staleTime: KEPT_MS,
    gcTime: KEPT_MS,
    placeholderData: keepPreviousData,
  })
}

export const viewsQuery = queryOptions({ queryKey: ['views'], queryFn: () => rows('listViews', {}) })

/** Of each field so many values are compared. */
const COMPARED = 100

export interface Change {
  readonly field: string
  readonly value: string | number | null
  /** The condition that finds it. */
  readonly filter: string
  readonly was: number
  readonly is: number
}

/** Values whose counts differ between two searches, the greatest difference first. */
export function changesQuery(now: Search, before: Search, fields: readonly string[]) {
  return queryOptions({
    queryKey: ['records', 'changes', now, before, fields],
    queryFn: async ({ signal }): Promise<readonly Change[]> => {
      const ask = (search: Search) =>
        inLine(signal, () => call('facets', { ...search, fields: [...fields], limit: COMPARED }, signal))
      const [after, earlier] = await Promise.all([ask(now), ask(before)])
      const found = new Map<string, Change>()
      for (const { field, values } of after.facets)
        for (const { value, count, filter } of values)
          found.set(`${field} ${filter}`, { field, value, filter, was: 0, is: count })
      for (const { field, values } of earlier.facets)
        for (const { value, count, filter } of values) {
          const is = found.get(`${field} ${filter}`)?.is ?? 0
          found.set(`${field} ${filter}`, { field, value, filter, was: count, is })
        }
      return [...found.values()]
        .filter(({ was, is }) => was !== is)
        .sort((a, b) => Math.abs(b.is - b.was) - Math.abs(a.is - a.was))
    },
    staleTime: KEPT_MS,
    gcTime: KEPT_MS,
    retry: false,
  })
}
