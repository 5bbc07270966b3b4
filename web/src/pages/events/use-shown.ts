/** What the URL asks for and what is there of it: the search, its rows in memory or the live ones, counts over time. */
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useState, useSyncExternalStore } from 'react'
import { histogramQuery, type LogRow, searchOf } from '../../data/records.ts'
import { columnsOf, fieldsFor } from './columns.ts'
import { useEventsSearch } from './state.ts'
import { useLive, usePages } from './use-records.ts'
import { useSourceStates } from './use-source-states.ts'

const BUCKETS = 120

export function useShown() {
  const [state, change] = useEventsSearch()
  const { filter = '', from, to, cols } = state
  const isLive = state.live === true
  const [run, setRun] = useState(0)
  // `run`: the same question again, until now.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  const search = useMemo(() => searchOf(filter, { from, to }, Date.now()), [filter, from, to, run])
  const columns = useMemo(() => columnsOf(cols), [cols])
  const fields = useMemo(() => fieldsFor(columns), [columns])
  const { pages, state: known, isOld } = usePages(isLive ? null : search, fields)
  const counts = useQuery({ ...histogramQuery(search, BUCKETS), enabled: known.isFirstHere || isLive })
  const [stale, setStale] = useState(0)
  const listChanged = useCallback(() => setStale((before) => before + 1), [])
  const tail = useLive(filter, isLive, listChanged)
  const live = useSyncExternalStore(tail?.subscribe ?? neverChanges, tail?.state ?? noLive)
  const liveRows = live?.rows
  const rowAt = useCallback(
    (index: number): LogRow | null => (isLive ? (liveRows?.[index] ?? null) : (pages?.rowAt(index) ?? null)),
    // The rows of a page come and go without a new object.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [isLive, liveRows, pages, known.change],
  )
  const rowsHere = useCallback(
    () => (isLive ? (liveRows ?? []) : (pages?.here() ?? [])),
    [isLive, liveRows, pages],
  )
  const states = useSourceStates(rowsHere, isLive ? live?.taken : known.change, stale)
  return {
    state,
    change,
    filter,
    search,
    columns,
    known,
    isOld,
    counts,
    live,
    tail,
    isLive,
    rowAt,
    count: isLive ? (liveRows?.length ?? 0) : known.count,
    /** Null: not known yet. */
    total: isLive || counts.isPlaceholderData ? null : (counts.data?.total ?? null),
    states,
    listChanged,
    rerun: useCallback(() => setRun((before) => before + 1), []),
    onShow: useCallback(
      (first: number, last: number, isFlying: boolean) => pages?.show(first, last, isFlying),
      [pages],
    ),
    retry: () => pages?.retry(),
  }
}

const neverChanges = () => () => undefined
const noLive = () => null
