/** A network that is wide is blocked or allowed only when somebody has typed it once more: a slip of the prefix hits many. */
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '../i18n/language.tsx'

interface Change {
  readonly target: string
  readonly canConfirm?: boolean | undefined
}

/** What is to be typed: the first that waits for it; undefined: nothing. */
export function useConfirmWide(results: readonly Change[] | undefined) {
  const [typed, setTyped] = useState('')
  const wanted = results?.find(({ canConfirm }) => canConfirm === true)?.target
  // What was confirmed stays so while the trial after it no longer asks.
  const [confirmed, setConfirmed] = useState<string | null>(null)
  const type = (text: string) => {
    setTyped(text)
    setConfirmed(wanted !== undefined && text.trim() === wanted ? wanted : null)
  }
  return { wanted, typed, type, isConfirmed: confirmed !== null }
}

export function ConfirmWide({ wanted, typed, type }: ReturnType<typeof useConfirmWide>) {
  const { t } = useWords()
  if (wanted === undefined) return null
  return (
    <TextInput
      label={t('blocks.confirmWide', { target: wanted })}
      description={t('blocks.confirmWideHint')}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      classNames={{ input: 'mono' }}
    />
  )
}
