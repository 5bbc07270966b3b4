/** Who fetches a feed: when, how often, with which answer, and whether it has what is served now. */
import { Badge, Button, Group, Table, Text, VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Instant } from '../../components/instant.tsx'
import { Answer, Empty } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Reply, rows } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'

const NOT_CHANGED = 304

export function Fetchers({ feed }: { readonly feed: string }) {
  const { t, language } = useWords()
  const mayForget = useMay('forgetFeedFetcher')
  const [forgetting, setForgetting] = useState<string | null>(null)
  const fetchers = useQuery({
    queryKey: ['fetchers', feed],
    queryFn: () => rows('listFeedFetchers', { feed }),
    refetchInterval: 5000,
  })
  return (
    <Answer query={fetchers}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty>{t('feeds.fetchersEmpty')}</Empty>
        ) : (
          <>
            <Table.ScrollContainer minWidth={860}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('feeds.column.who')}</Table.Th>
                    <Table.Th>{t('feeds.column.agent')}</Table.Th>
                    <Table.Th>{t('feeds.column.last')}</Table.Th>
                    <Table.Th>{t('feeds.column.every')}</Table.Th>
                    <Table.Th>{t('feeds.column.status')}</Table.Th>
                    <Table.Th>{t('feeds.column.has')}</Table.Th>
                    <Table.Th ta="right">{t('feeds.column.fetches')}</Table.Th>
                    <Table.Th>
                      <VisuallyHidden>{t('feeds.forget')}</VisuallyHidden>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((fetcher) => (
                    <Table.Tr key={`${fetcher.address} ${fetcher.agent}`}>
                      <Table.Td className="mono">{fetcher.address}</Table.Td>
                      <Table.Td>
                        <Text size="xs" lineClamp={1} maw={220}>
                          {fetcher.agent}
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        <Instant at={fetcher.lastAt} none={t('common.never')} />
                      </Table.Td>
                      <Table.Td>
                        {fetcher.intervalSeconds === null
                          ? ''
                          : t('feeds.seconds', { seconds: Math.round(fetcher.intervalSeconds) })}
                      </Table.Td>
                      <Table.Td>{statusWord(fetcher.lastStatus, t)}</Table.Td>
                      <Table.Td>
                        <Has fetcher={fetcher} />
                      </Table.Td>
                      <Table.Td ta="right">{fetcher.fetches.toLocaleString(language)}</Table.Td>
                      <Table.Td ta="right">
                        {mayForget && (
                          <Button
                            size="compact-sm"
                            variant="default"
                            onClick={() => setForgetting(fetcher.address)}
                          >
                            {t('feeds.forget')}
                          </Button>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
            <WithReason
              title={t('feeds.forget')}
              what={t('feeds.forgetHint')}
              action={t('feeds.forget')}
              isOpen={forgetting !== null}
              onClose={() => setForgetting(null)}
              onConfirm={async (reason) => {
                if (forgetting !== null)
                  await call('forgetFeedFetcher', { feed, address: forgetting, reason })
              }}
            />
          </>
        )
      }
    </Answer>
  )
}

function statusWord(code: number, t: ReturnType<typeof useWords>['t']): string {
  if (code === 0) return t('feeds.status.turned')
  return t(code === NOT_CHANGED ? 'feeds.status.same' : 'feeds.status.new', { code: String(code) })
}

function Has({ fetcher }: { readonly fetcher: Reply<'listFeedFetchers'> }) {
  const { t } = useWords()
  // An older list is nothing to mend as long as its reader comes again.
  const [sign, color] = fetcher.silent ? ['! ', 'orange'] : fetcher.upToDate ? ['✓ ', 'blue'] : ['', 'gray']
  return (
    <Group gap={4}>
      <Badge variant="light" tt="none" color={color}>
        <span aria-hidden>{sign}</span>
        {fetcher.silent
          ? t('feeds.isSilent')
          : fetcher.upToDate
            ? t('feeds.upToDate')
            : t('feeds.behind', { revision: fetcher.lastRevision })}
      </Badge>
      {fetcher.cutOff > 0 && (
        <Badge variant="light" tt="none" color="orange">
          {t('feeds.cutOff', { count: fetcher.cutOff })}
        </Badge>
      )}
    </Group>
  )
}
