/** A rule as a sentence with its numbers inline, its mode, what becomes of forgeable sources, and the backtest beside it. */
import {
  Badge,
  Button,
  Grid,
  Group,
  NativeSelect,
  NumberInput,
  Paper,
  SegmentedControl,
  Stack,
  Text,
} from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { notifications } from '@mantine/notifications'
import { InlineSentence } from '../../components/inline-sentence.tsx'
import { Fault } from '../../components/problem.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { BacktestPanel } from './backtest-panel.tsx'
import type { RuleSentence } from './rule-table.ts'
import type { Backtest } from './use-backtest.ts'

export type Setting = Reply<'listSettings'>
export type Draft = Readonly<Record<string, string>>

const MODES = ['off', 'shadow', 'enforce'] as const
const POLICIES = ['block', 'brief', 'hold'] as const

interface RuleCardProps {
  readonly sentence: RuleSentence
  readonly settings: ReadonlyMap<string, Setting>
  readonly draft: Draft
  readonly onDraft: (draft: Draft, isNumber: boolean) => void
  /** Null: another rule is tried. */
  readonly backtest: Backtest | null
  readonly onTry: () => void
}

export function RuleCard({ sentence, settings, draft, onDraft, backtest, onTry }: RuleCardProps) {
  const { t, meaning } = useWords()
  const { rule, threshold, isOriginal } = sentence
  const maySave = useMay('changeSettings')
  const name = t(`detections.rule.${rule}`)
  const valueOf = (key: string): string => draft[key] ?? settings.get(key)?.value ?? ''
  const keyOf = (field: string): string => `detection.${rule}.${field}`
  const change = (field: string, value: string, isNumber: boolean) => {
    const { [keyOf(field)]: _, ...rest } = draft
    const isBack = settings.get(keyOf(field))?.value === value
    onDraft(isBack ? rest : { ...rest, [keyOf(field)]: value }, isNumber)
  }
  const save = useMutation({
    mutationFn: () => call('changeSettings', { changes: draft, reason: '' }),
    onSuccess: async () => {
      onDraft({}, false)
      notifications.show({ message: t('detections.saved', { rule: name }) })
      await queryClient.invalidateQueries()
    },
  })
  const modeNow = MODES.find((mode) => mode === valueOf(keyOf('mode'))) ?? 'off'
  const isFixed = [...settings.values()].some(({ key, fixed }) => fixed && key.startsWith(keyOf('')))
  const isChanged = Object.keys(draft).length > 0
  const months = Number(settings.get('retention.inactiveMonths')?.value ?? 1)
  return (
    <Paper withBorder p="md" component="section" aria-labelledby={`rule-${rule}`}>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <form
            onSubmit={(event) => {
              event.preventDefault()
              if (isChanged && maySave) save.mutate()
            }}
          >
            <Stack gap="sm">
              <Group justify="space-between">
                <Group gap="xs">
                  <Text component="h2" id={`rule-${rule}`} fz="h2" fw={600} m={0}>
                    {name}
                  </Text>
                  {isOriginal && (
                    <Badge variant="light" color="gray" tt="none">
                      {t(`detections.case.${rule as 'portScan'}`)}
                    </Badge>
                  )}
                </Group>
                <SegmentedControl
                  size="xs"
                  aria-label={t('detections.mode', { rule: name })}
                  value={modeNow}
                  disabled={settings.get(keyOf('mode'))?.fixed === true}
                  data={MODES.map((value) => ({ value, label: t(`detections.mode.${value}`) }))}
                  onChange={(value) => change('mode', value, false)}
                />
              </Group>
              <InlineSentence
                text={`${t(`detections.says.${rule}`)} ${t(`detections.outcome.${modeNow}`, { count: months })}`}
                field={(field) =>
                  field === 'level' ? (
                    <NativeSelect
                      className="inline-field"
                      aria-label={t('detections.value', { rule: name, field })}
                      value={valueOf(keyOf(field))}
                      disabled={settings.get(keyOf(field))?.fixed === true}
                      data={(['1', '2', '0'] as const).map((value) => ({
                        value,
                        label: t(`detections.level.${value}`),
                      }))}
                      onChange={(event) => change(field, event.currentTarget.value, true)}
                    />
                  ) : (
                    <NumberInput
                      className="inline-field"
                      w={76}
                      aria-label={t('detections.value', { rule: name, field })}
                      title={meaning(keyOf(field), settings.get(keyOf(field))?.description ?? '')}
                      value={valueOf(keyOf(field))}
                      disabled={settings.get(keyOf(field))?.fixed === true}
                      min={0}
                      max={65_535}
                      allowDecimal={false}
                      allowNegative={false}
                      onChange={(value) => change(field, String(value), true)}
                    />
                  )
                }
              />
              <NativeSelect
                label={t('detections.forgeable')}
                maw={320}
                value={valueOf(keyOf('spoofable'))}
                disabled={settings.get(keyOf('spoofable'))?.fixed === true}
                data={POLICIES.map((value) => ({
                  value,
                  label: t(`detections.forgeable.${value}`, {
                    hours: Number(settings.get('decisions.briefHours')?.value ?? 24),
                  }),
                }))}
                onChange={(event) => change('spoofable', event.currentTarget.value, false)}
              />
              {isFixed && (
                <Text size="xs" c="dimmed">
                  {t('detections.fixed')}
                </Text>
              )}
              <Fault error={save.error} />
              <Group gap="xs" mih={36}>
                {maySave && (
                  <Button type="submit" disabled={!isChanged} loading={save.isPending}>
                    {t('detections.save')}
                  </Button>
                )}
                {isChanged && (
                  <>
                    <Button variant="default" onClick={() => onDraft({}, false)}>
                      {t('detections.discard')}
                    </Button>
                    <Badge color="orange" variant="light" tt="none">
                      <span aria-hidden>● </span>
                      {t('detections.unsaved')}
                    </Badge>
                  </>
                )}
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <BacktestPanel
            backtest={backtest}
            value={threshold === null ? null : Number(valueOf(keyOf(threshold)))}
            onRun={onTry}
          />
        </Grid.Col>
      </Grid>
    </Paper>
  )
}
