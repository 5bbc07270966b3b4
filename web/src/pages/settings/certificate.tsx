/** The certificate that firewalls and browsers see: until when, for which names, and another one with its key. */
import { Badge, Button, FileButton, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Facts } from '../../components/facts.tsx'
import { NeedsRole } from '../../components/needs-role.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Fault } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

type View = Reply<'showCertificate'>

const SOON_DAYS = 30

export function Certificate() {
  const { t } = useWords()
  const query = useQuery({ queryKey: ['certificate'], queryFn: () => call('showCertificate', {}) })
  const mayReplace = useMay('replaceCertificate')
  const [isReplacing, replacing] = useDisclosure(false)
  const [isRemoving, removing] = useDisclosure(false)
  const source = query.data?.source
  return (
    <Part
      title={t('certificate.title')}
      actions={
        mayReplace &&
        source !== undefined &&
        source !== 'files' && (
          <>
            {source === 'given' && (
              <Button size="compact-sm" variant="default" onClick={removing.open}>
                {t('certificate.remove')}
              </Button>
            )}
            <Button size="compact-sm" variant="default" onClick={replacing.open}>
              {t('certificate.replace')}
            </Button>
          </>
        )
      }
    >
      <NeedsRole operation="replaceCertificate" />
      <Answer query={query}>{(view) => <About view={view} />}</Answer>
      <Replace isOpen={isReplacing} onClose={replacing.close} />
      <WithReason
        title={t('certificate.remove')}
        what={t('certificate.removeHint')}
        action={t('certificate.remove')}
        isOpen={isRemoving}
        onClose={removing.close}
        onConfirm={(reason) => call('removeCertificate', { reason })}
      />
    </Part>
  )
}

function About({ view }: { readonly view: View }) {
  const { t, language } = useWords()
  const { daysLeft, source } = view
  const isSoon = daysLeft < SOON_DAYS
  const end = new Date(view.notAfter).toLocaleDateString(language, { dateStyle: 'long' })
  const facts = [
    [t('certificate.until'), `${end} · ${t('certificate.days', { count: daysLeft })}`],
    [t('certificate.names'), namesOf(view.names)],
    [t('certificate.issuer'), view.issuer],
    [t('certificate.fingerprint'), <span className="mono">{view.fingerprint}</span>],
  ] as const
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Badge variant="light" tt="none" color={isSoon ? 'orange' : 'blue'}>
          <span aria-hidden>{isSoon ? '! ' : '✓ '}</span>
          {isSoon ? t('certificate.soon') : t('certificate.valid')}
        </Badge>
        <Text size="sm">{t(`certificate.source.${source}`)}</Text>
      </Group>
      <Facts facts={facts} />
    </Stack>
  )
}

/** Host names and addresses, without saying of each which of the two it is. */
function namesOf(text: string): string {
  return text
    .split(', ')
    .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
    .join(', ')
}

function Replace({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t, say } = useWords()
  const [certificate, setCertificate] = useState('')
  const [key, setKey] = useState('')
  const [reason, setReason] = useState('')
  const send = useMutation({
    mutationFn: (dryRun: boolean) => call('replaceCertificate', { certificate, key, reason, dryRun }),
    onSuccess: async ({ message }, dryRun) => {
      if (dryRun) return
      notifications.show({ message })
      close()
      await queryClient.invalidateQueries()
    },
  })
  const close = () => {
    setCertificate('')
    setKey('')
    setReason('')
    send.reset()
    onClose()
  }
  const isReady = certificate.trim() !== '' && key.trim() !== ''
  const change = (set: (text: string) => void) => (text: string) => {
    set(text)
    send.reset()
  }
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={t('certificate.replace')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) send.mutate(false)
        }}
      >
        <Stack gap="sm">
          <Text size="sm" className="sentence">
            {t('certificate.hint')}
          </Text>
          <PemField
            label={t('certificate.chain')}
            value={certificate}
            onChange={change(setCertificate)}
            isFirst
          />
          <PemField label={t('certificate.key')} value={key} onChange={change(setKey)} />
          <TextInput
            label={t('common.reason')}
            description={t('common.reasonHint')}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Fault error={send.error} />
          <div role="status">
            {send.data !== undefined && (
              <>
                <Text size="sm">{say(send.data.message)}</Text>
                <About view={send.data.certificate} />
              </>
            )}
          </div>
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {t('common.cancel')}
            </Button>
            <Button variant="default" disabled={!isReady} onClick={() => send.mutate(true)}>
              {t('certificate.check')}
            </Button>
            <Button type="submit" disabled={!isReady} loading={send.isPending}>
              {t('certificate.replace')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

interface PemFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  readonly isFirst?: boolean
}

/** Pasted text, or a file that is read here in the browser. */
function PemField({ label, value, onChange, isFirst = false }: PemFieldProps) {
  const { t } = useWords()
  return (
    <Stack gap={4}>
      <Textarea
        label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={4}
        maxRows={8}
        classNames={{ input: 'mono' }}
        autoComplete="off"
        spellCheck={false}
        required
        {...(isFirst ? { 'data-autofocus': true } : {})}
      />
      <FileButton onChange={(file) => void file?.text().then(onChange)} accept=".pem,.crt,.cer,.key">
        {(props) => (
          <Button {...props} size="compact-xs" variant="default" w="fit-content">
            {t('certificate.file', { label })}
          </Button>
        )}
      </FileButton>
    </Stack>
  )
}
