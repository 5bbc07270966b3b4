/** Firewalls: all that are known with whether blocks bite there, or one of them. */
import { Badge, Button, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { FeedPlaces } from '../components/feed-places.tsx'
import { Instant } from '../components/instant.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { firewallsQuery } from '../data/enforcing.ts'
import { useMay } from '../data/may.ts'
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
      <Text mb="md" className="sentence">
        {t('firewalls.intro')}
      </Text>
      <Stack gap="md">
        <FirewallAlarms firewall={null} />
        <Answer query={firewalls}>
          {({ items }) =>
            items.length === 0 ? (
              <div>
                <Empty>{t('firewalls.empty')}</Empty>
                <Button
                  variant="default"
                  renderRoot={(props) => (
                    <Link to="/feeds" search={{ feed: 'blacklist', tab: 'use' }} {...props} />
                  )}
                >
                  {t('firewalls.emptyDo')}
                </Button>
              </div>
            ) : (
              <Firewalls firewalls={items} />
            )
          }
        </Answer>
      </Stack>
      {isAdding && <FirewallForm firewall={null} onClose={() => setIsAdding(false)} />}
    </>
  )
}

function Firewalls({ firewalls }: { readonly firewalls: readonly Firewall[] }) {
  const { t, language } = useWords()
  return (
    <Table.ScrollContainer minWidth={860}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('firewalls.column.name')}</Table.Th>
            <Table.Th>{t('firewalls.column.fetched')}</Table.Th>
            <Table.Th>{t('firewalls.column.every')}</Table.Th>
            <Table.Th>{t('firewalls.column.has')}</Table.Th>
            <Table.Th ta="right">{t('firewalls.column.denied')}</Table.Th>
            <Table.Th>{t('firewalls.column.leaks')}</Table.Th>
            <Table.Th>{t('firewalls.column.push')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {firewalls.map((firewall) => (
            <Table.Tr key={firewall.id}>
              <Table.Td>
                <Link
                  to="/firewalls"
                  search={{ firewall: firewall.id }}
                  aria-label={t('firewalls.open', { name: firewall.name })}
                >
                  {firewall.name}
                </Link>{' '}
                <OriginBadge origin={firewall.origin} />
              </Table.Td>
              <Table.Td>
                <Instant at={firewall.lastFetchedAt} none={t('firewalls.never')} />
              </Table.Td>
              <Table.Td>{firewall.fetches === 0 ? '' : everyText(firewall.intervalSeconds, t)}</Table.Td>
              <Table.Td>
                {firewall.feeds.map(({ feed, revision }) => (
                  <Badge key={feed} variant="light" color="gray" tt="none" mr={4}>
                    {t('firewalls.revision', { feed, revision })}
                  </Badge>
                ))}
              </Table.Td>
              <Table.Td ta="right">{firewall.denied.toLocaleString(language)}</Table.Td>
              <Table.Td>
                <LeakBadge leaks={firewall.leaks} />
              </Table.Td>
              <Table.Td>
                <PushBadge api={firewall.api} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
