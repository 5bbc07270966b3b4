/** CrowdSec bouncers: who may fetch blocks that way, when they did, what they tell of their work. */
import { Badge, Button, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { FeedPlaces } from '../components/feed-places.tsx'
import { Instant } from '../components/instant.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { bouncersQuery } from '../data/enforcing.ts'
import { useMay } from '../data/may.ts'
import { useWords } from '../i18n/language.tsx'
import { BouncerDetail } from './bouncers/bouncer-detail.tsx'
import { BouncerForm } from './bouncers/bouncer-form.tsx'

type Bouncer = Reply<'listBouncers'>

export function BouncersPage() {
  const { t } = useWords()
  const { bouncer: name } = useSearch({ from: '/bouncers' })
  const bouncers = useQuery(bouncersQuery)
  const mayAdd = useMay('addBouncer')
  const [isAdding, setIsAdding] = useState(false)
  if (name !== undefined)
    return (
      <>
        <FeedPlaces />
        <BouncerDetail key={name} name={name} />
      </>
    )
  return (
    <>
      <FeedPlaces />
      <PageHead title={t('bouncers.title')}>
        {mayAdd && <Button onClick={() => setIsAdding(true)}>{t('bouncers.add')}</Button>}
      </PageHead>
      <NeedsRole operation="addBouncer" />
      <Text mb="md" className="sentence">
        {t('bouncers.intro')}
      </Text>
      <Answer query={bouncers}>
        {({ items }) =>
          items.length === 0 ? <Empty>{t('bouncers.empty')}</Empty> : <Bouncers bouncers={items} />
        }
      </Answer>
      {isAdding && <BouncerForm bouncer={null} onClose={() => setIsAdding(false)} />}
    </>
  )
}

function Bouncers({ bouncers }: { readonly bouncers: readonly Bouncer[] }) {
  const { t } = useWords()
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('bouncers.column.name')}</Table.Th>
            <Table.Th>{t('bouncers.column.gets')}</Table.Th>
            <Table.Th>{t('bouncers.column.opens')}</Table.Th>
            <Table.Th>{t('bouncers.column.pull')}</Table.Th>
            <Table.Th>{t('bouncers.column.program')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {bouncers.map((bouncer) => (
            <Table.Tr key={bouncer.name}>
              <Table.Td>
                <Link
                  to="/bouncers"
                  search={{ bouncer: bouncer.name }}
                  aria-label={t('bouncers.open', { name: bouncer.name })}
                >
                  {bouncer.name}
                </Link>
                <Text size="xs" c="dimmed">
                  {bouncer.note}
                </Text>
              </Table.Td>
              <Table.Td>{bouncer.hostsOnly ? t('bouncers.hosts') : t('bouncers.everything')}</Table.Td>
              <Table.Td>
                {bouncer.hasKey && (
                  <Badge variant="light" color="gray" tt="none" mr={4}>
                    {t('bouncers.withKey')}
                  </Badge>
                )}
                {bouncer.certificate !== null && (
                  <Badge variant="light" color="gray" tt="none">
                    {t('bouncers.withCertificate')}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                <Instant at={bouncer.lastPullAt} none={t('bouncers.never')} />
              </Table.Td>
              <Table.Td>{programsOf(bouncer)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function programsOf({ uses }: Bouncer): string {
  return [...new Set(uses.map(({ agent, agentVersion }) => `${agent} ${agentVersion}`.trim()))].join(', ')
}
