/** A form in a dialog: fields, what went wrong, one button that does it and one that leaves. */
import { Button, Group, Modal, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { useWords } from '../i18n/language.tsx'
import { Fault } from './problem.tsx'

interface FormDialogProps {
  readonly title: string
  /** The word on the button. */
  readonly action: string
  readonly isOpen?: boolean
  readonly onClose: () => void
  readonly onSubmit: () => void
  readonly isBusy: boolean
  readonly error: Error | null
  /** False: something is missing. */
  readonly isReady?: boolean
  readonly size?: 'md' | 'lg'
  /** Before the two buttons. */
  readonly moreButtons?: ReactNode
  readonly children: ReactNode
}

export function FormDialog({
  title,
  action,
  isOpen = true,
  onClose,
  onSubmit,
  isBusy,
  error,
  isReady = true,
  size = 'md',
  moreButtons,
  children,
}: FormDialogProps) {
  const { t } = useWords()
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      size={size}
      title={title}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) onSubmit()
        }}
      >
        <Stack gap="sm">
          {children}
          <Fault error={error} />
          <Group justify="flex-end">
            {moreButtons}
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={isBusy} disabled={!isReady}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
