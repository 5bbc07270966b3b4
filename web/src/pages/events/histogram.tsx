/** How many events over time, stacked by what the firewalls did; dragging zooms in. The same numbers as a table. */
import 'uplot/dist/uPlot.min.css'
import { Button, Group, Popover, ScrollArea, Table, Text, useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useMemo, useRef } from 'react'
import UPlot from 'uplot'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { exactTime } from './cells.tsx'
import { spanText } from './time-range.tsx'

type Counts = Reply<'histogram'>

const HEIGHT = 92
/** From the bottom up. */
const SERIES = ['blocked', 'alerted', 'allowed', 'unknown'] as const
type SeriesName = (typeof SERIES)[number]

/** Safe for colour-blind eyes; `alerted` is hatched as well. */
const COLOURS: Readonly<Record<'light' | 'dark', Readonly<Record<SeriesName, string>>>> = {
  light: { blocked: '#1a6fb5', alerted: '#d9730d', allowed: '#a3adb8', unknown: '#d8dde2' },
  dark: { blocked: '#6cb2f5', alerted: '#f0a04b', allowed: '#6d7680', unknown: '#454b52' },
}
const LEAST_DRAG_PX = 4

interface HistogramProps {
  readonly counts: Counts | undefined
  /** Older numbers stand until the new ones are here. */
  readonly isOld: boolean
  /** False: they do not come; what is shown beside says why. */
  readonly isWaiting: boolean
  readonly onZoom: (fromMs: number, toMs: number) => void
  /** What is different from the time before. */
  readonly onChanged: () => void
}

export function Histogram({ counts, isOld, isWaiting, onZoom, onChanged }: HistogramProps) {
  const { t, language } = useWords()
  const { ref, width } = useElementSize<HTMLDivElement>()
  const place = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme('light')
  const zoom = useRef(onZoom)
  useEffect(() => {
    zoom.current = onZoom
  }, [onZoom])
  const data = useMemo(() => (counts === undefined ? null : stacked(counts)), [counts])
  useEffect(() => {
    if (place.current === null || width === 0 || data === null) return undefined
    const chart = new UPlot(
      chartOptions(width, scheme, language, (fromMs, toMs) => zoom.current(fromMs, toMs)),
      data,
      place.current,
    )
    return () => chart.destroy()
  }, [data, width, scheme, language])
  return (
    <section className="ev-chart" aria-label={t('events.chart')} data-old={isOld || undefined}>
      <Group justify="space-between" gap="xs" mb={2} mih={24} className="ev-chart-head">
        <Group gap="md" wrap="nowrap" className="ev-legend">
          {counts === undefined ? (
            <Text size="sm" c="dimmed">
              {isWaiting && t('common.loading')}
            </Text>
          ) : (
            <>
              <Text size="sm" fw={600} className="ev-total">
                {t('events.count', { count: counts.total })}
              </Text>
              {SERIES.flatMap((name) => {
                const total = totalOf(counts, name)
                return total === 0
                  ? []
                  : [
                      <Text key={name} size="xs" className={`ev-key ev-key-${name}`}>
                        {t(`events.disposition.${name}`)} {total.toLocaleString(language)}
                      </Text>,
                    ]
              })}
            </>
          )}
        </Group>
        {counts !== undefined && (
          <Group gap="xs" wrap="nowrap">
            <Text size="xs" c="dimmed" visibleFrom="lg" className="ev-nowrap">
              {t('events.bar', { span: spanText(counts.bucketMs, language) })} · {t('events.chartHint')}
            </Text>
            <Button size="compact-xs" variant="subtle" color="gray" className="ev-quiet" onClick={onChanged}>
              {t('events.changed')}
            </Button>
            <CountTable counts={counts} />
          </Group>
        )}
      </Group>
      <div ref={ref} className="ev-chart-place">
        <div ref={place} aria-hidden />
      </div>
    </section>
  )
}

function CountTable({ counts }: { readonly counts: Counts }) {
  const { t, language } = useWords()
  const shown = SERIES.filter((name) => totalOf(counts, name) > 0)
  const fromMs = Date.parse(counts.from)
  const filled = Array.from({ length: lengthOf(counts) }, (_, i) => i).filter((i) =>
    counts.series.some((one) => (one.counts[i] ?? 0) > 0),
  )
  return (
    <Popover position="bottom-end" width={420} withinPortal>
      <Popover.Target>
        <Button size="compact-xs" variant="subtle" color="gray" className="ev-quiet">
          {t('events.chart.table')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <ScrollArea.Autosize
          mah={320}
          type="auto"
          viewportProps={{ tabIndex: 0, 'aria-label': t('events.chart') }}
        >
          <Table stickyHeader verticalSpacing={3} fz="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('events.chart.from')}</Table.Th>
                {shown.map((name) => (
                  <Table.Th key={name} ta="right">
                    {t(`events.disposition.${name}`)}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {filled.map((i) => (
                <Table.Tr key={i}>
                  <Table.Td>
                    {exactTime(new Date(fromMs + i * counts.bucketMs).toISOString(), language)}
                  </Table.Td>
                  {shown.map((name) => (
                    <Table.Td key={name} ta="right">
                      {(seriesOf(counts, name)?.counts[i] ?? 0).toLocaleString(language)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  )
}

function seriesOf(counts: Counts, name: SeriesName): Counts['series'][number] | undefined {
  return counts.series.find((one) => (one.name ?? 'unknown') === name)
}

const totalOf = (counts: Counts, name: SeriesName): number => seriesOf(counts, name)?.total ?? 0

function lengthOf({ from, to, bucketMs }: Counts): number {
  return Math.max(1, Math.ceil((Date.parse(to) - Date.parse(from) + 1) / bucketMs))
}

/** Middles of the buckets in seconds, then the stack's sums, the whole first: each later one is drawn over it. */
function stacked(counts: Counts): UPlot.AlignedData {
  const length = lengthOf(counts)
  const fromMs = Date.parse(counts.from)
  const times = Array.from({ length }, (_, i) => (fromMs + (i + 0.5) * counts.bucketMs) / 1000)
  const sums = Array<number>(length).fill(0)
  const columns = SERIES.map((name) => {
    const own = seriesOf(counts, name)?.counts
    return sums.map((sum, i) => {
      const next = sum + (own?.[i] ?? 0)
      sums[i] = next
      return next
    })
  })
  return [times, ...columns.reverse()]
}

function chartOptions(
  width: number,
  scheme: 'light' | 'dark',
  language: string,
  onZoom: (fromMs: number, toMs: number) => void,
): UPlot.Options {
  const ink = scheme === 'dark' ? '#b4b8be' : '#565d64'
  const grid = { stroke: scheme === 'dark' ? '#34383e' : '#e9ecef', width: 1 }
  const bars = UPlot.paths.bars?.({ size: [0.86, 24], align: 0 })
  const short = new Intl.NumberFormat(language, { notation: 'compact' })
  const clock = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const exact = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const day = new Intl.DateTimeFormat(language, { day: '2-digit', month: 'short' })
  return {
    width,
    height: HEIGHT,
    padding: [4, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: true }, y: { range: (_, _least, most) => [0, Math.max(1, most)] } },
    axes: [
      {
        stroke: ink,
        grid: { show: false },
        ticks: { stroke: grid.stroke, width: 1, size: 4 },
        size: 22,
        font: '11px system-ui, sans-serif',
        values: (_, splits, _index, _space, step) =>
          splits.map((at) => (step < 60 ? exact : step >= 86_400 ? day : clock).format(at * 1000)),
      },
      {
        stroke: ink,
        grid,
        ticks: { show: false },
        size: 44,
        font: '11px system-ui, sans-serif',
        space: 26,
        incrs: [
          1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7,
          1e8,
        ],
        values: (_, splits) => splits.map((value) => short.format(value)),
      },
    ],
    series: [
      {},
      ...SERIES.toReversed().map((name) => ({
        width: 0,
        fill: (chart: UPlot) => fillOf(chart, name, scheme),
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      })),
    ],
    hooks: {
      setSelect: [
        (chart) => {
          const { left, width: dragged } = chart.select
          if (dragged < LEAST_DRAG_PX) return
          const fromMs = chart.posToVal(left, 'x') * 1000
          const toMs = chart.posToVal(left + dragged, 'x') * 1000
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          onZoom(fromMs, toMs)
        },
      ],
    },
  }
}

const hatches = new Map<string, CanvasPattern>()

function fillOf(chart: UPlot, name: SeriesName, scheme: 'light' | 'dark'): string | CanvasPattern {
  const colour = COLOURS[scheme][name]
  if (name !== 'alerted') return colour
  const known = hatches.get(scheme)
  if (known !== undefined) return known
  const tile = document.createElement('canvas')
  tile.width = 6
  tile.height = 6
  const ink = tile.getContext('2d')
  if (ink === null) return colour
  ink.fillStyle = colour
  ink.fillRect(0, 0, 6, 6)
  ink.strokeStyle = scheme === 'dark' ? '#00000088' : '#ffffffaa'
  ink.lineWidth = 1.5
  ink.beginPath()
  ink.moveTo(0, 6)
  ink.lineTo(6, 0)
  ink.stroke()
  const pattern = chart.ctx.createPattern(tile, 'repeat')
  if (pattern === null) return colour
  hatches.set(scheme, pattern)
  return pattern
}
