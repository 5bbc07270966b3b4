/** Addresses as pasted text, and why: the two fields with which people block and allow. */
import { Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useWords } from '../i18n/language.tsx'

/** A list longer than this is scrolled within its field. */
const ROWS_MOST = 12

export interface Targets {
  readonly text: string
  readonly reason: string
}

/** What is typed in the fields: the targets one by one, and whether both are filled. Emptying them keeps the reason. */
export function useTargets() {
  const [typed, setTyped] = useState<Targets>({ text: '', reason: '' })
  return {
    typed,
    setTyped,
    targets: typed.text.split(/[\s,;]+/).filter((target) => target !== ''),
    isFilled: typed.text.trim() !== '' && typed.reason.trim() !== '',
    empty: () => setTyped((before) => ({ ...before, text: '' })),
  }
}

interface TargetsFieldsProps {
  readonly typed: Targets
  readonly onChange: (typed: Targets) => void
}

export function TargetsFields({ typed, onChange }: TargetsFieldsProps) {
  const { t } = useWords()
  return (
    <>
      <Textarea
        label={t('blocks.addTargets')}
        value={typed.text}
        onChange={(event) => onChange({ ...typed, text: event.currentTarget.value })}
        autosize
        minRows={3}
        maxRows={ROWS_MOST}
        classNames={{ input: 'mono' }}
        required
        data-autofocus
      />
      <TextInput
        label={t('common.reason')}
        description={t('common.reasonHint')}
        value={typed.reason}
        onChange={(event) => onChange({ ...typed, reason: event.currentTarget.value })}
        required
      />
    </>
  )
}
