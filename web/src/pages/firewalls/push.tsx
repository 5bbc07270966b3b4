/** The push to a firewall's management API: what it does, how it fares, and what the last check found. */
import { Button, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { Facts } from '../../components/facts.tsx'
import { Instant } from '../../components/instant.tsx'
import { Part } from '../../components/part.tsx'
import { Empty, Fault } from '../../components/problem.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'
import { PushBadge } from './firewall-words.tsx'
import { Said } from '../../components/said.tsx'

type Firewall = Reply<'showFirewall'>['firewall']
type Api = NonNullable<Firewall['api']>

interface PushProps {
  readonly firewall: Firewall
  readonly onEdit: () => void
}

export function Push({ firewall, onEdit }: PushProps) {
  const { t } = useWords()
  const mayChange = useMay('changeFirewall')
  const mayCheck = useMay('checkFirewall')
  const { api, id } = firewall
  const check = useMutation({
    mutationFn: () => call('checkFirewall', { firewall: id }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  const refresh = useMutation({
    mutationFn: () => call('refreshFirewall', { firewall: id }),
    onSuccess: ({ message }) => notifications.show({ message }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  if (api === null)
    return (
      <Part
        title={t('firewalls.pushTitle')}
        actions={
          mayChange && (
            <Button variant="default" size="compact-sm" onClick={onEdit}>
              {t('firewalls.pushAdd')}
            </Button>
          )
        }
      >
        <Empty>{t('firewalls.pushEmpty')}</Empty>
      </Part>
    )
  return (
    <Part
      title={t('firewalls.pushTitle')}
      actions={
        mayCheck && (
          <>
            <Button
              variant="default"
              size="compact-sm"
              loading={refresh.isPending}
              onClick={() => refresh.mutate()}
            >
              {t('firewalls.refresh')}
            </Button>
            <Button
              variant="default"
              size="compact-sm"
              loading={check.isPending}
              onClick={() => check.mutate()}
            >
              {t('firewalls.check')}
            </Button>
          </>
        )
      }
    >
      <Stack gap="sm">
        <Text size="sm" component="div">
          <PushBadge api={api} /> {api.problem !== null && <Said text={api.problem} />}
        </Text>
        <Fault error={check.error ?? refresh.error} />
        <Facts
          facts={[
            [t('firewalls.api.host'), <span className="mono">{`${api.host}:${api.port}`}</span>],
            [t('firewalls.api.key'), api.hasKey ? t('firewalls.api.keySet') : t('firewalls.notKnown')],
            [t('firewalls.api.trust'), trustText(api, t)],
            [t('firewalls.api.list'), api.list ?? t('firewalls.notKnown')],
            ...(api.vsys.length === 0 ? [] : [[t('firewalls.api.vsys'), api.vsys.join(', ')] as const]),
            [t('firewalls.api.does'), doesText(api, t)],
            [t('firewalls.api.lastAnswer'), <Instant at={api.lastAnswerAt} none={t('firewalls.never')} />],
            [
              t('firewalls.column.push'),
              t('firewalls.api.counts', {
                refreshes: api.refreshes,
                registered: api.registered,
                cleared: api.clearedSources,
                waiting: api.waiting,
                dropped: api.dropped,
              }),
            ],
          ]}
        />
        <Findings api={api} />
      </Stack>
    </Part>
  )
}

function trustText({ fingerprint, ca }: Api, t: Translate): string {
  if (fingerprint !== null)
    return t('firewalls.api.trust.fingerprint', { fingerprint: `${fingerprint.slice(0, 16)}…` })
  return ca === null ? t('firewalls.api.trust.known') : t('firewalls.api.trust.ca')
}

const MINUTE_S = 60

function doesText({ refresh, readBack, register, clearSessions }: Api, t: Translate): string {
  return [
    ...(refresh ? [t('firewalls.api.does.refresh')] : []),
    ...(readBack ? [t('firewalls.api.does.readBack')] : []),
    ...(register === null
      ? []
      : [
          t('firewalls.api.does.register', {
            tag: register.tag,
            minutes: Math.round(register.timeoutSeconds / MINUTE_S),
          }),
        ]),
    ...(clearSessions ? [t('firewalls.api.does.clear')] : []),
  ].join('; ')
}

const SIGNS = { info: '✓', warning: '!', critical: '✕' } as const

function Findings({ api: { checkedAt, findings } }: { readonly api: Api }) {
  const { t } = useWords()
  return (
    <div>
      <Text size="sm" fw={600}>
        {t('firewalls.findings')} <Instant at={checkedAt} none="" />
      </Text>
      {checkedAt === null && <Text size="sm">{t('firewalls.findingsNone')}</Text>}
      {checkedAt !== null && findings.length === 0 && <Text size="sm">{t('firewalls.findingsGood')}</Text>}
      <ul className="findings">
        {findings.map(({ code, severity, message, mend }) => (
          <li key={code + message} className={`finding finding-${severity}`}>
            <span aria-hidden>{SIGNS[severity]}</span>
            <Text size="sm" component="span">
              <Said text={message} /> <Said text={mend} />
            </Text>
          </li>
        ))}
      </ul>
    </div>
  )
}
