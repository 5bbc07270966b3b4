/** The screens below Feeds: lists, firewalls, bouncers, imports. One line of links above each of them. */
import { Group } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import { useWords } from '../i18n/language.tsx'

const PLACES = [
  { to: '/feeds', label: 'nav.lists' },
  { to: '/firewalls', label: 'nav.firewalls' },
  { to: '/bouncers', label: 'nav.bouncers' },
  { to: '/imports', label: 'nav.imports' },
] as const

export function FeedPlaces() {
  const { t } = useWords()
  const { pathname } = useLocation()
  return (
    <Group component="nav" gap={0} className="place-tabs" aria-label={t('nav.feeds')}>
      {PLACES.map(({ to, label }) => (
        <Link key={to} to={to} className="place-tab" aria-current={pathname === to ? 'page' : undefined}>
          {t(label)}
        </Link>
      ))}
    </Group>
  )
}
