/** What is done to many blocks at once with a dialog of its own: another end, tags. */
import { Button } from '@mantine/core'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { ExtendBlocks } from './extend-blocks.tsx'
import { TagBlocks } from './tag-blocks.tsx'

const ACTIONS = ['extend', 'tag'] as const
export type ManyAction = (typeof ACTIONS)[number]

interface ManyButtonsProps {
  readonly view: string
  /** Nothing is chosen. */
  readonly isOff: boolean
  readonly onAsk: (action: ManyAction) => void
}

export function ManyButtons({ view, isOff, onAsk }: ManyButtonsProps) {
  const { t } = useWords()
  // What is held or noted in shadow has no end that could be moved.
  const actions = view === 'block' ? ACTIONS : ACTIONS.slice(1)
  return actions.map((action) => (
    <Button key={action} variant="default" disabled={isOff} onClick={() => onAsk(action)}>
      {t(`blocks.${action}`)}
    </Button>
  ))
}

interface ManyBlocksProps {
  readonly action: ManyAction | null
  readonly targets: readonly string[]
  /** Those that are loaded: as they were, for the way back. */
  readonly items: readonly Reply<'listBlocks'>[]
  readonly onClose: () => void
  readonly onDone: () => void
}

export function ManyBlocks({ action, ...rest }: ManyBlocksProps) {
  return (
    <>
      <ExtendBlocks {...rest} isOpen={action === 'extend'} />
      <TagBlocks {...rest} isOpen={action === 'tag'} />
    </>
  )
}
