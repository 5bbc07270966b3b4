/**
 * Notices as people read them: a subject, plain text, and simple HTML whose every datum is escaped. Log text is shown with
 * its control and direction characters made visible, so it cannot forge a line, a header or a page.
 */
import { boundedText } from '../../lib/visible-text.ts'
import { formatInstant } from '../../lib/time-text.ts'
import { type Batch, LINE_CHARACTERS, type Notice, type Topic } from './notice.ts'

export const SUBJECT_CHARACTERS = 150
/** Notices told with their evidence; the rest of a digest is one line each. */
const WHOLE_NOTICES = 10
const TEXT_CHARACTERS = 2000

const NOUNS: Readonly<Record<Topic, readonly [one: string, many: string]>> = {
  block: ['new block', 'new blocks'],
  held: ['block held for review', 'blocks held for review'],
  lift: ['block lifted', 'blocks lifted'],
  alarm: ['alarm', 'alarms'],
  report: ['report', 'reports'],
  audit: ['change', 'changes'],
  test: ['test', 'tests'],
}

/** `3 new blocks, 1 alarm`. */
export function countsText(counts: Readonly<Partial<Record<Topic, number>>>): string {
  return (Object.keys(NOUNS) as Topic[])
    .flatMap((topic) => {
      const count = counts[topic] ?? 0
      return count === 0 ? [] : [`${count} ${NOUNS[topic][count === 1 ? 0 : 1]}`]
    })
    .join(', ')
}

export function countByTopic(batch: Pick<Batch, 'notices' | 'more'>): Partial<Record<Topic, number>> {
  const counts: Partial<Record<Topic, number>> = { ...batch.more }
  for (const { topic } of batch.notices) counts[topic] = (counts[topic] ?? 0) + 1
  return counts
}

/** One line without controls, at most SUBJECT_CHARACTERS. */
export function subjectOf(batch: Batch): string {
  const counts = countByTopic(batch)
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const [only] = batch.notices
  const what = total === 1 && only !== undefined ? only.title : countsText(counts)
  const isCritical = batch.notices.some(({ severity }) => severity === 'critical')
  return boundedText(`[Active Defense] ${isCritical ? 'CRITICAL: ' : ''}${what}`, SUBJECT_CHARACTERS)
}

export interface TextOptions {
  readonly timeZone: string
  /** Log lines of each notice. */
  readonly lines: number
}

/** Plain text with LF line ends, ending in one. */
export function plainText(batch: Batch, options: TextOptions): string {
  const out: string[] = []
  const { whole, brief } = sortedOut(batch)
  if (batch.notices.length > 1) out.push(`${countsText(countByTopic(batch))}.`, '')
  for (const notice of whole) {
    out.push(show(notice.title), timeOf(notice, options))
    for (const sentence of notice.sentences) out.push(show(sentence))
    for (const [label, value] of notice.facts) out.push(`  ${show(label)}: ${show(value)}`)
    const lines = linesOf(notice, options)
    if (lines.length > 0) out.push('  Log lines:', ...lines.map((line) => `    ${line}`))
    if (notice.link !== null) out.push(`  ${show(notice.link)}`)
    out.push('')
  }
  if (brief.length > 0)
    out.push('Also:', ...brief.map((notice) => `  ${show(notice.title)} (${timeOf(notice, options)})`), '')
  const more = countsText(batch.more)
  if (more !== '') out.push(`And ${more} for which there was no room; the service knows them.`, '')
  return `${out.join('\n').trimEnd()}\n`
}

/** A whole HTML document without scripts, pictures or remote parts. */
export function htmlText(batch: Batch, options: TextOptions): string {
  const { whole, brief } = sortedOut(batch)
  const parts = whole.map((notice) => {
    const sentences = notice.sentences.map((sentence) => `<p>${escape(show(sentence))}</p>`).join('')
    const facts = notice.facts
      .map(
        ([label, value]) =>
          `<tr><th align="left" valign="top">${escape(show(label))}</th><td>${escape(show(value))}</td></tr>`,
      )
      .join('')
    const table = facts === '' ? '' : `<table cellpadding="4">${facts}</table>`
    const lines = linesOf(notice, options)
    const log =
      lines.length === 0
        ? ''
        : `<p>Log lines:</p><pre style="white-space:pre-wrap">${escape(lines.join('\n'))}</pre>`
    const link =
      notice.link === null
        ? ''
        : `<p><a href="${escape(show(notice.link))}">${escape(show(notice.link))}</a></p>`
    return `<h2>${escape(show(notice.title))}</h2><p>${escape(timeOf(notice, options))}</p>${sentences}${table}${log}${link}`
  })
  if (brief.length > 0) {
    const items = brief.map(
      (notice) => `<li>${escape(`${show(notice.title)} (${timeOf(notice, options)})`)}</li>`,
    )
    parts.push(`<h2>Also</h2><ul>${items.join('')}</ul>`)
  }
  const more = countsText(batch.more)
  if (more !== '')
    parts.push(`<p>And ${escape(more)} for which there was no room; the service knows them.</p>`)
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"></head><body>${parts.join('')}</body></html>\n`
}

/** The worst and newest are told whole; the order of what happened is kept. */
function sortedOut({ notices }: Batch): { whole: readonly Notice[]; brief: readonly Notice[] } {
  if (notices.length <= WHOLE_NOTICES) return { whole: notices, brief: [] }
  const rank = { critical: 0, warning: 1, info: 2 } as const
  const chosen = new Set(
    [...notices].sort((a, b) => rank[a.severity] - rank[b.severity]).slice(0, WHOLE_NOTICES),
  )
  return {
    whole: notices.filter((notice) => chosen.has(notice)),
    brief: notices.filter((notice) => !chosen.has(notice)),
  }
}

const show = (text: string): string => boundedText(text, TEXT_CHARACTERS)
const timeOf = ({ atMs }: Notice, { timeZone }: TextOptions): string => formatInstant(atMs, timeZone)

function linesOf({ lines }: Notice, options: TextOptions): string[] {
  const shown = lines.slice(0, options.lines).map((line) => boundedText(line, LINE_CHARACTERS))
  const rest = lines.length - shown.length
  return rest > 0 && shown.length > 0 ? [...shown, `... and ${rest} more`] : shown
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
