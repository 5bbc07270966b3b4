/** How full a feed is, which revision is served, who fetched it last, and what stands in the way. */
import { Alert, Badge, Group, Progress, Stack, Text } from '@mantine/core'
import { relativeText } from '../../components/instant.tsx'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { Hold } from './hold.tsx'

type Feed = Reply<'listFeeds'>

export function FeedState({ feed }: { readonly feed: Feed }) {
  const { t, language } = useWords()
  const { list, limits, fetchers, pin } = feed
  const { usable } = limits
  const share = usable === null ? 0 : Math.min(100, (list.entries / usable) * 100)
  const full =
    usable === null
      ? t('feeds.noLimit', { entries: list.entries })
      : t('feeds.ofCapacity', { entries: list.entries, usable })
  const made = list.madeAt === null ? '' : t('feeds.made', { time: relativeText(list.madeAt, language) })
  return (
    <Stack gap="xs">
      <div>
        <Text size="sm" mb={4}>
          {full}
          <Text span size="sm" c="dimmed">
            {' · '}
            {t('feeds.revision', { revision: list.revision })} {made}
          </Text>
        </Text>
        {usable !== null && (
          <Progress value={share} color={share > 90 ? 'orange' : 'blue'} aria-label={full} size="sm" />
        )}
      </div>
      <Group gap="xs">
        {fetchers.lastFetchedAt === null ? (
          <Badge variant="light" color="orange" tt="none">
            <span aria-hidden>! </span>
            {t('feeds.neverFetched')}
          </Badge>
        ) : (
          <Badge variant="light" color="blue" tt="none">
            <span aria-hidden>✓ </span>
            {t('feeds.lastFetch', {
              time: relativeText(fetchers.lastFetchedAt, language),
              who: fetchers.lastFetchedBy ?? '?',
            })}
          </Badge>
        )}
        {fetchers.silent > 0 && (
          <Badge variant="light" color="orange" tt="none">
            <span aria-hidden>! </span>
            {t('feeds.silent', { count: fetchers.silent })}
          </Badge>
        )}
      </Group>
      {list.leftOutDecisions > 0 && (
        <Text size="sm">
          <span aria-hidden>! </span>
          {t('feeds.leftOut', { count: list.leftOutDecisions })}
        </Text>
      )}
      {list.stale && <Alert color="orange" variant="light" title={t('feeds.stale')} />}
      {pin !== null && (
        <Hold
          feed={feed.feed}
          title={t('feeds.pinned', {
            revision: pin.revision,
            time: relativeText(pin.since, language),
            who: pin.by,
            reason: pin.reason,
          })}
          reasons={[]}
          canRefuse={false}
        />
      )}
      {feed.held !== null && (
        <Hold
          feed={feed.feed}
          title={t('feeds.held', {
            time: relativeText(feed.held.since, language),
            entries: feed.held.entries,
          })}
          reasons={feed.held.reasons}
          canRefuse
        />
      )}
    </Stack>
  )
}
