/** The proof of a block in sentences, for `explain`: when it was published, who has it since when, what it stopped. */
import { instantOf, plural, quoted } from '../decide/sentences.ts'
import { formatDuration } from '../lib/time-text.ts'
import type { FirewallLine, TimeLine } from '../publish/enforcement/time-line.ts'

const FEEDS_SHOWN = 5
const FIREWALLS_SHOWN = 20

export function enforcementSentences(line: TimeLine): string[] {
  const { published, firewalls, state, target, detectedAtMs } = line
  const feeds = published
    .slice(0, FEEDS_SHOWN)
    .map(({ feed, revision, atMs }) =>
      atMs === null
        ? `${target} was in the feed ${quoted(feed)} when the service started (revision ${revision}).`
        : `${target} entered the feed ${quoted(feed)} with revision ${revision} on ${instantOf(atMs)}${after(detectedAtMs, atMs)}.`,
    )
  const end = {
    waiting: 'No firewall is known to have it yet.',
    idle: 'No packet from it was denied since a firewall has it: this block has stopped nothing so far.',
    stopping: null,
    leaking: 'The block leaks: a firewall that must deny it lets it through.',
  }[state]
  const shown = firewalls.slice(0, FIREWALLS_SHOWN)
  const more = firewalls.length - shown.length
  return [
    ...(feeds.length === 0 ? [`${target} is in no feed.`] : feeds),
    ...shown.map(firewallSentence),
    ...(more > 0 ? [`${plural(more, 'more firewall')} are not shown.`] : []),
    ...(end === null ? [] : [end]),
  ]
}

function firewallSentence(line: FirewallLine): string {
  const parts = [fetchedText(line), loadedText(line), registeredText(line), deniedText(line)].filter(
    (part) => part !== null,
  )
  const leak = line.isLeaking
    ? `; it LEAKS: ${plural(line.allowed, 'line')} let through, the last on ${instantOf(line.lastAllowedAtMs ?? Number.NaN)}`
    : ''
  return `The firewall ${quoted(line.name)} ${parts.join(', ')}${leak}.`
}

function fetchedText({ fetchedAtMs, feed, revision }: FirewallLine): string {
  if (fetchedAtMs === null) return 'is not known to have fetched it'
  return `fetched revision ${revision ?? 0} of ${quoted(feed ?? '')} with it on ${instantOf(fetchedAtMs)}`
}

function loadedText({ loadedAtMs, loadedBy }: FirewallLine): string | null {
  if (loadedAtMs === null) return null
  const how = loadedBy === 'log-line' ? 'as its log line names the list' : 'as it said when asked'
  return `had it loaded by ${instantOf(loadedAtMs)}, ${how}`
}

function registeredText({ registeredAtMs }: FirewallLine): string | null {
  return registeredAtMs === null ? null : `was told of the address at once on ${instantOf(registeredAtMs)}`
}

function deniedText({ firstDeniedAtMs, denied, rule }: FirewallLine): string {
  if (firstDeniedAtMs === null) return 'and has denied no packet from it since'
  const by = rule === null ? '' : ` by the rule ${quoted(rule)}`
  const count = denied === 0 ? '' : `; ${plural(denied, 'denied line')} since the service started`
  return `and denied its first packet after that on ${instantOf(firstDeniedAtMs)}${by}${count}`
}

function after(fromMs: number, toMs: number): string {
  return toMs - fromMs < 1000 ? '' : `, ${formatDuration(toMs - fromMs)} after it was blocked`
}
