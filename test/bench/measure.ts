/**
 * What the benchmarks measure with: CPU seconds and memory of a whole tree of processes, read from /proc (Linux), and
 * quantiles. Memory is the sum of resident sets, so pages that processes share count more than once.
 */
import { readdirSync, readFileSync } from 'node:fs'

export interface TreeUsage {
  /** User and system time of all live processes of the tree and of children that they waited for. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly processes: number
}

/** Linux reports times in 1/100 s on every architecture we run on. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

interface ProcessRow {
  readonly parent: number
  readonly ticks: number
  readonly residentPages: number
}

function processRow(pid: string): ProcessRow | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return null // it ended between the listing and the reading
  }
  // the name stands in brackets and may hold blanks and brackets
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const value = (field: number): number => Number(fields[field - 3])
  return {
    parent: value(4),
    ticks: value(14) + value(15) + value(16) + value(17),
    residentPages: value(24),
  }
}

/** The usage of a process and all its descendants now. About 1 ms per 100 processes. */
export function treeUsage(root: number): TreeUsage {
  const rows = new Map<number, ProcessRow>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const row = processRow(name)
    if (row !== null) rows.set(Number(name), row)
  }
  const belongs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 0; at = rows.get(at)?.parent) {
      if (at === root) return true
    }
    return false
  }
  let ticks = 0
  let residentPages = 0
  let processes = 0
  for (const [pid, row] of rows) {
    if (!belongs(pid)) continue
    ticks += row.ticks
    residentPages += row.residentPages
    processes++
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: residentPages * PAGE_BYTES, processes }
}

/** Watches the memory of a tree of processes; `stop` answers the peak. */
export function watchMemory(root: number, everyMs = 100): { stop(): number } {
  let peak = 0
  const look = (): void => {
    peak = Math.max(peak, treeUsage(root).residentBytes)
  }
  look()
  const timer = setInterval(look, everyMs)
  return {
    stop() {
      clearInterval(timer)
      look()
      return peak
    },
  }
}

/** The value below which the given part (0 to 1) of the values lies; nearest rank. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}
