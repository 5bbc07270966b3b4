/** Tags on many blocks at once: put on or taken off, with ten seconds to take it back. */
import { SegmentedControl, TagsInput, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../../components/form-dialog.tsx'
import { offerEarlierTags } from '../../components/undo.tsx'
import { orThrow } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { tagsQuery } from '../../data/blocks.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

const MOST = 10
const LONGEST = 32

interface TagBlocksProps {
  readonly targets: readonly string[]
  /** As far as they are loaded: their tags of before, for the way back. */
  readonly items: readonly Reply<'listBlocks'>[]
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: () => void
}

export function TagBlocks({ targets, items, isOpen, onClose, onDone }: TagBlocksProps) {
  const { t } = useWords()
  const [does, setDoes] = useState<'add' | 'remove'>('add')
  const [tags, setTags] = useState<readonly string[]>([])
  const known = useQuery({ ...tagsQuery, enabled: isOpen })
  const change = useMutation({
    mutationFn: async () => {
      const [add, remove] = does === 'add' ? [[...tags], []] : [[], [...tags]]
      const answer = await call('tagBlocks', {
        targets: [...targets],
        add,
        remove,
        reason: '',
        dryRun: false,
      })
      orThrow(answer)
      return answer
    },
    onSuccess: async ({ results }) => {
      offerEarlierTags(t, results, items, { does, tags })
      setTags([])
      onDone()
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <FormDialog
      title={t('blocks.tags')}
      action={t(does === 'add' ? 'blocks.tagsAdd' : 'blocks.tagsRemove')}
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={() => change.mutate()}
      isBusy={change.isPending}
      error={change.error}
      isReady={tags.length > 0}
    >
      <Text size="sm">{t('blocks.tagCount', { count: targets.length })}</Text>
      <SegmentedControl
        aria-label={t('blocks.tags')}
        value={does}
        data={[
          { value: 'add', label: t('blocks.tagsAdd') },
          { value: 'remove', label: t('blocks.tagsRemove') },
        ]}
        onChange={(value) => setDoes(value === 'remove' ? 'remove' : 'add')}
      />
      <TagsInput
        label={t('blocks.tags')}
        description={t('blocks.tagsHint')}
        value={[...tags]}
        onChange={(next) => setTags(next.map((tag) => tag.slice(0, LONGEST)))}
        data={(known.data?.items ?? []).map(({ tag }) => tag)}
        maxTags={MOST}
        acceptValueOnBlur
        data-autofocus
      />
    </FormDialog>
  )
}
