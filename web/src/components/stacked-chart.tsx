/**
 * Counts over time as stacked bars, drawn as SVG: drag over a span to look closer, arrow keys to read bar by bar, and the
 * same numbers as a table. Kinds differ by pattern as well as by colour. Marks stand on the time line above the bars.
 */
import { Group, Table, Text } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { type KeyboardEvent, type PointerEvent, useId, useState } from 'react'
import { useWords } from '../i18n/language.tsx'
import { ChartMarks, type Mark, MARKS_HEIGHT } from './chart-marks.tsx'
import { niceCeiling, timeTicks } from './chart-scale.ts'

const LEFT = 48
const BOTTOM = 20
/** Drags shorter than that are clicks. */
const LEAST_DRAG = 6

export type SeriesKind = 'allowed' | 'blocked' | 'threat'

export interface StackedSeries {
  readonly kind: SeriesKind
  readonly label: string
  readonly counts: readonly number[]
}

interface StackedChartProps {
  readonly title: string
  readonly fromMs: number
  readonly bucketMs: number
  /** From the bottom to the top. */
  readonly series: readonly StackedSeries[]
  readonly height?: number
  readonly marks?: readonly Mark[]
  readonly onZoom?: (fromMs: number, toMs: number) => void
  /** Without the table and the keys' reading, for walls. */
  readonly isPlain?: boolean
}

export function StackedChart(props: StackedChartProps) {
  const { t, language } = useWords()
  const { title, fromMs, bucketMs, series, height = 190, marks = [], onZoom, isPlain = false } = props
  const { ref, width } = useElementSize<HTMLDivElement>()
  const [cursor, setCursor] = useState<number | null>(null)
  const [mark, setMark] = useState<string | null>(null)
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null)
  const buckets = series[0]?.counts.length ?? 0
  const toMs = fromMs + buckets * bucketMs
  const top = marks.length > 0 ? MARKS_HEIGHT : 6
  const inner = Math.max(0, width - LEFT)
  const sumAt = (i: number): number => series.reduce((sum, { counts }) => sum + (counts[i] ?? 0), 0)
  const most = niceCeiling(Math.max(1, ...Array.from({ length: buckets }, (_, i) => sumAt(i))))
  const xOf = (ms: number): number => LEFT + (inner * (ms - fromMs)) / Math.max(1, toMs - fromMs)
  const bucketAt = (x: number): number =>
    Math.min(buckets - 1, Math.max(0, Math.floor(((x - LEFT) / Math.max(1, inner)) * buckets)))
  const placeOf = (event: PointerEvent<SVGSVGElement>): number =>
    event.clientX - event.currentTarget.getBoundingClientRect().left
  const endDrag = () => {
    if (drag !== null && Math.abs(drag.to - drag.from) >= LEAST_DRAG && onZoom !== undefined) {
      const [first, last] = [bucketAt(Math.min(drag.from, drag.to)), bucketAt(Math.max(drag.from, drag.to))]
      onZoom(fromMs + first * bucketMs, fromMs + (last + 1) * bucketMs)
    }
    setDrag(null)
  }
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step !== undefined) {
      event.preventDefault()
      setCursor((at) => Math.min(buckets - 1, Math.max(0, (at ?? (step > 0 ? -1 : buckets)) + step)))
    }
    if (event.key === 'Enter' && cursor !== null)
      onZoom?.(fromMs + cursor * bucketMs, fromMs + (cursor + 1) * bucketMs)
  }
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: toMs - fromMs > 86_400_000 ? 'medium' : undefined,
    timeStyle: bucketMs < 60_000 ? 'medium' : 'short',
    hourCycle: 'h23',
  })
  const told = mark ?? (cursor === null ? null : tellBar(cursor))

  function tellBar(i: number): string {
    const from = fromMs + i * bucketMs
    const parts = series.map(({ label, counts }) => `${label} ${(counts[i] ?? 0).toLocaleString(language)}`)
    return `${format.formatRange(from, from + bucketMs)} · ${parts.join(' · ')}`
  }

  return (
    <div ref={ref} className="stacked-chart">
      <Group gap="md" justify="space-between" mih={22} wrap="nowrap">
        <Legend series={series} />
        <Text size="xs" c="dimmed" truncate aria-live="polite" visibleFrom="xs">
          {told}
        </Text>
      </Group>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- arrow keys read it bar by bar */}
      <div role="application" aria-label={title} tabIndex={isPlain ? -1 : 0} onKeyDown={onKey}>
        <svg
          width={width}
          height={height + top}
          role="img"
          aria-label={title}
          className={onZoom === undefined ? '' : 'chart-drags'}
          onPointerDown={(event) => {
            if (onZoom === undefined || event.button !== 0) return
            event.currentTarget.setPointerCapture(event.pointerId)
            const at = placeOf(event)
            setDrag({ from: at, to: at })
          }}
          onPointerMove={(event) => {
            const at = placeOf(event)
            setCursor(at < LEFT ? null : bucketAt(at))
            if (drag !== null) setDrag({ ...drag, to: at })
          }}
          onPointerUp={endDrag}
          onPointerCancel={() => setDrag(null)}
          onPointerLeave={() => setCursor(null)}
        >
          <Patterns />
          <Grid {...{ most, top, height, width, fromMs, toMs, xOf, language }} />
          {width > 0 && (
            <Bars series={series} most={most} top={top} height={height - BOTTOM} left={LEFT} width={inner} />
          )}
          {cursor !== null && (
            <rect
              className="chart-cursor"
              x={xOf(fromMs + cursor * bucketMs)}
              y={top}
              width={Math.max(1, inner / Math.max(1, buckets))}
              height={height - BOTTOM}
            />
          )}
          {drag !== null && (
            <rect
              className="chart-drag"
              x={Math.min(drag.from, drag.to)}
              y={top}
              width={Math.abs(drag.to - drag.from)}
              height={height - BOTTOM}
            />
          )}
          <ChartMarks marks={marks} fromMs={fromMs} toMs={toMs} xOf={xOf} onTell={setMark} />
        </svg>
      </div>
      {!isPlain && (
        <AsTable {...{ title, series, fromMs, bucketMs, format, sumAt }} label={t('chart.table')} />
      )}
    </div>
  )
}

const PATTERN_IDS = { allowed: 'chart-allowed', blocked: 'chart-blocked', threat: 'chart-threat' } as const

/** Plain, hatched and dotted, so that kinds differ without colour. */
function Patterns() {
  return (
    <defs>
      <pattern
        id="chart-blocked"
        width={6}
        height={6}
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width={6} height={6} className="chart-fill-blocked" />
        <line x1={0} x2={0} y2={6} className="chart-hatch" strokeWidth={2} />
      </pattern>
      <pattern id="chart-threat" width={5} height={5} patternUnits="userSpaceOnUse">
        <rect width={5} height={5} className="chart-fill-threat" />
        <circle cx={2.5} cy={2.5} r={1} className="chart-dot" />
      </pattern>
    </defs>
  )
}

function Legend({ series }: { readonly series: readonly StackedSeries[] }) {
  const { language } = useWords()
  return (
    <Group gap="2px 16px">
      {series.map(({ kind, label, counts }) => (
        <Group key={kind} gap={6} wrap="nowrap">
          <svg width={12} height={12} aria-hidden>
            <rect width={12} height={12} className={fillOf(kind)} fill={paintOf(kind)} />
          </svg>
          <Text size="xs" className="nowrap">
            {label} {counts.reduce((sum, count) => sum + count, 0).toLocaleString(language)}
          </Text>
        </Group>
      ))}
    </Group>
  )
}

const fillOf = (kind: SeriesKind): string => (kind === 'allowed' ? 'chart-fill-allowed' : '')
const paintOf = (kind: SeriesKind): string | undefined =>
  kind === 'allowed' ? undefined : `url(#${PATTERN_IDS[kind]})`

interface BarsProps {
  readonly series: readonly StackedSeries[]
  readonly most: number
  readonly top: number
  readonly height: number
  readonly left: number
  readonly width: number
}

/** One path per kind: hundreds of bars are three elements. */
function Bars({ series, most, top, height, left, width }: BarsProps) {
  const buckets = series[0]?.counts.length ?? 0
  const step = width / Math.max(1, buckets)
  const bar = Math.max(0.75, step > 4 ? step - 1 : step)
  const base = Array<number>(buckets).fill(0)
  return series.map(({ kind, counts }) => {
    let path = ''
    counts.forEach((count, i) => {
      if (count === 0) return
      const below = base[i] ?? 0
      base[i] = below + count
      const y = top + height - (height * (below + count)) / most
      const tall = (height * count) / most
      path += `M${(left + i * step).toFixed(1)},${y.toFixed(1)}h${bar.toFixed(1)}v${tall.toFixed(1)}h-${bar.toFixed(1)}z`
    })
    return <path key={kind} d={path} className={fillOf(kind)} fill={paintOf(kind)} />
  })
}

interface GridProps {
  readonly most: number
  readonly top: number
  readonly height: number
  readonly width: number
  readonly fromMs: number
  readonly toMs: number
  readonly xOf: (ms: number) => number
  readonly language: string
}

function Grid({ most, top, height, width, fromMs, toMs, xOf, language }: GridProps) {
  const id = useId()
  const lines = most < 2 ? [0, 1] : [0, 0.5, 1]
  const short = new Intl.NumberFormat(language, { notation: 'compact' })
  return (
    <g className="chart-grid">
      {lines.map((share) => {
        const y = top + (height - BOTTOM) * (1 - share)
        return (
          <g key={`${id}${share}`}>
            <line x1={LEFT} x2={width} y1={y} y2={y} />
            <text x={LEFT - 6} y={y + 4} textAnchor="end">
              {short.format(most * share)}
            </text>
          </g>
        )
      })}
      {timeTicks(
        fromMs,
        toMs,
        Math.max(2, Math.floor((width - LEFT) / (width < 480 ? 60 : 90))),
        language,
      ).map(({ atMs, label }) => (
        <text key={atMs} x={xOf(atMs)} y={top + height - 4} textAnchor="middle">
          {label}
        </text>
      ))}
    </g>
  )
}

interface AsTableProps {
  readonly title: string
  readonly label: string
  readonly series: readonly StackedSeries[]
  readonly fromMs: number
  readonly bucketMs: number
  readonly format: Intl.DateTimeFormat
  readonly sumAt: (i: number) => number
}

/** Made only when it is opened; rows without anything are left out. */
function AsTable({ title, label, series, fromMs, bucketMs, format, sumAt }: AsTableProps) {
  const { t, language } = useWords()
  const [isOpen, setOpen] = useState(false)
  const buckets = series[0]?.counts.length ?? 0
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="chart-summary">{label}</summary>
      {isOpen && (
        <div className="chart-table">
          <Table verticalSpacing={2} withRowBorders={false} aria-label={title}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('chart.time')}</Table.Th>
                {series.map(({ kind, label: name }) => (
                  <Table.Th key={kind} ta="right">
                    {name}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {Array.from({ length: buckets }, (_, i) => i)
                .filter((i) => sumAt(i) > 0)
                .map((i) => (
                  <Table.Tr key={i}>
                    <Table.Td>{format.format(fromMs + i * bucketMs)}</Table.Td>
                    {series.map(({ kind, counts }) => (
                      <Table.Td key={kind} ta="right">
                        {(counts[i] ?? 0).toLocaleString(language)}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </details>
  )
}
