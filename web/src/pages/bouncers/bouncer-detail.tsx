/** One bouncer: what it is, who uses its key, what it tells of its work, and what to put into its configuration. */
import { Anchor, Button, Stack, Table, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { CopyText } from '../../components/copy-text.tsx'
import { Facts } from '../../components/facts.tsx'
import { Instant } from '../../components/instant.tsx'
import { NeedsRole } from '../../components/needs-role.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, Fault, PageHead } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, edit, type Reply } from '../../data/api.ts'
import { bouncerQuery } from '../../data/enforcing.ts'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'
import { BouncerForm } from './bouncer-form.tsx'
import { configOf, KeyDialog } from './key-dialog.tsx'

type Bouncer = Reply<'listBouncers'>

export function BouncerDetail({ name }: { readonly name: string }) {
  const { t } = useWords()
  const found = useQuery(bouncerQuery(name))
  const navigate = useNavigate({ from: '/bouncers' })
  const mayChange = useMay('changeBouncer')
  const [asked, setAsked] = useState<'edit' | 'remove' | 'key' | null>(null)
  const rotate = useMutation({
    mutationFn: ({ version, reason }: { version: number; reason: string }) =>
      edit('changeBouncer', version, { name, newKey: true, reason }),
  })
  return (
    <>
      <Link to="/bouncers">{t('bouncers.all')}</Link>
      {found.data === undefined && <PageHead title={name} />}
      <Answer query={found}>
        {({ bouncer, metrics }) => (
          <>
            <PageHead title={bouncer.name}>
              {mayChange && (
                <>
                  <Button variant="default" onClick={() => setAsked('remove')}>
                    {t('bouncers.remove')}
                  </Button>
                  <Button variant="default" onClick={() => setAsked('key')}>
                    {t('bouncers.newKey')}
                  </Button>
                  <Button variant="default" onClick={() => setAsked('edit')}>
                    {t('bouncers.change')}
                  </Button>
                </>
              )}
            </PageHead>
            <NeedsRole operation="changeBouncer" />
            <Fault error={rotate.error} />
            <Stack gap="md">
              <About bouncer={bouncer} />
              <Uses bouncer={bouncer} />
              <Metrics metrics={metrics} />
              <Config />
            </Stack>
            {asked === 'edit' && <BouncerForm bouncer={bouncer} onClose={() => setAsked(null)} />}
            <WithReason
              title={t('bouncers.newKey')}
              what={t('bouncers.newKeyHint')}
              action={t('bouncers.newKey')}
              isOpen={asked === 'key'}
              onClose={() => setAsked(null)}
              onConfirm={(reason) => rotate.mutateAsync({ version: bouncer.version, reason })}
            />
            <WithReason
              title={t('bouncers.remove')}
              what={t('bouncers.removeHint')}
              action={t('bouncers.remove')}
              isOpen={asked === 'remove'}
              onClose={() => setAsked(null)}
              onConfirm={async (reason) => {
                await call('removeBouncer', { name, reason })
                await navigate({ search: {} })
              }}
            />
            <KeyDialog name={name} secret={rotate.data?.key ?? null} onClose={() => rotate.reset()} />
          </>
        )}
      </Answer>
    </>
  )
}

function About({ bouncer }: { readonly bouncer: Bouncer }) {
  const { t } = useWords()
  const opens = [
    ...(bouncer.hasKey ? [t('bouncers.withKey')] : []),
    ...(bouncer.certificate === null ? [] : [t('bouncers.withCertificate')]),
  ]
  return (
    <Part title={t('bouncers.about')}>
      <Facts
        facts={[
          ...(bouncer.note === '' ? [] : [[t('bouncers.note'), bouncer.note] as const]),
          [t('bouncers.column.gets'), bouncer.hostsOnly ? t('bouncers.hosts') : t('bouncers.everything')],
          [t('bouncers.column.opens'), opens.join(', ')],
          [
            t('bouncers.column.from'),
            bouncer.sources.length === 0 ? (
              t('bouncers.anywhere')
            ) : (
              <span className="mono">{bouncer.sources.join(', ')}</span>
            ),
          ],
          [
            t('bouncers.created'),
            <>
              <Instant at={bouncer.createdAt} none="" /> {t('common.by', { who: bouncer.createdBy })}
            </>,
          ],
        ]}
      />
    </Part>
  )
}

function Uses({ bouncer: { uses } }: { readonly bouncer: Bouncer }) {
  const { t, language } = useWords()
  return (
    <Part title={t('bouncers.uses')}>
      {uses.length === 0 ? (
        <Empty>{t('bouncers.usesEmpty')}</Empty>
      ) : (
        <Table.ScrollContainer minWidth={640}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('bouncers.column.from')}</Table.Th>
                <Table.Th>{t('bouncers.column.program')}</Table.Th>
                <Table.Th>{t('bouncers.column.pull')}</Table.Th>
                <Table.Th ta="right">{t('bouncers.column.pulls')}</Table.Th>
                <Table.Th>{t('bouncers.column.answer')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {uses.map(({ address, agent, agentVersion, lastPullAt, pulls, lastAnswer }) => (
                <Table.Tr key={`${address} ${agent}`}>
                  <Table.Td className="mono">{address}</Table.Td>
                  <Table.Td>{`${agent} ${agentVersion}`}</Table.Td>
                  <Table.Td>
                    <Instant at={lastPullAt} none={t('bouncers.never')} />
                  </Table.Td>
                  <Table.Td ta="right">{pulls.toLocaleString(language)}</Table.Td>
                  <Table.Td>
                    {lastAnswer !== null &&
                      t(lastAnswer.isWhole ? 'bouncers.whole' : 'bouncers.changes', {
                        began: lastAnswer.began,
                        ended: lastAnswer.ended,
                      })}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Part>
  )
}

/** The newest of each address. */
function Metrics({ metrics }: { readonly metrics: Reply<'showBouncer'>['metrics'] }) {
  const { t, language } = useWords()
  const newest = metrics.filter(
    (one, at) => metrics.findIndex(({ address }) => address === one.address) === at,
  )
  return (
    <Part title={t('bouncers.metrics')}>
      {newest.length === 0 ? (
        <Empty>{t('bouncers.metricsEmpty')}</Empty>
      ) : (
        <Table.ScrollContainer minWidth={640}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('bouncers.column.told')}</Table.Th>
                <Table.Th>{t('bouncers.column.from')}</Table.Th>
                <Table.Th>{t('bouncers.column.what')}</Table.Th>
                <Table.Th ta="right">{t('bouncers.column.value')}</Table.Th>
                <Table.Th>{t('bouncers.column.of')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {newest.flatMap(({ at, address, items }) =>
                items.map(({ name, value, unit, labels }) => {
                  const of = Object.entries(labels).map(([label, text]) => `${label}=${text}`)
                  return (
                    <Table.Tr key={`${address} ${name} ${unit} ${of.join(' ')}`}>
                      <Table.Td>
                        <Instant at={at} none="" />
                      </Table.Td>
                      <Table.Td className="mono">{address}</Table.Td>
                      <Table.Td>{name}</Table.Td>
                      <Table.Td ta="right">{`${value.toLocaleString(language)} ${unit}`}</Table.Td>
                      <Table.Td>{of.join(' ')}</Table.Td>
                    </Table.Tr>
                  )
                }),
              )}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Part>
  )
}

function Config() {
  const { t } = useWords()
  return (
    <Part title={t('bouncers.config')}>
      <Stack gap="sm">
        <Text size="sm" className="sentence">
          {t('bouncers.configHint')}{' '}
          <Anchor href="/ca.crt" underline="always">
            {t('feeds.ca')}
          </Anchor>
        </Text>
        <CopyText text={configOf('THE-KEY')} label={t('bouncers.config')} />
      </Stack>
    </Part>
  )
}
