/** Questions that several screens ask, under one name each, so that an edit can make them fresh again. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call, type Input, readSession, rows } from './api.ts'

export const sessionQuery = queryOptions({ queryKey: ['session'], queryFn: readSession, staleTime: 60_000 })

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: () => call('status', {}),
  refetchInterval: 5000,
})

export function blocksQuery(filter: Input<'listBlocks'>, limit: number) {
  return queryOptions({
    queryKey: ['blocks', filter, limit],
    queryFn: () => rows('listBlocks', filter, { limit }),
    refetchInterval: 5000,
    placeholderData: keepPreviousData,
  })
}

export const allowQuery = queryOptions({ queryKey: ['allow'], queryFn: () => rows('listAllow', {}) })
export const feedsQuery = queryOptions({
  queryKey: ['feeds'],
  queryFn: () => rows('listFeeds', {}),
  refetchInterval: 5000,
})
export const recipientsQuery = queryOptions({
  queryKey: ['recipients'],
  queryFn: () => rows('listRecipients', {}),
  refetchInterval: 5000,
})
export const settingsQuery = queryOptions({ queryKey: ['settings'], queryFn: () => rows('listSettings', {}) })
export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: () => rows('listUsers', {}) })
export const sessionsQuery = queryOptions({ queryKey: ['sessions'], queryFn: () => rows('listSessions', {}) })
export const tokensQuery = queryOptions({ queryKey: ['tokens'], queryFn: () => rows('listTokens', {}) })

export function explainQuery(address: string) {
  return queryOptions({ queryKey: ['explain', address], queryFn: () => call('explain', { address }) })
}

const AUDIT_ROWS = 100

export function auditPagesQuery(filter: Pick<Input<'listAudit'>, 'actor' | 'action' | 'subject'>) {
  return infiniteQueryOptions({
    queryKey: ['audit', filter],
    queryFn: ({ pageParam }) =>
      call('listAudit', {
        ...filter,
        count: AUDIT_ROWS,
        ...(pageParam === null ? {} : { before: pageParam }),
      }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ items }) => (items.length === AUDIT_ROWS ? items.at(-1)?.sequence : undefined),
    placeholderData: keepPreviousData,
  })
}
