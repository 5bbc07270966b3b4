/** Who fetches a feed: when, how often, with which answer, and whether it has what is served now. */
import { Badge, Button, Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Instant } from '../../components/instant.tsx'
import { LongRows } from '../../components/long-rows.tsx'
import { Answer, Empty } from '../../components/problem.tsx'
import type { Column } from '../../components/rows.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Reply, rows } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'

type Fetcher = Reply<'listFeedFetchers'>

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
  const forget: Column<Fetcher> = {
    head: t('feeds.forget'),
    isActions: true,
    cell: ({ address }) => (
      <Button size="compact-sm" variant="default" onClick={() => setForgetting(address)}>
        {t('feeds.forget')}
      </Button>
    ),
  }
  return (
    <Answer query={fetchers}>
      {({ items, nextCursor }) =>
        items.length === 0 ? (
          <Empty
            next={
              <Button
                variant="default"
                renderRoot={(props) => <Link to="/feeds" search={{ feed, tab: 'use' }} {...props} />}
              >
                {t('firewalls.emptyDo')}
              </Button>
            }
          >
            {t('feeds.fetchersEmpty')}
          </Empty>
        ) : (
          <>
            <LongRows
              rows={items}
              hasMore={nextCursor !== null}
              keyOf={({ address, agent }) => `${address} ${agent}`}
              textOf={({ address, agent }) => `${address} ${agent}`}
              minWidth={720}
              columns={[
                { head: t('feeds.column.who'), isMono: true, cell: ({ address }) => address },
                {
                  head: t('feeds.column.agent'),
                  cell: ({ agent }) => (
                    <Text size="xs" lineClamp={1} maw={240} title={agent}>
                      {agent}
                    </Text>
                  ),
                },
                {
                  head: t('feeds.column.last'),
                  cell: ({ lastAt }) => <Instant at={lastAt} none={t('common.never')} />,
                },
                {
                  head: t('feeds.column.every'),
                  cell: ({ intervalSeconds }) =>
                    intervalSeconds === null
                      ? ''
                      : t('feeds.seconds', { seconds: Math.round(intervalSeconds) }),
                },
                { head: t('feeds.column.status'), cell: ({ lastStatus }) => statusWord(lastStatus, t) },
                { head: t('feeds.column.has'), cell: (fetcher) => <Has fetcher={fetcher} /> },
                {
                  head: t('feeds.column.fetches'),
                  isRight: true,
                  cell: ({ fetches }) => fetches.toLocaleString(language),
                },
                ...(mayForget ? [forget] : []),
              ]}
            />
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

function Has({ fetcher }: { readonly fetcher: Fetcher }) {
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
