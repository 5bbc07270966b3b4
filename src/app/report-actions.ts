/**
 * Blocks that other programs report (a SIEM, a mail filter, a honeypot), with source, confidence and evidence. They go
 * through the same guards as a person's, and a brake of their own: a program that runs wild blocks no more in a minute than
 * detectors may. Evidence is kept in the journal by target; `explain` shows it.
 */
import { randomUUIDv7 } from 'node:crypto'
import type { Caller, ChangeResult, Reply, ServiceActions } from '../api/control-contract.ts'
import type { Settings } from '../config/schema.ts'
import type { Decider } from '../decide/decider.ts'
import { instantOf } from '../decide/sentences.ts'
import { formatNetwork, type Network, parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { boundedText } from '../lib/visible-text.ts'
import type { JournalEntry } from '../model/object.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { resultOf } from './change-result.ts'
import type { Parts } from './parts.ts'

type ReportActions = Pick<ServiceActions, 'reportBlocks' | 'webhookBlocks'>

const REPORT_KIND = 'block-report'
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const MONTH_MS = 30 * 24 * HOUR_MS
/** Reports kept, and shown of a target. */
const REPORTS_KEPT = 50_000
const REPORTS_SHOWN = 3
const EVIDENCE_CHARACTERS = 4096
/** Targets of one webhook. */
const WEBHOOK_TARGETS = 100

interface Report {
  readonly targets: readonly string[]
  readonly source: string
  readonly reason: string
  readonly confidence: number | null
  readonly evidence: readonly string[]
  readonly untilMs: number | null
  readonly dryRun: boolean
}

export function reportActions(
  parts: Parts,
  decider: () => Decider,
  state: () => StateStore,
  settings: () => Settings,
): ReportActions {
  /** When blocks were reported within the last minute, by the monotonic clock. */
  let recent: number[] = []
  let appended = 0

  const take = async (report: Report, { user }: Caller): Promise<Reply<'reportBlocks'>> => {
    const nowMs = parts.clock.monotonicMs()
    recent = recent.filter((atMs) => nowMs - atMs < MINUTE_MS)
    const most = settings()['decisions.maxPerMinute']
    const sure = report.confidence === null ? '' : `, confidence ${report.confidence} of 100`
    const reason = `reported by ${report.source}${sure}: ${report.reason}`
    const room = Math.max(0, most - recent.length)
    const blocks = report.targets
      .slice(0, room)
      .map((target) => ({ target, reason, untilMs: report.untilMs }))
    const outcomes = await decider().blocks.addMany(blocks, user, report.dryRun)
    const word = report.dryRun ? 'would be blocked' : 'blocked'
    const results = report.targets.map((target, i): ChangeResult => {
      const outcome = outcomes[i]
      if (outcome === undefined) return { target, outcome: 'refused', message: brakeMessage(most) }
      return resultOf(target, outcome, ({ note }) => note ?? word)
    })
    const taken = report.dryRun ? [] : results.filter(({ outcome }) => outcome !== 'refused')
    for (const { outcome } of taken) if (outcome === 'done') recent.push(nowMs)
    const told = taken.map(({ target }) => entryOf(report, target, user, parts.clock.nowMs()))
    if (told.length > 0) {
      await state().appendJournal(told)
      appended += told.length
    }
    if (appended > 1000) {
      appended = 0
      await state().pruneJournal(REPORT_KIND, parts.clock.nowMs() - 6 * MONTH_MS, REPORTS_KEPT)
    }
    return { dryRun: report.dryRun, results }
  }

  return {
    reportBlocks: ({ targets, source, reason, confidence, evidence, until, dryRun }, caller) => {
      const untilMs = until === null ? null : Date.parse(until)
      const canonical = targets.map((text) => formatNetwork(parseNetwork(text) as Network))
      return take({ targets: canonical, source, reason, confidence, evidence, untilMs, dryRun }, caller)
    },
    webhookBlocks: ({ adsField, adsSource, adsHours, adsConfidence, ...body }, caller) => {
      const report = {
        targets: targetsAt(body, adsField),
        source: adsSource ?? caller.user,
        reason: reasonOf(body),
        confidence: adsConfidence ?? null,
        evidence: [JSON.stringify(body).slice(0, EVIDENCE_CHARACTERS)],
        untilMs: parts.clock.nowMs() + adsHours * HOUR_MS,
        dryRun: false,
      }
      return take(report, caller)
    },
  }
}

function brakeMessage(most: number): string {
  return `more than ${most} blocks were reported within a minute (decisions.maxPerMinute): report it again later`
}

function entryOf(report: Report, target: string, by: string, atMs: number): JournalEntry {
  const { source, reason, confidence } = report
  const body = { by, source, reason, confidence, evidence: [...report.evidence] }
  return { id: randomUUIDv7(), kind: REPORT_KIND, subject: target, atMs, body }
}

/** The addresses at a dotted path of a webhook's body: one, or several in an array. Throws AppError `usage`. */
function targetsAt(body: Readonly<Record<string, unknown>>, path: string): string[] {
  let value: unknown = body
  for (const name of path.split('.'))
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined
  const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string')
  if (texts.length === 0 || texts.length > WEBHOOK_TARGETS)
    throw new AppError('usage', `the body has no address at ${path}, or more than ${WEBHOOK_TARGETS}`)
  return texts.map((text) => {
    const network = parseNetwork(text.trim())
    if (network !== null) return formatNetwork(network)
    throw new AppError('usage', `${JSON.stringify(text.slice(0, 60))} at ${path} is no address or network`)
  })
}

/** What the sender calls it, where a usual member says so. */
function reasonOf(body: Readonly<Record<string, unknown>>): string {
  for (const name of ['reason', 'search_name', 'rule', 'alert', 'title', 'name', 'message', 'description']) {
    const value = body[name]
    if (typeof value === 'string' && value.trim() !== '') return boundedText(value.trim(), 200)
  }
  return 'no reason was given'
}

export interface ReportedEvidence {
  readonly sentences: readonly string[]
  readonly lines: readonly string[]
}

/** What programs have reported of exactly this target, newest first. */
export async function reportedEvidence(
  state: Pick<StateStore, 'journal'>,
  target: string,
): Promise<ReportedEvidence> {
  const entries = await state.journal({ kind: REPORT_KIND, subject: target, limit: REPORTS_SHOWN })
  // Written by `entryOf`.
  const reports = entries.map(({ atMs, body }) => ({ atMs, ...(body as unknown as Report & { by: string }) }))
  return {
    sentences: reports.map(({ atMs, by, source, reason, confidence }) => {
      const sure = confidence === null ? '' : ` with confidence ${confidence} of 100`
      return `Reported by ${source}${sure} through ${by} on ${instantOf(atMs)}: ${reason}.`
    }),
    lines: reports.flatMap(({ evidence }) => evidence),
  }
}
