/** Where the mend of an alarm is done: the screen to open, by the front of its code. The first that fits counts. */
import type { TextKey } from '../i18n/en.ts'

interface Mend {
  readonly href: string
  readonly label: TextKey
}

const PLACES: readonly (readonly [RegExp, Mend])[] = [
  [/^(?:brake|too-many-held)/, { href: '/blocks?mode=hold', label: 'alarm.to.held' }],
  [/^allowed-attacker/, { href: '/allow', label: 'alarm.to.allow' }],
  [/^(?:mass-expiry|list-entry-refused|judgements)/, { href: '/blocks', label: 'alarm.to.blocks' }],
  [/^(?:feed|list|fetches|firewall-silent|firewall-refused:)/, { href: '/feeds', label: 'alarm.to.feeds' }],
  [/^(?:firewall|enforcement)/, { href: '/firewalls', label: 'alarm.to.firewalls' }],
  [/^(?:notify)/, { href: '/notifications', label: 'alarm.to.notifications' }],
  [/^import/, { href: '/imports', label: 'alarm.to.imports' }],
  [/^bouncer/, { href: '/bouncers', label: 'alarm.to.bouncers' }],
  [/^(?:certificate|mail|smtp)/, { href: '/settings', label: 'alarm.to.settings' }],
  [/^(?:state|log-store|disk|quarantine|segments)/, { href: '/about', label: 'alarm.to.about' }],
]

/** Sources are where everything about lines that come in is mended. */
export function mendOf(code: string): Mend {
  return (
    PLACES.find(([pattern]) => pattern.test(code))?.[1] ?? { href: '/sources', label: 'alarm.to.sources' }
  )
}

/** Alarms that mean less protection; the others only stand under the bell. */
const REDUCES =
  /^(?:firewall-silent|firewall-not-fetching|firewall-refused|firewall-auth|enforcement-leak|enforcement-none|certificate-ending|certificate-authority-(?:new|ending)|certificate-not-loaded|device-silent|disk-filling|log-store-away|list-not-rendered|state-not-written|feed-held|feed-not-made|brake|too-many-held)/

export function reducesProtection({
  code,
  severity,
}: {
  readonly code: string
  readonly severity: string
}): boolean {
  return severity === 'critical' || REDUCES.test(code)
}
