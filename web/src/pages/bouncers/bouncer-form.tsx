/** Adds a bouncer, whose key is shown once, or changes one. */
import { Switch, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../../components/form-dialog.tsx'
import { call, edit, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { KeyDialog } from './key-dialog.tsx'

type Bouncer = Reply<'listBouncers'>

interface BouncerFormProps {
  /** Null: a new one. */
  readonly bouncer: Bouncer | null
  readonly onClose: () => void
}

export function BouncerForm({ bouncer, onClose }: BouncerFormProps) {
  const { t } = useWords()
  const [name, setName] = useState(bouncer?.name ?? '')
  const [hostsOnly, setHostsOnly] = useState(bouncer?.hostsOnly ?? false)
  const [sources, setSources] = useState(bouncer?.sources.join(', ') ?? '')
  const [certificate, setCertificate] = useState(bouncer?.certificate ?? '')
  const [note, setNote] = useState(bouncer?.note ?? '')
  const [reason, setReason] = useState('')
  const save = useMutation({
    mutationFn: () => {
      const print = certificate.trim()
      const fields = {
        name,
        hostsOnly,
        sources: sources.split(/[\s,;]+/).filter((source) => source !== ''),
        note,
      }
      if (bouncer === null)
        return call('addBouncer', { ...fields, ...(print === '' ? {} : { certificate: print }) })
      return edit('changeBouncer', bouncer.version, {
        ...fields,
        certificate: print === '' ? null : print,
        newKey: false,
        reason,
      })
    },
    onSuccess: async ({ key }) => {
      await queryClient.invalidateQueries()
      if (key === null) onClose()
    },
  })
  const key = save.data?.key ?? null
  if (key !== null) return <KeyDialog name={name} secret={key} onClose={onClose} />
  return (
    <FormDialog
      title={bouncer === null ? t('bouncers.add') : t('bouncers.change')}
      action={bouncer === null ? t('bouncers.add') : t('common.save')}
      onClose={onClose}
      onSubmit={() => save.mutate()}
      isReady={name.trim() !== ''}
      isBusy={save.isPending}
      error={save.error}
    >
      <TextInput
        label={t('bouncers.form.name')}
        placeholder="web-1"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        disabled={bouncer !== null}
        required
        data-autofocus
      />
      <Switch
        label={t('bouncers.form.hostsOnly')}
        description={t('bouncers.form.hostsOnlyHint')}
        checked={hostsOnly}
        onChange={(event) => setHostsOnly(event.currentTarget.checked)}
      />
      <TextInput
        label={t('bouncers.form.sources')}
        description={t('bouncers.form.sourcesHint')}
        value={sources}
        onChange={(event) => setSources(event.currentTarget.value)}
        classNames={{ input: 'mono' }}
      />
      <TextInput
        label={t('bouncers.form.certificate')}
        description={t('bouncers.form.certificateHint')}
        value={certificate}
        onChange={(event) => setCertificate(event.currentTarget.value)}
        classNames={{ input: 'mono' }}
      />
      <TextInput
        label={t('bouncers.note')}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {bouncer !== null && (
        <TextInput
          label={t('common.reason')}
          description={t('common.reasonHint')}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
      )}
    </FormDialog>
  )
}
