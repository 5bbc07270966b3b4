/** `?`: all shortcuts, and the filter language in three lines. */
import { Kbd, Modal, SimpleGrid, Table, Text } from '@mantine/core'
import type { TextKey } from '../i18n/en.ts'
import { useWords } from '../i18n/language.tsx'

type Keys = readonly (readonly [readonly string[], TextKey])[]

/** Keys that are pressed together stand in one text. */
const EVERYWHERE: Keys = [
  [['Ctrl + K'], 'help.palette'],
  [['/'], 'help.search'],
  [['Ctrl + Z'], 'help.undo'],
  [['w'], 'help.wall'],
  [['?'], 'help.help'],
  [['Tab'], 'help.tab'],
  [['Esc'], 'help.close'],
]
const THERE: Keys = [
  [['b'], 'help.block'],
  [['b', 'a', 'u'], 'help.addressKeys'],
  [['←', '→', 'Enter'], 'help.chart'],
  [['←', '→', 'Space'], 'help.wallKeys'],
]
const EVENTS: Keys = [
  [['j', 'k'], 'events.key.move'],
  [['Enter'], 'events.key.open'],
  [['x'], 'events.key.select'],
  [['b'], 'events.key.block'],
  [['a'], 'events.key.allow'],
  [['m'], 'events.key.menu'],
  [['/'], 'events.key.filter'],
  [['t'], 'events.key.time'],
  [['l'], 'events.key.live'],
  [['e'], 'events.key.export'],
  [['s'], 'events.key.save'],
]
const FILTERS = [
  '( addr.src in 198.51.100.0/24 ) and ( action eq deny )',
  '( port.dst geq 1024 ) and ( receive_time in last-24-hours )',
  '( severity geq high ) and not ( blocked eq yes )',
]

export function HelpDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('help.title')}
      size="min(1080px, 96vw)"
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl" verticalSpacing="md">
        <div>
          <KeyTable title={t('help.everywhere')} keys={EVERYWHERE} />
          <KeyTable title={t('help.there')} keys={THERE} />
        </div>
        <div>
          <KeyTable title={t('events.keys')} keys={EVENTS} />
          <Text size="sm" fw={600} mt="md" mb={4}>
            {t('help.filter')}
          </Text>
          {FILTERS.map((filter) => (
            <pre key={filter} className="lines help-filter">
              {filter}
            </pre>
          ))}
          <Text size="sm" c="dimmed" mt="xs">
            {t('help.more')}
          </Text>
        </div>
      </SimpleGrid>
    </Modal>
  )
}

function KeyTable({ title, keys }: { readonly title: string; readonly keys: Keys }) {
  const { t } = useWords()
  return (
    <Table aria-label={title} captionSide="top" verticalSpacing={3} className="keys">
      <Table.Caption ta="left">{title}</Table.Caption>
      <Table.Tbody>
        {keys.map(([names, label]) => (
          <Table.Tr key={label}>
            <Table.Td w={140}>
              {names.map((name) => (
                <Kbd key={name} mr={4}>
                  {name}
                </Kbd>
              ))}
            </Table.Td>
            <Table.Td>{t(label)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
