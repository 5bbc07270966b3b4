/** What was left out of a list, by reason, with examples. */
import { Table, Text } from '@mantine/core'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

export function LeftOut({ leftOut }: { readonly leftOut: Reply<'showImport'>['leftOut'] }) {
  const { t, language } = useWords()
  if (leftOut.length === 0) return null
  return (
    <Table.ScrollContainer minWidth={480}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{`${t('imports.leftOut')}: ${t('imports.column.why')}`}</Table.Th>
            <Table.Th ta="right">{t('imports.column.count')}</Table.Th>
            <Table.Th>{t('imports.column.such')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {leftOut.map(({ reason, count, examples }) => (
            <Table.Tr key={reason}>
              <Table.Td>{reason}</Table.Td>
              <Table.Td ta="right">{count.toLocaleString(language)}</Table.Td>
              <Table.Td>
                <Text component="span" className="mono">
                  {examples.join(', ')}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
