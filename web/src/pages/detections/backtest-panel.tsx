/** Beside a rule: who would be gained and lost by the numbers in the draft, over stored records. */
import { Badge, Button, Group, Progress, Stack, Table, Text } from '@mantine/core'
import { AddressLink } from '../../components/address-link.tsx'
import { Fault } from '../../components/problem.tsx'
import { useWords } from '../../i18n/language.tsx'
import { CurveChart } from './curve-chart.tsx'
import type { Backtest, SourceRow, SummaryRow } from './use-backtest.ts'

const SHOWN = 12

interface BacktestPanelProps {
  /** Null: this rule is not the one that is tried. */
  readonly backtest: Backtest | null
  readonly value: number | null
  readonly onRun: () => void
}

export function BacktestPanel({ backtest, value, onRun }: BacktestPanelProps) {
  const { t } = useWords()
  const state = backtest?.state
  const phase = state?.phase ?? 'idle'
  return (
    <div className="backtest">
      <Group justify="space-between" mb="xs" wrap="nowrap">
        <Text size="sm" fw={600} component="h3" m={0}>
          {t('backtest.title')}
        </Text>
        {phase === 'running' ? (
          <Button size="compact-sm" variant="default" onClick={backtest?.cancel}>
            {t('backtest.cancel')}
          </Button>
        ) : (
          <Button size="compact-sm" variant="default" onClick={onRun}>
            {phase === 'idle' ? t('backtest.run') : t('backtest.again')}
          </Button>
        )}
      </Group>
      <div className="backtest-bar">
        {phase === 'running' && (
          <Progress value={state?.progress?.percent ?? 0} size="sm" aria-label={t('backtest.title')} />
        )}
      </div>
      <div role="status">
        {phase === 'idle' && <Note text={t('backtest.idle')} />}
        {phase === 'cancelled' && <Note text={t('backtest.cancelled')} />}
        {phase === 'running' && (
          <Note
            text={
              state?.isWaiting === true
                ? t('backtest.waiting')
                : t('backtest.progress', {
                    records: state?.progress?.records ?? 0,
                    total: state?.progress?.total ?? 0,
                    detections: state?.progress?.detections ?? 0,
                  })
            }
          />
        )}
        <Fault error={state?.error ?? null} />
        {phase === 'done' && state?.summary != null && <Sentence summary={state.summary} />}
      </div>
      {phase === 'done' && state?.summary != null && (
        <Result summary={state.summary} sources={state.sources} value={value} />
      )}
    </div>
  )
}

function Note({ text }: { readonly text: string }) {
  return (
    <Text size="sm" c="dimmed">
      {text}
    </Text>
  )
}

function Sentence({ summary }: { readonly summary: SummaryRow }) {
  const { t } = useWords()
  if (summary.records === 0) return <Note text={t('backtest.none')} />
  const { gained, lost, both } = summary
  return (
    <Text size="sm">
      {t('backtest.now', { today: both.sources + lost.sources, changed: both.sources + gained.sources })}
    </Text>
  )
}

interface ResultProps {
  readonly summary: SummaryRow
  readonly sources: readonly SourceRow[]
  readonly value: number | null
}

function Result({ summary, sources, value }: ResultProps) {
  const { t, language, say } = useWords()
  if (summary.records === 0) return null
  const isSame = summary.changes.length === 0
  const groups = isSame ? (['both'] as const) : (['gained', 'lost'] as const)
  return (
    <Stack gap="sm" mt="xs">
      {!isSame && (
        <Group gap="xs">
          <Badge variant="light" color="orange" tt="none" leftSection={<span aria-hidden>+</span>}>
            {t('backtest.gained', { count: summary.gained.sources })}
          </Badge>
          <Badge variant="light" color="gray" tt="none" leftSection={<span aria-hidden>−</span>}>
            {t('backtest.lost', { count: summary.lost.sources })}
          </Badge>
          <Badge variant="light" color="blue" tt="none" leftSection={<span aria-hidden>=</span>}>
            {t('backtest.both', { count: summary.both.sources })}
          </Badge>
        </Group>
      )}
      {groups.every((group) => summary[group].sources === 0) ? (
        <Note text={isSame ? t('backtest.nobodyFound') : t('backtest.nobody')} />
      ) : (
        groups.map((group) => (
          <Sources
            key={group}
            group={group}
            total={summary[group].sources}
            sources={sources.filter((source) => source.group === group)}
          />
        ))
      )}
      {summary.curve !== null && value !== null && <CurveChart curve={summary.curve} value={value} />}
      <Text size="xs" c="dimmed">
        {t('backtest.records', {
          records: summary.records,
          seconds: summary.seconds.toLocaleString(language, { maximumFractionDigits: 1 }),
        })}
        {summary.notes.map((note) => ` · ${say(note)}`)}
      </Text>
    </Stack>
  )
}

interface SourcesProps {
  readonly group: SourceRow['group']
  readonly total: number
  readonly sources: readonly SourceRow[]
}

function Sources({ group, total, sources }: SourcesProps) {
  const { t } = useWords()
  if (total === 0) return null
  const head =
    group === 'both'
      ? t('backtest.found', { count: total })
      : `${t(`backtest.${group}`, { count: total })}: ${t(`backtest.${group}Hint`)}`
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {head}
      </Text>
      <Table verticalSpacing={3} layout="auto">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('backtest.column.source')}</Table.Th>
            <Table.Th ta="right">{t('backtest.column.count')}</Table.Th>
            <Table.Th>{t('backtest.column.marks')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sources.slice(0, SHOWN).map((row) => {
            const outcome = row.changed ?? row.today
            return (
              <Table.Tr key={row.source}>
                <Table.Td>
                  <AddressLink address={row.source} />
                </Table.Td>
                <Table.Td ta="right">{outcome?.count}</Table.Td>
                <Table.Td>
                  <Marks row={row} verdict={outcome?.verdict ?? 'none'} reason={outcome?.reason ?? ''} />
                </Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
      {total > SHOWN && <Note text={t('backtest.more', { count: total - SHOWN })} />}
    </div>
  )
}

interface MarksProps {
  readonly row: SourceRow
  readonly verdict: NonNullable<SourceRow['today']>['verdict']
  readonly reason: string
}

/** What makes a person think twice: it may not be blocked, or it talked with us. */
function Marks({ row, verdict, reason }: MarksProps) {
  const { t, say } = useWords()
  const sessions = row.completedSessions ?? 0
  return (
    <Group gap={4}>
      {verdict === 'refuse' && (
        <Badge size="sm" color="orange" variant="light" tt="none" title={say(reason)}>
          <span aria-hidden>⛨ </span>
          {t('backtest.mark.refuse')}
        </Badge>
      )}
      {verdict === 'hold' && (
        <Badge size="sm" color="orange" variant="light" tt="none" title={say(reason)}>
          <span aria-hidden>‖ </span>
          {t('backtest.mark.hold')}
        </Badge>
      )}
      {sessions > 0 && (
        <Badge size="sm" color="gray" variant="light" tt="none">
          <span aria-hidden>⇄ </span>
          {t('backtest.mark.sessions', { count: sessions })}
        </Badge>
      )}
    </Group>
  )
}
