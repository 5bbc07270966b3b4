/** What is blocked, held or noted, and what people do about it: add, lift, release, refuse. */
import {
  Button,
  Group,
  Modal,
  NativeSelect,
  SegmentedControl,
  Stack,
  Table,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useDebouncedValue, useDisclosure, useHotkeys, useMediaQuery } from '@mantine/hooks'
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { BlockTable } from '../components/block-table.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, Fault, PageHead } from '../components/problem.tsx'
import { offerReblock, offerUnblock } from '../components/undo.tsx'
import { orThrow, WithReason } from '../components/with-reason.tsx'
import { call } from '../data/api.ts'
import { blockPagesQuery, type BlocksFilter } from '../data/blocks.ts'
import { useMay } from '../data/may.ts'
import { isNetworkText } from '../data/network-text.ts'
import { overviewQuery } from '../data/overview.ts'
import { queryClient } from '../data/query-client.ts'
import { RULES } from '../data/rules.ts'
import type { TextKey } from '../i18n/en.ts'
import { useWords } from '../i18n/language.tsx'
import type { BlocksSearch } from '../routes.tsx'

const ACTIONS = {
  lift: 'removeBlocks',
  release: 'releaseHeld',
  refuse: 'refuseHeld',
} as const
type Action = keyof typeof ACTIONS

const VIEWS = ['block', 'hold', 'shadow', 'ended'] as const
type View = (typeof VIEWS)[number]

/** Until when somebody stops typing, so that not every letter asks. */
const TYPED_MS = 300
/** As many as one request takes. */
const MOST_CHOSEN = 10_000

export function BlocksPage() {
  const { t, language } = useWords()
  const { mode, rule } = useSearch({ from: '/blocks' })
  const view: View = mode ?? 'block'
  const navigate = useNavigate({ from: '/blocks' })
  const [typed, setTyped] = useState('')
  const [wanted] = useDebouncedValue(typed.trim(), TYPED_MS)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<Action | null>(null)
  const [isAdding, adding] = useDisclosure(false)
  const overview = useQuery(overviewQuery)
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false
  const filter: BlocksFilter = {
    ...(view === 'ended' ? { ended: true } : { mode: view }),
    ...(rule === undefined ? {} : { rule }),
    ...(isNetworkText(wanted) ? { target: wanted } : {}),
  }
  const blocks = useInfiniteQuery(blockPagesQuery(filter))
  const items = useMemo(() => blocks.data?.pages.flatMap((page) => page.items) ?? [], [blocks.data])
  const { fetchNextPage, isFetchingNextPage, hasNextPage } = blocks
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])
  const mayEdit = useMay('addBlocks')
  useHotkeys([['b', () => mayEdit && adding.open()]])
  const choose = useCallback(
    (targets: readonly string[], isChosen: boolean) =>
      setChosen((before) => {
        const next = new Set(before)
        for (const target of targets)
          if (!isChosen) next.delete(target)
          else if (next.size < MOST_CHOSEN) next.add(target)
        return next
      }),
    [],
  )
  const look = (search: BlocksSearch) => {
    setChosen(new Set())
    void navigate({ search })
  }
  const targets = [...chosen]
  const wantedActions: Readonly<Record<View, readonly Action[]>> = {
    block: ['lift'],
    hold: ['release', 'refuse'],
    shadow: ['lift'],
    ended: [],
  }
  const actions = mayEdit ? wantedActions[view] : []
  const counts = {
    block: overview.data?.blocks.now,
    hold: overview.data?.blocks.held,
    shadow: overview.data?.blocks.shadow,
  }
  const isFiltered = rule !== undefined || isNetworkText(wanted)
  const total = view === 'ended' || isFiltered ? (hasNextPage ? null : items.length) : (counts[view] ?? null)
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
            {chosen.size > 0 && ` (${chosen.size.toLocaleString(language)})`}
          </Button>
        ))}
        {mayEdit && <Button onClick={adding.open}>{t('blocks.add')}</Button>}
      </PageHead>
      <NeedsRole operation="addBlocks" />
      <Group mb="sm" gap="sm">
        <SegmentedControl
          fullWidth={isNarrow}
          w={isNarrow ? '100%' : undefined}
          aria-label={t('blocks.column.state')}
          value={view}
          data={VIEWS.map((value) => {
            const count = value === 'ended' || isNarrow ? undefined : counts[value]
            return {
              value,
              label: `${t(`blocks.filter.${value}`)}${count === undefined ? '' : ` ${count.toLocaleString(language)}`}`,
            }
          })}
          onChange={(value) =>
            look({
              ...(rule === undefined ? {} : { rule }),
              ...(value === 'block' ? {} : { mode: value as View }),
            })
          }
        />
        <TextInput
          aria-label={t('blocks.find')}
          placeholder={t('blocks.find')}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          w={{ base: '100%', xs: 230 }}
          classNames={{ input: 'mono' }}
          error={wanted !== '' && !isNetworkText(wanted)}
        />
        <NativeSelect
          aria-label={t('blocks.column.rule')}
          value={rule ?? ''}
          data={[
            { value: '', label: t('blocks.anyRule') },
            ...RULES.map((value) => ({ value, label: t(`rule.${value}` as TextKey) })),
          ]}
          onChange={(event) => {
            const chosenRule = RULES.find((known) => known === event.currentTarget.value)
            look({
              ...(mode === undefined ? {} : { mode }),
              ...(chosenRule === undefined ? {} : { rule: chosenRule }),
            })
          }}
        />
      </Group>
      <Answer query={blocks}>
        {() =>
          items.length === 0 ? (
            <Empty>{t(isFiltered ? 'blocks.noneFound' : `blocks.empty.${view}`)}</Empty>
          ) : (
            <BlockTable
              items={items}
              total={total}
              hasMore={hasNextPage}
              onMore={more}
              isEnded={view === 'ended'}
              {...(actions.length > 0 ? { chosen, onChoose: choose } : {})}
            />
          )
        }
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
          const listed = items.filter(({ mode: was }) => was === 'block')
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
