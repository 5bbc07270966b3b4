/** The rules as sentences, a card each; beside each what other numbers would have done to stored records. */
import { Button, Group, NumberInput, Paper, SegmentedControl, Stack, Text } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { InlineSentence } from '../components/inline-sentence.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Fault, PageHead } from '../components/problem.tsx'
import { call } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { settingsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { type Draft, RuleCard, type Setting } from './detections/rule-card.tsx'
import { curveRange, RULE_SENTENCES, type RuleSentence } from './detections/rule-table.ts'
import { useBacktest } from './detections/use-backtest.ts'

/** A person is done typing. */
const TYPED_MS = 700
const HOUR_MS = 3_600_000
const RANGES = { day: 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const

type Range = keyof typeof RANGES

export function DetectionsPage() {
  const { t } = useWords()
  const settings = useQuery(settingsQuery)
  const [range, setRange] = useState<Range>('day')
  return (
    <>
      <PageHead title={t('detections.title')}>
        <Text size="sm" component="span">
          {t('backtest.range')}
        </Text>
        <SegmentedControl
          size="xs"
          aria-label={t('backtest.range')}
          value={range}
          data={(['day', 'week'] as const).map((value) => ({ value, label: t(`backtest.range.${value}`) }))}
          onChange={(value) => setRange(value as Range)}
        />
      </PageHead>
      <Text mb="md" className="sentence">
        {t('detections.intro')}
      </Text>
      <NeedsRole operation="changeSettings" />
      <Answer query={settings}>
        {({ items }) => (
          <Rules settings={new Map(items.map((setting) => [setting.key, setting]))} range={range} />
        )}
      </Answer>
    </>
  )
}

interface RulesProps {
  readonly settings: ReadonlyMap<string, Setting>
  readonly range: Range
}

function Rules({ settings, range }: RulesProps) {
  const backtest = useBacktest()
  const [drafts, setDrafts] = useState<Readonly<Record<string, Draft>>>({})
  const [tried, setTried] = useState<string | null>(null)
  const ask = (sentence: RuleSentence, draft: Draft) => {
    const { rule, threshold } = sentence
    const key = threshold === null ? null : `detection.${rule}.${threshold}`
    const value = Number((key === null ? null : (draft[key] ?? settings.get(key)?.value)) ?? Number.NaN)
    const now = Date.now()
    // A rule that is off would find nobody: what it would find is the question.
    const modeKey = `detection.${rule}.mode`
    const isOff = (draft[modeKey] ?? settings.get(modeKey)?.value) !== 'enforce'
    const changes = isOff ? { ...draft, [modeKey]: 'enforce' } : draft
    setTried(rule)
    backtest.run({
      from: new Date(now - RANGES[range]).toISOString(),
      to: new Date(now).toISOString(),
      changes,
      allRules: false,
      ...(key === null || !Number.isInteger(value) || value < 1
        ? {}
        : { curve: { key, ...curveRange(value) } }),
    })
  }
  const askSoon = useDebouncedCallback(ask, TYPED_MS)
  return (
    <Stack gap="md">
      {RULE_SENTENCES.map((sentence) => (
        <RuleCard
          key={sentence.rule}
          sentence={sentence}
          settings={settings}
          draft={drafts[sentence.rule] ?? {}}
          onDraft={(draft, isNumber) => {
            setDrafts({ ...drafts, [sentence.rule]: draft })
            const isWhole = Object.values(draft).every((value) => value !== '')
            if (isNumber && isWhole) askSoon(sentence, draft)
          }}
          backtest={tried === sentence.rule ? backtest : null}
          onTry={() => ask(sentence, drafts[sentence.rule] ?? {})}
        />
      ))}
      <Shared settings={settings} />
    </Stack>
  )
}

/** What all rules share: how long blocks and records are kept. */
function Shared({ settings }: { readonly settings: ReadonlyMap<string, Setting> }) {
  const { t } = useWords()
  const mayChange = useMay('changeSettings')
  const [draft, setDraft] = useState<Draft>({})
  const title = t('detections.shared')
  const save = useMutation({
    mutationFn: () => call('changeSettings', { changes: draft, reason: '' }),
    onSuccess: async () => {
      setDraft({})
      notifications.show({ message: t('detections.saved', { rule: title }) })
      await queryClient.invalidateQueries()
    },
  })
  const isChanged = Object.keys(draft).length > 0
  return (
    <Paper withBorder p="md" component="section">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isChanged) save.mutate()
        }}
      >
        <Stack gap="sm">
          <Text component="h2" fz="h2" fw={600} m={0}>
            {title}
          </Text>
          <InlineSentence
            text={t('detections.shared.says')}
            field={(field) => {
              const key = `retention.${field}`
              const setting = settings.get(key)
              return (
                <NumberInput
                  className="inline-field"
                  w={76}
                  aria-label={t('detections.value', { rule: title, field })}
                  title={setting?.description ?? ''}
                  value={draft[key] ?? setting?.value ?? ''}
                  disabled={setting?.fixed === true || !mayChange}
                  min={1}
                  max={120}
                  allowDecimal={false}
                  onChange={(value) => {
                    const { [key]: _, ...rest } = draft
                    setDraft(String(value) === setting?.value ? rest : { ...rest, [key]: String(value) })
                  }}
                />
              )
            }}
          />
          <Fault error={save.error} />
          {mayChange && (
            <Group>
              <Button type="submit" disabled={!isChanged} loading={save.isPending}>
                {t('detections.save')}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Paper>
  )
}
