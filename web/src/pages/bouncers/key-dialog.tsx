/** A bouncer's key, shown this once, as it goes into the bouncer's configuration. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { CopyText } from '../../components/copy-text.tsx'
import { useWords } from '../../i18n/language.tsx'

/** The lines of the configuration; the address is where this page was opened. */
export function configOf(key: string): string {
  return `api_url: ${globalThis.location.origin}/\napi_key: ${key}\nupdate_frequency: 10s`
}

interface KeyDialogProps {
  readonly name: string
  /** Null: there is none to show. */
  readonly secret: string | null
  readonly onClose: () => void
}

export function KeyDialog({ name, secret, onClose }: KeyDialogProps) {
  const { t } = useWords()
  return (
    <Modal
      opened={secret !== null}
      onClose={onClose}
      size="lg"
      title={t('bouncers.key', { name })}
      closeButtonProps={{ 'aria-label': t('bouncers.done') }}
      closeOnClickOutside={false}
    >
      <Stack gap="sm" role="status">
        <Text size="sm">{t('bouncers.keyOnce')}</Text>
        <CopyText text={configOf(secret ?? '')} label={t('bouncers.key', { name })} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{t('bouncers.done')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
