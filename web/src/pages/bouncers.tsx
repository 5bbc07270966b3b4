/** CrowdSec bouncers: who may fetch blocks that way, when they did, what they tell of their work. */
import { Badge, Button, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { FeedPlaces } from '../components/feed-places.tsx'
import { Instant } from '../components/instant.tsx'
import { LongRows } from '../components/long-rows.tsx'
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
      <Text mb="md" size="sm" className="sentence">
        {t('bouncers.intro')}
      </Text>
      <Answer query={bouncers}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              next={
                mayAdd && (
                  <Button variant="default" onClick={() => setIsAdding(true)}>
                    {t('bouncers.add')}
                  </Button>
                )
              }
            >
              {t('bouncers.empty')}
            </Empty>
          ) : (
            <Bouncers bouncers={items} />
          )
        }
      </Answer>
      {isAdding && <BouncerForm bouncer={null} onClose={() => setIsAdding(false)} />}
    </>
  )
}

function Bouncers({ bouncers }: { readonly bouncers: readonly Bouncer[] }) {
  const { t } = useWords()
  return (
    <LongRows
      rows={bouncers}
      keyOf={({ name }) => name}
      textOf={(bouncer) => `${bouncer.name} ${bouncer.note} ${programsOf(bouncer)}`}
      minWidth={760}
      columns={[
        {
          head: t('bouncers.column.name'),
          cell: ({ name, note }) => (
            <>
              <Link to="/bouncers" search={{ bouncer: name }} aria-label={t('bouncers.open', { name })}>
                {name}
              </Link>
              <Text size="xs" c="dimmed">
                {note}
              </Text>
            </>
          ),
        },
        {
          head: t('bouncers.column.gets'),
          cell: ({ hostsOnly }) => (
            <span className="nowrap">{t(hostsOnly ? 'bouncers.hosts' : 'bouncers.everything')}</span>
          ),
        },
        {
          head: t('bouncers.column.opens'),
          cell: ({ hasKey, certificate }) => (
            <>
              {hasKey && (
                <Badge variant="light" color="gray" tt="none" mr={4}>
                  {t('bouncers.withKey')}
                </Badge>
              )}
              {certificate !== null && (
                <Badge variant="light" color="gray" tt="none">
                  {t('bouncers.withCertificate')}
                </Badge>
              )}
            </>
          ),
        },
        {
          head: t('bouncers.column.pull'),
          cell: ({ lastPullAt }) => <Instant at={lastPullAt} none={t('bouncers.never')} />,
        },
        { head: t('bouncers.column.program'), cell: programsOf },
      ]}
    />
  )
}

function programsOf({ uses }: Bouncer): string {
  return [...new Set(uses.map(({ agent, agentVersion }) => `${agent} ${agentVersion}`.trim()))].join(', ')
}
