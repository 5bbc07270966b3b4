/** One feed: how to use it, who fetches it, what it would be now, its revisions, and who may fetch it. */
import { Anchor, Button, Stack, Tabs, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { CopyText } from '../../components/copy-text.tsx'
import { NeedsRole } from '../../components/needs-role.tsx'
import { Part } from '../../components/part.tsx'
import { PageHead } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { listLines, listName } from '../../data/panos.ts'
import { useWords } from '../../i18n/language.tsx'
import { Access } from './access.tsx'
import { ClientCertificates } from './client-certificates.tsx'
import { FeedForm } from './feed-form.tsx'
import { FeedState } from './feed-state.tsx'
import { Fetchers } from './fetchers.tsx'
import { Preview } from './preview.tsx'
import { Revisions } from './revisions.tsx'

type Feed = Reply<'listFeeds'>
const TABS = ['use', 'fetchers', 'preview', 'revisions', 'access'] as const

export function FeedDetail({ feed }: { readonly feed: Feed }) {
  const { t } = useWords()
  const { tab = 'use' } = useSearch({ from: '/feeds' })
  const navigate = useNavigate({ from: '/feeds' })
  const mayChange = useMay('changeFeed')
  const [isChanging, changing] = useDisclosure(false)
  const [isRemoving, removing] = useDisclosure(false)
  return (
    <>
      <Link to="/feeds" className="back">
        {t('feeds.all')}
      </Link>
      <PageHead title={feed.feed}>
        {mayChange && (
          <>
            <Button variant="default" onClick={removing.open}>
              {t('feeds.remove')}
            </Button>
            <Button variant="default" onClick={changing.open}>
              {t('feeds.change')}
            </Button>
          </>
        )}
      </PageHead>
      <NeedsRole operation="changeFeed" />
      <Stack gap="md">
        <FeedState feed={feed} />
        <Tabs
          value={tab}
          keepMounted={false}
          onChange={(value) =>
            void navigate({ search: { feed: feed.feed, tab: TABS.find((one) => one === value) ?? 'use' } })
          }
        >
          <Tabs.List>
            {TABS.map((one) => (
              <Tabs.Tab key={one} value={one}>
                {t(`feeds.tab.${one}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="use" pt="md">
            <Use feed={feed} />
          </Tabs.Panel>
          <Tabs.Panel value="fetchers" pt="md">
            <Fetchers feed={feed.feed} />
          </Tabs.Panel>
          <Tabs.Panel value="preview" pt="md">
            <Preview feed={feed.feed} />
          </Tabs.Panel>
          <Tabs.Panel value="revisions" pt="md">
            <Revisions feed={feed.feed} />
          </Tabs.Panel>
          <Tabs.Panel value="access" pt="md">
            <Stack gap="md">
              <Access feed={feed} />
              <ClientCertificates feed={feed} />
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </Stack>
      <FeedForm feed={feed} isOpen={isChanging} onClose={changing.close} />
      <WithReason
        title={t('feeds.remove')}
        what={t('feeds.removeHint')}
        action={t('feeds.remove')}
        isOpen={isRemoving}
        onClose={removing.close}
        onConfirm={async (reason) => {
          await call('removeFeed', { feed: feed.feed, reason })
          await navigate({ search: {} })
        }}
      />
    </>
  )
}

function Use({ feed }: { readonly feed: Feed }) {
  const { t } = useWords()
  const [url = feed.path] = feed.urls
  return (
    <Stack gap="md">
      <Part title={t('feeds.urls')}>
        <CopyText text={feed.urls.length === 0 ? feed.path : feed.urls.join('\n')} label={t('feeds.urls')} />
      </Part>
      <Part title={t('feeds.panos')}>
        <Stack gap="sm">
          <Text size="sm" className="sentence">
            {t('feeds.panosHint')}{' '}
            <Anchor href="/ca.crt" underline="always">
              {t('feeds.ca')}
            </Anchor>
          </Text>
          <CopyText text={listLines(listName(feed.feed), url)} label={t('feeds.panos')} />
        </Stack>
      </Part>
      <Part title={t('feeds.curl')}>
        <CopyText text={`curl --cacert ca.crt ${url}`} label={t('feeds.curl')} />
      </Part>
    </Stack>
  )
}
