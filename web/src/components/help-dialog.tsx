/** `?`: the shortcuts. */
import { Kbd, Modal, Table, Text } from '@mantine/core'
import { useWords } from '../i18n/language.tsx'

const KEYS = [
  [['Ctrl', 'K'], 'help.palette'],
  [['/'], 'help.search'],
  [['b'], 'help.block'],
  [['?'], 'help.help'],
  [['Tab'], 'help.tab'],
  [['Esc'], 'help.close'],
] as const

export function HelpDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('help.title')}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <Table>
        <Table.Tbody>
          {KEYS.map(([keys, label]) => (
            <Table.Tr key={label}>
              <Table.Td w={130}>
                {keys.map((key, i) => (
                  <span key={key}>
                    {i > 0 && ' + '}
                    <Kbd>{key}</Kbd>
                  </span>
                ))}
              </Table.Td>
              <Table.Td>{t(label)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" c="dimmed" mt="sm">
        {t('help.more')}
      </Text>
    </Modal>
  )
}
