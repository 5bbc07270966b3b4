/** Questions of the overview, the top bar and the wall: the state of protection, counts over a span, top values, countries. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from './api.ts'

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: () => call('overview', {}),
  refetchInterval: 5000,
})

export const SPANS = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 } as const
export type SpanName = keyof typeof SPANS

export function isSpanName(text: unknown): text is SpanName {
  return typeof text === 'string' && Object.hasOwn(SPANS, text)
}

/** A span by its name goes with the time; one that was dragged stands still. */
export type Span = SpanName | { readonly fromMs: number; readonly toMs: number }

export function boundsOf(span: Span): { readonly since: string; readonly until?: string } {
  if (typeof span === 'string') return { since: new Date(Date.now() - SPANS[span]).toISOString() }
  return { since: new Date(span.fromMs).toISOString(), until: new Date(span.toMs).toISOString() }
}

/** As the events screen takes its times. */
export function timesOf(span: Span): { readonly from: string; readonly to?: string } {
  if (typeof span === 'string') return { from: `now-${span}` }
  return { from: new Date(span.fromMs).toISOString(), to: new Date(span.toMs).toISOString() }
}

/** Denied and alerted, from whomever. */
export const ATTACKS = 'not ( disposition eq allowed )'

const again = (span: Span): number | false =>
  span === '1h' ? 10_000 : typeof span === 'string' ? 60_000 : false

/** Lines over time: two histograms of the same buckets, threats told from the rest. */
export function flowQuery(span: Span, buckets: number) {
  return queryOptions({
    queryKey: ['flow', span, buckets],
    queryFn: async ({ signal }) => {
      const bounds = { until: new Date().toISOString(), ...boundsOf(span), buckets }
      const [rest, threats] = await Promise.all([
        call('histogram', { ...bounds, filter: 'not ( event eq threat )', by: 'disposition' }, signal),
        call('histogram', { ...bounds, filter: '( event eq threat )', by: 'disposition' }, signal),
      ])
      const sum = (series: typeof rest.series, names: (name: string | null) => boolean): number[] => {
        const counts = Array<number>(series[0]?.counts.length ?? buckets).fill(0)
        for (const one of series.filter(({ name }) => names(name)))
          one.counts.forEach((count, i) => {
            counts[i] = (counts[i] ?? 0) + count
          })
        return counts
      }
      return {
        fromMs: Date.parse(rest.from),
        bucketMs: rest.bucketMs,
        total: rest.total + threats.total,
        allowed: sum(rest.series, (name) => name === 'allowed'),
        blocked: sum(rest.series, (name) => name !== 'allowed'),
        threat: sum(threats.series, () => true),
      }
    },
    placeholderData: keepPreviousData,
    refetchInterval: again(span),
  })
}

export function facetsQuery(span: Span) {
  return queryOptions({
    queryKey: ['top', span],
    queryFn: ({ signal }) =>
      call(
        'facets',
        {
          ...boundsOf(span),
          filter: ATTACKS,
          fields: ['addr.src', 'port.dst', 'name-of-threatid', 'rule'],
          limit: 9,
        },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: again(span),
  })
}

export function countriesQuery(span: Span) {
  return queryOptions({
    queryKey: ['countries', span],
    queryFn: ({ signal }) =>
      call('topList', { ...boundsOf(span), filter: ATTACKS, field: 'srcloc', limit: 300 }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: again(span),
  })
}

/** Asked only where the table is shown. */
export function ownersQuery(span: Span) {
  return queryOptions({
    queryKey: ['owners', span],
    queryFn: ({ signal }) => call('topOwners', { ...boundsOf(span), filter: ATTACKS, limit: 20 }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: again(span),
  })
}
