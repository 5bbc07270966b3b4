/** Recipients with how they do, a test for each, and the form to add or change one. */
import { Badge, Button, Group, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { relativeText } from '../../components/instant.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, Fault } from '../../components/problem.tsx'
import { Rows } from '../../components/rows.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { recipientsQuery } from '../../data/queries.ts'
import { useWords } from '../../i18n/language.tsx'
import { RecipientForm } from './recipient-form.tsx'

type Recipient = Reply<'listRecipients'>

export function Recipients({ isAdministrator }: { readonly isAdministrator: boolean }) {
  const { t } = useWords()
  const recipients = useQuery(recipientsQuery)
  const [edited, setEdited] = useState<Recipient | 'new' | null>(null)
  const [removed, setRemoved] = useState<string | null>(null)
  const test = useMutation({
    mutationFn: (id: string) => call('testRecipient', { id }),
    onSuccess: async ({ outcome, message }) => {
      const isSent = outcome === 'delivered'
      notifications.show({
        color: isSent ? 'blue' : 'orange',
        message: t(isSent ? 'notify.tested.delivered' : 'notify.tested.failed', { message }),
      })
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Part
      title={t('notify.recipients')}
      actions={isAdministrator && <Button onClick={() => setEdited('new')}>{t('notify.add')}</Button>}
    >
      <Fault error={test.error} />
      <Answer query={recipients}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              next={
                isAdministrator && (
                  <Button variant="default" onClick={() => setEdited('new')}>
                    {t('notify.add')}
                  </Button>
                )
              }
            >
              {t('notify.empty')}
            </Empty>
          ) : (
            <Rows
              rows={items}
              keyOf={({ id }) => id}
              minWidth={740}
              columns={[
                { head: t('notify.id'), cell: ({ id }) => id },
                {
                  head: t('notify.column.to'),
                  cell: ({ to, channel }) => (
                    <>
                      {to}
                      <Text size="xs" c="dimmed">
                        {t(`notify.channel.${channel}`)}
                      </Text>
                    </>
                  ),
                },
                {
                  head: t('notify.topics'),
                  cell: ({ topics }) => (
                    <Text size="sm" maw={260}>
                      {topics.map((topic) => t(`notify.topic.${topic}`)).join(', ')}
                    </Text>
                  ),
                },
                {
                  head: t('notify.column.outcome'),
                  cell: (recipient) => <State recipient={recipient} />,
                },
                {
                  head: t('notify.change'),
                  isActions: true,
                  cell: (recipient) => (
                    <Group gap={4} justify="flex-end">
                      <Button
                        size="compact-sm"
                        variant="default"
                        loading={test.isPending && test.variables === recipient.id}
                        onClick={() => test.mutate(recipient.id)}
                      >
                        {t('notify.test')}
                      </Button>
                      {isAdministrator && (
                        <>
                          <Button size="compact-sm" variant="default" onClick={() => setEdited(recipient)}>
                            {t('notify.change')}
                          </Button>
                          <Button
                            size="compact-sm"
                            variant="default"
                            onClick={() => setRemoved(recipient.id)}
                          >
                            {t('notify.remove')}
                          </Button>
                        </>
                      )}
                    </Group>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
      <RecipientForm edited={edited} onClose={() => setEdited(null)} />
      <WithReason
        title={t('notify.remove')}
        what={`${removed ?? ''}: ${t('notify.removeHint')}`}
        action={t('notify.remove')}
        isOpen={removed !== null}
        onClose={() => setRemoved(null)}
        onConfirm={async (reason) => {
          if (removed !== null) await call('removeRecipient', { id: removed, reason })
        }}
      />
    </Part>
  )
}

function State({ recipient }: { readonly recipient: Recipient }) {
  const { t, language, say } = useWords()
  const { enabled, failures, lastFailure, lastDeliveredAt, waiting } = recipient
  const [color, sign, text] = !enabled
    ? ['gray', '○', t('notify.isOff')]
    : failures > 0
      ? ['orange', '!', t('notify.state.failing')]
      : lastDeliveredAt === null
        ? ['gray', '○', t('notify.state.new')]
        : ['blue', '✓', t('notify.state.ok', { time: relativeText(lastDeliveredAt, language) })]
  return (
    <>
      <Group gap={4}>
        <Badge variant="light" color={color}>
          <span aria-hidden>{sign} </span>
          {text}
        </Badge>
        {waiting > 0 && (
          <Badge variant="light" color="gray">
            {t('notify.waiting', { count: waiting })}
          </Badge>
        )}
      </Group>
      {enabled && failures > 0 && lastFailure !== null && (
        <Text size="xs" c="dimmed" lineClamp={2} maw={320} title={say(lastFailure)}>
          {say(lastFailure)}
        </Text>
      )}
    </>
  )
}
