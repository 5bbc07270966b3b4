/** Revisions of a feed: the difference to the list served now, and the way back. */
import { Badge, Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Instant } from '../../components/instant.tsx'
import { LongRows } from '../../components/long-rows.tsx'
import { Answer } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, rows } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'
import { Difference } from './difference.tsx'
import { Said } from '../../components/said.tsx'

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
      {({ items, nextCursor }) => (
        <Stack gap="md">
          {shown !== null && <DiffTo feed={feed} revision={shown} />}
          <div>
            <LongRows
              rows={items}
              hasMore={nextCursor !== null}
              keyOf={({ revision }) => String(revision)}
              textOf={({ revision, note }) => `${revision} ${note ?? t('feeds.byDecisions')}`}
              minWidth={640}
              columns={[
                {
                  head: t('feeds.column.revision'),
                  cell: ({ revision, served }) => (
                    <>
                      {revision.toLocaleString(language)}{' '}
                      {served && (
                        <Badge variant="light">
                          <span aria-hidden>✓ </span>
                          {t('feeds.served')}
                        </Badge>
                      )}
                    </>
                  ),
                },
                { head: t('feeds.column.made'), cell: ({ madeAt }) => <Instant at={madeAt} none="" /> },
                {
                  head: t('feeds.column.entries'),
                  isRight: true,
                  cell: ({ entries }) => entries.toLocaleString(language),
                },
                {
                  head: t('feeds.column.note'),
                  cell: ({ note }) => (note === null ? t('feeds.byDecisions') : <Said text={note} isTyped />),
                },
                {
                  head: t('feeds.diff'),
                  isActions: true,
                  cell: (one) => (
                    <Ways
                      isKept={one.kept}
                      isServed={one.served}
                      onShow={() => setShown(one.revision)}
                      {...(mayGoBack ? { onBack: () => setBack(one.revision) } : {})}
                    />
                  ),
                },
              ]}
            />
          </div>
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

interface WaysProps {
  readonly isKept: boolean
  readonly isServed: boolean
  readonly onShow: () => void
  readonly onBack?: () => void
}

/** What can be done with a revision that is not served. */
function Ways({ isKept, isServed, onShow, onBack }: WaysProps) {
  const { t } = useWords()
  if (isServed) return null
  if (!isKept)
    return (
      <Text size="xs" c="dimmed">
        {t('feeds.gone')}
      </Text>
    )
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Button size="compact-sm" variant="default" onClick={onShow}>
        {t('feeds.diff')}
      </Button>
      {onBack !== undefined && (
        <Button size="compact-sm" variant="default" onClick={onBack}>
          {t('feeds.rollback')}
        </Button>
      )}
    </Group>
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
