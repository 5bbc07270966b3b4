/** Lists of others: what is read on a schedule, how it goes, and what the older system had. */
import { Button, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { FeedPlaces } from '../components/feed-places.tsx'
import { Instant } from '../components/instant.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import type { Reply } from '../data/api.ts'
import { importsQuery } from '../data/enforcing.ts'
import { useMay } from '../data/may.ts'
import { useWords } from '../i18n/language.tsx'
import { ImportDetail } from './imports/import-detail.tsx'
import { ImportForm } from './imports/import-form.tsx'
import { DirectionBadge, ImportState } from './imports/import-words.tsx'
import { OriginalImport } from './imports/original-import.tsx'

type Import = Reply<'listImports'>

export function ImportsPage() {
  const { t } = useWords()
  const { list: name } = useSearch({ from: '/imports' })
  const imports = useQuery(importsQuery)
  const mayAdd = useMay('addImport')
  const mayTakeOver = useMay('importOriginal')
  const [isAdding, setIsAdding] = useState(false)
  if (name !== undefined)
    return (
      <>
        <FeedPlaces />
        <ImportDetail key={name} name={name} />
      </>
    )
  return (
    <>
      <FeedPlaces />
      <PageHead title={t('imports.title')}>
        {mayAdd && <Button onClick={() => setIsAdding(true)}>{t('imports.add')}</Button>}
      </PageHead>
      <NeedsRole operation="addImport" />
      <Text mb="md" className="sentence">
        {t('imports.intro')}
      </Text>
      <Stack gap="xl">
        <Answer query={imports}>
          {({ items }) =>
            items.length === 0 ? <Empty>{t('imports.empty')}</Empty> : <Imports imports={items} />
          }
        </Answer>
        {mayTakeOver && <OriginalImport />}
      </Stack>
      {isAdding && <ImportForm source={null} onClose={() => setIsAdding(false)} />}
    </>
  )
}

function Imports({ imports }: { readonly imports: readonly Import[] }) {
  const { t, language } = useWords()
  return (
    <Table.ScrollContainer minWidth={820}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('imports.column.name')}</Table.Th>
            <Table.Th>{t('imports.column.does')}</Table.Th>
            <Table.Th>{t('imports.column.from')}</Table.Th>
            <Table.Th ta="right">{t('imports.column.entries')}</Table.Th>
            <Table.Th>{t('imports.column.read')}</Table.Th>
            <Table.Th>{t('imports.column.state')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {imports.map((one) => (
            <Table.Tr key={one.name}>
              <Table.Td>
                <Link
                  to="/imports"
                  search={{ list: one.name }}
                  aria-label={t('imports.open', { name: one.name })}
                >
                  {one.name}
                </Link>
              </Table.Td>
              <Table.Td>
                <DirectionBadge direction={one.direction} />
              </Table.Td>
              <Table.Td className="mono place">
                {one.from ?? t('imports.hosts', { count: one.hosts.length })}
              </Table.Td>
              <Table.Td ta="right">{one.entries?.toLocaleString(language) ?? ''}</Table.Td>
              <Table.Td>
                <Instant at={one.lastOkAt} none={t('imports.never')} />
              </Table.Td>
              <Table.Td>
                <ImportState source={one} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
