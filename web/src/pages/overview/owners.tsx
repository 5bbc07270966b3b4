/** Who announces the networks that attacks come from, as a table, from the operator's database of network owners. */
import { Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { EventsLink } from '../../components/events-link.tsx'
import { Answer } from '../../components/problem.tsx'
import { ATTACKS, ownersQuery, type Span, timesOf } from '../../data/overview.ts'
import { useWords } from '../../i18n/language.tsx'
import { SeenCells } from './seen-cells.tsx'

export function Owners({ span }: { readonly span: Span }) {
  const { t } = useWords()
  const owners = useQuery(ownersQuery(span))
  return (
    <Answer query={owners}>
      {({ items, hasDatabase, unknown, sources, isWhole }) => {
        if (!hasDatabase)
          return (
            <Text size="sm" c="dimmed">
              {t('owners.noDatabase')}
            </Text>
          )
        return (
          <>
            {items.length === 0 ? (
              <Text size="sm" c="dimmed">
                {t('overview.topEmpty')}
              </Text>
            ) : (
              <Table verticalSpacing={3} aria-label={t('owners.title')}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('owners.owner')}</Table.Th>
                    <Table.Th ta="right">{t('overview.lines')}</Table.Th>
                    <Table.Th ta="right">{t('overview.sources')}</Table.Th>
                    <Table.Th visibleFrom="sm">{t('overview.last')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map(({ asNumber, name, count, sources: of, lastAt, filter }) => (
                    <Table.Tr key={asNumber}>
                      <Table.Td>
                        {filter === null ? (
                          (name ?? '')
                        ) : (
                          <EventsLink filter={`${ATTACKS} and ${filter}`} {...timesOf(span)}>
                            {name ?? `AS${asNumber}`}
                          </EventsLink>
                        )}{' '}
                        <Text span size="xs" c="dimmed" className="nowrap">
                          AS{asNumber}
                        </Text>
                      </Table.Td>
                      <SeenCells count={count} sources={of} lastAt={lastAt} />
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
            <Text size="xs" c="dimmed" mt="xs">
              {!isWhole && `${t('owners.cut', { count: sources })} `}
              {unknown > 0 && t('owners.unknown', { count: unknown })}
            </Text>
          </>
        )
      }}
    </Answer>
  )
}
