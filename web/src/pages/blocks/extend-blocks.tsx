/** Another end for many blocks at once: what it would do to each, why, and ten seconds to take it back. */
import { NativeSelect, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { offerEarlierEnds } from '../../components/undo.tsx'
import { orThrow, WithReason } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

const DAY_MS = 86_400_000
const ENDS = ['1', '7', '30', '90', 'never', 'date'] as const
type End = (typeof ENDS)[number]

interface ExtendBlocksProps {
  readonly targets: readonly string[]
  /** As far as they are loaded: their ends of before, for the way back. */
  readonly items: readonly Reply<'listBlocks'>[]
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: () => void
}

export function ExtendBlocks({ targets, items, isOpen, onClose, onDone }: ExtendBlocksProps) {
  const { t } = useWords()
  const [end, setEnd] = useState<End>('30')
  const [date, setDate] = useState('')
  const title = t('blocks.extend')
  const until = (): string | null => {
    if (end === 'never') return null
    if (end === 'date') return new Date(date).toISOString()
    return new Date(Date.now() + Number(end) * DAY_MS).toISOString()
  }
  const isReady = end !== 'date' || Date.parse(date) > Date.now()
  // The preview is asked under its title, whatever the end.
  useEffect(() => void queryClient.invalidateQueries({ queryKey: ['preview', title] }), [title, end, date])
  return (
    <WithReason
      title={title}
      what={
        <>
          {targets.length <= 20 && <p className="mono no-margin">{targets.join(', ')}</p>}
          <NativeSelect
            mt="sm"
            label={t('blocks.end')}
            description={t('blocks.extendHint')}
            value={end}
            data={ENDS.map((value) => ({ value, label: t(`blocks.end.${value}`) }))}
            onChange={(event) => setEnd(ENDS.find((one) => one === event.currentTarget.value) ?? '30')}
          />
          {end === 'date' && (
            <TextInput
              mt="sm"
              type="datetime-local"
              label={t('blocks.addUntil')}
              value={date}
              onChange={(event) => setDate(event.currentTarget.value)}
              required
            />
          )}
        </>
      }
      preview={async () =>
        isReady
          ? call('extendBlocks', {
              targets: [...targets],
              reason: t('preview.title'),
              until: until(),
              dryRun: true,
            })
          : { results: [] }
      }
      action={title}
      isOpen={isOpen}
      onClose={onClose}
      onConfirm={async (reason) => {
        const answer = await call('extendBlocks', {
          targets: [...targets],
          reason,
          until: until(),
          dryRun: false,
        })
        orThrow(answer)
        const ends = new Map(items.map(({ target, expiresAt }) => [target, expiresAt]))
        offerEarlierEnds(
          t,
          answer.results.filter(({ target }) => ends.has(target)),
          ends,
        )
        onDone()
      }}
    />
  )
}
