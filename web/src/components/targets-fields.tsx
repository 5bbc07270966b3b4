/** Addresses as pasted text, and why: the two fields with which people block and allow. */
import { Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { isNetworkText } from '../data/network-text.ts'
import { useWords } from '../i18n/language.tsx'

/** A list longer than this is scrolled within its field. */
const ROWS_MOST = 12

export interface Targets {
  readonly text: string
  readonly reason: string
}

const wordsOf = (text: string): string[] => text.split(/[\s,;]+/).filter((word) => word !== '')
/** As many are named; the rest is in the field. */
const NAMED = 5

/** What is typed in the fields: the targets one by one, and whether both are filled. Emptying them keeps the reason. */
export function useTargets() {
  const [typed, setTyped] = useState<Targets>({ text: '', reason: '' })
  const targets = wordsOf(typed.text).filter(isNetworkText)
  return {
    typed,
    setTyped,
    targets,
    isFilled: targets.length > 0 && typed.reason.trim() !== '',
    empty: () => setTyped((before) => ({ ...before, text: '' })),
  }
}

interface TargetsFieldsProps {
  readonly typed: Targets
  readonly onChange: (typed: Targets) => void
}

export function TargetsFields({ typed, onChange }: TargetsFieldsProps) {
  const { t } = useWords()
  const [isTyping, setTyping] = useState(false)
  const words = wordsOf(typed.text)
  // The last word may be half of an address yet.
  const whole = isTyping && !/[\s,;]$/.test(typed.text) ? words.slice(0, -1) : words
  const left = whole.filter((word) => !isNetworkText(word))
  return (
    <>
      <Textarea
        onFocus={() => setTyping(true)}
        onBlur={() => setTyping(false)}
        error={
          left.length === 0
            ? null
            : t('blocks.leftOut', {
                count: left.length,
                words: left.slice(0, NAMED).join(', ') + (left.length > NAMED ? ' …' : ''),
              })
        }
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
