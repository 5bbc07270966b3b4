/** Decisions and findings on the time line of a chart: a sign per kind, told by the chart when the mouse is over it. */

export const MARKS_HEIGHT = 40

export interface Mark {
  readonly id: string
  readonly atMs: number
  readonly kind: 'blocked' | 'held' | 'ended' | 'found' | 'other'
  readonly label: string
}

/** What was found stands above what was decided, so that neither hides the other. */
const ROWS = { found: 11, other: 11, blocked: 27, held: 27, ended: 27 } as const
const SIGNS = { blocked: '■', held: '‖', ended: '□', found: '▲', other: '◆' } as const

interface ChartMarksProps {
  readonly marks: readonly Mark[]
  readonly fromMs: number
  readonly toMs: number
  readonly xOf: (ms: number) => number
  readonly onTell: (label: string | null) => void
}

export function ChartMarks({ marks, fromMs, toMs, xOf, onTell }: ChartMarksProps) {
  return marks
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .map(({ id, atMs, kind, label }) => (
      <g
        key={id}
        className={`chart-mark chart-mark-${kind}`}
        onPointerEnter={() => onTell(label)}
        onPointerLeave={() => onTell(null)}
      >
        <line x1={xOf(atMs)} x2={xOf(atMs)} y1={ROWS[kind] + 3} y2={MARKS_HEIGHT} />
        <text x={xOf(atMs)} y={ROWS[kind]} textAnchor="middle">
          {SIGNS[kind]}
        </text>
      </g>
    ))
}
