/** Lists for firewalls: all of them as cards, or one with its fetchers, preview, revisions and access. */
import { Badge, Button, SimpleGrid, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { CopyText } from '../components/copy-text.tsx'
import { Part } from '../components/part.tsx'
import { FeedPlaces } from '../components/feed-places.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { feedsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { FeedDetail } from './feeds/feed-detail.tsx'
import { FeedForm } from './feeds/feed-form.tsx'
import { FeedState } from './feeds/feed-state.tsx'

type Feed = Reply<'listFeeds'>

export function FeedsPage() {
  const { t } = useWords()
  const { feed: name } = useSearch({ from: '/feeds' })
  const feeds = useQuery(feedsQuery)
  const mayAdd = useMay('addFeed')
  const [isAdding, adding] = useDisclosure(false)
  return (
    <Answer query={feeds}>
      {({ items }) => {
        const found = items.find(({ feed }) => feed === name)
        if (found !== undefined)
          return (
            <>
              <FeedPlaces />
              <FeedDetail feed={found} />
            </>
          )
        return (
          <>
            <FeedPlaces />
            <PageHead title={t('feeds.title')}>
              {mayAdd && <Button onClick={adding.open}>{t('feeds.add')}</Button>}
            </PageHead>
            <NeedsRole operation="addFeed" />
            <Text mb="md" size="sm" className="sentence">
              {t('feeds.intro')}
            </Text>
            {items.length === 0 ? (
              <Empty>{t('feeds.empty')}</Empty>
            ) : (
              <SimpleGrid cols={{ base: 1, lg: 2 }}>
                {items.map((feed) => (
                  <FeedCard key={feed.feed} feed={feed} />
                ))}
              </SimpleGrid>
            )}
            <FeedForm feed={null} isOpen={isAdding} onClose={adding.close} />
          </>
        )
      }}
    </Answer>
  )
}

function FeedCard({ feed }: { readonly feed: Feed }) {
  const { t, say } = useWords()
  return (
    <Part
      title={feed.feed}
      actions={
        <>
          <Badge variant="light" color="gray" tt="none">
            {say(feed.title)}
          </Badge>
          <Button
            size="compact-sm"
            variant="default"
            renderRoot={(props) => <Link to="/feeds" search={{ feed: feed.feed }} {...props} />}
            aria-label={t('feeds.open', { feed: feed.feed })}
          >
            {t('feeds.openDo')}
          </Button>
        </>
      }
    >
      <Stack gap="sm">
        <CopyText text={feed.urls[0] ?? feed.path} label={t('feeds.urls')} />
        <FeedState feed={feed} />
      </Stack>
    </Part>
  )
}
