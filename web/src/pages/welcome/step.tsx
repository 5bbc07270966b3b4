/** A step of the wizard with its state by word and sign. */
import { Badge, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { Part } from '../../components/part.tsx'
import { useWords } from '../../i18n/language.tsx'

interface StepProps {
  readonly title: string
  /** Null: cannot be seen from here. */
  readonly isDone: boolean | null
  readonly children: ReactNode
}

export function Step({ title, isDone, children }: StepProps) {
  const { t } = useWords()
  return (
    <Part
      title={title}
      actions={
        isDone !== null && (
          <Badge variant="light" tt="none" color={isDone ? 'blue' : 'gray'}>
            <span aria-hidden>{isDone ? '✓ ' : '○ '}</span>
            {isDone ? t('welcome.done') : t('welcome.waiting')}
          </Badge>
        )
      }
    >
      <Stack gap="sm">{children}</Stack>
    </Part>
  )
}
