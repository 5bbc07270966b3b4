/** A new recipient, or a changed one. Secrets are typed again when a target is changed; they never come back. */
import {
  Checkbox,
  Group,
  NativeSelect,
  NumberInput,
  PasswordInput,
  SimpleGrid,
  Switch,
  TextInput,
} from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../../components/form-dialog.tsx'
import { call, edit, type Input, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

type Recipient = Reply<'listRecipients'>
type Target = Input<'addRecipient'>['to']
type Topic = NonNullable<Input<'addRecipient'>['topics']>[number]
type Severity = Recipient['severity']

const CHANNELS = ['mail', 'webhook', 'siem', 'abuseipdb'] as const
const TOPICS = ['held', 'alarm', 'block', 'lift', 'report', 'audit'] as const
const SEVERITIES = ['info', 'warning', 'critical'] as const
const FIRST_TOPICS: readonly Topic[] = ['held', 'alarm', 'report']
const PER_HOUR = 20
const SYSLOG_PORT = 514
const REPORTS_A_DAY = 1000

interface RecipientFormProps {
  /** Null: closed. */
  readonly edited: Recipient | 'new' | null
  readonly onClose: () => void
}

export function RecipientForm({ edited, onClose }: RecipientFormProps) {
  if (edited === null) return null
  return <Fields recipient={edited === 'new' ? null : edited} onClose={onClose} />
}

interface FieldsProps {
  readonly recipient: Recipient | null
  readonly onClose: () => void
}

function Fields({ recipient, onClose }: FieldsProps) {
  const { t } = useWords()
  const [id, setId] = useState(recipient?.id ?? '')
  const [target, setTarget] = useState<Target>(() => emptyTarget(recipient?.channel ?? 'mail', recipient))
  const [isTargetChanged, setIsTargetChanged] = useState(recipient === null)
  const [topics, setTopics] = useState<readonly Topic[]>(
    recipient?.topics.filter((topic) => topic !== 'test') ?? FIRST_TOPICS,
  )
  const [severity, setSeverity] = useState<Severity>(recipient?.severity ?? 'info')
  const [digestMinutes, setDigestMinutes] = useState(recipient?.digestMinutes ?? 0)
  const [perHour, setPerHour] = useState(recipient?.perHour ?? PER_HOUR)
  const [quietFrom, setQuietFrom] = useState(recipient?.quiet?.from ?? '')
  const [quietTo, setQuietTo] = useState(recipient?.quiet?.to ?? '')
  const [enabled, setEnabled] = useState(recipient?.enabled ?? true)
  const save = useMutation({
    mutationFn: () => {
      const choices = {
        topics: [...topics],
        severity,
        digestMinutes,
        perHour,
        quiet: quietFrom === '' || quietTo === '' ? null : { from: quietFrom, to: quietTo },
        enabled,
        reason: '',
      }
      if (recipient === null) return call('addRecipient', { id, to: target, ...choices })
      return edit('changeRecipient', recipient.version, {
        id,
        ...(isTargetChanged ? { to: target } : {}),
        ...choices,
      })
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries()
      onClose()
    },
  })
  return (
    <FormDialog
      title={recipient === null ? t('notify.add') : t('notify.change')}
      action={recipient === null ? t('notify.add') : t('common.save')}
      size="lg"
      onClose={onClose}
      onSubmit={() => save.mutate()}
      isReady={topics.length > 0}
      isBusy={save.isPending}
      error={save.error}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={t('notify.id')}
          placeholder={t('notify.idHint')}
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          disabled={recipient !== null}
          required
          data-autofocus
        />
        <NativeSelect
          label={t('notify.channel')}
          value={target.channel}
          disabled={recipient !== null}
          data={CHANNELS.map((value) => ({ value, label: t(`notify.channel.${value}`) }))}
          onChange={(event) => setTarget(emptyTarget(event.currentTarget.value as Target['channel'], null))}
        />
      </SimpleGrid>
      <TargetFields
        target={target}
        isRequired={recipient === null || isTargetChanged}
        onChange={(changed) => {
          setTarget(changed)
          setIsTargetChanged(true)
        }}
      />
      <Checkbox.Group
        label={t('notify.topics')}
        value={[...topics]}
        onChange={(chosen) => setTopics(TOPICS.filter((topic) => chosen.includes(topic)))}
      >
        <Group mt={4}>
          {TOPICS.map((topic) => (
            <Checkbox key={topic} value={topic} label={t(`notify.topic.${topic}`)} />
          ))}
        </Group>
      </Checkbox.Group>
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <NativeSelect
          label={t('notify.severity')}
          value={severity}
          data={SEVERITIES.map((value) => ({ value, label: t(`notify.severity.${value}`) }))}
          onChange={(event) => setSeverity(event.currentTarget.value as Severity)}
        />
        <NumberInput
          label={t('notify.digest')}
          placeholder={t('notify.digestHint')}
          suffix=" min"
          min={0}
          max={1440}
          value={digestMinutes}
          onChange={(value) => setDigestMinutes(Number(value))}
        />
        <NumberInput
          label={t('notify.perHour')}
          min={0}
          max={3600}
          value={perHour}
          onChange={(value) => setPerHour(Number(value))}
        />
        <TextInput
          type="time"
          label={t('notify.quietFrom')}
          value={quietFrom}
          onChange={(event) => setQuietFrom(event.currentTarget.value)}
        />
        <TextInput
          type="time"
          label={t('notify.quietTo')}
          value={quietTo}
          onChange={(event) => setQuietTo(event.currentTarget.value)}
        />
      </SimpleGrid>
      <Switch
        label={t('notify.enabled')}
        checked={enabled}
        onChange={(event) => setEnabled(event.currentTarget.checked)}
      />
    </FormDialog>
  )
}

function emptyTarget(channel: Target['channel'], recipient: Recipient | null): Target {
  switch (channel) {
    case 'mail':
      return { channel, address: recipient?.to ?? '' }
    case 'webhook':
      return { channel, format: 'json', url: '', secret: null }
    case 'siem':
      return { channel, host: '', port: SYSLOG_PORT, transport: 'tcp', format: 'cef' }
    case 'abuseipdb':
      return { channel, key: '', dailyLimit: REPORTS_A_DAY, proof: 'handshake' }
  }
}

interface TargetFieldsProps {
  readonly target: Target
  readonly isRequired: boolean
  readonly onChange: (target: Target) => void
}

function TargetFields({ target, isRequired, onChange }: TargetFieldsProps) {
  const { t } = useWords()
  switch (target.channel) {
    case 'mail':
      return (
        <TextInput
          label={t('notify.address')}
          placeholder="soc@example.net"
          value={target.address}
          onChange={(event) => onChange({ ...target, address: event.currentTarget.value })}
          required={isRequired}
        />
      )
    case 'webhook':
      return (
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label={t('notify.url')}
            description={t('notify.urlHint')}
            placeholder="https://hooks.example.net/x"
            value={target.url}
            onChange={(event) => onChange({ ...target, url: event.currentTarget.value })}
            required={isRequired}
          />
          <PasswordInput
            label={t('notify.secret')}
            description={t('notify.secretHint')}
            autoComplete="new-password"
            value={target.secret ?? ''}
            onChange={(event) => {
              const { value } = event.currentTarget
              onChange({ ...target, secret: value === '' ? null : value })
            }}
          />
          <NativeSelect
            label={t('notify.format')}
            value={target.format}
            data={['json', 'slack', 'teams']}
            onChange={(event) =>
              onChange({ ...target, format: event.currentTarget.value as typeof target.format })
            }
          />
        </SimpleGrid>
      )
    case 'siem':
      return (
        <SimpleGrid cols={{ base: 1, sm: 4 }}>
          <TextInput
            label={t('notify.host')}
            value={target.host}
            onChange={(event) => onChange({ ...target, host: event.currentTarget.value })}
            required={isRequired}
          />
          <NumberInput
            label={t('notify.smtp.port')}
            value={target.port}
            min={1}
            max={65_535}
            onChange={(value) => onChange({ ...target, port: Number(value) })}
          />
          <NativeSelect
            label={t('notify.transport')}
            value={target.transport}
            data={['tcp', 'udp']}
            onChange={(event) =>
              onChange({ ...target, transport: event.currentTarget.value as typeof target.transport })
            }
          />
          <NativeSelect
            label={t('notify.format')}
            value={target.format}
            data={['cef', 'json']}
            onChange={(event) =>
              onChange({ ...target, format: event.currentTarget.value as typeof target.format })
            }
          />
        </SimpleGrid>
      )
    case 'abuseipdb':
      return (
        <PasswordInput
          label={t('notify.key')}
          autoComplete="new-password"
          value={target.key}
          onChange={(event) => onChange({ ...target, key: event.currentTarget.value })}
          required={isRequired}
        />
      )
  }
}
