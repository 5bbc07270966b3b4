/** Questions of the screens about who enforces the list and whose lists are taken, under one name each. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { call, rows } from './api.ts'

const OFTEN_MS = 5000
/** Time lines of a firewall that are shown. */
const TIME_LINES = 21

export const firewallsQuery = queryOptions({
  queryKey: ['firewalls'],
  queryFn: () => rows('listFirewalls', {}),
  refetchInterval: OFTEN_MS,
})

export function firewallQuery(firewall: string) {
  return queryOptions({
    queryKey: ['firewall', firewall],
    queryFn: () => call('showFirewall', { firewall }),
    refetchInterval: OFTEN_MS,
  })
}

export function timeLinesQuery(firewall: string) {
  return queryOptions({
    queryKey: ['time lines', firewall],
    queryFn: () => rows('listEnforcement', { firewall, most: TIME_LINES }),
    refetchInterval: OFTEN_MS,
    placeholderData: keepPreviousData,
  })
}

export const bouncersQuery = queryOptions({
  queryKey: ['bouncers'],
  queryFn: () => rows('listBouncers', {}),
  refetchInterval: OFTEN_MS,
})

export function bouncerQuery(name: string) {
  return queryOptions({
    queryKey: ['bouncer', name],
    queryFn: () => call('showBouncer', { name }),
    refetchInterval: OFTEN_MS,
  })
}

export const importsQuery = queryOptions({
  queryKey: ['imports'],
  queryFn: () => rows('listImports', {}),
  refetchInterval: OFTEN_MS,
})

export function differencesQuery(name: string) {
  return queryOptions({
    queryKey: ['differences', name],
    queryFn: () => rows('compareList', { name }),
    staleTime: 60_000,
  })
}
