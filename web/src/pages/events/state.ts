/** What the events screen shows, as its URL says it: so a link leads a colleague to the same. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

const TABS = ['parsed', 'raw', 'why'] as const
export type DrawerTab = (typeof TABS)[number]

export interface EventsSearch {
  readonly filter?: string
  /** As typed: `now-2h`, `2026-11-22 08:30`; absent: the last day. */
  readonly from?: string
  readonly to?: string
  /** Fields joined by commas; absent: the usual ones. */
  readonly cols?: string
  readonly record?: string
  readonly tab?: DrawerTab
  readonly live?: true
}

/** Only what is well formed; a number that somebody looks for is text. */
export function eventsSearchOf(search: Record<string, unknown>): EventsSearch {
  const text = (name: string): string | undefined => {
    const value = search[name]
    const asText = typeof value === 'number' ? String(value) : value
    return typeof asText === 'string' && asText !== '' ? asText.slice(0, 4000) : undefined
  }
  const tab = TABS.find((known) => known === search['tab'])
  return {
    ...optional('filter', text('filter')),
    ...optional('from', text('from')),
    ...optional('to', text('to')),
    ...optional('cols', text('cols')),
    ...optional('record', text('record')),
    ...(tab === undefined ? {} : { tab }),
    ...(search['live'] === true ? { live: true } : {}),
  }
}

function optional<Name extends string>(name: Name, value: string | undefined): { [key in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [key in Name]?: string }
}

export type ChangeSearch = (
  changes: { readonly [Name in keyof EventsSearch]: EventsSearch[Name] | undefined },
  options?: { readonly replace?: boolean },
) => void

/** The state and how it is changed; `undefined` takes a part away. `replace`: no step of its own for "back". */
export function useEventsSearch(): readonly [EventsSearch, ChangeSearch] {
  const search = useSearch({ from: '/events' })
  const navigate = useNavigate({ from: '/events' })
  const change = useCallback<ChangeSearch>(
    (changes, { replace = false } = {}) => {
      void navigate({
        search: (before: EventsSearch) => eventsSearchOf({ ...before, ...changes }),
        replace,
        resetScroll: false,
      })
    },
    [navigate],
  )
  return [search, change]
}
