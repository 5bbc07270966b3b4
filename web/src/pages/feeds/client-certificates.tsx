/** Client certificates that a feed takes by their authority and names: uploaded as PEM, changed, taken away. */
import { Button, FileInput, Text, Textarea, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Facts } from '../../components/facts.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { Part } from '../../components/part.tsx'
import { Empty } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { edit, type Input, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

type Feed = Reply<'listFeeds'>
type Definition = Input<'changeFeed'>['definition']

function change({ feed, version }: Feed, definition: Definition, reason: string) {
  return edit('changeFeed', version, { feed, definition, version, reason, dryRun: false })
}

export function ClientCertificates({ feed }: { readonly feed: Feed }) {
  const { t, language } = useWords()
  const { certificates, credentials } = feed.access
  const mayChange = useMay('changeFeed')
  const [isEditing, editing] = useDisclosure(false)
  const [isRemoving, removing] = useDisclosure(false)
  return (
    <Part
      title={t('clientCa.title')}
      actions={
        mayChange && (
          <>
            {certificates !== null && (
              <Button variant="default" size="compact-sm" onClick={removing.open}>
                {t('clientCa.remove')}
              </Button>
            )}
            <Button variant="default" size="compact-sm" onClick={editing.open}>
              {certificates === null ? t('clientCa.add') : t('clientCa.change')}
            </Button>
          </>
        )
      }
    >
      {certificates === null ? (
        <Empty>{t('clientCa.empty')}</Empty>
      ) : (
        <Facts
          facts={[
            [t('clientCa.names'), certificates.names.join(', ')],
            ...certificates.authorities.map(
              ({ subject, notAfter, sha256 }) =>
                [
                  t('clientCa.authority'),
                  <span key={sha256} title={sha256}>
                    {t('clientCa.until', {
                      subject,
                      day: new Date(notAfter).toLocaleDateString(language, { dateStyle: 'medium' }),
                    })}
                  </span>,
                ] as const,
            ),
          ]}
        />
      )}
      {isEditing && <Form feed={feed} onClose={editing.close} />}
      <WithReason
        title={t('clientCa.remove')}
        what={credentials.length === 0 ? t('clientCa.removeOpens') : t('clientCa.removeHint')}
        action={t('clientCa.remove')}
        isOpen={isRemoving}
        onClose={removing.close}
        onConfirm={(reason) => change(feed, { certificates: null }, reason)}
      />
    </Part>
  )
}

function Form({ feed, onClose }: { readonly feed: Feed; readonly onClose: () => void }) {
  const { t } = useWords()
  const { certificates } = feed.access
  const [authority, setAuthority] = useState('')
  const [names, setNames] = useState(certificates?.names.join(', ') ?? '')
  const [reason, setReason] = useState('')
  const save = useMutation({
    mutationFn: () =>
      change(
        feed,
        {
          certificates: {
            ...(authority.trim() === '' ? {} : { authority }),
            names: names
              .split(/[,\n]/)
              .map((name) => name.trim())
              .filter((name) => name !== ''),
          },
        },
        reason,
      ),
    onSuccess: async () => {
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <FormDialog
      title={t('clientCa.title')}
      action={t('common.save')}
      size="lg"
      onClose={onClose}
      onSubmit={() => save.mutate()}
      isBusy={save.isPending}
      error={save.error}
    >
      <Text size="sm" className="sentence">
        {t('clientCa.hint')}
      </Text>
      <FileInput
        label={t('clientCa.file')}
        placeholder="ca.pem"
        onChange={(file) => void file?.text().then(setAuthority)}
      />
      <Textarea
        label={t('clientCa.pem')}
        description={certificates === null ? undefined : t('clientCa.pemKept')}
        placeholder="-----BEGIN CERTIFICATE-----"
        value={authority}
        onChange={(event) => setAuthority(event.currentTarget.value)}
        autosize
        minRows={3}
        maxRows={8}
        classNames={{ input: 'mono' }}
        required={certificates === null}
      />
      <TextInput
        label={t('clientCa.names')}
        description={t('clientCa.namesHint')}
        placeholder="fw-1.example.net, fw-2.example.net"
        value={names}
        onChange={(event) => setNames(event.currentTarget.value)}
        required
      />
      <TextInput
        label={t('common.reason')}
        description={t('common.reasonHint')}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required
      />
    </FormDialog>
  )
}
