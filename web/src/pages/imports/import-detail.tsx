/** One list of others: what it is, what its last reading came to, and for one that is compared who is on one list only. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Facts } from '../../components/facts.tsx'
import { Instant } from '../../components/instant.tsx'
import { NeedsRole } from '../../components/needs-role.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, Fault, PageHead } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { importsQuery } from '../../data/enforcing.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { Differences } from './differences.tsx'
import { ImportForm } from './import-form.tsx'
import { DirectionBadge, ImportState, minutesText } from './import-words.tsx'
import { LeftOut } from './left-out.tsx'
import { Said } from '../../components/said.tsx'

type Import = Reply<'listImports'>

export function ImportDetail({ name }: { readonly name: string }) {
  const { t } = useWords()
  const imports = useQuery(importsQuery)
  return (
    <>
      <Link to="/imports" className="back">
        {t('imports.all')}
      </Link>
      {imports.data === undefined && <PageHead title={name} />}
      <Answer query={imports}>
        {({ items }) => {
          const source = items.find((one) => one.name === name)
          if (source !== undefined) return <Detail source={source} />
          return (
            <>
              <PageHead title={name} />
              <Empty>{t('imports.gone')}</Empty>
            </>
          )
        }}
      </Answer>
    </>
  )
}

function Detail({ source }: { readonly source: Import }) {
  const { t } = useWords()
  const { name, direction } = source
  const navigate = useNavigate({ from: '/imports' })
  const mayChange = useMay('changeImport')
  const mayRefresh = useMay('refreshImport')
  const [asked, setAsked] = useState<'edit' | 'remove' | null>(null)
  const refresh = useMutation({
    mutationFn: (confirm: boolean) => call('refreshImport', { name, confirm }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <>
      <PageHead title={name}>
        <DirectionBadge direction={direction} />
        <ImportState source={source} />
        {mayRefresh && (
          <Button variant="default" loading={refresh.isPending} onClick={() => refresh.mutate(false)}>
            {t('imports.refresh')}
          </Button>
        )}
        {mayChange && (
          <>
            <Button variant="default" onClick={() => setAsked('remove')}>
              {t('imports.remove')}
            </Button>
            <Button variant="default" onClick={() => setAsked('edit')}>
              {t('imports.change')}
            </Button>
          </>
        )}
      </PageHead>
      <NeedsRole operation="changeImport" />
      <Stack gap="md">
        <Fault error={refresh.error} />
        {source.problem !== null && refresh.error === null && (
          <Alert color="orange" variant="light" className="place" role="alert">
            <Group gap="xs" wrap="nowrap" align="flex-start">
              <span aria-hidden>!</span>
              <Text size="sm" fw={600}>
                <Said text={source.problem} />
              </Text>
            </Group>
            {source.held && mayRefresh && (
              <Button
                mt="xs"
                variant="default"
                loading={refresh.isPending}
                onClick={() => refresh.mutate(true)}
              >
                {t('imports.confirm')}
              </Button>
            )}
          </Alert>
        )}
        <Result source={source} />
        <About source={source} />
        {direction === 'compare' && <Differences name={name} />}
      </Stack>
      {asked === 'edit' && <ImportForm source={source} onClose={() => setAsked(null)} />}
      <WithReason
        title={t('imports.remove')}
        what={t('imports.removeHint')}
        action={t('imports.remove')}
        isOpen={asked === 'remove'}
        onClose={() => setAsked(null)}
        onConfirm={async (reason) => {
          await call('removeImport', { name, reason })
          await navigate({ search: {} })
        }}
      />
    </>
  )
}

function Result({ source }: { readonly source: Import }) {
  const { t } = useWords()
  const { entries, added, ended, unreadable, lastOkAt, leftOut } = source
  return (
    <Part title={t('imports.result')}>
      {entries === null ? (
        <Empty>{t('imports.resultNone')}</Empty>
      ) : (
        <Stack gap="sm">
          <Text size="sm">
            {t('imports.resultText', { entries, added, ended, unreadable })},{' '}
            <Instant at={lastOkAt} none="" />
          </Text>
          <LeftOut leftOut={leftOut} />
        </Stack>
      )}
    </Part>
  )
}

function About({ source }: { readonly source: Import }) {
  const { t } = useWords()
  const { from, hosts, refreshMinutes, keepHours, confidence, takesWide, maxEntries } = source
  const { hasAuthorization, pin, note, createdAt, createdBy } = source
  return (
    <Part title={t('imports.about')}>
      <Facts
        facts={[
          [t('imports.column.from'), <span className="mono place">{from ?? hosts.join(', ')}</span>],
          [t('imports.every'), minutesText(refreshMinutes, t)],
          [t('imports.keep'), t('imports.hours', { hours: keepHours })],
          ...(confidence === null ? [] : [[t('imports.confidence'), String(confidence)] as const]),
          [
            t('imports.limits'),
            t(takesWide ? 'imports.limitsWide' : 'imports.limitsText', { count: maxEntries }),
          ],
          ...(hasAuthorization ? [[t('imports.credentials'), t('imports.credentialsSet')] as const] : []),
          ...(pin === null
            ? []
            : [[t('imports.pin'), t('imports.pinText', { pin: `${pin.slice(0, 16)}…` })] as const]),
          ...(note === '' ? [] : [[t('imports.note'), note] as const]),
          [
            t('imports.created'),
            <>
              <Instant at={createdAt} none="" /> {t('common.by', { who: createdBy })}
            </>,
          ],
        ]}
      />
    </Part>
  )
}
