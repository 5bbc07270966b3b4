/** What is blocked, held or noted, and what people do about it: add, lift, release, refuse. */
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useDebouncedValue, useDisclosure, useHotkeys } from '@mantine/hooks'
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { BlockTable } from '../components/block-table.tsx'
import { ConfirmWide, useConfirmWide } from '../components/confirm-wide.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, Fault, PageHead } from '../components/problem.tsx'
import { TargetsFields, useTargets } from '../components/targets-fields.tsx'
import { offerReblock, offerUnblock } from '../components/undo.tsx'
import { Changes, orThrow, WithReason } from '../components/with-reason.tsx'
import { call } from '../data/api.ts'
import { blockPagesQuery, type BlocksFilter } from '../data/blocks.ts'
import { useMay } from '../data/may.ts'
import { isNetworkText } from '../data/network-text.ts'
import { overviewQuery } from '../data/overview.ts'
import { queryClient } from '../data/query-client.ts'
import { useWords } from '../i18n/language.tsx'
import type { BlocksSearch } from '../routes.tsx'
import { BlockFilters, type View } from './blocks/block-filters.tsx'
import { type ManyAction, ManyBlocks, ManyButtons } from './blocks/many-blocks.tsx'

const ACTIONS = {
  lift: 'removeBlocks',
  release: 'releaseHeld',
  refuse: 'refuseHeld',
} as const
type Action = keyof typeof ACTIONS

/** Until when somebody stops typing, so that not every letter asks. */
const TYPED_MS = 300
/** As many as one request takes. */
const MOST_CHOSEN = 10_000

export function BlocksPage() {
  const { t, language } = useWords()
  const { mode, rule, tag } = useSearch({ from: '/blocks' })
  const view: View = mode ?? 'block'
  const navigate = useNavigate({ from: '/blocks' })
  const [typed, setTyped] = useState('')
  const [wanted] = useDebouncedValue(typed.trim(), TYPED_MS)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<Action | null>(null)
  const [isAdding, adding] = useDisclosure(false)
  const [many, setMany] = useState<ManyAction | null>(null)
  const overview = useQuery(overviewQuery)
  const filter: BlocksFilter = {
    ...(view === 'ended' ? { ended: true } : { mode: view }),
    ...(rule === undefined ? {} : { rule }),
    ...(tag === undefined ? {} : { tag }),
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
  const areCountsHere = overview.data !== undefined || overview.error !== null
  const counts = {
    block: overview.data?.blocks.now,
    hold: overview.data?.blocks.held,
    shadow: overview.data?.blocks.shadow,
  }
  const isFiltered = rule !== undefined || tag !== undefined || isNetworkText(wanted)
  const total = view === 'ended' || isFiltered ? (hasNextPage ? null : items.length) : (counts[view] ?? null)
  return (
    <>
      <PageHead title={t('blocks.title')}>
        {actions.length > 0 && <ManyButtons view={view} isOff={chosen.size === 0} onAsk={setMany} />}
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
      {/* The numbers decide how many lines the filters take: nothing is shown that they would push down. */}
      {areCountsHere && (
        <BlockFilters
          view={view}
          search={{ mode, rule, tag }}
          counts={counts}
          typed={typed}
          isWrong={wanted !== '' && !isNetworkText(wanted)}
          onTyped={setTyped}
          onLook={look}
        />
      )}
      <Answer query={areCountsHere ? blocks : overview}>
        {() =>
          items.length === 0 ? (
            <NoBlocks
              view={view}
              isFiltered={isFiltered}
              onAll={() => {
                setTyped('')
                look(mode === undefined ? {} : { mode })
              }}
              {...(mayEdit ? { onAdd: adding.open } : {})}
            />
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
      <ManyBlocks
        action={many}
        targets={targets}
        items={items}
        onClose={() => setMany(null)}
        onDone={() => setChosen(new Set())}
      />
      <AddBlocks isOpen={isAdding} onClose={adding.close} />
    </>
  )
}

interface NoBlocksProps {
  readonly view: View
  /** Only those that fit a search are looked at. */
  readonly isFiltered: boolean
  readonly onAll: () => void
  readonly onAdd?: () => void
}

function NoBlocks({ view, isFiltered, onAll, onAdd }: NoBlocksProps) {
  const { t } = useWords()
  const nextOf = () => {
    if (isFiltered)
      return (
        <Button variant="default" onClick={onAll}>
          {t('blocks.showAll')}
        </Button>
      )
    if (view === 'block' && onAdd !== undefined)
      return (
        <Button variant="default" onClick={onAdd}>
          {t('blocks.add')}
        </Button>
      )
    if (view === 'hold')
      return (
        <Button variant="default" component={Link} to="/engine">
          {t('blocks.toBrakes')}
        </Button>
      )
    return view === 'shadow' ? (
      <Button variant="default" component={Link} to="/detections">
        {t('blocks.toRules')}
      </Button>
    ) : undefined
  }
  return <Empty next={nextOf()}>{t(isFiltered ? 'blocks.noneFound' : `blocks.empty.${view}`)}</Empty>
}

/** Pasted text, a preview of what each line would do, then the block. */
function AddBlocks({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  const { typed, setTyped, targets, isFilled, empty } = useTargets()
  const [until, setUntil] = useState('')
  const mutation = useMutation({
    mutationFn: (dryRun: boolean) =>
      call('addBlocks', {
        targets,
        // A preview needs none; it is not written down.
        reason: dryRun && typed.reason.trim() === '' ? t('blocks.preview') : typed.reason,
        until: until === '' ? null : new Date(until).toISOString(),
        dryRun,
        confirmWide: wide.isConfirmed,
      }),
    onSuccess: async ({ dryRun, results }) => {
      if (dryRun) return
      offerUnblock(t, results)
      await queryClient.invalidateQueries()
      if (results.every(({ outcome }) => outcome === 'done' || outcome === 'unchanged')) close()
    },
  })
  const wide = useConfirmWide(mutation.data?.results)
  const close = () => {
    mutation.reset()
    wide.type('')
    empty()
    onClose()
  }
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
          <TargetsFields typed={typed} onChange={setTyped} />
          <TextInput
            type="datetime-local"
            label={t('blocks.addUntil')}
            description={t('blocks.addUntilHint')}
            value={until}
            onChange={(event) => setUntil(event.currentTarget.value)}
          />
          <Fault error={mutation.error} />
          {mutation.data !== undefined && <Changes results={mutation.data.results} />}
          <ConfirmWide {...wide} />
          <Group justify="flex-end">
            <Button variant="default" disabled={targets.length === 0} onClick={() => mutation.mutate(true)}>
              {t('blocks.preview')}
            </Button>
            <Button type="submit" disabled={!isFilled} loading={mutation.isPending}>
              {t('blocks.do')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
