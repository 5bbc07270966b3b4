/** A question before an edit: what will be done, and why, for the audit log. */
import { Button, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { queryClient } from '../data/query-client.ts'
import { useWords } from '../i18n/language.tsx'
import { Answer, Fault } from './problem.tsx'
import { Said } from './said.tsx'

interface WithReasonProps {
  readonly title: string
  readonly what: ReactNode
  readonly action: string
  readonly isOpen: boolean
  readonly onClose: () => void
  /** Does it; what it throws is shown and the question stays open. */
  readonly onConfirm: (reason: string) => Promise<unknown>
  /** What it would do to each target, asked when the question opens. */
  readonly preview?: () => Promise<{ readonly results: readonly Change[] }>
}

export function WithReason({ title, what, action, isOpen, onClose, onConfirm, preview }: WithReasonProps) {
  const { t } = useWords()
  const [reason, setReason] = useState('')
  const mutation = useMutation({
    mutationFn: onConfirm,
    onSuccess: async () => {
      setReason('')
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={title}
      size={preview === undefined ? 'md' : 'lg'}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mutation.mutate(reason)
        }}
      >
        <Stack gap="sm">
          <Text size="sm" component="div">
            {what}
          </Text>
          {preview !== undefined && isOpen && <Preview title={title} ask={preview} />}
          <TextInput
            label={t('common.reason')}
            description={t('common.reasonHint')}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            required
            data-autofocus
          />
          <Fault error={mutation.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={mutation.isPending} disabled={reason.trim() === ''}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

const SHOWN = 100

function Preview({
  title,
  ask,
}: {
  readonly title: string
  readonly ask: () => Promise<{ readonly results: readonly Change[] }>
}) {
  const { t } = useWords()
  const answer = useQuery({ queryKey: ['preview', title], queryFn: ask, gcTime: 0, staleTime: 0 })
  return (
    <Answer query={answer}>
      {({ results }) => (
        <div>
          <Text size="sm" fw={500}>
            {t('preview.title')}
          </Text>
          {results.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('preview.none')}
            </Text>
          ) : (
            <Changes results={results} />
          )}
        </div>
      )}
    </Answer>
  )
}

interface Change {
  readonly target: string
  readonly outcome: string
  readonly message: string
}

const SIGNS: Readonly<Record<string, string>> = { done: '✓', unchanged: '○' }

/** What became of each target, or would; what was not done stands first. The longest are cut, and it says by how many. */
export function Changes({ results }: { readonly results: readonly Change[] }) {
  const { t } = useWords()
  const isRefused = ({ outcome }: Change): number => (outcome in SIGNS ? 1 : 0)
  const sorted = results.toSorted((one, other) => isRefused(one) - isRefused(other))
  return (
    <>
      <div className="changes" tabIndex={0} role="group" aria-label={t('preview.title')}>
        <Table verticalSpacing={3} aria-live="polite">
          <Table.Tbody>
            {sorted.slice(0, SHOWN).map(({ target, outcome, message }) => (
              <Table.Tr key={target}>
                <Table.Td className="mono changes-target">
                  <span
                    aria-hidden
                    className={outcome in SIGNS ? 'changes-sign' : 'changes-sign changes-not'}
                  >
                    {SIGNS[outcome] ?? '✕'}
                  </span>{' '}
                  {target}
                </Table.Td>
                <Table.Td>
                  <Said text={message} isTyped />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {results.length > SHOWN && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('preview.more', { count: results.length - SHOWN })}
        </Text>
      )}
    </>
  )
}

/** Throws when nothing at all could be done, so that the question stays open and says why. */
export function orThrow({ results }: { readonly results: readonly Change[] }): void {
  const failed = results.filter(({ outcome }) => outcome === 'refused' || outcome === 'not-found')
  if (failed.length > 0 && failed.length === results.length)
    throw new Error(failed.map(({ message }) => message).join(' '))
}
