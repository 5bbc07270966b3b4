/** The screens in the order of the navigation, with the role that needs to see them. */
import type { TextKey } from '../i18n/en.ts'

interface Place {
  readonly to: string
  readonly label: TextKey
  readonly for?: 'administrator'
  /** The screen whose line of links leads to it; absent: it stands in the navigation itself. */
  readonly under?: string
}

const PLACES = [
  { to: '/', label: 'nav.overview' },
  { to: '/events', label: 'nav.events' },
  { to: '/blocks', label: 'nav.blocks' },
  { to: '/allow', label: 'nav.allow' },
  { to: '/detections', label: 'nav.detections' },
  { to: '/engine', label: 'nav.engine' },
  { to: '/feeds', label: 'nav.feeds' },
  { to: '/firewalls', label: 'nav.firewalls', under: '/feeds' },
  { to: '/bouncers', label: 'nav.bouncers', under: '/feeds' },
  { to: '/imports', label: 'nav.imports', under: '/feeds' },
  { to: '/sources', label: 'nav.sources' },
  { to: '/notifications', label: 'nav.notifications' },
  { to: '/settings', label: 'nav.settings' },
  { to: '/audit', label: 'nav.audit' },
  { to: '/users', label: 'nav.users', for: 'administrator' },
  { to: '/about', label: 'nav.about' },
] as const satisfies readonly Place[]

/** Those that a role sees. */
export function placesFor(role: string): readonly ((typeof PLACES)[number] & Place)[] {
  return PLACES.filter((place: Place) => place.for === undefined || place.for === role)
}

/** The place of the navigation that a screen belongs to: its own, or that of the screen that it is under. */
export function railPlaceOf(path: string): string {
  const places: readonly Place[] = PLACES
  return places.find(({ to }) => to === path)?.under ?? path
}
