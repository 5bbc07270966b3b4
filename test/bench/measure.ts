/**
 * What the benchmarks measure with: CPU seconds and memory of a whole tree of processes, read from /proc (Linux), and
 * quantiles. Memory is told in two ways: the sum of resident sets, in which pages that processes share (the program's own
 * file) count once a process, and what the machine needs, in which they count once in all. The kernel's own proportional
 * sets would not do: what the benchmark's processes have of the same file makes the share of the measured ones smaller.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export interface TreeUsage {
  /** User and system time of all live processes of the tree and of children that they waited for. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly processes: number
}

/** Linux reports times in 1/100 s on every architecture we run on. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096
const NEEDED_MS = 1000

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

/** The processes of a tree that live now, by id. About 1 ms per 100 processes of the machine. */
function treeRows(root: number): Map<number, ProcessRow> {
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
  return new Map([...rows].filter(([pid]) => belongs(pid)))
}

/** The usage of a process and all its descendants now. About 1 ms per 100 processes. */
export function treeUsage(root: number): TreeUsage {
  let ticks = 0
  let residentPages = 0
  const rows = treeRows(root)
  for (const row of rows.values()) {
    ticks += row.ticks
    residentPages += row.residentPages
  }
  return {
    cpuSeconds: ticks / TICKS_PER_SECOND,
    residentBytes: residentPages * PAGE_BYTES,
    processes: rows.size,
  }
}

/**
 * What the machine needs for a process and all its descendants now, in bytes: what is theirs alone, and each mapping of a
 * file as often as the process has it that has most of it. Null where the kernel does not tell (other users' processes, a
 * kernel without smaps). Costs 10 to 30 ms per process of some hundred MiB, in part of which that process cannot take in
 * memory: not more often than once a second.
 */
export function treeNeededBytes(root: number): number | null {
  const texts: string[] = []
  for (const pid of treeRows(root).keys()) {
    try {
      texts.push(readFileSync(`/proc/${pid}/smaps`, 'latin1'))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      const hasEnded = code === 'ESRCH' || (code === 'ENOENT' && existsSync('/proc/self/smaps'))
      if (!hasEnded) return null
    }
  }
  return neededBytes(texts)
}

/** The same from the texts of `/proc/PID/smaps`, one a process. */
export function neededBytes(smaps: readonly string[]): number {
  const ofFiles = new Map<string, number>()
  let kib = 0
  for (const text of smaps) {
    let file = ''
    let residentKib = 0
    for (const line of text.split('\n')) {
      const mapping = MAPPING.exec(line)
      if (mapping !== null) {
        const [, permissions, offset, inode] = mapping
        file = inode === '0' ? '' : `${inode} ${offset} ${permissions}`
      } else if (line.startsWith('Rss:')) residentKib = kibOf(line)
      else if (line.startsWith('Anonymous:')) {
        const ownKib = kibOf(line) // pages of a file that were written to are a process's own
        kib += file === '' ? residentKib : ownKib
        if (file !== '') ofFiles.set(file, Math.max(ofFiles.get(file) ?? 0, residentKib - ownKib))
      }
    }
  }
  for (const most of ofFiles.values()) kib += most
  return kib * 1024
}

const MAPPING = /^[0-9a-f]+-[0-9a-f]+ (\S{4}) ([0-9a-f]+) \S+ (\d+)/

function kibOf(line: string): number {
  return Number.parseInt(line.slice(line.indexOf(':') + 1), 10)
}

/** Watches the memory of a tree of processes; `stop` answers the peak of the sum of resident sets, in bytes. */
export function watchMemory(root: number, everyMs = 100): { stop(): number } {
  return watchPeak(everyMs, () => treeUsage(root).residentBytes)
}

/** Watches what the machine needs for a tree, once a second; `stop` answers the peak, null where the kernel does not tell. */
export function watchNeeded(root: number): { stop(): number | null } {
  const watch = watchPeak(NEEDED_MS, () => treeNeededBytes(root) ?? Number.NaN)
  return {
    stop() {
      const peak = watch.stop()
      return Number.isNaN(peak) ? null : peak
    },
  }
}

/** The largest of what `look` tells; NaN when it told NaN once. */
function watchPeak(everyMs: number, look: () => number): { stop(): number } {
  let peak = look()
  const again = (): void => {
    peak = Math.max(peak, look())
  }
  const timer = setInterval(again, everyMs)
  return {
    stop() {
      clearInterval(timer)
      again()
      return peak
    },
  }
}

/** The value below which the given part (0 to 1) of the values lies; nearest rank. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
}
