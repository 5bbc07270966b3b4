/** The rows that the table shows: pages of a search, or the live tail. A new search keeps the old rows until its own come. */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { LiveTail } from '../../data/records-live.ts'
import { type PagesState, RecordPages } from '../../data/records-pages.ts'
import type { Search } from '../../data/records.ts'

const NO_PAGES: PagesState = {
  count: 0,
  hasMore: true,
  isFirstHere: false,
  error: null,
  span: null,
  change: 0,
}

const FIRST_VIEW = 40

interface ShownPages {
  readonly pages: RecordPages | null
  readonly state: PagesState
  /** The rows of the search before stand until the new ones come. */
  readonly isOld: boolean
}

/** `search` null: nothing is asked, what is shown stays. */
export function usePages(search: Search | null, fields: readonly string[]): ShownPages {
  const key = fields.join(',')
  const [shown, setShown] = useState<RecordPages | null>(null)
  const [isOld, setOld] = useState(false)
  const last = useRef<RecordPages | null>(null)
  useEffect(() => {
    if (search === null) return undefined
    const next = new RecordPages(search, key.split(','))
    const swap = () => {
      const { isFirstHere, error } = next.state()
      if (!isFirstHere && error === null) return
      stop()
      if (last.current !== next) last.current?.close()
      last.current = next
      setShown(next)
      setOld(false)
    }
    const stop = next.subscribe(swap)
    setOld(true)
    next.show(0, FIRST_VIEW)
    return () => {
      stop()
      if (last.current !== next) next.close()
    }
  }, [search, key])
  useEffect(() => () => last.current?.close(), [])
  const state = useSyncExternalStore(shown?.subscribe ?? neverChanges, shown?.state ?? noPages)
  return { pages: shown, state, isOld }
}

const neverChanges = () => () => undefined
const noPages = (): PagesState => NO_PAGES

/** The live tail of a filter while `isOn`; null else. `onBlocks`: the list has changed. */
export function useLive(filter: string, isOn: boolean, onBlocks: () => void): LiveTail | null {
  const [tail, setTail] = useState<LiveTail | null>(null)
  const told = useRef(onBlocks)
  useEffect(() => {
    told.current = onBlocks
  }, [onBlocks])
  useEffect(() => {
    if (!isOn) return undefined
    const next = new LiveTail(filter, () => told.current())
    next.open()
    setTail(next)
    return () => {
      next.close()
      setTail(null)
    }
  }, [filter, isOn])
  return tail
}
