/** What is decided about the sources in view, asked in lots at most every ASK_MS and kept for a while. */
import { useEffect, useRef, useState } from 'react'
import { call } from '../../data/api.ts'
import type { LogRow } from '../../data/records.ts'
import { type AddressStates, textOf } from './cells.tsx'

const PER_QUESTION = 500
const MOST = 20_000
const FRESH_MS = 30_000
const ASK_MS = 400
const EMPTY: AddressStates = new Map()

/** `rows`: those in memory; asked again when `change` differs, or `stale` grows (the list has changed). */
export function useSourceStates(rows: () => Iterable<LogRow>, change: unknown, stale: number): AddressStates {
  const [states, setStates] = useState<AddressStates>(EMPTY)
  const asked = useRef(new Map<string, number>())
  const timer = useRef<number | null>(null)
  const rowsNow = useRef(rows)
  useEffect(() => {
    rowsNow.current = rows
  }, [rows])
  useEffect(() => {
    asked.current.clear()
  }, [stale])
  useEffect(() => {
    if (timer.current !== null) return
    timer.current = window.setTimeout(() => {
      timer.current = null
      const wanted = sourcesOf(rowsNow.current(), asked.current)
      if (wanted.length === 0) return
      call('addressStates', { addresses: wanted })
        .then((answer) => setStates((before) => merged(before, wanted, answer.states)))
        .catch(() => undefined) // chips are an extra: the table stands without them
    }, ASK_MS)
  }, [change, stale])
  useEffect(() => () => window.clearTimeout(timer.current ?? undefined), [])
  return states
}

function sourcesOf(rows: Iterable<LogRow>, asked: Map<string, number>): string[] {
  const nowMs = performance.now()
  const wanted = new Set<string>()
  for (const row of rows) {
    const source = textOf(row, 'sourceAddress')
    if (source === null || nowMs - (asked.get(source) ?? Number.NEGATIVE_INFINITY) <= FRESH_MS) continue
    wanted.add(source)
    if (wanted.size >= PER_QUESTION) break
  }
  if (asked.size > MOST) asked.clear()
  for (const source of wanted) asked.set(source, nowMs)
  return [...wanted]
}

function merged(
  before: AddressStates,
  wanted: readonly string[],
  states: readonly (AddressStates extends ReadonlyMap<string, infer State> ? State : never)[],
): AddressStates {
  const next = new Map(before.size > MOST ? [] : before)
  for (const source of wanted) next.delete(source)
  for (const state of states) next.set(state.address, state)
  return next
}
