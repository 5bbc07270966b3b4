/**
 * The blacklist of the older system as blocks to be taken over: its alert names become our rules, its last-seen times are
 * kept, what its users added stays until a person removes it. Rows come from its tables (SQLite, or CSV made of PostgreSQL)
 * or from `blacklist.txt`, which has addresses only.
 */
import { parseNetwork } from '../../lib/address.ts'
import type { RuleName } from '../../model/detection.ts'
import type { AdoptedBlock } from '../import-desk.ts'
import { parseRuleName } from '../rule-names.ts'

/** A row of its table `Blacklist`. */
export interface OriginalRow {
  /** Address or network as text. */
  readonly target: string
  /** Its alert; null from `blacklist.txt`. */
  readonly alert: string | null
  /** Unix ms; null from `blacklist.txt`. */
  readonly lastSeenAtMs: number | null
}

export interface OriginalBlocks {
  readonly blocks: readonly AdoptedBlock[]
  /** Targets that are no address or network. */
  readonly unreadable: readonly string[]
}

const EXAMPLES = 20

/** Without a last-seen time a row counts as seen now. */
export function originalBlocks(rows: readonly OriginalRow[], nowMs: number): OriginalBlocks {
  const unreadable: string[] = []
  const blocks: AdoptedBlock[] = []
  for (const { target: text, alert, lastSeenAtMs } of rows) {
    const target = parseNetwork(text.trim(), true)
    if (target === null) {
      if (unreadable.length < EXAMPLES) unreadable.push(text.slice(0, 100))
      continue
    }
    const rule = alert === null ? null : ruleOfAlert(alert)
    const name = alert === null || alert.trim() === '' ? '' : `: ${alert.trim().slice(0, 100)}`
    blocks.push({
      target,
      origin: rule === null ? 'feed' : rule === 'manual' ? 'manual' : 'detector',
      rule: rule === 'manual' ? null : rule,
      reason: `taken over from the older system${name}`,
      lastSeenAtMs: lastSeenAtMs ?? nowMs,
    })
  }
  return { blocks, unreadable }
}

/** Its names, and what versions of it have written besides. */
function ruleOfAlert(alert: string): RuleName | 'manual' | null {
  const known = parseRuleName(alert)
  if (known !== null) return known
  const text = alert.toLowerCase()
  if (text.includes('user added')) return 'manual'
  if (text.includes('ip scan')) return 'host-sweep'
  if (text.includes('vulnerab')) return 'threat'
  return text.includes('port scan') ? 'port-scan' : null
}
