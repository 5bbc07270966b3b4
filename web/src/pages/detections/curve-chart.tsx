/** The curve "value -> sources found", drawn, and the same as a table for those who do not look at charts. */
import 'uplot/dist/uPlot.min.css'
import { Table, Text, useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import { useWords } from '../../i18n/language.tsx'
import type { SummaryRow } from './use-backtest.ts'

const HEIGHT = 150

interface CurveChartProps {
  readonly curve: NonNullable<SummaryRow['curve']>
  /** The value in the draft. */
  readonly value: number
}

export function CurveChart({ curve, value }: CurveChartProps) {
  const { t, language } = useWords()
  const { ref, width } = useElementSize<HTMLDivElement>()
  const place = useRef<HTMLDivElement>(null)
  const scheme = useComputedColorScheme('light')
  const field = curve.key.split('.').at(-1) ?? ''
  const { points } = curve
  const title = t('backtest.curve', { field })
  useEffect(() => {
    if (place.current === null || width === 0) return undefined
    const ink = scheme === 'dark' ? '#c9ccd1' : '#3f444a'
    const grid = { stroke: scheme === 'dark' ? '#3a3f45' : '#e3e6ea', width: 1 }
    const values = points.map((point) => point.value)
    const chart = new UPlot(
      {
        width,
        height: HEIGHT,
        cursor: { y: false },
        legend: { show: false },
        scales: { x: { time: false }, y: { range: (_, _least, most) => [0, Math.max(1, most) * 1.1] } },
        axes: [
          { stroke: ink, grid, ticks: grid },
          { stroke: ink, grid, ticks: grid, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 500, 1000, 10_000] },
        ],
        series: [
          {},
          {
            stroke: scheme === 'dark' ? '#6cb2f5' : '#1a6fb5',
            width: 2,
            fill: scheme === 'dark' ? '#6cb2f522' : '#1a6fb51a',
          },
        ],
        hooks: {
          // Where the draft stands: a dashed line, so that it is no matter of colour.
          draw: [
            (drawn) => {
              const x = drawn.valToPos(value, 'x', true)
              const { ctx, bbox } = drawn
              ctx.save()
              ctx.strokeStyle = ink
              ctx.setLineDash([5, 4])
              ctx.beginPath()
              ctx.moveTo(x, bbox.top)
              ctx.lineTo(x, bbox.top + bbox.height)
              ctx.stroke()
              ctx.restore()
            },
          ],
        },
      },
      [values, points.map((point) => point.sources)],
      place.current,
    )
    return () => chart.destroy()
  }, [points, value, width, scheme])
  return (
    <div ref={ref}>
      <Text size="xs" c="dimmed" mb={4}>
        {title}
      </Text>
      <div className="curve" role="img" aria-label={title}>
        <div ref={place} />
      </div>
      <details>
        <summary>{t('backtest.curve.table')}</summary>
        <Table mt="xs" withRowBorders={false} verticalSpacing={2}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('backtest.curve.value')}</Table.Th>
              <Table.Th ta="right">{t('backtest.curve.sources')}</Table.Th>
              <Table.Th ta="right">{t('backtest.curve.refused')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {points.map((point) => (
              <Table.Tr key={point.value}>
                <Table.Td>{point.value.toLocaleString(language)}</Table.Td>
                <Table.Td ta="right">{point.sources.toLocaleString(language)}</Table.Td>
                <Table.Td ta="right">{point.refused.toLocaleString(language)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </details>
    </div>
  )
}
