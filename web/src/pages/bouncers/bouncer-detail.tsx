/** One bouncer: what it is, who uses its key, what it tells of its work, and what to put into its configuration. */
import { Anchor, Button, Stack, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { CopyText } from '../../components/copy-text.tsx'
import { Facts } from '../../components/facts.tsx'
import { Instant } from '../../components/instant.tsx'
import { LongRows } from '../../components/long-rows.tsx'
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
      <Link to="/bouncers" className="back">
        {t('bouncers.all')}
      </Link>
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
        <LongRows
          rows={uses}
          keyOf={({ address, agent }) => `${address} ${agent}`}
          textOf={({ address, agent, agentVersion }) => `${address} ${agent} ${agentVersion}`}
          minWidth={640}
          columns={[
            { head: t('bouncers.column.from'), isMono: true, cell: ({ address }) => address },
            {
              head: t('bouncers.column.program'),
              cell: ({ agent, agentVersion }) => `${agent} ${agentVersion}`,
            },
            {
              head: t('bouncers.column.pull'),
              cell: ({ lastPullAt }) => <Instant at={lastPullAt} none={t('bouncers.never')} />,
            },
            {
              head: t('bouncers.column.pulls'),
              isRight: true,
              cell: ({ pulls }) => pulls.toLocaleString(language),
            },
            {
              head: t('bouncers.column.answer'),
              cell: ({ lastAnswer }) =>
                lastAnswer !== null &&
                t(lastAnswer.isWhole ? 'bouncers.whole' : 'bouncers.changes', {
                  began: lastAnswer.began,
                  ended: lastAnswer.ended,
                }),
            },
          ]}
        />
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
  const told = newest.flatMap(({ at, address, items }) =>
    items.map((item) => ({
      at,
      address,
      item,
      of: Object.entries(item.labels)
        .map(([label, text]) => `${label}=${text}`)
        .join(' '),
    })),
  )
  return (
    <Part title={t('bouncers.metrics')}>
      {told.length === 0 ? (
        <Empty>{t('bouncers.metricsEmpty')}</Empty>
      ) : (
        <LongRows
          rows={told}
          keyOf={({ address, item, of }) => `${address} ${item.name} ${item.unit} ${of}`}
          textOf={({ address, item, of }) => `${address} ${item.name} ${of}`}
          minWidth={640}
          columns={[
            { head: t('bouncers.column.what'), cell: ({ item }) => item.name },
            {
              head: t('bouncers.column.value'),
              isRight: true,
              cell: ({ item }) => `${item.value.toLocaleString(language)} ${item.unit}`,
            },
            { head: t('bouncers.column.of'), cell: ({ of }) => of },
            { head: t('bouncers.column.from'), isMono: true, cell: ({ address }) => address },
            { head: t('bouncers.column.told'), cell: ({ at }) => <Instant at={at} none="" /> },
          ]}
        />
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
