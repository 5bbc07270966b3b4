/** Am I protected, what happened, what is new: the answer in five seconds, and from each number the way to its records. */
import { Alert, Button, Grid, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { AlarmList } from '../components/alarm-list.tsx'
import { EventsLink } from '../components/events-link.tsx'
import { Part } from '../components/part.tsx'
import { Answer, PageHead } from '../components/problem.tsx'
import { SpanPicker } from '../components/span-picker.tsx'
import type { Reply } from '../data/api.ts'
import { ATTACKS, overviewQuery, type Span } from '../data/overview.ts'
import { useWords } from '../i18n/language.tsx'
import { Countries } from './overview/countries.tsx'
import { Flow } from './overview/flow.tsx'
import { Tiles } from './overview/tiles.tsx'
import { Today } from './overview/today.tsx'
import { TopLists } from './overview/top-lists.tsx'

export function OverviewPage() {
  const { t } = useWords()
  const overview = useQuery(overviewQuery)
  const search = useSearch({ from: '/' })
  const navigate = useNavigate({ from: '/' })
  const span: Span =
    search.from !== undefined && search.to !== undefined
      ? { fromMs: Date.parse(search.from), toMs: Date.parse(search.to) }
      : (search.span ?? '24h')
  const look = (next: Span) =>
    void navigate({
      search:
        typeof next === 'string'
          ? next === '24h'
            ? {}
            : { span: next }
          : { from: new Date(next.fromMs).toISOString(), to: new Date(next.toMs).toISOString() },
      resetScroll: false,
    })
  return (
    <>
      <PageHead title={t('nav.overview')}>
        <Button component={Link} to="/wall" variant="default" title="w">
          {t('overview.wall')}
        </Button>
      </PageHead>
      <Answer query={overview}>
        {(told) => (
          <Stack gap="md">
            <Tiles told={told} />
            <Surge told={told} />
            {told.alarms.length > 0 && (
              <Part title={t('overview.alarms')}>
                <AlarmList alarms={told.alarms.slice(0, 3)} />
              </Part>
            )}
            <Part title={t('overview.flow')} actions={<SpanPicker span={span} onPick={look} />}>
              <Flow span={span} onZoom={(fromMs, toMs) => look({ fromMs, toMs })} />
            </Part>
            <Grid gap="md" className="overview-pair">
              <Grid.Col span={{ base: 12, xl: 7 }}>
                <Part
                  title={t('overview.today')}
                  actions={
                    <Link to="/blocks">
                      <Text span size="sm">
                        {t('overview.allBlocks')}
                      </Text>
                    </Link>
                  }
                >
                  <Today items={told.today} />
                </Part>
              </Grid.Col>
              <Grid.Col span={{ base: 12, xl: 5 }}>
                <Part title={t('overview.map')}>
                  <Countries span={span} />
                </Part>
              </Grid.Col>
            </Grid>
            <TopLists span={span} />
          </Stack>
        )}
      </Answer>
    </>
  )
}

function Surge({ told }: { readonly told: Reply<'overview'> }) {
  const { t } = useWords()
  if (told.surge?.isSurge !== true) return null
  const { count, usual, limit } = told.surge
  return (
    <Alert color="orange" variant="light" title={t('overview.surge')} icon={<span aria-hidden>▲</span>}>
      <Group justify="space-between">
        <span>{t('overview.surgeText', { count, usual, limit })}</span>
        <EventsLink filter={ATTACKS} from="now-15m">
          {t('overview.surgeLook')}
        </EventsLink>
      </Group>
    </Alert>
  )
}
