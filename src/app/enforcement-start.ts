/** Puts the proof of enforcement and the pushes to firewalls together. */
import type { Decider } from '../decide/decider.ts'
import { SecretBox } from '../lib/secret-box.ts'
import { namedFirewall } from '../publish/enforcement/firewall-object.ts'
import type { StateStore } from '../store/state/state-store.ts'
import { Enforcement, feedSource } from './enforcement.ts'
import { FirewallPushes } from './firewall-pushes.ts'
import { Firewalls } from './firewalls.ts'
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
  parts.enforcement = enforcement
  parts.firewallPushes = new FirewallPushes()
  parts.firewalls = await Firewalls.open({
    repository: state,
    box: SecretBox.open(`${dataFolder}/secrets.key`),
    clock,
    onChange: (known) => enforcement.book.name(known.map(({ id, body }) => namedFirewall(id, body))),
  })
  return () => enforcement.stop()
}
