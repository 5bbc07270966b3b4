/**
 * The events screen: what the firewalls wrote, searched with the filter language of PAN-OS. Filter, time, columns and the
 * open event are in the URL; list, chart and counts speak of one search, whose end is fixed when it begins.
 */
import './events/events.css'
import { Button, Drawer as SideSheet, Group, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useQuery } from '@tanstack/react-query'
import { useCallback, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { Fault } from '../components/problem.tsx'
import { useMay } from '../data/may.ts'
import { MOST_ROWS } from '../data/records-pages.ts'
import { conditionOf, opposite, orPart, withoutPart, withPart } from '../data/records-filter.ts'
import { histogramQuery, type LogRow, searchOf } from '../data/records.ts'
import { useWords } from '../i18n/language.tsx'
import { type Act, ActDialog } from './events/act-dialog.tsx'
import { attackerOf, CellMenu } from './events/cell-menu.tsx'
import { textOf } from './events/cells.tsx'
import { columnsOf, fieldsFor } from './events/columns.ts'
import { ColumnsMenu } from './events/columns-menu.tsx'
import { Drawer } from './events/drawer.tsx'
import { ExportDialog } from './events/export-dialog.tsx'
import { Facets } from './events/facets.tsx'
import { FilterBar } from './events/filter-bar.tsx'
import { Histogram } from './events/histogram.tsx'
import { LiveBar } from './events/live-bar.tsx'
import { Nothing } from './events/nothing.tsx'
import { type Cell, RecordTable, type TableHandle } from './events/record-table.tsx'
import { rememberFilter } from './events/recent-filters.ts'
import { useEventsSearch } from './events/state.ts'
import { textsOf, TimeRange } from './events/time-range.tsx'
import { type Keys, useKeys } from './events/use-keys.ts'
import { useLive, usePages } from './events/use-records.ts'
import { useSourceStates } from './events/use-source-states.ts'
import { SaveView, timesOf, ViewsMenu } from './events/views-menu.tsx'

const BUCKETS = 120
const FACETS_STORED = 'ads-events-counts'
/** Scrolled further than that, a live view pauses. */
const TOP_PX = 8
const WAITING_ROWS = 20

type Dialog = 'export' | 'save' | 'facets' | null

export function EventsPage() {
  const { t } = useWords()
  const [state, change] = useEventsSearch()
  const { filter = '', from, to, cols, record, tab = 'parsed' } = state
  const isLive = state.live === true
  const [run, setRun] = useState(0)
  const search = useMemo(() => searchOf(filter, { from, to }, Date.now()), [filter, from, to, run])
  const columns = useMemo(() => columnsOf(cols), [cols])
  const fields = useMemo(() => fieldsFor(columns), [columns])
  const { pages, state: known, isOld } = usePages(isLive ? null : search, fields)
  const counts = useQuery({ ...histogramQuery(search, BUCKETS), enabled: known.isFirstHere || isLive })
  const [stale, setStale] = useState(0)
  const onBlocks = useCallback(() => setStale((before) => before + 1), [])
  const tail = useLive(filter, isLive, onBlocks)
  const live = useSyncExternalStore(tail?.subscribe ?? neverChanges, tail?.state ?? noLive)

  const table = useRef<TableHandle>(null)
  const filterField = useRef<HTMLTextAreaElement>(null)
  const timeButton = useRef<HTMLButtonElement>(null)
  const [current, setCurrent] = useState(0)
  const [isScrolled, setScrolled] = useState(false)
  const [chosen, setChosen] = useState<ReadonlyMap<string, LogRow>>(new Map())
  const [menu, setMenu] = useState<{ readonly cell: Cell; readonly x: number; readonly y: number } | null>(
    null,
  )
  const [act, setAct] = useState<Act | null>(null)
  const [dialog, setDialog] = useState<Dialog>(null)
  const [isTimeOpen, setTimeOpen] = useState(false)
  const [hasFacets, setFacets] = useState(() => localStorage.getItem(FACETS_STORED) !== 'off')
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false
  const isWide = useMediaQuery('(min-width: 75em)') ?? true
  const mayBlock = useMay('addBlocks')

  const rowAt = useCallback(
    (index: number): LogRow | null => (isLive ? (live?.rows[index] ?? null) : (pages?.rowAt(index) ?? null)),
    // The rows of a page come and go without a new object.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [isLive, live?.rows, pages, known.change],
  )
  const count = isLive ? (live?.rows.length ?? 0) : known.count
  const total = isLive || counts.isPlaceholderData ? null : (counts.data?.total ?? null)
  const states = useSourceStates(
    useCallback(() => (isLive ? (live?.rows ?? []) : (pages?.here() ?? [])), [isLive, live?.rows, pages]),
    isLive ? live?.taken : known.change,
    stale,
  )
  const isPaused = isLive && (isScrolled || record !== undefined || current > 0 || menu !== null)
  tail?.pause(isPaused)

  const onSearch = (next: string) => {
    rememberFilter(next)
    setChosen(new Map())
    setCurrent(0)
    table.current?.toTop()
    if (next === filter) setRun((before) => before + 1)
    else change({ filter: next, record: undefined })
  }
  const onValue = (cell: Cell, how: 'in' | 'out' | 'or') => {
    const { column, row } = cell
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
  const choose = useCallback(
    (id: string, isChosen: boolean) =>
      setChosen((before) => {
        const next = new Map(before)
        const row = isChosen ? rowOf(id, rowAt, count) : null
        if (row === null) next.delete(id)
        else next.set(id, row)
        return next
      }),
    [rowAt, count],
  )
  const actOn = (what: Act['what']) => {
    if (!mayBlock) return
    const currentRow = rowAt(current)
    const rows = chosen.size > 0 ? [...chosen.values()] : currentRow === null ? [] : [currentRow]
    const addresses = [...new Set(rows.flatMap((row) => attackerOf(row) ?? []))]
    if (addresses.length === 0) notifications.show({ color: 'orange', message: t('events.act.none') })
    else setAct({ what, addresses })
  }
  const toggleLive = () => {
    setCurrent(0)
    setChosen(new Map())
    change({ live: isLive ? undefined : true, record: undefined })
    if (isLive) setRun((before) => before + 1)
  }
  const showNew = () => {
    setCurrent(0)
    if (record !== undefined) change({ record: undefined }, { replace: true })
    table.current?.toTop()
  }
  const keys: Keys = {
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => open(current),
    Escape: () => (record === undefined ? setChosen(new Map()) : close()),
    b: () => actOn('block'),
    a: () => actOn('allow'),
    x: () => {
      const id = textOf(rowAt(current) ?? {}, 'id')
      if (id !== null) choose(id, !chosen.has(id))
    },
    m: () => openMenuAt(current, rowAt, setMenu),
    '/': () => filterField.current?.select(),
    t: () => setTimeOpen(true),
    l: toggleLive,
    e: () => setDialog('export'),
    s: () => setDialog('save'),
  }
  useKeys(keys)

  const chosenIds = useMemo(() => new Set(chosen.keys()), [chosen])
  const onShow = useCallback((first: number, last: number) => pages?.show(first, last), [pages])
  const facets = (
    <Facets
      search={known.isFirstHere || isLive ? search : null}
      filter={filter}
      onAdd={(part) => onSearch(withPart(withoutPart(filter, opposite(part)), part))}
      onRemove={(part) => onSearch(withoutPart(filter, part))}
    />
  )
  const span =
    counts.data === undefined
      ? null
      : { fromMs: Date.parse(counts.data.from), toMs: Date.parse(counts.data.to) }
  const isEmpty = !isLive && known.isFirstHere && known.count === 0 && !known.hasMore && !isOld
  return (
    <div className="ev-page" data-drawer={record !== undefined || undefined}>
      <Group justify="space-between" gap="xs" className="ev-head">
        <Text component="h1" fz="h1" fw={600} m={0}>
          {t('events.title')}
        </Text>
        <Group gap={6} className="ev-tools">
          <Button
            variant={isLive ? 'light' : 'default'}
            size="compact-md"
            aria-pressed={isLive}
            onClick={toggleLive}
            leftSection={<span className="ev-dot" data-phase={isLive ? 'open' : 'off'} aria-hidden />}
          >
            {t('events.live')}
          </Button>
          <Button
            variant="default"
            size="compact-md"
            aria-pressed={isWide ? hasFacets : dialog === 'facets'}
            onClick={() => {
              if (!isWide) setDialog('facets')
              else {
                localStorage.setItem(FACETS_STORED, hasFacets ? 'off' : 'on')
                setFacets(!hasFacets)
              }
            }}
          >
            {t('events.facets')}
          </Button>
          {!isNarrow && (
            <ColumnsMenu columns={columns} onChange={(names) => change({ cols: names }, { replace: true })} />
          )}
          <ViewsMenu
            onSave={() => setDialog('save')}
            onLoad={(view) => {
              const times = timesOf(view)
              change({
                filter: view.filter,
                from: times.from,
                to: times.to,
                cols: view.columns.join(','),
                record: undefined,
                live: undefined,
              })
            }}
          />
          <Button variant="default" size="compact-md" onClick={() => setDialog('export')}>
            {t('events.export')}
          </Button>
          <CopyLink span={span} />
        </Group>
      </Group>
      <div className="ev-asked">
        <FilterBar filter={filter} search={search} onSearch={onSearch} field={filterField} />
        {!isLive && (
          <TimeRange
            search={state}
            change={change}
            span={span}
            isOpen={isTimeOpen}
            onOpen={setTimeOpen}
            target={timeButton}
          />
        )}
      </div>
      {isLive ? (
        live !== null && <LiveBar live={live} isPaused={isPaused} onNew={showNew} onStop={toggleLive} />
      ) : (
        <Histogram
          counts={counts.data}
          isOld={counts.isPlaceholderData}
          onZoom={(fromMs, toMs) => change({ ...textsOf({ fromMs, toMs }), record: undefined })}
        />
      )}
      <span className="ev-hidden" aria-live="polite">
        {total === null ? '' : t('events.count', { count: total })}
      </span>
      {chosen.size > 0 && (
        <Group gap="xs" className="ev-chosen">
          <Text size="sm">{t('events.chosen', { count: chosen.size })}</Text>
          {mayBlock && (
            <>
              <Button size="compact-sm" onClick={() => actOn('block')}>
                {t('events.menu.block')}
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => actOn('allow')}>
                {t('events.menu.allow')}
              </Button>
            </>
          )}
          <Button size="compact-sm" variant="default" onClick={() => setChosen(new Map())}>
            {t('events.unselect')}
          </Button>
        </Group>
      )}
      <Fault error={known.error} />
      <div className="ev-body">
        {isWide && hasFacets && facets}
        <div className="ev-main" data-old={isOld || undefined}>
          {isEmpty ? (
            <Nothing
              filter={filter}
              onSearch={onSearch}
              onDays={() => change({ from: 'now-30d', to: undefined, record: undefined })}
            />
          ) : (
            <RecordTable
              ref={table}
              columns={columns}
              count={
                isLive
                  ? count
                  : known.isFirstHere
                    ? count + waitingRows(known.hasMore, known.count)
                    : WAITING_ROWS
              }
              rowAt={rowAt}
              total={total}
              current={current}
              openId={record ?? null}
              chosen={chosenIds}
              states={states}
              isNarrow={isNarrow}
              onShow={onShow}
              onCurrent={setCurrent}
              onOpen={open}
              onChoose={choose}
              onValue={onValue}
              onMenu={(cell, at) => setMenu({ cell, ...at })}
              onScroll={(topPx) => setScrolled(topPx > TOP_PX)}
              foot={
                <Text size="xs" c="dimmed" className="ev-foot">
                  {isLive
                    ? count === 0
                      ? t('events.live.waiting')
                      : ''
                    : known.hasMore
                      ? ''
                      : known.count >= MOST_ROWS
                        ? t('events.tooMany', { count: MOST_ROWS })
                        : t('events.end')}
                </Text>
              }
            />
          )}
        </div>
        {record !== undefined && (
          <Drawer
            id={record}
            row={isLive ? rowOf(record, rowAt, count) : null}
            tab={tab}
            states={states}
            onTab={(next) => change({ tab: next === 'parsed' ? undefined : next }, { replace: true })}
            onMove={move}
            onClose={close}
            onAdd={(part) => onSearch(withPart(filter, part))}
            onPivot={onSearch}
            onAct={(what, addresses) => setAct({ what, addresses })}
          />
        )}
      </div>
      <CellMenu
        open={menu}
        onClose={() => setMenu(null)}
        onValue={onValue}
        onPivot={onSearch}
        onOpen={open}
        onAct={(what, addresses) => setAct({ what, addresses })}
      />
      <ActDialog
        act={act}
        onClose={() => setAct(null)}
        onDone={() => {
          setChosen(new Map())
          setStale((before) => before + 1)
        }}
      />
      <ExportDialog
        isOpen={dialog === 'export'}
        onClose={() => setDialog(null)}
        search={search}
        total={total}
        columns={columns}
      />
      <SaveView isOpen={dialog === 'save'} onClose={() => setDialog(null)} search={state} columns={columns} />
      <SideSheet
        opened={dialog === 'facets'}
        onClose={() => setDialog(null)}
        title={t('events.facets.show')}
        size={300}
        closeButtonProps={{ 'aria-label': t('common.cancel') }}
      >
        {facets}
      </SideSheet>
    </div>
  )
}

const neverChanges = () => () => undefined
const noLive = () => null

/** Rows of which it is only known that they come. */
function waitingRows(hasMore: boolean, count: number): number {
  return hasMore && count < MOST_ROWS ? WAITING_ROWS : 0
}

function rowOf(id: string, rowAt: (index: number) => LogRow | null, count: number): LogRow | null {
  for (let index = 0; index < count; index++) {
    const row = rowAt(index)
    if (row !== null && row['id'] === id) return row
  }
  return null
}

function openMenuAt(
  index: number,
  rowAt: (index: number) => LogRow | null,
  onMenu: (menu: { readonly cell: Cell; readonly x: number; readonly y: number }) => void,
): void {
  const row = rowAt(index)
  const place = document.querySelector(`tr[data-index="${index}"]`)?.getBoundingClientRect()
  if (row !== null && place !== undefined)
    onMenu({ cell: { row, index, column: null }, x: place.left + 60, y: place.bottom })
}

/** The screen as a link: relative times stay relative, with Shift they are fixed as they are now. */
function CopyLink({ span }: { readonly span: { readonly fromMs: number; readonly toMs: number } | null }) {
  const { t } = useWords()
  const copy = async (isFrozen: boolean) => {
    const url = new URL(window.location.href)
    if (isFrozen && span !== null) {
      const { from, to } = textsOf(span)
      url.searchParams.set('from', from)
      url.searchParams.set('to', to)
    }
    await navigator.clipboard.writeText(url.href)
    notifications.show({
      message: t(isFrozen ? 'events.link.frozen' : 'events.link.copied'),
      autoClose: 2000,
    })
  }
  return (
    <Button
      variant="default"
      size="compact-md"
      visibleFrom="sm"
      title={t('events.link.hint')}
      onClick={(event) => void copy(event.shiftKey)}
    >
      {t('events.link')}
    </Button>
  )
}
