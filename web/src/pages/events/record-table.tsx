/**
 * The table of events: a real table of which only the rows in view exist, with two empty rows that are as high as what
 * is above and below. One row is the current one; keys and the mouse move it. On a phone a row is a card of three lines.
 */
import { useElementSize } from '@mantine/hooks'
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  memo,
  type MouseEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useRef,
} from 'react'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { useFlight } from '../../components/flight.ts'
import type { LogRow } from '../../data/records.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'
import {
  ActionText,
  type AddressStates,
  cellOf,
  exactTime,
  SeverityText,
  shortTime,
  SourceState,
  textOf,
  TimeText,
} from './cells.tsx'
import type { Column } from './columns.ts'

const ROW_PX = 30
const CARD_PX = 76
const OVERSCAN = 8
const CHOOSE_PX = 32
const MENU_PX = 30
/** Of its usual width. */
const LEAST_TEXT = 0.75
/** A click on a value waits so long for a second one, which opens the event instead. */
const DOUBLE_MS = 220

export interface Cell {
  readonly row: LogRow
  readonly index: number
  /** Null: the row as a whole. */
  readonly column: Column | null
}

export interface TableHandle {
  readonly focusRow: (index: number) => void
  readonly toTop: () => void
}

interface RecordTableProps {
  readonly ref: RefObject<TableHandle | null>
  readonly columns: readonly Column[]
  /** Rows that can be scrolled to; those that are not here yet are null. */
  readonly count: number
  readonly rowAt: (index: number) => LogRow | null
  /** All that match, when it is known. */
  readonly total: number | null
  readonly current: number
  readonly openId: string | null
  readonly chosen: ReadonlySet<string>
  readonly states: AddressStates
  readonly isNarrow: boolean
  /** `isFlying`: they fly past, so what is missing of them need not be asked for. */
  readonly onShow: (first: number, last: number, isFlying: boolean) => void
  readonly onCurrent: (index: number) => void
  readonly onOpen: (index: number) => void
  readonly onChoose: (id: string, isChosen: boolean) => void
  readonly onValue: (cell: Cell, how: 'in' | 'out' | 'or') => void
  readonly onMenu: (cell: Cell, at: { readonly x: number; readonly y: number }) => void
  readonly onScroll?: (topPx: number) => void
  readonly foot: ReactNode
}

export function RecordTable(props: RecordTableProps) {
  const { ref, columns, count, rowAt, total, isNarrow, onShow, onScroll, current } = props
  const { t, language } = useWords()
  const scroller = useRef<HTMLDivElement>(null)
  const rowPx = isNarrow ? CARD_PX : ROW_PX
  const flight = useFlight()
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN,
    observeElementOffset: flight.observe,
  })
  useEffect(() => virtualizer.measure(), [virtualizer, rowPx])
  const items = virtualizer.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  const { isFlying } = flight
  useEffect(() => onShow(first, last, isFlying), [onShow, first, last, isFlying])
  useImperativeHandle(ref, () => ({
    focusRow: (index) => {
      virtualizer.scrollToIndex(index, { align: 'auto' })
      // The row may only now be made.
      window.requestAnimationFrame(() =>
        scroller.current
          ?.querySelector<HTMLElement>(`tr[data-index="${index}"]`)
          ?.focus({ preventScroll: true }),
      )
    },
    toTop: () => virtualizer.scrollToOffset(0),
  }))
  const above = items[0]?.start ?? 0
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0)
  const events = useRowEvents(props)
  const { ref: place, width: placePx } = useElementSize<HTMLDivElement>()
  const widths = widthsOf(columns, placePx)
  return (
    <div
      ref={scroller}
      className="ev-scroll"
      role="group"
      aria-label={t('events.table')}
      tabIndex={0}
      onScroll={(event) => onScroll?.(event.currentTarget.scrollTop)}
    >
      <div ref={place} />
      <table
        className={isNarrow ? 'ev-table ev-cards' : 'ev-table'}
        aria-label={t('events.table')}
        aria-rowcount={total === null ? -1 : total + 1}
        style={isNarrow ? undefined : { minWidth: CHOOSE_PX + MENU_PX + sumOf(widths) }}
        onClick={events.onClick}
        onDoubleClick={events.onDoubleClick}
        onContextMenu={events.onContextMenu}
      >
        {isNarrow ? null : (
          <colgroup>
            <col style={{ width: CHOOSE_PX }} />
            {columns.map(({ field }, i) => (
              <col key={field} style={{ width: widths[i] }} />
            ))}
            <col style={{ width: MENU_PX }} />
          </colgroup>
        )}
        <thead>
          <tr aria-rowindex={1}>
            {isNarrow ? (
              <th scope="col" className="ev-hidden">
                {t('events.table')}
              </th>
            ) : (
              <>
                <th scope="col">
                  <span className="ev-hidden">{t('events.choose')}</span>
                </th>
                {columns.map(({ field, label, kind }) => (
                  <th key={field} scope="col" className={isRight(kind) ? 'ev-right' : undefined}>
                    {t(label)}
                  </th>
                ))}
                <th scope="col">
                  <span className="ev-hidden">{t('events.menu')}</span>
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Gap height={above} />}
          {items.map(({ index }, slot) => {
            const row = rowAt(index)
            // In flight the same rows get other times: making new ones is what costs most.
            if (isFlying)
              return (
                <Flying
                  key={`flying-${slot}`}
                  index={index}
                  time={timeOf(row, language)}
                  columns={isNarrow ? 1 : columns.length + 2}
                />
              )
            if (row === null)
              return <Waiting key={index} index={index} columns={isNarrow ? 1 : columns.length + 2} />
            const id = textOf(row, 'id') ?? ''
            return (
              <Row
                key={index}
                index={index}
                row={row}
                columns={columns}
                isCurrent={index === current}
                isOpen={id === props.openId}
                isChosen={props.chosen.has(id)}
                onChoose={props.onChoose}
                states={props.states}
                isNarrow={isNarrow}
                language={language}
                t={t}
              />
            )
          })}
          {below > 0 && <Gap height={below} />}
        </tbody>
      </table>
      {props.foot}
    </div>
  )
}

function Gap({ height }: { readonly height: number }) {
  return (
    <tr aria-hidden className="ev-gap">
      <td style={{ height }} />
    </tr>
  )
}

function Waiting({ index, columns }: { readonly index: number; readonly columns: number }) {
  return (
    <tr aria-hidden data-index={index} className="ev-row ev-wait">
      <td colSpan={columns}>
        <span className="ev-bone" />
      </td>
    </tr>
  )
}

interface FlyingProps {
  readonly index: number
  readonly time: string
  readonly columns: number
}

/** A row that flies past: when it was. */
const Flying = memo(function Flying({ index, time, columns }: FlyingProps) {
  return (
    <tr aria-hidden data-index={index} className="ev-row ev-flying">
      <td colSpan={columns}>{time}</td>
    </tr>
  )
})

function timeOf(row: LogRow | null, language: string): string {
  const iso = row === null ? null : (textOf(row, 'receivedAt') ?? textOf(row, 'eventTime'))
  if (iso === null) return ''
  const { day, time } = shortTime(iso, language)
  return `${day} ${time}`
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0)

/** Text gives way first, and takes what is left. */
function widthsOf(columns: readonly Column[], placePx: number): readonly number[] {
  const isText = ({ kind }: Column): boolean => kind === 'text'
  const fixed = sumOf(columns.filter((one) => !isText(one)).map(({ widthPx }) => widthPx))
  const wanted = sumOf(columns.filter(isText).map(({ widthPx }) => widthPx))
  const left = placePx - CHOOSE_PX - MENU_PX - fixed
  const scale = wanted === 0 ? 1 : Math.max(LEAST_TEXT, left / wanted)
  return columns.map((one) => (isText(one) ? Math.floor(one.widthPx * scale) : one.widthPx))
}

const isRight = (kind: Column['kind']): boolean => kind === 'number' || kind === 'bytes'

interface RowProps {
  readonly index: number
  readonly row: LogRow
  readonly columns: readonly Column[]
  readonly isCurrent: boolean
  readonly isOpen: boolean
  readonly isChosen: boolean
  readonly onChoose: (id: string, isChosen: boolean) => void
  readonly states: AddressStates
  readonly isNarrow: boolean
  readonly language: string
  readonly t: Translate
}

const Row = memo(function Row(props: RowProps) {
  const { index, row, columns, isCurrent, isOpen, isChosen, onChoose, states, isNarrow, language, t } = props
  const id = textOf(row, 'id') ?? ''
  const time = textOf(row, 'receivedAt') ?? textOf(row, 'eventTime') ?? ''
  return (
    <tr
      className="ev-row"
      aria-rowindex={index + 2}
      aria-current={isCurrent ? 'true' : undefined}
      data-index={index}
      data-open={isOpen || undefined}
      data-chosen={isChosen || undefined}
      tabIndex={isCurrent ? 0 : -1}
    >
      {isNarrow ? (
        <td>
          <Card row={row} states={states} language={language} t={t} />
        </td>
      ) : (
        <>
          <td className="ev-choose">
            <input
              type="checkbox"
              tabIndex={-1}
              aria-label={`${t('events.choose')}: ${t('events.row', { time: exactTime(time, language) })}`}
              checked={isChosen}
              onChange={(event) => onChoose(id, event.currentTarget.checked)}
            />
          </td>
          {columns.map((column) => {
            const content = cellOf({ row, column, states, language, t })
            const isValue = column.filter !== null && content !== null
            return (
              <td
                key={column.field}
                className={isRight(column.kind) ? 'ev-right' : undefined}
                data-field={column.field}
              >
                {content === null ? (
                  <span className="ev-none" aria-hidden>
                    –
                  </span>
                ) : (
                  <span
                    className={isValue ? 'ev-value' : undefined}
                    title={column.kind === 'time' ? undefined : visibleText(textOf(row, column.field) ?? '')}
                  >
                    {content}
                  </span>
                )}
              </td>
            )
          })}
          <td className="ev-more">
            <button type="button" tabIndex={isCurrent ? 0 : -1} aria-label={t('events.menu')} data-menu>
              <span aria-hidden>⋯</span>
            </button>
          </td>
        </>
      )}
    </tr>
  )
})

interface CardProps {
  readonly row: LogRow
  readonly states: AddressStates
  readonly language: string
  readonly t: Translate
}

/** One event in the width of a phone. */
function Card({ row, states, language, t }: CardProps) {
  const source = textOf(row, 'sourceAddress')
  const port = textOf(row, 'destinationPort')
  const severity = textOf(row, 'severity')
  const shown = (field: string): string => visibleText(textOf(row, field) ?? '–')
  return (
    <div className="ev-card">
      <div className="ev-card-line">
        <TimeText iso={textOf(row, 'receivedAt') ?? ''} language={language} />
        <ActionText row={row} t={t} />
        {severity !== null && <SeverityText severity={severity} t={t} />}
        <button type="button" tabIndex={-1} aria-label={t('events.menu')} data-menu className="ev-card-menu">
          <span aria-hidden>⋯</span>
        </button>
      </div>
      <div className="ev-card-line ev-mono">
        <span className="ev-address">{shown('sourceAddress')}</span>
        {source !== null && <SourceState address={source} states={states} t={t} />}
        <span aria-hidden>→</span>
        <span className="ev-address">
          {shown('destinationAddress')}
          {port === null ? '' : `:${port}`}
        </span>
      </div>
      <div className="ev-card-line ev-dim">
        {visibleText(
          [textOf(row, 'application'), textOf(row, 'rule'), textOf(row, 'device')]
            .filter((text) => text !== null)
            .join(' · '),
        )}
      </div>
    </div>
  )
}

interface RowEvents {
  readonly onClick: (event: MouseEvent<HTMLTableElement>) => void
  readonly onDoubleClick: (event: MouseEvent<HTMLTableElement>) => void
  readonly onContextMenu: (event: MouseEvent<HTMLTableElement>) => void
}

function useRowEvents(props: RecordTableProps): RowEvents {
  const { columns, rowAt, isNarrow, onCurrent, onOpen, onValue, onMenu } = props
  const waiting = useRef<number | null>(null)
  useEffect(() => () => window.clearTimeout(waiting.current ?? undefined), [])
  const cellAt = (event: MouseEvent): Cell | null => {
    const target = event.target as Element
    const index = Number(target.closest<HTMLElement>('tr[data-index]')?.dataset['index'] ?? Number.NaN)
    const row = Number.isNaN(index) ? null : rowAt(index)
    if (row === null) return null
    const field = target.closest<HTMLElement>('td[data-field]')?.dataset['field']
    const isOnValue = target.closest('.ev-value') !== null
    return { row, index, column: isOnValue ? (columns.find((one) => one.field === field) ?? null) : null }
  }
  return {
    onClick: (event) => {
      const cell = cellAt(event)
      if (cell === null || (event.target as Element).closest('input') !== null) return
      onCurrent(cell.index)
      if ((event.target as Element).closest('[data-menu]') !== null) {
        onMenu({ ...cell, column: null }, { x: event.clientX, y: event.clientY })
        return
      }
      if (isNarrow) {
        onOpen(cell.index)
        return
      }
      if (cell.column === null || event.detail > 1) return
      const how = event.altKey ? 'out' : event.shiftKey ? 'or' : 'in'
      window.clearTimeout(waiting.current ?? undefined)
      waiting.current = window.setTimeout(() => onValue(cell, how), DOUBLE_MS)
    },
    onDoubleClick: (event) => {
      window.clearTimeout(waiting.current ?? undefined)
      const cell = cellAt(event)
      if (cell !== null) onOpen(cell.index)
    },
    onContextMenu: (event) => {
      const cell = cellAt(event)
      if (cell === null || event.shiftKey) return
      event.preventDefault()
      onCurrent(cell.index)
      onMenu(cell, { x: event.clientX, y: event.clientY })
    },
  }
}
