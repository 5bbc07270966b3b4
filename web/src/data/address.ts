/** Questions of the page of one address. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call } from './api.ts'
import { boundsOf, type Span } from './overview.ts'

const BUCKETS = 140

export function profileQuery(address: string) {
  return queryOptions({
    queryKey: ['profile', address],
    queryFn: () => call('addressProfile', { address }),
    refetchInterval: 10_000,
  })
}

export function addressRecordsQuery(address: string, span: Span) {
  return queryOptions({
    queryKey: ['address-records', address, span],
    queryFn: ({ signal }) => call('addressRecords', { address, ...boundsOf(span), buckets: BUCKETS }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  })
}

/** The condition that finds its lines. */
export function sourceFilter(address: string): string {
  return address.includes('/') ? `( addr.src in ${address} )` : `( addr.src eq ${address} )`
}
