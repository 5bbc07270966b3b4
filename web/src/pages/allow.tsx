/** What is never blocked, whatever it does. */
import { Button, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { AddressLink } from '../components/address-link.tsx'
import { ConfirmWide, useConfirmWide } from '../components/confirm-wide.tsx'
import { FormDialog } from '../components/form-dialog.tsx'
import { Instant } from '../components/instant.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { LongRows } from '../components/long-rows.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Column } from '../components/rows.tsx'
import { orThrow, WithReason } from '../components/with-reason.tsx'
import { TargetsFields, useTargets } from '../components/targets-fields.tsx'
import { call, type Reply } from '../data/api.ts'
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
  const removal: Column<Reply<'listAllow'>> = {
    head: t('allow.remove'),
    isActions: true,
    cell: ({ target }) => (
      <Button size="compact-sm" variant="default" onClick={() => setRemoving(target)}>
        {t('allow.remove')}
      </Button>
    ),
  }
  return (
    <>
      <PageHead title={t('allow.title')}>
        {mayAdd && <Button onClick={adding.open}>{t('allow.add')}</Button>}
      </PageHead>
      <NeedsRole operation="addAllow" />
      <Answer query={entries}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              next={
                mayAdd && (
                  <Button variant="default" onClick={adding.open}>
                    {t('allow.add')}
                  </Button>
                )
              }
            >
              {t('allow.empty')}
            </Empty>
          ) : (
            <LongRows
              rows={items}
              keyOf={({ id }) => id}
              textOf={({ target, reason, createdBy }) => `${target} ${reason} ${createdBy}`}
              minWidth={640}
              columns={[
                {
                  head: t('blocks.column.target'),
                  cell: ({ target }) => <AddressLink address={target} />,
                },
                {
                  head: t('common.reason'),
                  cell: ({ reason, createdBy }) => (
                    <>
                      {reason}{' '}
                      <Text span size="xs" c="dimmed">
                        {t('common.by', { who: createdBy })}
                      </Text>
                    </>
                  ),
                },
                {
                  head: t('blocks.column.since'),
                  cell: ({ createdAt }) => <Instant at={createdAt} none="" />,
                },
                {
                  head: t('blocks.column.until'),
                  cell: ({ expiresAt }) => <Instant at={expiresAt} none={t('common.forever')} />,
                },
                ...(mayRemove ? [removal] : []),
              ]}
            />
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

const needsTyping = ({ canConfirm }: { readonly canConfirm?: boolean | undefined }): boolean =>
  canConfirm === true

function AddAllow({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  const { typed, setTyped, targets, empty } = useTargets()
  const mutation = useMutation({
    mutationFn: async () => {
      const answer = await call('addAllow', {
        targets,
        reason: typed.reason,
        until: null,
        dryRun: false,
        confirmWide: wide.isConfirmed,
      })
      if (!answer.results.some(needsTyping)) orThrow(answer)
      return answer
    },
    onSuccess: async ({ results }) => {
      if (!results.some(needsTyping)) {
        empty()
        wide.type('')
        onClose()
      }
      await queryClient.invalidateQueries()
    },
  })
  const wide = useConfirmWide(mutation.data?.results)
  return (
    <FormDialog
      title={t('allow.add')}
      action={t('allow.add')}
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={() => mutation.mutate()}
      isBusy={mutation.isPending}
      error={mutation.error}
    >
      <TargetsFields typed={typed} onChange={setTyped} />
      <ConfirmWide {...wide} />
    </FormDialog>
  )
}
