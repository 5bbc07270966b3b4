/** Firewalls: all that are known with whether blocks bite there, or one of them. */
import { Badge, Button, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { FeedPlaces } from '../components/feed-places.tsx'
import { Instant } from '../components/instant.tsx'
import { LongRows } from '../components/long-rows.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { firewallsQuery } from '../data/enforcing.ts'
import { useMay } from '../data/may.ts'
import { statusQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { FirewallAlarms } from './firewalls/firewall-alarms.tsx'
import { FirewallDetail } from './firewalls/firewall-detail.tsx'
import { FirewallForm } from './firewalls/firewall-form.tsx'
import { everyText, LeakBadge, OriginBadge, PushBadge } from './firewalls/firewall-words.tsx'

type Firewall = Reply<'listFirewalls'>

export function FirewallsPage() {
  const { t } = useWords()
  const { firewall: id } = useSearch({ from: '/firewalls' })
  const firewalls = useQuery(firewallsQuery)
  const status = useQuery(statusQuery)
  const mayAdd = useMay('addFirewall')
  const [isAdding, setIsAdding] = useState(false)
  if (id !== undefined)
    return (
      <>
        <FeedPlaces />
        <FirewallDetail key={id} id={id} />
      </>
    )
  return (
    <>
      <FeedPlaces />
      <PageHead title={t('firewalls.title')}>
        {mayAdd && <Button onClick={() => setIsAdding(true)}>{t('firewalls.add')}</Button>}
      </PageHead>
      <NeedsRole operation="addFirewall" />
      <Text mb="md" size="sm" className="sentence">
        {t('firewalls.intro')}
      </Text>
      <Answer query={{ ...firewalls, data: status.isPending ? undefined : firewalls.data }}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              next={
                <Button
                  variant="default"
                  renderRoot={(props) => (
                    <Link to="/feeds" search={{ feed: 'blacklist', tab: 'use' }} {...props} />
                  )}
                >
                  {t('firewalls.emptyDo')}
                </Button>
              }
            >
              {t('firewalls.empty')}
            </Empty>
          ) : (
            <Stack gap="md">
              <FirewallAlarms firewall={null} />
              <Firewalls firewalls={items} />
            </Stack>
          )
        }
      </Answer>
      {isAdding && <FirewallForm firewall={null} onClose={() => setIsAdding(false)} />}
    </>
  )
}

function Firewalls({ firewalls }: { readonly firewalls: readonly Firewall[] }) {
  const { t, language } = useWords()
  return (
    <LongRows
      rows={firewalls}
      keyOf={({ id }) => id}
      textOf={({ name, addresses, devices }) => [name, ...addresses, ...devices].join(' ')}
      minWidth={740}
      columns={[
        {
          head: t('firewalls.column.name'),
          cell: ({ id, name, origin }) => (
            <>
              <Link to="/firewalls" search={{ firewall: id }} aria-label={t('firewalls.open', { name })}>
                {name}
              </Link>{' '}
              <OriginBadge origin={origin} />
            </>
          ),
        },
        {
          head: t('firewalls.column.fetched'),
          cell: ({ lastFetchedAt }) => <Instant at={lastFetchedAt} none={t('firewalls.never')} />,
        },
        {
          head: t('firewalls.column.every'),
          cell: ({ fetches, intervalSeconds }) => (fetches === 0 ? '' : everyText(intervalSeconds, t)),
        },
        {
          head: t('firewalls.column.has'),
          cell: ({ feeds }) =>
            feeds.map(({ feed, revision }) => (
              <Badge key={feed} variant="light" color="gray" tt="none" mr={4}>
                {t('firewalls.revision', { feed, revision })}
              </Badge>
            )),
        },
        {
          head: t('firewalls.column.denied'),
          isRight: true,
          cell: ({ denied }) => denied.toLocaleString(language),
        },
        { head: t('firewalls.column.leaks'), cell: ({ leaks }) => <LeakBadge leaks={leaks} /> },
        { head: t('firewalls.column.push'), cell: ({ api }) => <PushBadge api={api} /> },
      ]}
    />
  )
}
