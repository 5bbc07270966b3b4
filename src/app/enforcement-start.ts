/** Puts the proof of enforcement and the pushes to firewalls together. */
import type { Decider } from '../decide/decider.ts'
import { SecretBox } from '../lib/secret-box.ts'
import { namedFirewall } from '../publish/enforcement/firewall-object.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { Enforcement, feedSource } from './enforcement.ts'
import { FirewallPushes } from './firewall-pushes.ts'
import { Firewalls, type KnownFirewall } from './firewalls.ts'
import type { Parts } from './parts.ts'

/**
 * Whether blocks bite is followed from here on, and firewalls are told of them at once; answers the way to end it.
 * Rejects with AppError `state-unavailable`, and `failed` when the key file is damaged.
 */
export async function openEnforcement(
  parts: Parts,
  state: StateStore,
  decider: Decider,
): Promise<() => Promise<void>> {
  const { clock, alarms, dataFolder } = parts
  const feeds = feedSource(parts.feeds)
  const enforcement = await Enforcement.open({ journal: state, decider, feeds, clock, alarms })
  const pushes = new FirewallPushes({ clock, alarms, book: enforcement.book })
  const box = SecretBox.open(`${dataFolder}/secrets.key`)
  const take = (firewalls: Firewalls): void => {
    const known: readonly KnownFirewall[] = firewalls.all()
    enforcement.book.name(known.map(({ id, body }) => namedFirewall(id, body)))
    pushes.update(known, (firewall) => firewalls.keyOf(firewall))
  }
  const firewalls = await Firewalls.open({ repository: state, box, clock, onChange: take })
  const stops = [
    // After the book has the block: what is tagged is noted there.
    decider.onListChange(({ added, removed }) => pushes.changed(added, removed)),
    feeds.events.onPublished(({ feed }) => pushes.published(feed)),
  ]
  parts.enforcement = enforcement
  parts.firewallPushes = pushes
  parts.firewalls = firewalls
  return async () => {
    for (const stop of stops) stop()
    await pushes.stop()
    await enforcement.stop()
  }
}
