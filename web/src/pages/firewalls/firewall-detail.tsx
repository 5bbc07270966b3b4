/** One firewall: which it is, what it fetched and loaded, the push, its leaks, and the way of its blocks. */
import { Badge, Button, Group, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { AddressLink } from '../../components/address-link.tsx'
import { Facts } from '../../components/facts.tsx'
import { Instant } from '../../components/instant.tsx'
import { NeedsRole } from '../../components/needs-role.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, PageHead } from '../../components/problem.tsx'
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
      <Link to="/firewalls">{t('firewalls.all')}</Link>
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
  const names = [...new Set([...feeds, ...loaded].map(({ feed }) => feed))]
  return (
    <Part title={t('firewalls.lists')}>
      {names.length === 0 ? (
        <Empty>{t('firewalls.listsEmpty')}</Empty>
      ) : (
        <Table.ScrollContainer minWidth={560}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('firewalls.column.feed')}</Table.Th>
                <Table.Th ta="right">{t('firewalls.column.revision')}</Table.Th>
                <Table.Th>{t('firewalls.column.fetched')}</Table.Th>
                <Table.Th ta="right">{t('firewalls.column.fetches')}</Table.Th>
                <Table.Th>{t('firewalls.column.loaded')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {names.map((name) => {
                const fetched = feeds.find(({ feed }) => feed === name)
                return (
                  <Table.Tr key={name}>
                    <Table.Td>
                      <Link to="/feeds" search={{ feed: name, tab: 'fetchers' }}>
                        {name}
                      </Link>
                    </Table.Td>
                    <Table.Td ta="right">{fetched?.revision.toLocaleString(language) ?? ''}</Table.Td>
                    <Table.Td>
                      <Instant at={fetched?.lastFetchedAt ?? null} none={t('firewalls.never')} />
                    </Table.Td>
                    <Table.Td ta="right">{fetched?.fetches.toLocaleString(language) ?? ''}</Table.Td>
                    <Table.Td>
                      <Loaded loaded={loaded.find(({ feed }) => feed === name)} />
                    </Table.Td>
                  </Table.Tr>
                )
              })}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
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
        <Table.ScrollContainer minWidth={560}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('firewalls.column.target')}</Table.Th>
                <Table.Th>{t('firewalls.column.since')}</Table.Th>
                <Table.Th>{t('firewalls.column.last')}</Table.Th>
                <Table.Th ta="right">{t('firewalls.column.lines')}</Table.Th>
                <Table.Th>{t('firewalls.column.rule')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {leaks.map(({ target, firstAt, lastAt, lines, rule }) => (
                <Table.Tr key={target}>
                  <Table.Td>
                    <AddressLink address={target} />
                  </Table.Td>
                  <Table.Td>
                    <Instant at={firstAt} none="" />
                  </Table.Td>
                  <Table.Td>
                    <Instant at={lastAt} none="" />
                  </Table.Td>
                  <Table.Td ta="right">{lines.toLocaleString(language)}</Table.Td>
                  <Table.Td>{rule ?? ''}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Part>
  )
}
