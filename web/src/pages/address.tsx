/**
 * One address or network: the verdict in a sentence, what can be done, everything that happened on one time line, what it
 * tried, who its neighbours are, what people noted.
 */
import { Badge, Button, Grid, Group, List, Paper, Skeleton, Stack, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { EventsLink } from '../components/events-link.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Part } from '../components/part.tsx'
import { ProofTimeline } from '../components/proof-timeline.tsx'
import { PortMatrix } from '../components/port-matrix.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import { SpanPicker } from '../components/span-picker.tsx'
import { useStoreReady, WhenStored } from '../components/when-stored.tsx'
import { addressRecordsQuery, profileQuery, sourceFilter } from '../data/address.ts'
import type { Reply } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { type Span, timesOf } from '../data/overview.ts'
import { explainQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { type Action, ActionDialog, actionsFor } from './address/actions.tsx'
import { AuditOf } from './address/audit-of.tsx'
import { FirewallTable } from './address/firewall-table.tsx'
import { History } from './address/history.tsx'
import { LinksOut } from './address/links-out.tsx'
import { Neighbours } from './address/neighbours.tsx'
import { Notes } from './address/notes.tsx'
import { TimeLine } from './address/time-line.tsx'
import { Verdict } from './address/verdict.tsx'
import { Said } from '../components/said.tsx'

export function AddressPage() {
  const { t } = useWords()
  const { address } = useParams({ from: '/ip/$address' })
  const search = useSearch({ from: '/ip/$address' })
  const navigate = useNavigate({ from: '/ip/$address' })
  const span: Span =
    search.from !== undefined && search.to !== undefined
      ? { fromMs: Date.parse(search.from), toMs: Date.parse(search.to) }
      : (search.span ?? '7d')
  const explanation = useQuery(explainQuery(address))
  const profile = useQuery(profileQuery(address))
  const isReady = useStoreReady()
  const records = useQuery({ ...addressRecordsQuery(address, span), enabled: isReady })
  const [asked, setAsked] = useState<Action | null>(null)
  const mayBlock = useMay('addBlocks')
  const block = profile.data?.block ?? explanation.data?.block ?? null
  const actions = mayBlock ? actionsFor(block) : []
  const offer = (action: Action) => () => actions.includes(action) && setAsked(action)
  useHotkeys([
    ['b', offer('block')],
    ['a', offer('allow')],
    ['u', offer('lift')],
  ])
  const look = (next: Span) =>
    void navigate({
      search:
        typeof next === 'string'
          ? next === '7d'
            ? {}
            : { span: next }
          : { from: new Date(next.fromMs).toISOString(), to: new Date(next.toMs).toISOString() },
      resetScroll: false,
    })
  const filter = sourceFilter(profile.data?.address ?? address)
  const failed = explanation.error !== null && explanation.data === undefined
  const isTold = useAllAtOnce([explanation, profile, records], address)
  return (
    <>
      <PageHead title={address}>
        {actions.map((action) => (
          <Button key={action} variant="default" onClick={() => setAsked(action)}>
            {t(`address.do.${action}`)}
          </Button>
        ))}
      </PageHead>
      <NeedsRole operation="addBlocks" />
      {failed ? (
        <Answer query={explanation}>{() => null}</Answer>
      ) : !isTold ? (
        <Stack gap="md" role="status" aria-label={t('common.loading')}>
          <Skeleton height={150} animate={false} />
          <Skeleton height={310} animate={false} />
          <Skeleton height={220} animate={false} />
        </Stack>
      ) : (
        <Stack gap="md">
          <Verdict explanation={explanation} profile={profile.data} records={records.data} />
          <Part
            title={t('address.timeLine')}
            actions={
              <>
                <EventsLink filter={filter} {...timesOf(span)}>
                  <Text span size="sm">
                    {t('address.allRecords')}
                  </Text>
                </EventsLink>
                <SpanPicker span={span} onPick={look} />
              </>
            }
          >
            <div className="flow">
              <WhenStored>
                <Answer query={records}>
                  {(told) => (
                    <TimeLine
                      records={told}
                      profile={profile.data}
                      onZoom={(fromMs, toMs) => look({ fromMs, toMs })}
                    />
                  )}
                </Answer>
              </WhenStored>
            </div>
          </Part>
          <Grid gap="md">
            <Grid.Col span={{ base: 12, lg: 8 }}>
              <Stack gap="md">
                <Part title={t('address.matrix')}>
                  <WhenStored>
                    <Answer query={records}>
                      {({ matrix, destinations, ports, from }) =>
                        matrix.destinations.length === 0 ? (
                          <Empty>{t('address.matrixEmpty')}</Empty>
                        ) : (
                          <>
                            <PortMatrix
                              title={t('address.matrix')}
                              matrix={matrix}
                              filter={filter}
                              from={from}
                            />
                            <Text size="xs" c="dimmed" mt="xs">
                              {t('address.matrixHint', {
                                shownDestinations: matrix.destinations.length,
                                destinations,
                                shownPorts: matrix.ports.length,
                                ports,
                              })}
                            </Text>
                          </>
                        )
                      }
                    </Answer>
                  </WhenStored>
                </Part>
                {explanation.data?.enforcement != null && (
                  <Part title={t('proof.title')}>
                    <ProofTimeline enforcement={explanation.data.enforcement} />
                  </Part>
                )}
                <Part title={t('address.firewalls')}>
                  <WhenStored>
                    <Answer query={records}>
                      {({ devices, from }) => (
                        <FirewallTable
                          devices={devices}
                          enforcement={explanation.data?.enforcement ?? null}
                          filter={filter}
                          from={from}
                        />
                      )}
                    </Answer>
                  </WhenStored>
                </Part>
                <Part title={t('address.why')}>
                  <Answer query={explanation}>{(told) => <Why explanation={told} />}</Answer>
                </Part>
              </Stack>
            </Grid.Col>
            <Grid.Col span={{ base: 12, lg: 4 }}>
              <Stack gap="md">
                <Part title={t('address.neighbours')}>
                  <Answer query={profile}>
                    {(told) => <Neighbours profile={told} mayBlock={mayBlock} />}
                  </Answer>
                </Part>
                <Part title={t('address.notes')}>
                  <Answer query={profile}>{(told) => <Notes profile={told} />}</Answer>
                </Part>
                <Part title={t('address.links')}>
                  <LinksOut address={address} />
                </Part>
                <Part title={t('address.history')}>
                  <Answer query={profile}>{(told) => <History profile={told} />}</Answer>
                </Part>
                <Part title={t('address.audit')}>
                  <Answer query={profile}>{(told) => <AuditOf profile={told} />}</Answer>
                </Part>
              </Stack>
            </Grid.Col>
          </Grid>
        </Stack>
      )}
      <ActionDialog address={address} action={asked} block={block} onClose={() => setAsked(null)} />
    </>
  )
}

/** The parts are shown together, so that none pushes another down; who is late is not waited for longer than this. */
const TOGETHER_MS = 2500

/** True once every question about an address has its answer, or the longest wait is over. */
function useAllAtOnce(
  queries: readonly { readonly data: unknown; readonly error: Error | null }[],
  address: string,
): boolean {
  const [shown, setShown] = useState<string | null>(null)
  const isComplete = queries.every(({ data, error }) => data !== undefined || error !== null)
  useEffect(() => {
    if (isComplete) setShown(address)
    const timer = setTimeout(() => setShown(address), TOGETHER_MS)
    return () => clearTimeout(timer)
  }, [isComplete, address])
  return isComplete || shown === address
}

/** What the rules count now: of interest when a rule did not fire. */
const COUNTER = /^(?:Rule \S+ counts |\d+ further counters)/

function Sentences({ sentences }: { readonly sentences: readonly string[] }) {
  return (
    <List spacing={4} size="sm" className="sentence">
      {sentences.map((sentence) => (
        <List.Item key={sentence}>
          <Said text={sentence} />
        </List.Item>
      ))}
    </List>
  )
}

/** The service's own sentences and the lines that convicted. */
function Why({ explanation }: { readonly explanation: Reply<'explain'> }) {
  const { t } = useWords()
  const { sentences, evidence } = explanation
  const told = [...new Set(sentences.slice(1))].filter((sentence) => !/^Line \d+ of /.test(sentence))
  const counters = told.filter((sentence) => COUNTER.test(sentence))
  return (
    <Stack gap="md">
      <Sentences sentences={told.filter((sentence) => !COUNTER.test(sentence))} />
      {counters.length > 0 && (
        <details>
          <summary className="chart-summary">{t('address.counters', { count: counters.length })}</summary>
          <Sentences sentences={counters} />
        </details>
      )}
      {evidence.length > 0 && (
        <section>
          <Group mb="xs" gap="xs">
            <Text component="h3" fz="h3" fw={600} m={0}>
              {t('address.evidence')}
            </Text>
            <Badge variant="default" tt="none">
              {evidence.length}
            </Badge>
          </Group>
          <Paper
            withBorder
            p="sm"
            className="evidence evidence-box"
            tabIndex={0}
            role="group"
            aria-label={t('address.evidence')}
          >
            {evidence.map((line) => (
              <div key={line}>{line}</div>
            ))}
          </Paper>
        </section>
      )}
    </Stack>
  )
}
