/** Who may fetch a feed: credentials, made and taken away; a secret is shown once. */
import { Button, Code, Group, Modal, NativeSelect, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyText } from '../../components/copy-text.tsx'
import { relativeText } from '../../components/instant.tsx'
import { Part } from '../../components/part.tsx'
import { Empty, Fault } from '../../components/problem.tsx'
import { type Column, Rows } from '../../components/rows.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Input, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

type Feed = Reply<'listFeeds'>
type Credential = Feed['access']['credentials'][number]
type Kind = Input<'rotateFeedToken'>['credential']['kind']
const KINDS = ['basic', 'bearer', 'path-token', 'client-certificate'] as const
const GRACE_HOURS = 24

export function Access({ feed }: { readonly feed: Feed }) {
  const { t, language } = useWords()
  const { open, sources, credentials } = feed.access
  const mayMake = useMay('rotateFeedToken')
  const [isMaking, making] = useDisclosure(false)
  const [revoked, setRevoked] = useState<Credential | null>(null)
  const revoking: Column<Credential> = {
    head: t('feeds.revoke'),
    isActions: true,
    cell: (credential) => (
      <Button size="compact-sm" variant="default" onClick={() => setRevoked(credential)}>
        {t('feeds.revoke')}
      </Button>
    ),
  }
  return (
    <Part
      title={t('feeds.credentials')}
      actions={
        mayMake && (
          <Button variant="default" size="compact-sm" onClick={making.open}>
            {t('feeds.rotate')}
          </Button>
        )
      }
    >
      <Stack gap="xs">
        <Text size="sm">{open ? t('feeds.open.yes') : t('feeds.open.no')}</Text>
        {sources.length > 0 && <Text size="sm">{t('feeds.sources', { sources: sources.join(', ') })}</Text>}
        {credentials.length === 0 ? (
          <Empty>{t('feeds.credentialsEmpty')}</Empty>
        ) : (
          <Rows
            rows={credentials}
            keyOf={({ kind, name, validUntil }) => `${kind} ${name} ${validUntil}`}
            minWidth={420}
            columns={[
              { head: t('feeds.form.name'), cell: ({ name }) => name },
              { head: t('feeds.column.kind'), cell: ({ kind }) => t(`feeds.kind.${kind}`) },
              {
                head: t('feeds.column.until'),
                cell: ({ validUntil }) =>
                  validUntil === null
                    ? t('feeds.untilRevoked')
                    : t('feeds.validUntil', { time: relativeText(validUntil, language) }),
              },
              ...(mayMake ? [revoking] : []),
            ]}
          />
        )}
      </Stack>
      <WithReason
        title={t('feeds.revoke')}
        what={<Code>{revoked?.name}</Code>}
        action={t('feeds.revoke')}
        isOpen={revoked !== null}
        onClose={() => setRevoked(null)}
        onConfirm={async (reason) => {
          if (revoked !== null)
            await call('revokeFeedToken', { feed: feed.feed, kind: revoked.kind, name: revoked.name, reason })
        }}
      />
      <NewCredential feed={feed.feed} isOpen={isMaking} onClose={making.close} />
    </Part>
  )
}

interface NewCredentialProps {
  readonly feed: string
  readonly isOpen: boolean
  readonly onClose: () => void
}

function NewCredential({ feed, isOpen, onClose }: NewCredentialProps) {
  const { t } = useWords()
  const [kind, setKind] = useState<Kind>('basic')
  const [name, setName] = useState('firewall')
  const [fingerprint, setFingerprint] = useState('')
  const [hours, setHours] = useState(GRACE_HOURS)
  const make = useMutation({
    mutationFn: () =>
      call('rotateFeedToken', {
        feed,
        credential: { kind, name, fingerprint: kind === 'client-certificate' ? fingerprint : null },
        graceHours: hours,
        reason: t('feeds.rotate'),
      }),
    onSuccess: () => queryClient.invalidateQueries(),
  })
  const close = () => {
    make.reset()
    onClose()
  }
  const secret = make.data?.secret
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={t('feeds.rotate')}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      {secret === undefined ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            make.mutate()
          }}
        >
          <Stack gap="sm">
            <NativeSelect
              label={t('feeds.credentials')}
              value={kind}
              data={KINDS.map((value) => ({ value, label: t(`feeds.kind.${value}`) }))}
              onChange={(event) => setKind(event.currentTarget.value as Kind)}
            />
            <TextInput
              label={t('feeds.form.name')}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              required
            />
            {kind === 'client-certificate' && (
              <TextInput
                label="SHA-256"
                value={fingerprint}
                onChange={(event) => setFingerprint(event.currentTarget.value)}
                required
              />
            )}
            <NumberInput
              label={t('feeds.rotateHint', { hours })}
              value={hours}
              min={0}
              max={8760}
              onChange={(value) => setHours(Number(value))}
            />
            <Fault error={make.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={close}>
                {t('common.cancel')}
              </Button>
              <Button type="submit" loading={make.isPending}>
                {t('feeds.rotate')}
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Stack gap="sm" role="status">
          <Text size="sm">{t('feeds.rotateOnce')}</Text>
          <CopyText
            text={secret.url ?? secret.secret ?? secret.name}
            label={t('feeds.secret', { name: secret.name })}
          />
        </Stack>
      )}
    </Modal>
  )
}
