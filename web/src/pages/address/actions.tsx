/** What can be done with an address: block, another end, lift, allow. Each asks why, and says how to take it back. */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { ConfirmWide, useConfirmWide } from '../../components/confirm-wide.tsx'
import { offerReblock, offerUnblock } from '../../components/undo.tsx'
import { orThrow, WithReason } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

export type Action = 'block' | 'extend' | 'lift' | 'allow'
type Block = Reply<'listBlocks'>

/** `block` is what stands now. */
export function actionsFor(block: Block | null): readonly Action[] {
  if (block === null || block.mode === 'shadow') return ['block', 'allow']
  return block.mode === 'block' ? ['extend', 'lift', 'allow'] : ['block', 'lift', 'allow']
}

interface ActionDialogProps {
  readonly address: string
  /** Null: closed. */
  readonly action: Action | null
  readonly block: Block | null
  readonly onClose: () => void
}

export function ActionDialog({ address, action, block, onClose }: ActionDialogProps) {
  const { t } = useWords()
  const [until, setUntil] = useState('')
  const [refused, setRefused] = useState<Reply<'addBlocks'>['results']>([])
  const wide = useConfirmWide(refused)
  const act = async (reason: string) => {
    const change = { targets: [address], reason, dryRun: false }
    const end = until === '' ? null : new Date(until).toISOString()
    if (action === 'lift') {
      const answer = await call('removeBlocks', change)
      orThrow(answer)
      if (block?.mode === 'block') offerReblock(t, answer.results, new Map([[address, block.expiresAt]]))
    }
    if (action === 'block') {
      const answer = await call('addBlocks', { ...change, until: end, confirmWide: wide.isConfirmed })
      setRefused(answer.results)
      orThrow(answer)
      offerUnblock(t, answer.results)
    }
    if (action === 'extend') orThrow(await call('extendBlocks', { ...change, until: end }))
    if (action === 'allow') {
      const answer = await call('addAllow', { ...change, until: end, confirmWide: wide.isConfirmed })
      setRefused(answer.results)
      orThrow(answer)
    }
    setUntil('')
  }
  const title = action === null ? '' : t(`address.do.${action}`)
  return (
    <WithReason
      title={title}
      what={
        <>
          <p className="mono no-margin">{address}</p>
          {action !== null && action !== 'lift' && (
            <TextInput
              mt="sm"
              type="datetime-local"
              label={t('blocks.addUntil')}
              description={t(action === 'allow' ? 'address.allowUntilHint' : 'blocks.addUntilHint')}
              value={until}
              onChange={(event) => setUntil(event.currentTarget.value)}
            />
          )}
          <ConfirmWide {...wide} />
        </>
      }
      action={title}
      isOpen={action !== null}
      onClose={() => {
        setRefused([])
        wide.type('')
        onClose()
      }}
      onConfirm={act}
    />
  )
}
