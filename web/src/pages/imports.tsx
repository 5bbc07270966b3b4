/** Lists of others: what is read on a schedule, how it goes, and what the older system had. */
import { Button, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { FeedPlaces } from '../components/feed-places.tsx'
import { Instant } from '../components/instant.tsx'
import { LongRows } from '../components/long-rows.tsx'
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
      <Text mb="md" size="sm" className="sentence">
        {t('imports.intro')}
      </Text>
      <Answer query={imports}>
        {({ items }) => (
          <Stack gap="xl">
            {items.length === 0 ? (
              <Empty
                next={
                  mayAdd && (
                    <Button variant="default" onClick={() => setIsAdding(true)}>
                      {t('imports.add')}
                    </Button>
                  )
                }
              >
                {t('imports.empty')}
              </Empty>
            ) : (
              <Imports imports={items} />
            )}
            {mayTakeOver && <OriginalImport />}
          </Stack>
        )}
      </Answer>
      {isAdding && <ImportForm source={null} onClose={() => setIsAdding(false)} />}
    </>
  )
}

function Imports({ imports }: { readonly imports: readonly Import[] }) {
  const { t, language } = useWords()
  return (
    <LongRows
      rows={imports}
      keyOf={({ name }) => name}
      textOf={({ name, from, hosts }) => [name, from ?? '', ...hosts].join(' ')}
      minWidth={720}
      columns={[
        {
          head: t('imports.column.name'),
          cell: ({ name }) => (
            <Link to="/imports" search={{ list: name }} aria-label={t('imports.open', { name })}>
              {name}
            </Link>
          ),
        },
        {
          head: t('imports.column.does'),
          cell: ({ direction }) => <DirectionBadge direction={direction} />,
        },
        {
          head: t('imports.column.from'),
          isMono: true,
          cell: ({ from, hosts }) => from ?? t('imports.hosts', { count: hosts.length }),
        },
        {
          head: t('imports.column.entries'),
          isRight: true,
          cell: ({ entries }) => entries?.toLocaleString(language) ?? '',
        },
        {
          head: t('imports.column.read'),
          cell: ({ lastOkAt }) => <Instant at={lastOkAt} none={t('imports.never')} />,
        },
        { head: t('imports.column.state'), cell: (source) => <ImportState source={source} /> },
      ]}
    />
  )
}
