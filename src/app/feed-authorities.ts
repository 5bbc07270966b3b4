/**
 * Authorities of client certificates that end: from that day on every firewall that comes with their certificates is
 * turned away. Asked when a feed is changed, at the start and nightly. Of several authorities of a feed, which are valid
 * together, the one that ends last counts.
 */
import { accessView } from '../publish/feeds/feed-access.ts'
import type { ManagedFeed } from '../publish/feeds/managed-feed.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'

const DAY_MS = 24 * 3_600_000
const WARN_DAYS = 30
const CRITICAL_DAYS = 7

/** O(feeds); parses the PEM of those that have one. */
export function tellFeedAuthorities(
  feeds: Iterable<Pick<ManagedFeed, 'definition'>>,
  alarms: AlarmSink,
  nowMs: number,
): void {
  for (const { definition } of feeds) {
    const code = `feed-authority-ending:${definition.name}`
    const { certificates } = accessView(definition.access)
    const endMs = Math.max(...(certificates?.authorities ?? []).map(({ notAfter }) => Date.parse(notAfter)))
    const days = Math.floor((endMs - nowMs) / DAY_MS)
    if (certificates === null || days >= WARN_DAYS) {
      alarms.clear(code)
      continue
    }
    alarms.raise({
      code,
      severity: days < CRITICAL_DAYS ? 'critical' : 'warning',
      message:
        days < 0
          ? `The authority of client certificates of the feed ${definition.name} has ended: firewalls that come with them are turned away.`
          : `The authority of client certificates of the feed ${definition.name} ends in ${days} days; then firewalls that come with them are turned away.`,
      mend: `Give the old and the new authority together: active-defense feeds change ${definition.name} --client-ca FILE.`,
    })
  }
}
