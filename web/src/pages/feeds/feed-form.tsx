/** A new feed, or a changed one: what it would hold is shown before it is made. */
import {
  Button,
  Group,
  Modal,
  NativeSelect,
  NumberInput,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { CAPACITY_PRESETS } from '../../../../src/publish/feeds/capacity.ts'
import { Fault } from '../../components/problem.tsx'
import { call, type Input, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { Difference } from './difference.tsx'
import { filterChoiceOf, FilterFields } from './filter-fields.tsx'

type Feed = Reply<'listFeeds'>
type Definition = Input<'addFeed'>['definition']
type Preset = (typeof CAPACITY_PRESETS)[number]['name']

/** Names of the service's formats, in the order in which they are offered. */
const FORMATS = [
  'pan-os',
  'plain',
  'cidr',
  'fortigate',
  'cisco-fmc',
  'check-point',
  'f5',
  'juniper',
  'mikrotik',
  'nftables',
  'ipset',
  'opnsense',
  'json',
  'json-lines',
  'csv',
  'stix',
] as const
const HEADROOM_PERCENT = 10

interface FeedFormProps {
  /** Null: a new one. */
  readonly feed: Feed | null
  readonly isOpen: boolean
  readonly onClose: () => void
}

export function FeedForm({ feed, isOpen, onClose }: FeedFormProps) {
  const { t } = useWords()
  const title = feed === null ? t('feeds.add') : t('feeds.change')
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      size="lg"
      title={title}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <Fields key={`${feed?.feed} ${feed?.version}`} feed={feed} onClose={onClose} />
    </Modal>
  )
}

function presetOf(feed: Feed | null): Preset | '' | 'own' {
  if (feed === null) return 'pan-os'
  if (feed.capacity === null) return ''
  return 'preset' in feed.capacity ? feed.capacity.preset : 'own'
}

function Fields({ feed, onClose }: Omit<FeedFormProps, 'isOpen'>) {
  const { t, language } = useWords()
  const [name, setName] = useState(feed?.feed ?? '')
  const [path, setPath] = useState(feed?.path ?? '')
  const [format, setFormat] = useState(feed?.format ?? 'pan-os')
  const [preset, setPreset] = useState<string>(presetOf(feed))
  const [headroom, setHeadroom] = useState(feed?.headroomPercent ?? HEADROOM_PERCENT)
  const [filter, setFilter] = useState(() => filterChoiceOf(feed?.filter ?? null))
  const [isOpenToAll, setIsOpenToAll] = useState(feed?.access.open ?? true)
  const [sources, setSources] = useState(feed?.access.sources.join('\n') ?? '')
  const [reason, setReason] = useState('')
  const definition: Definition = {
    ...(path === '' ? {} : { path }),
    format,
    ...(preset === 'own' ? {} : { capacity: preset === '' ? null : { preset: preset as Preset } }),
    headroomPercent: headroom,
    filter,
    open: isOpenToAll,
    sources: sources.split(/[\s,;]+/).filter((source) => source !== ''),
  }
  const save = useMutation({
    mutationFn: async (dryRun: boolean) => {
      const common = { definition, reason: reason === '' ? title : reason, dryRun }
      return feed === null
        ? call('addFeed', { feed: name, credentials: [], ...common })
        : call('changeFeed', { feed: feed.feed, version: feed.version, ...common })
    },
    onSuccess: async ({ dryRun }) => {
      if (dryRun) return
      await queryClient.invalidateQueries()
      onClose()
    },
  })
  const title = feed === null ? t('feeds.add') : t('feeds.change')
  const isReady = name.trim() !== '' && reason.trim() !== ''
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(false)
      }}
    >
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label={t('feeds.form.name')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            disabled={feed !== null}
            required
            data-autofocus
          />
          <TextInput
            label={t('feeds.form.path')}
            placeholder={t('feeds.form.pathHint')}
            value={path}
            onChange={(event) => setPath(event.currentTarget.value)}
          />
          <NativeSelect
            label={t('feeds.form.format')}
            value={format}
            data={[...FORMATS]}
            onChange={(event) => setFormat(event.currentTarget.value)}
          />
          <NativeSelect
            label={t('feeds.form.capacity')}
            value={preset}
            data={[
              { value: '', label: t('feeds.form.capacityNone') },
              ...(preset === 'own'
                ? [{ value: 'own', label: (feed?.limits.entries ?? 0).toLocaleString(language) }]
                : []),
              ...CAPACITY_PRESETS.map(({ name: value, firewall, entries }) => ({
                value,
                label: entries === null ? firewall : `${firewall}: ${entries.toLocaleString(language)}`,
              })),
            ]}
            onChange={(event) => setPreset(event.currentTarget.value)}
          />
          <NumberInput
            label={t('feeds.form.headroom')}
            suffix=" %"
            min={0}
            max={90}
            value={headroom}
            onChange={(value) => setHeadroom(Number(value))}
          />
          <FilterFields choice={filter} onChange={setFilter} />
        </SimpleGrid>
        <Switch
          label={t('feeds.form.open')}
          description={t('feeds.form.openHint')}
          checked={isOpenToAll}
          onChange={(event) => setIsOpenToAll(event.currentTarget.checked)}
        />
        <Textarea
          label={t('feeds.form.sources')}
          description={t('feeds.form.sourcesHint')}
          value={sources}
          onChange={(event) => setSources(event.currentTarget.value)}
          autosize
          minRows={2}
          classNames={{ input: 'mono' }}
        />
        <TextInput
          label={t('common.reason')}
          description={t('common.reasonHint')}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
        />
        <Fault error={save.error} />
        {save.data !== undefined && (
          <div role="status">
            <Text size="sm" mb="xs">
              {t('feeds.form.would', { count: save.data.preview.entries, bytes: save.data.preview.bytes })}
            </Text>
            <Difference title={t('feeds.diff')} difference={save.data.preview.difference} />
          </div>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button variant="default" disabled={name.trim() === ''} onClick={() => save.mutate(true)}>
            {t('feeds.form.preview')}
          </Button>
          <Button type="submit" disabled={!isReady} loading={save.isPending}>
            {feed === null ? t('feeds.add') : t('common.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
