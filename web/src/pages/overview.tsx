/** Am I protected, and what is new: the answer in five seconds. */
import { Alert, Anchor, Grid, Paper, SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BlockRows } from '../components/block-rows.tsx'
import { Instant, relativeText } from '../components/instant.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { blocksQuery, statusQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

export function OverviewPage() {
  const { t } = useWords()
  const status = useQuery(statusQuery)
  const blocks = useQuery(blocksQuery({}, 10))
  return (
    <>
      <PageHead title={t('nav.overview')} />
      <Answer query={status}>
        {(told) => (
          <Stack gap="lg">
            <Protection status={told} />
            <Tiles status={told} />
            <Grid gap="lg">
              <Grid.Col span={{ base: 12, lg: 8 }}>
                <Section title={t('overview.new')}>
                  <Answer query={blocks}>
                    {({ items }) =>
                      items.length === 0 ? (
                        <Empty>{t('overview.newEmpty')}</Empty>
                      ) : (
                        <BlockRows items={items} isShort />
                      )
                    }
                  </Answer>
                </Section>
              </Grid.Col>
              <Grid.Col span={{ base: 12, lg: 4 }}>
                <Stack gap="lg">
                  <Section title={t('overview.findings')}>
                    <Findings status={told} />
                  </Section>
                  <Section title={t('overview.devices')}>
                    <Devices status={told} />
                  </Section>
                </Stack>
              </Grid.Col>
            </Grid>
          </Stack>
        )}
      </Answer>
    </>
  )
}

type Status = Reply<'status'>

function Section({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <section>
      <Text component="h2" fz="h2" fw={600} mt={0} mb="xs">
        {title}
      </Text>
      {children}
    </section>
  )
}

function Protection({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  const { engine, freeze, list } = status
  const ago = (at: string | null) => (at === null ? '' : relativeText(at, language))
  const fetched =
    list.lastFetchedAt === null
      ? t('overview.neverFetched')
      : t('overview.fetched', { time: ago(list.lastFetchedAt), who: list.lastFetchedBy ?? '?' })
  const [color, sign, text] = !engine.on
    ? ['orange', '!', t('overview.off', { time: ago(engine.changedAt), who: engine.changedBy ?? '?' })]
    : freeze.frozen
      ? ['orange', '‖', t('overview.frozen', { time: ago(freeze.changedAt), who: freeze.changedBy ?? '?' })]
      : ['blue', '✓', t('overview.on', { count: list.entries })]
  return (
    <Alert color={color} icon={<span aria-hidden>{sign}</span>} title={text} variant="light">
      {fetched}
    </Alert>
  )
}

function Tiles({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  const { blocked, held, shadow, allowed } = status.decisions
  const tiles = [
    { label: t('overview.blocked'), value: blocked, to: '/blocks', mode: 'block' },
    { label: t('overview.held'), value: held, to: '/blocks', mode: 'hold' },
    { label: t('overview.shadow'), value: shadow, to: '/blocks', mode: 'shadow' },
    { label: t('overview.allowed'), value: allowed, to: '/allow', mode: null },
  ] as const
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }}>
      {tiles.map(({ label, value, to, mode }) => (
        <Link key={label} to={to} search={mode === null ? {} : { mode }} className="tile">
          <Paper withBorder p="md">
            <Text size="sm" c="dimmed">
              {label}
            </Text>
            <Text fz={28} fw={600} lh={1.2}>
              {value.toLocaleString(language)}
            </Text>
          </Paper>
        </Link>
      ))}
    </SimpleGrid>
  )
}

function Findings({ status }: { readonly status: Status }) {
  const { t } = useWords()
  if (status.findings.length === 0) return <Empty>{t('overview.findingsEmpty')}</Empty>
  return (
    <Stack gap="xs">
      {status.findings.map(({ code, message, mend }) => (
        <Alert key={code + message} color="orange" variant="light" title={message}>
          {mend}
        </Alert>
      ))}
    </Stack>
  )
}

function Devices({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  if (status.devices.length === 0) return <Empty>{t('overview.devicesEmpty')}</Empty>
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('device.name')}</Table.Th>
          <Table.Th ta="right">{t('device.records')}</Table.Th>
          <Table.Th>{t('device.last')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {status.devices.slice(0, 10).map((device) => (
          <Table.Tr key={device.device}>
            <Table.Td>
              <Anchor component={Link} to="/sources" size="sm">
                {device.device}
              </Anchor>
            </Table.Td>
            <Table.Td ta="right">{device.records.toLocaleString(language)}</Table.Td>
            <Table.Td>
              <Instant at={device.lastSeenAt} none={t('common.never')} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
