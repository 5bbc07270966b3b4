/** Adds a list of others, after showing what it would do, or changes one. */
import {
  Button,
  NativeSelect,
  NumberInput,
  PasswordInput,
  SimpleGrid,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../../components/form-dialog.tsx'
import { call, edit, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { LeftOut } from './left-out.tsx'

type Import = Reply<'listImports'>
type Direction = Import['direction']

const DIRECTIONS = ['block', 'allow', 'compare'] as const
const EVERY_MINUTES = 60
const KEEP_HOURS = 168
const MOST = 100_000

interface ImportFormProps {
  /** Null: a new one. */
  readonly source: Import | null
  readonly onClose: () => void
}

interface Typed {
  readonly name: string
  readonly direction: Direction
  readonly byHosts: boolean
  readonly from: string
  readonly hosts: string
  readonly every: number
  readonly confidence: string
  readonly keep: number
  readonly most: number
  readonly wide: boolean
  readonly authorization: string
  readonly pin: string
  readonly note: string
  readonly reason: string
}

function typedOf(source: Import | null): Typed {
  return {
    name: source?.name ?? '',
    direction: source?.direction ?? 'block',
    byHosts: source !== null && source.from === null,
    from: source?.from ?? '',
    hosts: source?.hosts.join('\n') ?? '',
    every: source?.refreshMinutes ?? EVERY_MINUTES,
    confidence: source?.confidence?.toString() ?? '',
    keep: source?.keepHours ?? KEEP_HOURS,
    most: source?.maxEntries ?? MOST,
    wide: source?.takesWide ?? false,
    authorization: '',
    pin: source?.pin ?? '',
    note: source?.note ?? '',
    reason: '',
  }
}

/** What a new list and a changed one have in common. */
function fieldsOf(typed: Typed) {
  const { byHosts, confidence, direction } = typed
  const hosts = typed.hosts.split(/[\s,;]+/).filter((host) => host !== '')
  return {
    name: typed.name,
    ...(byHosts ? { hosts } : { from: typed.from }),
    refreshMinutes: typed.every,
    confidence: direction === 'allow' || confidence.trim() === '' ? null : Number(confidence),
    keepHours: typed.keep,
    takesWide: typed.wide,
    maxEntries: typed.most,
    ...(typed.authorization === '' ? {} : { authorization: typed.authorization }),
    note: typed.note,
  }
}

export function ImportForm({ source, onClose }: ImportFormProps) {
  const { t } = useWords()
  const [typed, setTyped] = useState<Typed>(() => typedOf(source))
  const set = (changes: Partial<Typed>) => setTyped((before) => ({ ...before, ...changes }))
  const add = useMutation({
    mutationFn: (dryRun: boolean) => {
      const { direction, pin } = typed
      const fields = { hosts: [], ...fieldsOf(typed) }
      return call('addImport', { ...fields, direction, ...(pin === '' ? {} : { pin }), dryRun })
    },
    onSuccess: async ({ preview }) => {
      if (preview !== null) return
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  const change = useMutation({
    mutationFn: (version: number) => {
      const { pin, reason } = typed
      return edit('changeImport', version, { ...fieldsOf(typed), pin: pin === '' ? null : pin, reason })
    },
    onSuccess: async () => {
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <FormDialog
      title={source === null ? t('imports.add') : t('imports.change')}
      action={source === null ? t('imports.add') : t('common.save')}
      size="lg"
      onClose={onClose}
      onSubmit={() => (source === null ? add.mutate(false) : change.mutate(source.version))}
      isReady={typed.name.trim() !== ''}
      isBusy={add.isPending || change.isPending}
      error={add.error ?? change.error}
      moreButtons={
        source === null && (
          <Button
            variant="default"
            loading={add.isPending}
            disabled={typed.name.trim() === ''}
            onClick={() => add.mutate(true)}
          >
            {t('imports.form.preview')}
          </Button>
        )
      }
    >
      <What typed={typed} isNew={source === null} set={set} />
      <How typed={typed} isKept={source?.hasAuthorization === true} set={set} />
      {source !== null && (
        <TextInput
          label={t('common.reason')}
          description={t('common.reasonHint')}
          value={typed.reason}
          onChange={(event) => set({ reason: event.currentTarget.value })}
        />
      )}
      {add.data?.preview != null && (
        <Stack gap="xs" role="status">
          <Text size="sm">
            {t(typed.direction === 'block' ? 'imports.form.would' : 'imports.form.wouldName', {
              entries: add.data.preview.entries,
              added: add.data.preview.added,
              unreadable: add.data.preview.unreadable,
            })}
          </Text>
          <LeftOut leftOut={add.data.preview.leftOut} />
        </Stack>
      )}
    </FormDialog>
  )
}

interface FieldsProps {
  readonly typed: Typed
  readonly set: (changes: Partial<Typed>) => void
}

function What({ typed, isNew, set }: FieldsProps & { readonly isNew: boolean }) {
  const { t } = useWords()
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('imports.form.name')}
          placeholder={t('imports.form.nameHint')}
          value={typed.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          disabled={!isNew}
          required
          data-autofocus
        />
        <NativeSelect
          label={t('imports.form.does')}
          value={typed.direction}
          disabled={!isNew}
          data={DIRECTIONS.map((value) => ({ value, label: t(`imports.form.does.${value}`) }))}
          onChange={(event) => {
            const direction = DIRECTIONS.find((one) => one === event.currentTarget.value) ?? 'block'
            set({ direction, byHosts: typed.byHosts && direction === 'allow' })
          }}
        />
      </SimpleGrid>
      {typed.direction === 'allow' && isNew && (
        <NativeSelect
          label={t('imports.form.source')}
          value={typed.byHosts ? 'hosts' : 'from'}
          data={(['from', 'hosts'] as const).map((value) => ({
            value,
            label: t(`imports.form.source.${value}`),
          }))}
          onChange={(event) => set({ byHosts: event.currentTarget.value === 'hosts' })}
        />
      )}
      {typed.byHosts ? (
        <Textarea
          label={t('imports.form.hosts')}
          description={t('imports.form.hostsHint')}
          value={typed.hosts}
          onChange={(event) => set({ hosts: event.currentTarget.value })}
          autosize
          minRows={2}
          classNames={{ input: 'mono' }}
          required
        />
      ) : (
        <TextInput
          label={t('imports.form.from')}
          description={t('imports.form.fromHint')}
          placeholder="https://lists.example.net/bad.txt"
          value={typed.from}
          onChange={(event) => set({ from: event.currentTarget.value })}
          classNames={{ input: 'mono' }}
          required
        />
      )}
    </>
  )
}

function How({ typed, isKept, set }: FieldsProps & { readonly isKept: boolean }) {
  const { t } = useWords()
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberInput
          label={t('imports.form.every')}
          value={typed.every}
          min={1}
          max={10_080}
          onChange={(value) => set({ every: Number(value) })}
        />
        <NumberInput
          label={t('imports.form.keep')}
          value={typed.keep}
          min={1}
          max={8760}
          onChange={(value) => set({ keep: Number(value) })}
        />
        <NumberInput
          label={t('imports.form.most')}
          value={typed.most}
          min={1}
          max={300_000}
          onChange={(value) => set({ most: Number(value) })}
        />
        <TextInput
          label={t('imports.form.confidence')}
          placeholder={t('imports.form.confidenceHint')}
          inputMode="numeric"
          pattern="[0-9]*"
          disabled={typed.direction === 'allow'}
          value={typed.confidence}
          onChange={(event) => set({ confidence: event.currentTarget.value })}
        />
        {!typed.byHosts && (
          <>
            <PasswordInput
              label={t('imports.form.authorization')}
              description={t('imports.form.authorizationHint')}
              placeholder={isKept ? t('imports.form.authorizationKept') : 'Bearer ...'}
              autoComplete="new-password"
              value={typed.authorization}
              onChange={(event) => set({ authorization: event.currentTarget.value })}
            />
            <TextInput
              label={t('imports.form.pin')}
              description={t('imports.form.pinHint')}
              value={typed.pin}
              onChange={(event) => set({ pin: event.currentTarget.value })}
              classNames={{ input: 'mono' }}
            />
          </>
        )}
      </SimpleGrid>
      <Switch
        label={t('imports.form.wide')}
        checked={typed.wide}
        onChange={(event) => set({ wide: event.currentTarget.checked })}
      />
      <TextInput
        label={t('imports.note')}
        value={typed.note}
        onChange={(event) => set({ note: event.currentTarget.value })}
      />
    </>
  )
}
