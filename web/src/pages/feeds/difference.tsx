/** What one list has and another has not. */
import { Badge, Group, ScrollArea, Text } from '@mantine/core'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

interface DifferenceProps {
  readonly title: string
  readonly difference: Reply<'diffFeed'>
}

export function Difference({ title, difference }: DifferenceProps) {
  const { t } = useWords()
  const { addedCount, removedCount, unchanged, added, removed } = difference
  return (
    <div>
      <Group gap="xs" mb="xs">
        <Text size="sm" fw={500}>
          {title}
        </Text>
        <Badge variant="light" color="orange" tt="none">
          <span aria-hidden>+ </span>
          {t('feeds.added', { count: addedCount })}
        </Badge>
        <Badge variant="light" color="gray" tt="none">
          <span aria-hidden>− </span>
          {t('feeds.removed', { count: removedCount })}
        </Badge>
        <Badge variant="light" color="blue" tt="none">
          <span aria-hidden>= </span>
          {t('feeds.unchanged', { count: unchanged })}
        </Badge>
      </Group>
      {addedCount + removedCount === 0 ? (
        <Text size="sm" c="dimmed">
          {t('feeds.same')}
        </Text>
      ) : (
        <ScrollArea.Autosize mah={260} viewportProps={{ tabIndex: 0, role: 'group', 'aria-label': title }}>
          <pre className="lines">
            {[...added.map((line) => `+ ${line}`), ...removed.map((line) => `− ${line}`)].join('\n')}
          </pre>
        </ScrollArea.Autosize>
      )}
    </div>
  )
}
