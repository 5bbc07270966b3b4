/** Saved views: filter, time and columns under a name, of one's own or shared by others. */
import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  Modal,
  Popover,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Fault } from '../../components/problem.tsx'
import { call, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { viewsQuery } from '../../data/records.ts'
import { useWords } from '../../i18n/language.tsx'
import type { Column } from './columns.ts'
import type { EventsSearch } from './state.ts'
import { rangeText } from './time-range.tsx'

type View = Reply<'listViews'>

interface ViewsMenuProps {
  readonly onLoad: (view: View) => void
  readonly onSave: () => void
}

export function ViewsMenu({ onLoad, onSave }: ViewsMenuProps) {
  const { t } = useWords()
  const [isOpen, setOpen] = useState(false)
  const views = useQuery({ ...viewsQuery, enabled: isOpen })
  const items = views.data?.items ?? []
  const load = (view: View) => {
    setOpen(false)
    onLoad(view)
  }
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-end"
      width={340}
      withinPortal
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <Button variant="default" size="compact-sm" fw={500} onClick={() => setOpen(!isOpen)}>
          {t('events.views')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          {views.data !== undefined && items.length === 0 && (
            <Text size="sm" c="dimmed">
              {t('events.views.empty')}
            </Text>
          )}
          <ViewList title={t('events.views.own')} views={items.filter(({ own }) => own)} onLoad={load} />
          <ViewList title={t('events.views.shared')} views={items.filter(({ own }) => !own)} onLoad={load} />
          <Button
            variant="default"
            onClick={() => {
              setOpen(false)
              onSave()
            }}
          >
            {t('events.views.save')}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  )
}

interface ViewListProps {
  readonly title: string
  readonly views: readonly View[]
  readonly onLoad: (view: View) => void
}

function ViewList({ title, views, onLoad }: ViewListProps) {
  const { t, language } = useWords()
  const removal = useMutation({
    mutationFn: ({ id }: View) => call('removeView', { id }),
    onSuccess: async (_, { name }) => {
      notifications.show({ message: t('events.views.removed', { name }) })
      await queryClient.invalidateQueries({ queryKey: ['views'] })
    },
  })
  if (views.length === 0) return null
  return (
    <div>
      <Text size="xs" c="dimmed" mb={2}>
        {title}
      </Text>
      {views.map((view) => (
        <Group key={view.id} gap={4} wrap="nowrap" className="ev-view">
          <UnstyledButton className="ev-view-load" onClick={() => onLoad(view)}>
            <Text size="sm" fw={500} truncate>
              {view.name}
            </Text>
            <Text size="xs" c="dimmed" truncate>
              {rangeText(timesOf(view), t, language)}
              {view.filter === '' ? '' : ` · ${view.filter}`}
              {view.own ? (view.shared ? ` · ${t('events.views.isShared')}` : '') : ` · ${view.owner}`}
            </Text>
          </UnstyledButton>
          {view.own && (
            <ActionIcon
              variant="subtle"
              color="gray"
              className="ev-quiet"
              aria-label={t('events.views.remove', { name: view.name })}
              onClick={() => removal.mutate(view)}
            >
              <span aria-hidden>✕</span>
            </ActionIcon>
          )}
        </Group>
      ))}
      <Fault error={removal.error} />
    </div>
  )
}

/** The times of a view as the URL has them. */
export function timesOf({ from, to }: Pick<View, 'from' | 'to'>): Pick<EventsSearch, 'from' | 'to'> {
  return { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) }
}

interface SaveViewProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly search: EventsSearch
  readonly columns: readonly Column[]
}

export function SaveView({ isOpen, onClose, search, columns }: SaveViewProps) {
  const { t } = useWords()
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(false)
  const saving = useMutation({
    mutationFn: () =>
      call('saveView', {
        name,
        filter: search.filter ?? '',
        from: search.from ?? null,
        to: search.to ?? null,
        columns: search.cols === undefined ? [] : columns.map(({ field }) => field),
        shared: isShared,
      }),
    onSuccess: async (view) => {
      notifications.show({ message: t('events.views.saved', { name: view.name }) })
      setName('')
      onClose()
      await queryClient.invalidateQueries({ queryKey: ['views'] })
    },
  })
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('events.views.saveTitle')}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          saving.mutate()
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t('events.views.what')}</Text>
          <TextInput
            label={t('events.views.name')}
            description={t('events.views.nameHint')}
            value={name}
            maxLength={80}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            data-autofocus
          />
          <Checkbox
            label={t('events.views.share')}
            checked={isShared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
          <Fault error={saving.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={name.trim() === ''}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
