/** The rules as sentences, a card each; beside each what other numbers would have done to stored records. */
import { SegmentedControl, Stack, Text } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, PageHead } from '../components/problem.tsx'
import { settingsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { Retention } from './detections/retention.tsx'
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
  const { t } = useWords()
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
      <Retention settings={settings} title={t('detections.shared')} />
    </Stack>
  )
}
