/** What was delivered and what was not, the newest first; anything can be sent once more. */
import { Badge, Button, NativeSelect, Table, Text, VisuallyHidden } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Instant } from '../../components/instant.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, Fault } from '../../components/problem.tsx'
import { call, type Reply, rows } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

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
            <Table.ScrollContainer minWidth={760}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('notify.column.when')}</Table.Th>
                    <Table.Th>{t('notify.column.to')}</Table.Th>
                    <Table.Th>{t('notify.column.what')}</Table.Th>
                    <Table.Th>{t('notify.column.outcome')}</Table.Th>
                    <Table.Th>
                      <VisuallyHidden>{t('notify.replay')}</VisuallyHidden>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((delivery) => {
                    const [color, sign] = SIGNS[delivery.outcome]
                    return (
                      <Table.Tr key={delivery.id}>
                        <Table.Td>
                          <Instant at={delivery.at} none="" />
                        </Table.Td>
                        <Table.Td>{delivery.recipient}</Table.Td>
                        <Table.Td>{delivery.what}</Table.Td>
                        <Table.Td>
                          <Badge variant="light" tt="none" color={color}>
                            <span aria-hidden>{sign} </span>
                            {t(`notify.outcome.${delivery.outcome}`)}
                          </Badge>
                          <Text size="xs" c="dimmed" lineClamp={2}>
                            {delivery.reason}
                          </Text>
                        </Table.Td>
                        <Table.Td ta="right">
                          <Button
                            size="compact-sm"
                            variant="default"
                            loading={replay.isPending && replay.variables === delivery.id}
                            onClick={() => replay.mutate(delivery.id)}
                          >
                            {t('notify.replay')}
                          </Button>
                        </Table.Td>
                      </Table.Tr>
                    )
                  })}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Answer>
    </Part>
  )
}
