/** What stands above the table: the screen's name and its tools, what can be done with the selected events, the link. */
import { Button, Group, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'
import type { Column } from './columns.ts'
import { ColumnsMenu } from './columns-menu.tsx'
import type { ChangeSearch } from './state.ts'
import { textsOf } from './time-range.tsx'
import { timesOf, ViewsMenu } from './views-menu.tsx'

type Span = { readonly fromMs: number; readonly toMs: number } | null

interface ToolsProps {
  readonly change: ChangeSearch
  readonly columns: readonly Column[]
  readonly span: Span
  readonly isLive: boolean
  readonly isNarrow: boolean
  readonly hasFacets: boolean
  readonly onLive: () => void
  readonly onFacets: () => void
  readonly onExport: () => void
  readonly onSave: () => void
}

export function Tools(props: ToolsProps) {
  const { change, columns, span, isLive, isNarrow, hasFacets, onLive, onFacets, onExport, onSave } = props
  const { t } = useWords()
  return (
    <Group justify="space-between" gap="xs" className="ev-head">
      <Text component="h1" fz="h1" fw={600} m={0}>
        {t('events.title')}
      </Text>
      <Group gap={6}>
        <Button
          variant={isLive ? 'light' : 'default'}
          size="compact-sm"
          fw={500}
          aria-pressed={isLive}
          onClick={onLive}
          leftSection={<span className="ev-dot" data-phase={isLive ? 'open' : 'off'} aria-hidden />}
        >
          {t('events.live')}
        </Button>
        <Button variant="default" size="compact-sm" fw={500} aria-pressed={hasFacets} onClick={onFacets}>
          {t('events.facets')}
        </Button>
        {!isNarrow && (
          <ColumnsMenu columns={columns} onChange={(names) => change({ cols: names }, { replace: true })} />
        )}
        <ViewsMenu
          onSave={onSave}
          onLoad={(view) => {
            const { from, to } = timesOf(view)
            const cols = view.columns.join(',')
            change({ filter: view.filter, from, to, cols, record: undefined, live: undefined })
          }}
        />
        <Button variant="default" size="compact-sm" fw={500} onClick={onExport}>
          {t('events.export')}
        </Button>
        <CopyLink span={span} />
      </Group>
    </Group>
  )
}

/** The screen as a link: relative times stay relative, with Shift they are fixed as they are now. */
function CopyLink({ span }: { readonly span: Span }) {
  const { t } = useWords()
  const copy = async (isFrozen: boolean) => {
    const url = new URL(window.location.href)
    if (isFrozen && span !== null) {
      const { from, to } = textsOf(span)
      url.searchParams.set('from', from)
      url.searchParams.set('to', to)
    }
    await navigator.clipboard.writeText(url.href)
    notifications.show({
      message: t(isFrozen ? 'events.link.frozen' : 'events.link.copied'),
      autoClose: 2000,
    })
  }
  return (
    <Button
      variant="default"
      size="compact-sm"
      fw={500}
      visibleFrom="sm"
      title={t('events.link.hint')}
      onClick={(event) => void copy(event.shiftKey)}
    >
      {t('events.link')}
    </Button>
  )
}

interface ChosenBarProps {
  readonly count: number
  readonly onAct: (what: 'block' | 'allow') => void
  readonly onClear: () => void
}

export function ChosenBar({ count, onAct, onClear }: ChosenBarProps) {
  const { t } = useWords()
  const mayBlock = useMay('addBlocks')
  if (count === 0) return null
  return (
    <Group gap="xs" className="ev-chosen">
      <Text size="sm">{t('events.chosen', { count })}</Text>
      {mayBlock && (
        <>
          <Button size="compact-sm" onClick={() => onAct('block')}>
            {t('events.menu.block')}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => onAct('allow')}>
            {t('events.menu.allow')}
          </Button>
        </>
      )}
      <Button size="compact-sm" variant="default" onClick={onClear}>
        {t('events.unselect')}
      </Button>
    </Group>
  )
}
