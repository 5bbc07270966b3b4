/** What is blocked, held or noted, and what people do about it: add, lift, release, refuse. */
import { Button, Group, Modal, SegmentedControl, Stack, Table, Textarea, TextInput } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { BlockRows } from '../components/block-rows.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, Fault, PageHead } from '../components/problem.tsx'
import { offerReblock, offerUnblock } from '../components/undo.tsx'
import { orThrow, WithReason } from '../components/with-reason.tsx'
import { call } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { blocksQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

const STEP = 100
const ACTIONS = {
  lift: 'removeBlocks',
  release: 'releaseHeld',
  refuse: 'refuseHeld',
} as const
type Action = keyof typeof ACTIONS

export function BlocksPage() {
  const { t } = useWords()
  const { mode } = useSearch({ from: '/blocks' })
  const navigate = useNavigate({ from: '/blocks' })
  const [limit, setLimit] = useState(STEP)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<Action | null>(null)
  const [isAdding, adding] = useDisclosure(false)
  const blocks = useQuery(blocksQuery(mode === undefined ? {} : { mode }, limit))
  const mayEdit = useMay('addBlocks')
  useHotkeys([['b', () => mayEdit && adding.open()]])
  const choose = (target: string, isChosen: boolean) => {
    const next = new Set(chosen)
    if (isChosen) next.add(target)
    else next.delete(target)
    setChosen(next)
  }
  const targets = [...chosen]
  const wanted: readonly Action[] = mode === 'hold' ? ['release', 'refuse'] : ['lift']
  const actions = mayEdit ? wanted : []
  return (
    <>
      <PageHead title={t('blocks.title')}>
        {actions.map((action) => (
          <Button
            key={action}
            variant="default"
            disabled={chosen.size === 0}
            onClick={() => setAsked(action)}
          >
            {t(`blocks.${action}`)}
          </Button>
        ))}
        {mayEdit && <Button onClick={adding.open}>{t('blocks.add')}</Button>}
      </PageHead>
      <NeedsRole operation="addBlocks" />
      <SegmentedControl
        mb="md"
        aria-label={t('blocks.column.state')}
        value={mode ?? 'all'}
        data={(['all', 'block', 'hold', 'shadow'] as const).map((value) => ({
          value,
          label: t(`blocks.filter.${value}`),
        }))}
        onChange={(value) => {
          setChosen(new Set())
          void navigate({ search: value === 'all' ? {} : { mode: value as 'block' | 'hold' | 'shadow' } })
        }}
      />
      <Answer query={blocks}>
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 ? (
              <Empty>{t('blocks.empty')}</Empty>
            ) : (
              <BlockRows items={items} {...(mayEdit ? { chosen, onChoose: choose } : {})} />
            )}
            {nextCursor !== null && (
              <Group justify="center" mt="md">
                <Button variant="default" onClick={() => setLimit(Math.min(1000, limit + STEP))}>
                  {t('common.more')}
                </Button>
              </Group>
            )}
          </>
        )}
      </Answer>
      <WithReason
        title={asked === null ? '' : t(`blocks.${asked}`)}
        what={<span className="mono">{targets.length > 20 ? null : targets.join(', ')}</span>}
        preview={async () =>
          asked === null
            ? { results: [] }
            : call(ACTIONS[asked], { targets, reason: t('preview.title'), dryRun: true })
        }
        action={asked === null ? '' : t(`blocks.${asked}`)}
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        onConfirm={async (reason) => {
          if (asked === null) return
          const answer = await call(ACTIONS[asked], { targets, reason, dryRun: false })
          orThrow(answer)
          setChosen(new Set())
          const listed = (blocks.data?.items ?? []).filter(({ mode: was }) => was === 'block')
          const ends = new Map(listed.map(({ target, expiresAt }) => [target, expiresAt]))
          const lifted = answer.results.filter(({ target }) => ends.has(target))
          if (asked === 'lift') offerReblock(t, lifted, ends)
        }}
      />
      <AddBlocks isOpen={isAdding} onClose={adding.close} />
    </>
  )
}

/** Pasted text, a preview of what each line would do, then the block. */
function AddBlocks({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  const [text, setText] = useState('')
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const mutation = useMutation({
    mutationFn: (dryRun: boolean) =>
      call('addBlocks', {
        targets: text.split(/[\s,;]+/).filter((target) => target !== ''),
        reason,
        until: until === '' ? null : new Date(until).toISOString(),
        dryRun,
      }),
    onSuccess: async ({ dryRun, results }) => {
      if (dryRun) return
      offerUnblock(t, results)
      await queryClient.invalidateQueries()
      if (results.every(({ outcome }) => outcome === 'done' || outcome === 'unchanged')) close()
    },
  })
  const close = () => {
    mutation.reset()
    setText('')
    onClose()
  }
  const isReady = text.trim() !== '' && reason.trim() !== ''
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={t('blocks.add')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mutation.mutate(false)
        }}
      >
        <Stack gap="sm">
          <Textarea
            label={t('blocks.addTargets')}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autosize
            minRows={3}
            maxRows={12}
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
          <TextInput
            type="datetime-local"
            label={t('blocks.addUntil')}
            description={t('blocks.addUntilHint')}
            value={until}
            onChange={(event) => setUntil(event.currentTarget.value)}
          />
          <Fault error={mutation.error} />
          {mutation.data !== undefined && (
            <Table aria-live="polite">
              <Table.Tbody>
                {mutation.data.results.map(({ target, message }) => (
                  <Table.Tr key={target}>
                    <Table.Td className="mono">{target}</Table.Td>
                    <Table.Td>{message}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
          <Group justify="flex-end">
            <Button variant="default" disabled={!isReady} onClick={() => mutation.mutate(true)}>
              {t('blocks.preview')}
            </Button>
            <Button type="submit" disabled={!isReady} loading={mutation.isPending}>
              {t('blocks.do')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
