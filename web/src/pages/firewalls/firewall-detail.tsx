/** One firewall: which it is, what it fetched and loaded, the push, its leaks, and the way of its blocks. */
import { Badge, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { AddressLink } from '../../components/address-link.tsx'
import { Facts } from '../../components/facts.tsx'
import { Instant } from '../../components/instant.tsx'
import { LongRows } from '../../components/long-rows.tsx'
import { NeedsRole } from '../../components/needs-role.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, PageHead } from '../../components/problem.tsx'
import { Rows } from '../../components/rows.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { firewallQuery } from '../../data/enforcing.ts'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'
import { FirewallAlarms } from './firewall-alarms.tsx'
import { FirewallForm } from './firewall-form.tsx'
import { everyText, LeakBadge, OriginBadge } from './firewall-words.tsx'
import { Push } from './push.tsx'
import { TimeLines } from './time-lines.tsx'

type Firewall = Reply<'showFirewall'>['firewall']

export function FirewallDetail({ id }: { readonly id: string }) {
  const { t } = useWords()
  const found = useQuery(firewallQuery(id))
  const navigate = useNavigate({ from: '/firewalls' })
  const mayChange = useMay('changeFirewall')
  const [isEditing, setIsEditing] = useState(false)
  const [isRemoving, setIsRemoving] = useState(false)
  return (
    <>
      <Link to="/firewalls" className="back">
        {t('firewalls.all')}
      </Link>
      {found.data === undefined && <PageHead title={id} />}
      <Answer query={found}>
        {({ firewall, leaks }) => {
          const isWritten = firewall.written !== null
          return (
            <>
              <PageHead title={firewall.name}>
                <OriginBadge origin={firewall.origin} />
                {firewall.leaks > 0 && <LeakBadge leaks={firewall.leaks} />}
                {mayChange && isWritten && (
                  <Button variant="default" onClick={() => setIsRemoving(true)}>
                    {t('firewalls.remove')}
                  </Button>
                )}
                {mayChange && (
                  <Button variant={isWritten ? 'default' : 'filled'} onClick={() => setIsEditing(true)}>
                    {isWritten ? t('firewalls.change') : t('firewalls.writeDown')}
                  </Button>
                )}
              </PageHead>
              <NeedsRole operation="changeFirewall" />
              {!isWritten && (
                <Text size="sm" className="sentence" mb="md">
                  {t('firewalls.writeDownHint')}
                </Text>
              )}
              <Stack gap="md">
                <FirewallAlarms firewall={firewall.id} />
                <Identity firewall={firewall} />
                <Lists firewall={firewall} />
                <Push firewall={firewall} onEdit={() => setIsEditing(true)} />
                <Leaks leaks={leaks} />
                <TimeLines firewall={firewall.id} />
              </Stack>
              {isEditing && <FirewallForm firewall={firewall} onClose={() => setIsEditing(false)} />}
              <WithReason
                title={t('firewalls.remove')}
                what={t('firewalls.removeHint')}
                action={t('firewalls.remove')}
                isOpen={isRemoving}
                onClose={() => setIsRemoving(false)}
                onConfirm={async (reason) => {
                  await call('removeFirewall', { firewall: firewall.id, reason })
                  await navigate({ search: {} })
                }}
              />
            </>
          )
        }}
      </Answer>
    </>
  )
}

function Identity({ firewall }: { readonly firewall: Firewall }) {
  const { t, language } = useWords()
  const { addresses, devices, fetches, intervalSeconds, written, denied, lastDeniedAt } = firewall
  const every = everyText(intervalSeconds, t)
  const isLearned = written === null || written.intervalSeconds === null
  const none = t('firewalls.notKnown')
  return (
    <Part title={t('firewalls.identity')}>
      <Facts
        facts={[
          [
            t('firewalls.addresses'),
            addresses.length === 0 ? none : <span className="mono">{addresses.join(', ')}</span>,
          ],
          [t('firewalls.devices'), devices.length === 0 ? none : devices.join(', ')],
          [
            t('firewalls.interval'),
            fetches === 0 && isLearned ? none : isLearned ? t('firewalls.learned', { every }) : every,
          ],
          [
            t('firewalls.column.denied'),
            <>
              {denied.toLocaleString(language)}
              {lastDeniedAt !== null && (
                <>
                  {', '}
                  <Instant at={lastDeniedAt} none="" />
                </>
              )}
            </>,
          ],
        ]}
      />
    </Part>
  )
}

function Lists({ firewall: { feeds, loaded } }: { readonly firewall: Firewall }) {
  const { t, language } = useWords()
  const lists = [...new Set([...feeds, ...loaded].map(({ feed }) => feed))].map((name) => ({
    name,
    fetched: feeds.find(({ feed }) => feed === name),
  }))
  return (
    <Part title={t('firewalls.lists')}>
      {lists.length === 0 ? (
        <Empty>{t('firewalls.listsEmpty')}</Empty>
      ) : (
        <Rows
          rows={lists}
          keyOf={({ name }) => name}
          minWidth={560}
          columns={[
            {
              head: t('firewalls.column.feed'),
              cell: ({ name }) => (
                <Link to="/feeds" search={{ feed: name, tab: 'fetchers' }}>
                  {name}
                </Link>
              ),
            },
            {
              head: t('firewalls.column.revision'),
              isRight: true,
              cell: ({ fetched }) => fetched?.revision.toLocaleString(language) ?? '',
            },
            {
              head: t('firewalls.column.fetched'),
              cell: ({ fetched }) => (
                <Instant at={fetched?.lastFetchedAt ?? null} none={t('firewalls.never')} />
              ),
            },
            {
              head: t('firewalls.column.fetches'),
              isRight: true,
              cell: ({ fetched }) => fetched?.fetches.toLocaleString(language) ?? '',
            },
            {
              head: t('firewalls.column.loaded'),
              cell: ({ name }) => <Loaded loaded={loaded.find(({ feed }) => feed === name)} />,
            },
          ]}
        />
      )}
    </Part>
  )
}

function Loaded({ loaded }: { readonly loaded: Firewall['loaded'][number] | undefined }) {
  const { t, language } = useWords()
  if (loaded === undefined) return <Text size="sm">{t('firewalls.loadedNotAsked')}</Text>
  const { valid, expected, at, ignored, invalid } = loaded
  const passedOver = (ignored ?? 0) + (invalid ?? 0)
  const differs = expected !== null && valid !== expected
  return (
    <Group gap={6}>
      <span>
        {expected === null ? valid.toLocaleString(language) : t('firewalls.loaded', { valid, expected })},{' '}
        <Instant at={at} none="" />
      </span>
      {(differs || passedOver > 0) && (
        <Badge variant="light" color="orange" tt="none">
          <span aria-hidden>! </span>
          {passedOver > 0 ? t('firewalls.ignored', { count: passedOver }) : t('firewalls.differs')}
        </Badge>
      )}
    </Group>
  )
}

function Leaks({ leaks }: { readonly leaks: Reply<'showFirewall'>['leaks'] }) {
  const { t, language } = useWords()
  return (
    <Part title={t('firewalls.leaksTitle')}>
      {leaks.length === 0 ? (
        <Empty>{t('firewalls.leaksEmpty')}</Empty>
      ) : (
        <LongRows
          rows={leaks}
          keyOf={({ target }) => target}
          textOf={({ target, rule }) => `${target} ${rule ?? ''}`}
          minWidth={560}
          columns={[
            {
              head: t('firewalls.column.target'),
              cell: ({ target }) => <AddressLink address={target} />,
            },
            {
              head: t('firewalls.column.since'),
              cell: ({ firstAt }) => <Instant at={firstAt} none="" />,
            },
            { head: t('firewalls.column.last'), cell: ({ lastAt }) => <Instant at={lastAt} none="" /> },
            {
              head: t('firewalls.column.lines'),
              isRight: true,
              cell: ({ lines }) => lines.toLocaleString(language),
            },
            { head: t('firewalls.column.rule'), cell: ({ rule }) => rule ?? '' },
          ]}
        />
      )}
    </Part>
  )
}
