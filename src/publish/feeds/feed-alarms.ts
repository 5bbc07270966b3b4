/** What people are told of a feed: that its next list is held or pinned, that its firewall is nearly full. */
import type { AlarmSink } from '../../telemetry/alarms.ts'
import { CAPACITY_ALARM_SHARE, isNearlyFull } from './capacity.ts'
import { type FeedDefinition, limitsOfFeed } from './feed-definition.ts'
import type { Draft } from './feed-draft.ts'
import type { FeedPin } from './feed-object.ts'
import type { Hold } from './revision.ts'

const CODES = [
  'feed-authority-ending',
  'feed-held',
  'feed-pinned',
  'feed-not-made',
  'feed-nearly-full',
  'feed-left-out',
  'feed-file-damaged',
  'feed-file-not-written',
]

/** The feed was removed or ended. */
export function clearFeedAlarms(alarms: AlarmSink, feed: string): void {
  for (const code of CODES) alarms.clear(`${code}:${feed}`)
}

/** `holds`: why the next list is not published; none clears the alarm. */
export function tellHeld(
  alarms: AlarmSink,
  feed: string,
  revision: number,
  pin: FeedPin | null,
  holds: readonly Hold[],
): void {
  if (pin === null) alarms.clear(`feed-pinned:${feed}`)
  else {
    alarms.raise({
      code: `feed-pinned:${feed}`,
      severity: 'info',
      message: `The feed ${feed} stays at revision ${revision}: ${pin.by} wanted it so (${pin.reason}).`,
      mend: `When it may follow the decisions again: active-defense feeds release ${feed} --reason TEXT`,
    })
  }
  // Pinned, everything is held: the pin is what people have to know.
  if (holds.length === 0 || pin !== null) alarms.clear(`feed-held:${feed}`)
  else {
    alarms.raise({
      code: `feed-held:${feed}`,
      severity: 'critical',
      message: `The next list of the feed ${feed} is held; revision ${revision} is still served. ${holds.map(({ reason }) => reason).join(' ')}`,
      mend: `Look at it with feeds diff ${feed}; then feeds release ${feed} or feeds refuse ${feed}, with a reason.`,
    })
  }
}

/** Nearly full from four fifths of what the firewall holds on; entries without a place. */
export function tellSize(alarms: AlarmSink, feed: FeedDefinition, draft: Draft): void {
  const { name } = feed
  const limits = limitsOfFeed(feed)
  const perFile = draft.files.map((file) => file.entries)
  const entries = limits.scope === 'list' ? Math.max(...perFile) : draft.rows.length
  if (!isNearlyFull(entries, limits)) alarms.clear(`feed-nearly-full:${name}`)
  else {
    alarms.raise({
      code: `feed-nearly-full:${name}`,
      severity: 'warning',
      message: `The feed ${name} has ${entries} entries, ${CAPACITY_ALARM_SHARE * 100} % or more of the ${limits.entries ?? 0} that its firewall holds.`,
      mend: 'Aggregate it, narrow its filter, shorten retention.inactiveMonths, or divide it among shards.',
    })
  }
  if (draft.leftOutDecisions === 0) alarms.clear(`feed-left-out:${name}`)
  else {
    alarms.raise({
      code: `feed-left-out:${name}`,
      severity: 'warning',
      message: `${draft.leftOutDecisions} decisions found no place in the feed ${name}, whose firewall holds ${limits.entries ?? 0} entries; those of least value are left out.`,
      mend: `feeds preview ${name} shows which. Aggregate it, allow collateral, or divide it among shards.`,
    })
  }
}
