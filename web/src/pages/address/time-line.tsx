/** Everything on one strip: lines over time, and above them what was found and decided. */
import { Text } from '@mantine/core'
import type { Mark } from '../../components/chart-marks.tsx'
import { StackedChart } from '../../components/stacked-chart.tsx'
import type { Reply } from '../../data/api.ts'
import type { TextKey } from '../../i18n/en.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'

interface TimeLineProps {
  readonly records: Reply<'addressRecords'>
  readonly profile: Reply<'addressProfile'> | undefined
  readonly onZoom: (fromMs: number, toMs: number) => void
}

export function TimeLine({ records, profile, onZoom }: TimeLineProps) {
  const { t, language } = useWords()
  const { from, bucketMs, series, total } = records
  return (
    <>
      <StackedChart
        title={t('address.timeLine')}
        fromMs={Date.parse(from)}
        bucketMs={bucketMs}
        height={150}
        marks={profile === undefined ? [] : marksOf(profile, t, language)}
        series={series.map(({ name, counts }) => ({ kind: name, label: t(`chart.${name}`), counts }))}
        onZoom={onZoom}
      />
      <Text size="xs" c="dimmed">
        {total === 0 ? t('address.noLines') : t('address.marks')}
      </Text>
    </>
  )
}

function marksOf({ decisions, detections }: Reply<'addressProfile'>, t: Translate, language: string): Mark[] {
  const at = (iso: string): string =>
    new Date(iso).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })
  const marks: Mark[] = detections.map(({ id, detectedAt, rule, count }) => ({
    id: `found ${id}`,
    atMs: Date.parse(detectedAt),
    kind: 'found',
    label: `${at(detectedAt)} · ${t('address.found', { rule: t(`rule.${rule}` as TextKey), count })}`,
  }))
  for (const { id, mode, createdAt, endedAt, reason, endReason } of decisions) {
    marks.push({
      id: `made ${id}`,
      atMs: Date.parse(createdAt),
      kind: mode === 'block' ? 'blocked' : 'held',
      label: `${at(createdAt)} · ${t(`blocks.state.${mode}`)}: ${reason}`,
    })
    if (endedAt !== null)
      marks.push({
        id: `ended ${id}`,
        atMs: Date.parse(endedAt),
        kind: 'ended',
        label: `${at(endedAt)} · ${t('address.ended')}: ${endReason ?? ''}`,
      })
  }
  return marks
}
