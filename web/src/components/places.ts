/** The screens in the order of the navigation, with the role that needs to see them. */
import type { TextKey } from '../i18n/en.ts'

interface Place {
  readonly to: string
  readonly label: TextKey
  readonly for?: 'administrator'
}

const PLACES = [
  { to: '/', label: 'nav.overview' },
  { to: '/events', label: 'nav.events' },
  { to: '/blocks', label: 'nav.blocks' },
  { to: '/allow', label: 'nav.allow' },
  { to: '/detections', label: 'nav.detections' },
  { to: '/engine', label: 'nav.engine' },
  { to: '/feeds', label: 'nav.feeds' },
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
