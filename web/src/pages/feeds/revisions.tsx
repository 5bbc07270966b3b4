/** Revisions of a feed: the difference to the list served now, and the way back. */
import { Badge, Button, Group, Stack, Table, VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Instant } from '../../components/instant.tsx'
import { Answer } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, rows } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'
import { Difference } from './difference.tsx'

export function Revisions({ feed }: { readonly feed: string }) {
  const { t, language } = useWords()
  const [shown, setShown] = useState<number | null>(null)
  const mayGoBack = useMay('rollbackFeed')
  const [back, setBack] = useState<number | null>(null)
  const revisions = useQuery({
    queryKey: ['revisions', feed],
    queryFn: () => rows('listFeedRevisions', { feed }),
  })
  return (
    <Answer query={revisions}>
      {({ items }) => (
        <Stack gap="md">
          {shown !== null && <DiffTo feed={feed} revision={shown} />}
          <Table.ScrollContainer minWidth={640}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('feeds.column.revision')}</Table.Th>
                  <Table.Th>{t('feeds.column.made')}</Table.Th>
                  <Table.Th ta="right">{t('feeds.column.entries')}</Table.Th>
                  <Table.Th>{t('feeds.column.note')}</Table.Th>
                  <Table.Th>
                    <VisuallyHidden>{t('feeds.diff')}</VisuallyHidden>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((one) => (
                  <Table.Tr key={one.revision}>
                    <Table.Td>
                      {one.revision}{' '}
                      {one.served && (
                        <Badge variant="light" tt="none">
                          <span aria-hidden>✓ </span>
                          {t('feeds.served')}
                        </Badge>
                      )}
                    </Table.Td>
                    <Table.Td>
                      <Instant at={one.madeAt} none="" />
                    </Table.Td>
                    <Table.Td ta="right">{one.entries.toLocaleString(language)}</Table.Td>
                    <Table.Td>{one.note ?? t('feeds.byDecisions')}</Table.Td>
                    <Table.Td>
                      <Group gap="xs" justify="flex-end" wrap="nowrap">
                        {!one.kept && !one.served && <span>{t('feeds.gone')}</span>}
                        {one.kept && !one.served && (
                          <>
                            <Button
                              size="compact-sm"
                              variant="default"
                              onClick={() => setShown(one.revision)}
                            >
                              {t('feeds.diff')}
                            </Button>
                            {mayGoBack && (
                              <Button
                                size="compact-sm"
                                variant="default"
                                onClick={() => setBack(one.revision)}
                              >
                                {t('feeds.rollback')}
                              </Button>
                            )}
                          </>
                        )}
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          <WithReason
            title={t('feeds.rollback')}
            what={
              <Stack gap="sm">
                {t('feeds.rollbackHint', { revision: back ?? 0 })}
                {back !== null && <DiffTo feed={feed} revision={back} />}
              </Stack>
            }
            action={t('feeds.rollback')}
            isOpen={back !== null}
            onClose={() => setBack(null)}
            onConfirm={async (reason) => {
              if (back !== null) await call('rollbackFeed', { feed, revision: back, reason })
            }}
          />
        </Stack>
      )}
    </Answer>
  )
}

function DiffTo({ feed, revision }: { readonly feed: string; readonly revision: number }) {
  const { t } = useWords()
  const difference = useQuery({
    queryKey: ['feed-diff', feed, revision],
    queryFn: () => call('diffFeed', { feed, from: revision }),
  })
  return (
    <Answer query={difference}>
      {(told) => <Difference title={t('feeds.diffWith', { revision })} difference={told} />}
    </Answer>
  )
}
