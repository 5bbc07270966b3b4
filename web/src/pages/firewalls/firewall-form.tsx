/** Writes a firewall down, or changes what is written down of it. The API key goes in and is never shown. */
import {
  NativeSelect,
  NumberInput,
  PasswordInput,
  SimpleGrid,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../../components/form-dialog.tsx'
import { call, edit, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { feedsQuery } from '../../data/queries.ts'
import { useWords } from '../../i18n/language.tsx'

type Firewall = Reply<'showFirewall'>['firewall']

const HTTPS_PORT = 443
const TAG_SECONDS = 3600
const FIRST_FEED = 'blacklist'

interface FirewallFormProps {
  /** Null: a new one. One that was learned is written down. */
  readonly firewall: Firewall | null
  readonly onClose: () => void
}

/** The form's fields as they are typed. */
interface Typed {
  readonly name: string
  readonly addresses: string
  readonly devices: string
  readonly interval: string
  readonly feed: string
  readonly hasApi: boolean
  readonly host: string
  readonly port: number
  readonly key: string
  readonly fingerprint: string
  readonly ca: string
  readonly list: string
  readonly vsys: string
  readonly refresh: boolean
  readonly readBack: boolean
  readonly tag: string
  readonly tagSeconds: number
  readonly clear: boolean
  readonly reason: string
}

function typedOf(firewall: Firewall | null): Typed {
  const api = firewall?.api ?? null
  return {
    name: firewall?.name ?? '',
    addresses: firewall?.addresses.join(', ') ?? '',
    devices: firewall?.devices.join(', ') ?? '',
    interval: firewall?.written?.intervalSeconds?.toString() ?? '',
    feed: firewall?.written?.feed ?? firewall?.feeds[0]?.feed ?? FIRST_FEED,
    hasApi: api !== null,
    host: api?.host ?? '',
    port: api?.port ?? HTTPS_PORT,
    key: '',
    fingerprint: api?.fingerprint ?? '',
    ca: api?.ca ?? '',
    list: api?.list ?? '',
    vsys: api?.vsys.join(', ') ?? '',
    refresh: api?.refresh ?? true,
    readBack: api?.readBack ?? true,
    tag: api?.register?.tag ?? '',
    tagSeconds: api?.register?.timeoutSeconds ?? TAG_SECONDS,
    clear: api?.clearSessions ?? false,
    reason: '',
  }
}

const parts = (text: string): string[] =>
  text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim())

function fieldsOf(typed: Typed) {
  return {
    name: typed.name,
    addresses: parts(typed.addresses),
    devices: parts(typed.devices),
    intervalSeconds: typed.interval.trim() === '' ? null : Number(typed.interval),
    feed: typed.feed,
    reason: typed.reason,
  }
}

function apiOf(typed: Typed) {
  return {
    host: typed.host.trim(),
    port: typed.port,
    fingerprint: orNull(typed.fingerprint),
    ca: orNull(typed.ca),
    list: orNull(typed.list),
    vsys: parts(typed.vsys),
    refresh: typed.refresh,
    readBack: typed.readBack,
    register: typed.tag.trim() === '' ? null : { tag: typed.tag.trim(), timeoutSeconds: typed.tagSeconds },
    clearSessions: typed.clear,
  }
}

async function save(firewall: Firewall | null, typed: Typed): Promise<void> {
  const api = apiOf(typed)
  if (firewall?.written != null) {
    const key = typed.key === '' ? {} : { key: typed.key }
    await edit('changeFirewall', firewall.version, {
      firewall: firewall.id,
      ...fieldsOf(typed),
      api: typed.hasApi ? { ...api, ...key } : null,
    })
    return
  }
  await call('addFirewall', {
    ...fieldsOf(typed),
    api: typed.hasApi ? { ...api, key: typed.key } : null,
  })
}

export function FirewallForm({ firewall, onClose }: FirewallFormProps) {
  const { t } = useWords()
  const feeds = useQuery(feedsQuery)
  const [typed, setTyped] = useState<Typed>(() => typedOf(firewall))
  const set = (changes: Partial<Typed>) => setTyped((before) => ({ ...before, ...changes }))
  const saving = useMutation({
    mutationFn: () => save(firewall, typed),
    onSuccess: async () => {
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  const names = feeds.data?.items.map(({ feed }) => feed) ?? []
  return (
    <FormDialog
      title={firewall?.written == null ? t('firewalls.add') : t('firewalls.change')}
      action={t('common.save')}
      size="lg"
      onClose={onClose}
      onSubmit={() => saving.mutate()}
      isReady={typed.name.trim() !== ''}
      isBusy={saving.isPending}
      error={saving.error}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('firewalls.form.name')}
          value={typed.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
          required
          data-autofocus
        />
        <NativeSelect
          label={t('firewalls.form.feed')}
          value={typed.feed}
          data={names.includes(typed.feed) ? names : [typed.feed, ...names]}
          onChange={(event) => set({ feed: event.currentTarget.value })}
        />
        <TextInput
          label={t('firewalls.form.addresses')}
          description={t('firewalls.form.several')}
          placeholder="203.0.113.1"
          value={typed.addresses}
          onChange={(event) => set({ addresses: event.currentTarget.value })}
          classNames={{ input: 'mono' }}
        />
        <TextInput
          label={t('firewalls.form.devices')}
          description={t('firewalls.form.devicesHint')}
          placeholder="LAB-FW-01"
          value={typed.devices}
          onChange={(event) => set({ devices: event.currentTarget.value })}
        />
        <TextInput
          label={t('firewalls.form.interval')}
          description={t('firewalls.form.intervalHint')}
          inputMode="numeric"
          pattern="[0-9]*"
          value={typed.interval}
          onChange={(event) => set({ interval: event.currentTarget.value })}
        />
      </SimpleGrid>
      <Switch
        label={t('firewalls.form.api')}
        checked={typed.hasApi}
        onChange={(event) => set({ hasApi: event.currentTarget.checked })}
      />
      {typed.hasApi && <ApiFields typed={typed} isKept={firewall?.api?.hasKey === true} set={set} />}
      <TextInput
        label={t('common.reason')}
        description={t('common.reasonHint')}
        value={typed.reason}
        onChange={(event) => set({ reason: event.currentTarget.value })}
      />
    </FormDialog>
  )
}

interface ApiFieldsProps {
  readonly typed: Typed
  readonly isKept: boolean
  readonly set: (changes: Partial<Typed>) => void
}

function ApiFields({ typed, isKept, set }: ApiFieldsProps) {
  const { t } = useWords()
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('firewalls.form.host')}
          placeholder="192.0.2.1"
          value={typed.host}
          onChange={(event) => set({ host: event.currentTarget.value })}
          required
        />
        <NumberInput
          label={t('firewalls.form.port')}
          value={typed.port}
          min={1}
          max={65_535}
          onChange={(value) => set({ port: Number(value) })}
        />
        <PasswordInput
          label={t('firewalls.form.key')}
          autoComplete="new-password"
          placeholder={isKept ? t('firewalls.form.keyKept') : ''}
          value={typed.key}
          onChange={(event) => set({ key: event.currentTarget.value })}
          required={!isKept}
        />
        <TextInput
          label={t('firewalls.form.list')}
          placeholder="ActiveDefense-Blacklist"
          value={typed.list}
          onChange={(event) => set({ list: event.currentTarget.value })}
        />
        <TextInput
          label={t('firewalls.form.fingerprint')}
          description={t('firewalls.form.trustHint')}
          value={typed.fingerprint}
          onChange={(event) => set({ fingerprint: event.currentTarget.value })}
          classNames={{ input: 'mono' }}
        />
        <TextInput
          label={t('firewalls.form.vsys')}
          description={t('firewalls.form.vsysHint')}
          placeholder="vsys1, vsys2"
          value={typed.vsys}
          onChange={(event) => set({ vsys: event.currentTarget.value })}
        />
      </SimpleGrid>
      <Textarea
        label={t('firewalls.form.ca')}
        description={t('firewalls.form.trustHint')}
        placeholder="-----BEGIN CERTIFICATE-----"
        value={typed.ca}
        onChange={(event) => set({ ca: event.currentTarget.value })}
        minRows={2}
        maxRows={6}
        autosize
        classNames={{ input: 'mono' }}
      />
      <Switch
        label={t('firewalls.form.refresh')}
        checked={typed.refresh}
        onChange={(event) => set({ refresh: event.currentTarget.checked })}
      />
      <Switch
        label={t('firewalls.form.readBack')}
        checked={typed.readBack}
        onChange={(event) => set({ readBack: event.currentTarget.checked })}
      />
      <Switch
        label={t('firewalls.form.clear')}
        checked={typed.clear}
        onChange={(event) => set({ clear: event.currentTarget.checked })}
      />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('firewalls.form.tag')}
          description={t('firewalls.form.tagHint')}
          placeholder="ads-blocked"
          value={typed.tag}
          onChange={(event) => set({ tag: event.currentTarget.value })}
        />
        <NumberInput
          label={t('firewalls.form.tagSeconds')}
          description={t('firewalls.form.tagHint')}
          value={typed.tagSeconds}
          min={60}
          max={2_592_000}
          disabled={typed.tag.trim() === ''}
          onChange={(value) => set({ tagSeconds: Number(value) })}
        />
      </SimpleGrid>
    </>
  )
}
