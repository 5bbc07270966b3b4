/** Puts a kept step back into the record of its target. */
import { type BlockRecord, MAX_MARKS, newMark } from './block-record.ts'
import type { Step } from './step.ts'

/** Steps come oldest first. Those of an earlier block of the same target are passed over. */
export function restoreStep(record: BlockRecord, atMs: number, step: Step): void {
  if (step.step === 'published') {
    if (step.decision !== record.decisionId) return
    if (record.publications.every(({ feed }) => feed !== step.feed))
      record.publications.push({ feed: step.feed, revision: step.revision, atMs })
    return
  }
  // What lies before the decision was about an earlier block of the same target.
  if (atMs < record.detectedAtMs) return
  const mark = record.marks.get(step.firewall) ?? newMark(step.firewall)
  if (record.marks.size >= MAX_MARKS && !record.marks.has(step.firewall)) return
  record.marks.set(step.firewall, mark)
  switch (step.step) {
    case 'fetched':
      mark.fetchedAtMs ??= atMs
      mark.fetchedFeed ??= step.feed
      mark.fetchedRevision ??= step.revision
      break
    case 'loaded':
      mark.loadedAtMs ??= atMs
      mark.loadedBy ??= step.by
      break
    case 'registered':
      mark.registeredAtMs ??= atMs
      break
    case 'denied':
      mark.firstDeniedAtMs ??= atMs
      mark.lastDeniedAtMs = Math.max(mark.lastDeniedAtMs ?? atMs, atMs)
      mark.rule ??= step.rule
      break
    case 'leaked':
      mark.lastAllowedAtMs = Math.max(mark.lastAllowedAtMs ?? atMs, atMs)
      break
  }
}
