/** What stands where there are no events: the way to the first one, or what would find more. */
import { Button, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { statusQuery } from '../../data/queries.ts'
import { partsOf, withoutPart } from '../../data/records-filter.ts'
import { useWords } from '../../i18n/language.tsx'

interface NothingProps {
  readonly filter: string
  readonly onSearch: (filter: string) => void
  readonly onDays: () => void
}

export function Nothing({ filter, onSearch, onDays }: NothingProps) {
  const { t } = useWords()
  const status = useQuery({ ...statusQuery, refetchInterval: false })
  const hasNone = filter === '' && status.data?.devices.length === 0
  return (
    <Stack gap="xs" align="flex-start" className="ev-nothing">
      <Text fw={600}>{t(hasNone ? 'events.empty.none' : 'events.empty.match')}</Text>
      <Text size="sm" className="sentence">
        {t(hasNone ? 'events.empty.noneHint' : 'events.empty.matchHint')}
      </Text>
      {hasNone ? (
        <Button renderRoot={(props) => <Link to="/welcome" {...props} />}>{t('events.empty.begin')}</Button>
      ) : (
        <Group gap="xs">
          <Button variant="default" onClick={onDays}>
            {t('events.empty.days')}
          </Button>
          {partsOf(filter).map((part) => (
            <Button key={part} variant="default" onClick={() => onSearch(withoutPart(filter, part))}>
              <span className="ev-clip ev-fix">{t('events.empty.without', { part: visibleText(part) })}</span>
            </Button>
          ))}
        </Group>
      )}
    </Stack>
  )
}
