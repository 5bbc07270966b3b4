/** What was delivered and what was not, the newest first; anything can be sent once more. */
import { Badge, Button, NativeSelect, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Instant } from '../../components/instant.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, Fault } from '../../components/problem.tsx'
import { Rows } from '../../components/rows.tsx'
import { call, type Reply, rows } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

const OUTCOMES = ['delivered', 'failed', 'given-up', 'skipped', 'dropped'] as const
const SHOWN = 50
const SIGNS: Record<(typeof OUTCOMES)[number], readonly [string, string]> = {
  delivered: ['blue', '✓'],
  failed: ['orange', '!'],
  'given-up': ['orange', '✕'],
  skipped: ['gray', '○'],
  dropped: ['orange', '✕'],
}

type Outcome = Reply<'listDeliveries'>['outcome']

export function Deliveries() {
  const { t } = useWords()
  const [outcome, setOutcome] = useState<Outcome | ''>('')
  const deliveries = useQuery({
    queryKey: ['deliveries', outcome],
    queryFn: () => rows('listDeliveries', outcome === '' ? {} : { outcome }, { limit: SHOWN }),
    refetchInterval: 5000,
  })
  const replay = useMutation({
    mutationFn: (id: string) => call('replayDelivery', { id }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <Part
      title={t('notify.log')}
      actions={
        <NativeSelect
          aria-label={t('notify.column.outcome')}
          size="xs"
          value={outcome}
          data={[
            { value: '', label: t('notify.outcome.all') },
            ...OUTCOMES.map((value) => ({ value, label: t(`notify.outcome.${value}`) })),
          ]}
          onChange={(event) => setOutcome(event.currentTarget.value as Outcome | '')}
        />
      }
    >
      <Fault error={replay.error} />
      <Answer query={deliveries}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{t('notify.logEmpty')}</Empty>
          ) : (
            <Rows
              rows={items}
              keyOf={({ id }) => id}
              minWidth={760}
              columns={[
                { head: t('notify.column.when'), cell: ({ at }) => <Instant at={at} none="" /> },
                { head: t('notify.column.to'), cell: ({ recipient }) => recipient },
                { head: t('notify.column.what'), cell: ({ what }) => <Said text={what} isTyped /> },
                { head: t('notify.column.outcome'), cell: (delivery) => <Became delivery={delivery} /> },
                {
                  head: t('notify.replay'),
                  isActions: true,
                  cell: ({ id }) => (
                    <Button
                      size="compact-sm"
                      variant="default"
                      loading={replay.isPending && replay.variables === id}
                      onClick={() => replay.mutate(id)}
                    >
                      {t('notify.replay')}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
    </Part>
  )
}

function Became({ delivery: { outcome, reason } }: { readonly delivery: Reply<'listDeliveries'> }) {
  const { t } = useWords()
  const [color, sign] = SIGNS[outcome]
  return (
    <>
      <Badge variant="light" color={color}>
        <span aria-hidden>{sign} </span>
        {t(`notify.outcome.${outcome}`)}
      </Badge>
      {reason !== '' && reason !== null && (
        <Text size="xs" c="dimmed" lineClamp={2} title={reason}>
          <Said text={reason} />
        </Text>
      )}
    </>
  )
}
