/** The last cells of a row of where attacks come from: lines, sources, and when the last line came. */
import { Table } from '@mantine/core'
import { Instant } from '../../components/instant.tsx'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

type Seen = Pick<Reply<'topList'>['items'][number], 'count' | 'sources' | 'lastAt'>

export function SeenCells({ count, sources, lastAt }: Seen) {
  const { language } = useWords()
  return (
    <>
      <Table.Td ta="right">{count.toLocaleString(language)}</Table.Td>
      <Table.Td ta="right">{sources.toLocaleString(language)}</Table.Td>
      <Table.Td visibleFrom="sm" className="nowrap">
        <Instant at={lastAt} none="" />
      </Table.Td>
    </>
  )
}
