/** Which events are selected, with their rows, since those may be forgotten by the list meanwhile. */
import { useCallback, useMemo, useState } from 'react'
import type { LogRow } from '../../data/records.ts'

export interface Selection {
  readonly rows: ReadonlyMap<string, LogRow>
  readonly ids: ReadonlySet<string>
  readonly choose: (id: string, isChosen: boolean) => void
  readonly clear: () => void
}

export function useSelection(rowAt: (index: number) => LogRow | null, count: number): Selection {
  const [rows, setRows] = useState<ReadonlyMap<string, LogRow>>(new Map())
  const choose = useCallback(
    (id: string, isChosen: boolean) =>
      setRows((before) => {
        const next = new Map(before)
        const row = isChosen ? rowOf(id, rowAt, count) : null
        if (row === null) next.delete(id)
        else next.set(id, row)
        return next
      }),
    [rowAt, count],
  )
  const clear = useCallback(() => setRows((before) => (before.size === 0 ? before : new Map())), [])
  const ids = useMemo(() => new Set(rows.keys()), [rows])
  return { rows, ids, choose, clear }
}

/** Among those in memory. */
export function rowOf(id: string, rowAt: (index: number) => LogRow | null, count: number): LogRow | null {
  for (let index = 0; index < count; index++) {
    const row = rowAt(index)
    if (row !== null && row['id'] === id) return row
  }
  return null
}
