/** What is never blocked, whatever it does. */
import { Button, Modal, Stack, Table, Textarea, TextInput, VisuallyHidden } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { AddressLink } from '../components/address-link.tsx'
import { Instant } from '../components/instant.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, Fault, PageHead } from '../components/problem.tsx'
import { orThrow, WithReason } from '../components/with-reason.tsx'
import { call } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { allowQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

export function AllowPage() {
  const { t } = useWords()
  const entries = useQuery(allowQuery)
  const mayAdd = useMay('addAllow')
  const mayRemove = useMay('removeAllow')
  const [isAdding, adding] = useDisclosure(false)
  const [removing, setRemoving] = useState<string | null>(null)
  return (
    <>
      <PageHead title={t('allow.title')}>
        {mayAdd && <Button onClick={adding.open}>{t('allow.add')}</Button>}
      </PageHead>
      <NeedsRole operation="addAllow" />
      <Answer query={entries}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{t('allow.empty')}</Empty>
          ) : (
            <Table.ScrollContainer minWidth={640}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('blocks.column.target')}</Table.Th>
                    <Table.Th>{t('common.reason')}</Table.Th>
                    <Table.Th>{t('blocks.column.since')}</Table.Th>
                    <Table.Th>{t('blocks.column.until')}</Table.Th>
                    {mayRemove && (
                      <Table.Th>
                        <VisuallyHidden>{t('allow.remove')}</VisuallyHidden>
                      </Table.Th>
                    )}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((entry) => (
                    <Table.Tr key={entry.id}>
                      <Table.Td>
                        <AddressLink address={entry.target} />
                      </Table.Td>
                      <Table.Td>
                        {entry.reason} <small>{t('common.by', { who: entry.createdBy })}</small>
                      </Table.Td>
                      <Table.Td>
                        <Instant at={entry.createdAt} none="" />
                      </Table.Td>
                      <Table.Td>
                        <Instant at={entry.expiresAt} none={t('common.forever')} />
                      </Table.Td>
                      {mayRemove && (
                        <Table.Td ta="right">
                          <Button
                            size="compact-sm"
                            variant="default"
                            onClick={() => setRemoving(entry.target)}
                          >
                            {t('allow.remove')}
                          </Button>
                        </Table.Td>
                      )}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          )
        }
      </Answer>
      <WithReason
        title={t('allow.remove')}
        what={<span className="mono">{removing}</span>}
        action={t('allow.remove')}
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        onConfirm={async (reason) => {
          if (removing !== null)
            orThrow(await call('removeAllow', { targets: [removing], reason, dryRun: false }))
        }}
      />
      <AddAllow isOpen={isAdding} onClose={adding.close} />
    </>
  )
}

function AddAllow({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  const [text, setText] = useState('')
  const [reason, setReason] = useState('')
  const mutation = useMutation({
    mutationFn: async () => {
      const targets = text.split(/[\s,;]+/).filter((target) => target !== '')
      orThrow(await call('addAllow', { targets, reason, until: null, dryRun: false }))
    },
    onSuccess: async () => {
      setText('')
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('allow.add')}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mutation.mutate()
        }}
      >
        <Stack gap="sm">
          <Textarea
            label={t('blocks.addTargets')}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autosize
            minRows={3}
            classNames={{ input: 'mono' }}
            required
            data-autofocus
          />
          <TextInput
            label={t('common.reason')}
            description={t('common.reasonHint')}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
          />
          <Fault error={mutation.error} />
          <Button type="submit" loading={mutation.isPending}>
            {t('allow.add')}
          </Button>
        </Stack>
      </form>
    </Modal>
  )
}
