/**
 * The model of the events screen: what is searched, the rows in memory, the current and the selected ones, and what can be
 * done. The parts of the screen only draw it.
 */
import { useMediaQuery } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useEffect, useRef, useState } from 'react'
import { useMay } from '../../data/may.ts'
import { conditionOf, opposite, orPart, withoutPart, withPart } from '../../data/records-filter.ts'
import type { LogRow } from '../../data/records.ts'
import { useWords } from '../../i18n/language.tsx'
import type { Act } from './act-dialog.tsx'
import { attackerOf } from './cell-menu.tsx'
import { textOf } from './cells.tsx'
import type { Cell, TableHandle } from './record-table.tsx'
import { rememberFilter } from './recent-filters.ts'
import { type Keys, useKeys } from './use-keys.ts'
import { useSelection } from './use-selection.ts'
import { useShown } from './use-shown.ts'

const FACETS_STORED = 'ads-events-counts'
/** Scrolled further than that, a live view pauses. */
const TOP_PX = 8

type Dialog = 'export' | 'save' | 'facets' | 'changed' | null
export interface OpenMenu {
  readonly cell: Cell
  readonly x: number
  readonly y: number
}

export function useEvents() {
  const { t } = useWords()
  const shown = useShown()
  const { state, change, filter, isLive, tail, rowAt, count } = shown
  const { record } = state

  const table = useRef<TableHandle>(null)
  const filterField = useRef<HTMLInputElement>(null)
  const [current, setCurrent] = useState(0)
  const [isScrolled, setScrolled] = useState(false)
  const [menu, setMenu] = useState<OpenMenu | null>(null)
  const [act, setAct] = useState<Act | null>(null)
  const [dialog, setDialog] = useState<Dialog>(null)
  const [isTimeOpen, setTimeOpen] = useState(false)
  const isWide = useMediaQuery('(min-width: 75em)', true, { getInitialValueInEffect: false })
  const [hasCounts, setCounts] = useState(() => localStorage.getItem(FACETS_STORED) !== 'off')
  const mayBlock = useMay('addBlocks')

  const selection = useSelection(rowAt, count)
  const isPaused = isLive && (isScrolled || record !== undefined || current > 0 || menu !== null)
  useEffect(() => tail?.pause(isPaused), [tail, isPaused])

  const onSearch = (next: string) => {
    rememberFilter(next)
    selection.clear()
    setCurrent(0)
    table.current?.toTop()
    if (next === filter) shown.rerun()
    else change({ filter: next, record: undefined })
  }
  const onValue = ({ column, row }: Cell, how: 'in' | 'out' | 'or') => {
    const text = column === null ? null : textOf(row, column.field)
    if (column === null || column.filter === null || text === null) return
    const part = conditionOf(column.filter, column.kind === 'list' ? (text.split(' ')[0] ?? text) : text)
    if (how === 'or') onSearch(orPart(filter, part))
    else onSearch(withPart(filter, how === 'in' ? part : opposite(part)))
  }
  const open = (index: number) => {
    const row = rowAt(index)
    if (row === null) return
    setCurrent(index)
    change({ record: textOf(row, 'id') ?? undefined }, { replace: record !== undefined })
  }
  const move = (step: 1 | -1) => {
    const next = Math.min(Math.max(0, current + step), Math.max(0, count - 1))
    setCurrent(next)
    table.current?.focusRow(next)
    if (record !== undefined) open(next)
  }
  const close = () => {
    change({ record: undefined }, { replace: true })
    table.current?.focusRow(current)
  }
  const actOn = (what: Act['what']) => {
    if (!mayBlock) return
    const currentRow = rowAt(current)
    const chosen = [...selection.rows.values()]
    const rows = chosen.length > 0 ? chosen : currentRow === null ? [] : [currentRow]
    const addresses = [...new Set(rows.flatMap((row) => attackerOf(row) ?? []))]
    if (addresses.length === 0) notifications.show({ color: 'orange', message: t('events.act.none') })
    else setAct({ what, addresses })
  }
  const toggleLive = () => {
    setCurrent(0)
    selection.clear()
    change({ live: isLive ? undefined : true, record: undefined })
    if (isLive) shown.rerun()
  }
  const toggleFacets = () => {
    if (!isWide) {
      setDialog('facets')
      return
    }
    localStorage.setItem(FACETS_STORED, hasCounts ? 'off' : 'on')
    setCounts(!hasCounts)
  }
  const keys: Keys = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => open(current),
    Escape: () => (record === undefined ? selection.clear() : close()),
    b: () => actOn('block'),
    a: () => actOn('allow'),
    x: () => {
      const id = textOf(rowAt(current) ?? {}, 'id')
      if (id !== null) selection.choose(id, !selection.ids.has(id))
    },
    m: () => setMenu(menuAt(current, rowAt)),
    '/': () => filterField.current?.select(),
    t: () => setTimeOpen(true),
    l: toggleLive,
    e: () => setDialog('export'),
    s: () => setDialog('save'),
  }
  useKeys(keys)
  return {
    ...shown,
    isPaused,
    selection,
    table,
    filterField,
    current,
    setCurrent,
    menu,
    setMenu,
    act,
    setAct,
    dialog,
    setDialog,
    isTimeOpen,
    setTimeOpen,
    isWide,
    hasCounts,
    toggleFacets,
    toggleLive,
    onSearch,
    onAdd: (part: string) => onSearch(withPart(withoutPart(filter, opposite(part)), part)),
    onRemove: (part: string) => onSearch(withoutPart(filter, part)),
    onValue,
    open,
    move,
    close,
    actOn,
    onScroll: (topPx: number) => setScrolled(topPx > TOP_PX),
    toTable: () => {
      filterField.current?.blur()
      table.current?.focusRow(current)
    },
    /** To the newest of the live view. */
    showNew: () => {
      setCurrent(0)
      if (record !== undefined) change({ record: undefined }, { replace: true })
      table.current?.toTop()
    },
  }
}

export type EventsModel = ReturnType<typeof useEvents>

function menuAt(index: number, rowAt: (index: number) => LogRow | null): OpenMenu | null {
  const row = rowAt(index)
  const place = document.querySelector(`tr[data-index="${index}"]`)?.getBoundingClientRect()
  if (row === null || place === undefined) return null
  return { cell: { row, index, column: null }, x: place.left + 60, y: place.bottom }
}
