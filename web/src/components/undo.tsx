/**
 * A note of what was done, with ten seconds to take it back, by its button or by Ctrl+Z. What was done stays in the audit
 * log either way.
 */
import { Button, Group, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { call, type Reply } from '../data/api.ts'
import { queryClient } from '../data/query-client.ts'
import { type Translate, useWords } from '../i18n/language.tsx'

const SHOWN_MS = 10_000

/** What Ctrl+Z takes back: the last of the notes that stand. */
let latest: { readonly id: string; readonly takeBack: () => Promise<void> } | null = null

/** Takes back what was done last, while the note about it stands; nothing else. */
export function undoLatest(): void {
  void latest?.takeBack()
}

type Results = Reply<'addBlocks'>['results']

const doneIn = (results: Results): string[] =>
  results.filter(({ outcome }) => outcome === 'done').map(({ target }) => target)

function nameOf(t: Translate, targets: readonly string[]): string {
  return targets.length === 1 ? (targets[0] ?? '') : t('undo.many', { count: targets.length })
}

/** Ends by target, as they were; null: until removed. */
type Ends = ReadonlyMap<string, string | null>

/** The targets of each end. */
function byEnd(targets: readonly string[], ends: Ends): Map<string | null, string[]> {
  return Map.groupBy(targets, (target) => ends.get(target) ?? null)
}

/** After a block by hand: undo lifts what was blocked. */
export function offerUnblock(t: Translate, results: Results): void {
  const targets = doneIn(results)
  offer(t, 'undo.blocked', targets, async () => {
    await call('removeBlocks', { targets, reason: t('undo.reason'), dryRun: false })
  })
}

/** After a lift: undo blocks again, until the end that each block had. */
export function offerReblock(t: Translate, results: Results, ends: Ends): void {
  const targets = doneIn(results)
  offer(t, 'undo.lifted', targets, async () => {
    for (const [until, same] of byEnd(targets, ends))
      await call('addBlocks', { targets: same, reason: t('undo.reason'), until, dryRun: false })
  })
}

/** After another end: undo gives each block its end of before. A block that a rule made stays by hand. */
export function offerEarlierEnds(t: Translate, results: Results, ends: Ends): void {
  const targets = doneIn(results)
  offer(t, 'undo.extended', targets, async () => {
    for (const [until, same] of byEnd(targets, ends))
      await call('extendBlocks', { targets: same, reason: t('undo.reason'), until, dryRun: false })
  })
}

/** After tags were put on or taken off: undo gives each block those of before. */
export function offerEarlierTags(
  t: Translate,
  results: Results,
  blocks: readonly Pick<Reply<'listBlocks'>, 'target' | 'tags'>[],
  { does, tags }: { readonly does: 'add' | 'remove'; readonly tags: readonly string[] },
): void {
  const before = new Map(blocks.map((block) => [block.target, block.tags.map((tag) => tag.toLowerCase())]))
  const targets = doneIn(results).filter((target) => before.has(target))
  const changedOf = (target: string): string[] =>
    tags.filter((tag) => (before.get(target)?.includes(tag.toLowerCase()) ?? false) === (does === 'remove'))
  const back = new Map<string, { readonly tags: string[]; readonly targets: string[] }>()
  for (const target of targets) {
    const changed = changedOf(target)
    const known = back.get(changed.join('\n'))
    if (known === undefined) back.set(changed.join('\n'), { tags: changed, targets: [target] })
    else known.targets.push(target)
  }
  offer(t, 'undo.tagged', targets, async () => {
    for (const { tags: changed, targets: same } of back.values()) {
      const [add, remove] = does === 'add' ? [[], changed] : [changed, []]
      await call('tagBlocks', { targets: same, add, remove, reason: t('undo.reason'), dryRun: false })
    }
  })
}

function offer(
  t: Translate,
  key: 'undo.blocked' | 'undo.lifted' | 'undo.extended' | 'undo.tagged',
  targets: readonly string[],
  undo: () => Promise<void>,
): void {
  if (targets.length === 0) return
  const what = nameOf(t, targets)
  const id = `undo-${Date.now()}`
  const forget = () => {
    if (latest?.id === id) latest = null
  }
  const takeBack = async () => {
    forget()
    notifications.hide(id)
    try {
      await undo()
      notifications.show({ message: t('undo.undone', { what }) })
    } catch (error) {
      notifications.show({ color: 'orange', message: <NotUndone error={error as Error} /> })
    }
    await queryClient.invalidateQueries()
  }
  latest = { id, takeBack }
  notifications.show({
    id,
    onClose: forget,
    autoClose: SHOWN_MS,
    withCloseButton: true,
    closeButtonProps: { 'aria-label': t('common.cancel') },
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{t(key, { what })}</Text>
        <Button
          size="compact-sm"
          variant="default"
          title="Ctrl+Z"
          aria-keyshortcuts="Control+Z"
          onClick={() => void takeBack()}
        >
          {t('undo.do')}
        </Button>
      </Group>
    ),
  })
}

function NotUndone({ error }: { readonly error: Error }) {
  const { t, say } = useWords()
  return t('undo.failed', { why: say(error.message) })
}
