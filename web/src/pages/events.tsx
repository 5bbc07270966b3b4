/**
 * The events screen: what the firewalls wrote, searched with the filter language of PAN-OS. Filter, time, columns and the
 * open event are in the URL; list, chart and counts speak of one search, whose end is fixed when it begins.
 */
import './events/events.css'
import { Alert, Button, Drawer as SideSheet, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { ApiError } from '../data/api.ts'
import { MOST_ROWS } from '../data/records-pages.ts'
import { useWords } from '../i18n/language.tsx'
import { ActDialog } from './events/act-dialog.tsx'
import { CellMenu } from './events/cell-menu.tsx'
import { Drawer } from './events/drawer.tsx'
import { ExportDialog } from './events/export-dialog.tsx'
import { Facets } from './events/facets.tsx'
import { FilterBar } from './events/filter-bar.tsx'
import { Histogram } from './events/histogram.tsx'
import { LiveBar } from './events/live-bar.tsx'
import { Nothing } from './events/nothing.tsx'
import { RecordTable } from './events/record-table.tsx'
import { textsOf, TimeRange } from './events/time-range.tsx'
import { ChosenBar, Tools } from './events/tools.tsx'
import { type EventsModel, useEvents } from './events/use-events.ts'
import { rowOf } from './events/use-selection.ts'
import { SaveView } from './events/views-menu.tsx'
import { WhatChanged } from './events/what-changed.tsx'

/** Rows of which it is only known that they come. */
const WAITING_ROWS = 20

export function EventsPage() {
  const events = useEvents()
  const { t, say } = useWords()
  const { state, change, isLive, live, known, counts, total, dialog, setDialog, selection } = events
  const isNarrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })
  // Beside an open event the table needs the room of the counts.
  const isRoomy = useMediaQuery('(min-width: 100em)', true, { getInitialValueInEffect: false })
  const { data } = counts
  const isRefused = known.error instanceof ApiError && known.error.status === 400
  const span = data === undefined ? null : { fromMs: Date.parse(data.from), toMs: Date.parse(data.to) }
  const facets = (
    <Facets
      search={known.isFirstHere || isLive ? events.search : null}
      filter={events.filter}
      onAdd={events.onAdd}
      onRemove={events.onRemove}
    />
  )
  return (
    <div className="ev-page">
      <Tools
        change={change}
        columns={events.columns}
        span={span}
        isLive={isLive}
        isNarrow={isNarrow}
        hasFacets={events.isWide ? events.hasCounts : dialog === 'facets'}
        onLive={events.toggleLive}
        onFacets={events.toggleFacets}
        onExport={() => setDialog('export')}
        onSave={() => setDialog('save')}
      />
      <div className="ev-asked">
        <FilterBar
          filter={events.filter}
          search={events.search}
          isRefused={isRefused}
          onSearch={events.onSearch}
          field={events.filterField}
          onLeave={events.toTable}
        />
        {!isLive && (
          <TimeRange
            search={state}
            change={change}
            span={span}
            isOpen={events.isTimeOpen}
            onOpen={events.setTimeOpen}
          />
        )}
      </div>
      {!isLive && !isRefused && (
        <Histogram
          counts={data}
          isOld={counts.isPlaceholderData}
          isWaiting={counts.error === null}
          onChanged={() => setDialog('changed')}
          onZoom={(fromMs, toMs) => change({ ...textsOf({ fromMs, toMs }), record: undefined })}
        />
      )}
      {isLive && live !== null && (
        <LiveBar live={live} isPaused={events.isPaused} onNew={events.showNew} onStop={events.toggleLive} />
      )}
      <span className="ev-hidden" aria-live="polite">
        {total === null ? '' : t('events.count', { count: total })}
      </span>
      <ChosenBar count={selection.rows.size} onAct={events.actOn} onClear={selection.clear} />
      {known.error !== null && !isLive && !isRefused && (
        <Alert color="orange" role="alert" py="xs" title={say(known.error.message)}>
          <Button variant="default" size="compact-sm" onClick={events.retry}>
            {t('common.retry')}
          </Button>
        </Alert>
      )}
      <div className="ev-body">
        {events.isWide && events.hasCounts && !isRefused && (state.record === undefined || isRoomy) && facets}
        {isRefused ? (
          <Text size="sm" c="dimmed" className="ev-main ev-nothing">
            {t('events.refused')}
          </Text>
        ) : (
          <Main events={events} isNarrow={isNarrow} />
        )}
        <OpenEvent events={events} />
      </div>
      <CellMenu
        open={events.menu}
        onClose={() => events.setMenu(null)}
        onValue={events.onValue}
        onPivot={events.onSearch}
        onOpen={events.open}
        onAct={(what, addresses) => events.setAct({ what, addresses })}
      />
      <ActDialog
        act={events.act}
        onClose={() => events.setAct(null)}
        onDone={() => {
          selection.clear()
          events.listChanged()
        }}
      />
      <ExportDialog
        isOpen={dialog === 'export'}
        onClose={() => setDialog(null)}
        search={events.search}
        total={total}
        columns={events.columns}
      />
      <SaveView
        isOpen={dialog === 'save'}
        onClose={() => setDialog(null)}
        search={state}
        columns={events.columns}
      />
      <WhatChanged
        isOpen={dialog === 'changed'}
        onClose={() => setDialog(null)}
        filter={events.filter}
        span={span}
        onAdd={events.onAdd}
      />
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

/** The table, or what stands in its place. */
function Main({ events, isNarrow }: { readonly events: EventsModel; readonly isNarrow: boolean }) {
  const { known, isLive, isOld, count } = events
  const isEmpty = !isLive && known.isFirstHere && known.count === 0 && !known.hasMore && !isOld
  const coming = isLive || known.error !== null ? 0 : known.hasMore && count < MOST_ROWS ? WAITING_ROWS : 0
  return (
    <div className="ev-main" data-old={(isOld && known.isFirstHere && !isLive) || undefined}>
      {isEmpty ? (
        <Nothing
          filter={events.filter}
          onSearch={events.onSearch}
          onDays={() => events.change({ from: 'now-30d', to: undefined, record: undefined })}
        />
      ) : (
        <RecordTable
          ref={events.table}
          columns={events.columns}
          count={count + coming}
          rowAt={events.rowAt}
          total={events.total}
          current={events.current}
          openId={events.state.record ?? null}
          chosen={events.selection.ids}
          states={events.states}
          isNarrow={isNarrow}
          onShow={events.onShow}
          onCurrent={events.setCurrent}
          onOpen={events.open}
          onChoose={events.selection.choose}
          onValue={events.onValue}
          onMenu={(cell, at) => events.setMenu({ cell, ...at })}
          onScroll={events.onScroll}
          foot={<Foot events={events} />}
        />
      )}
    </div>
  )
}

function Foot({ events: { isLive, count, known } }: { readonly events: EventsModel }) {
  const { t } = useWords()
  let text = ''
  if (isLive) text = count === 0 ? t('events.live.waiting') : ''
  else if (known.isFirstHere && !known.hasMore)
    text = known.count >= MOST_ROWS ? t('events.tooMany', { count: MOST_ROWS }) : t('events.end')
  return (
    <Text size="xs" c="dimmed" className="ev-foot">
      {text}
    </Text>
  )
}

function OpenEvent({ events }: { readonly events: EventsModel }) {
  const { state, change, isLive, rowAt, count } = events
  if (state.record === undefined) return null
  return (
    <Drawer
      id={state.record}
      row={isLive ? rowOf(state.record, rowAt, count) : null}
      tab={state.tab ?? 'parsed'}
      states={events.states}
      onTab={(next) => change({ tab: next === 'parsed' ? undefined : next }, { replace: true })}
      onMove={events.move}
      onClose={events.close}
      onAdd={events.onAdd}
      onPivot={events.onSearch}
      onAct={(what, addresses) => events.setAct({ what, addresses })}
    />
  )
}
