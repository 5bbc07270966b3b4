/** Which time a screen looks at: one of some spans, or the one that was dragged in a chart, with the way back. */
import { Button, Group, SegmentedControl, Text } from '@mantine/core'
import { isSpanName, type Span, SPANS, type SpanName } from '../data/overview.ts'
import { useWords } from '../i18n/language.tsx'

interface SpanPickerProps {
  readonly span: Span
  readonly onPick: (span: Span) => void
}

export function SpanPicker({ span, onPick }: SpanPickerProps) {
  const { t, language } = useWords()
  if (typeof span !== 'string') {
    const format = new Intl.DateTimeFormat(language, {
      dateStyle: 'medium',
      timeStyle: 'short',
      hourCycle: 'h23',
    })
    return (
      <Group gap="xs">
        <Text size="sm">{format.formatRange(span.fromMs, span.toMs)}</Text>
        <Button size="compact-sm" variant="default" onClick={() => onPick('24h')}>
          {t('span.back')}
        </Button>
      </Group>
    )
  }
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('span.label')}
      value={span}
      data={(Object.keys(SPANS) as SpanName[]).map((value) => ({ value, label: t(`span.${value}`) }))}
      onChange={(value) => isSpanName(value) && onPick(value)}
    />
  )
}
