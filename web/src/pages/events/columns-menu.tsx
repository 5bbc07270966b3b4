/** Which columns the table shows: a set, or any of them. */
import { Button, Checkbox, Group, Popover, ScrollArea, Text } from '@mantine/core'
import { useWords } from '../../i18n/language.tsx'
import { COLUMN_SETS, COLUMNS, type Column, type ColumnSet } from './columns.ts'

interface ColumnsMenuProps {
  readonly columns: readonly Column[]
  /** Undefined: the usual ones. */
  readonly onChange: (names: string | undefined) => void
}

export function ColumnsMenu({ columns, onChange }: ColumnsMenuProps) {
  const { t } = useWords()
  const chosen = columns.map(({ field }) => field)
  const names = chosen.join(',')
  const choose = (next: readonly string[]) => {
    const text = next.join(',')
    onChange(text === '' || text === COLUMN_SETS.usual.join(',') ? undefined : text)
  }
  const toggle = (field: string, isOn: boolean) => {
    if (!isOn) {
      choose(chosen.filter((one) => one !== field))
      return
    }
    // In the order in which they are offered, unless somebody has another order by a link.
    const order = [...COLUMNS.keys()]
    const at = chosen.findIndex((one) => order.indexOf(one) > order.indexOf(field))
    choose(at === -1 ? [...chosen, field] : chosen.toSpliced(at, 0, field))
  }
  return (
    <Popover position="bottom-end" width={360} withinPortal trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" size="compact-sm" fw={500}>
          {t('events.columns')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Text size="xs" c="dimmed" mb={4}>
          {t('events.columns.sets')}
        </Text>
        <Group gap={6} mb="sm">
          {(Object.keys(COLUMN_SETS) as ColumnSet[]).map((set) => (
            <Button
              key={set}
              size="compact-sm"
              variant={names === COLUMN_SETS[set].join(',') ? 'light' : 'default'}
              aria-pressed={names === COLUMN_SETS[set].join(',')}
              onClick={() => choose(COLUMN_SETS[set])}
            >
              {t(`events.columns.set.${set}`)}
            </Button>
          ))}
        </Group>
        <Text size="xs" c="dimmed" mb={4}>
          {t('events.columns.own')}
        </Text>
        <ScrollArea.Autosize mah={320} type="auto">
          <div className="ev-columns">
            {[...COLUMNS.values()].map(({ field, label }) => (
              <Checkbox
                key={field}
                size="xs"
                label={t(label)}
                checked={chosen.includes(field)}
                onChange={(event) => toggle(field, event.currentTarget.checked)}
              />
            ))}
          </div>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  )
}
