/** Who sends log lines: unknown ones first, each with the way to make it known. */
import { Badge, Button, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Instant } from '../../components/instant.tsx'
import { LongRows } from '../../components/long-rows.tsx'
import { Fault } from '../../components/problem.tsx'
import type { Column } from '../../components/rows.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { settingsQuery } from '../../data/queries.ts'
import { useWords } from '../../i18n/language.tsx'

type AllSenders = Reply<'status'>['senders']
type Sender = AllSenders['list'][number]

const KNOWN = 'senders.known'
const NAMES = new Intl.Collator(undefined, { numeric: true })

/** Then by address: sorted by who sent last, rows would change places at every look. */
function unknownFirst(one: Sender, other: Sender): number {
  return Number(one.known) - Number(other.known) || NAMES.compare(one.sender, other.sender)
}

export function Senders({ senders }: { readonly senders: AllSenders }) {
  const { t, language } = useWords()
  const settings = useQuery(settingsQuery)
  const mayChange = useMay('changeSettings')
  const known = settings.data?.items.find(({ key }) => key === KNOWN)
  const trust = useMutation({
    mutationFn: (sender: string) =>
      call('changeSettings', {
        changes: { [KNOWN]: [known?.value ?? '', sender].filter((part) => part !== '').join(',') },
        reason: '',
      }),
    onSuccess: async (_answer, sender) => {
      notifications.show({ message: t('sources.trusted', { sender }) })
      await queryClient.invalidateQueries()
    },
  })
  const trusting: Column<Sender> = {
    head: t('sources.trust'),
    isActions: true,
    cell: ({ sender, known: isKnown }) =>
      isKnown ? null : (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('sources.trustOf', { sender })}
          loading={trust.isPending && trust.variables === sender}
          onClick={() => trust.mutate(sender)}
        >
          {t('sources.trust')}
        </Button>
      ),
  }
  const hasPending = senders.list.some(({ known: isKnown }) => !isKnown)
  return (
    <>
      {hasPending && (
        <Text size="sm" c="dimmed" className="sentence" mb="xs">
          {t(senders.unknown === 'use' ? 'sources.pendingUse' : 'sources.pendingStore')}
        </Text>
      )}
      <Fault error={trust.error} />
      <LongRows
        rows={senders.list.toSorted(unknownFirst)}
        keyOf={({ sender, transport, identity }) => `${sender} ${transport} ${identity ?? ''}`}
        textOf={({ sender, transport, identity }) => `${sender} ${transport} ${identity ?? ''}`}
        minWidth={640}
        columns={[
          {
            head: t('sources.column.sender'),
            isMono: true,
            cell: ({ sender, identity }) => (identity === null ? sender : `${sender} ${identity}`),
          },
          { head: t('sources.column.way'), cell: ({ transport }) => transport.toUpperCase() },
          { head: t('blocks.column.state'), cell: ({ known: isKnown }) => <State isKnown={isKnown} /> },
          {
            head: t('device.records'),
            isRight: true,
            cell: ({ lines }) => lines.toLocaleString(language),
          },
          {
            head: t('device.unparsed'),
            isRight: true,
            cell: ({ unparsed }) => unparsed.toLocaleString(language),
          },
          {
            head: t('device.last'),
            cell: ({ lastSeenAt }) => <Instant at={lastSeenAt} none={t('common.never')} />,
          },
          ...(mayChange && hasPending && known?.fixed === false ? [trusting] : []),
        ]}
      />
    </>
  )
}

function State({ isKnown }: { readonly isKnown: boolean }) {
  const { t } = useWords()
  return (
    <Badge color={isKnown ? 'blue' : 'orange'} variant="light">
      <span aria-hidden>{isKnown ? '✓ ' : '? '}</span>
      {t(isKnown ? 'sources.known' : 'sources.pending')}
    </Badge>
  )
}
