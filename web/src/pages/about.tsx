/** What the product is made of: versions, where data lies, documents, packages with their licences. */
import { Anchor, Button, Group, Modal, SimpleGrid, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { relativeText } from '../components/instant.tsx'
import { Part } from '../components/part.tsx'
import { Answer, PageHead } from '../components/problem.tsx'
import { call, type Reply } from '../data/api.ts'
import type { TextKey } from '../i18n/en.ts'
import { useWords } from '../i18n/language.tsx'

type About = Reply<'about'>

const PACKAGES_SHOWN = 40

export function AboutPage() {
  const { t, language } = useWords()
  const about = useQuery({ queryKey: ['about'], queryFn: () => call('about', {}), refetchInterval: 60_000 })
  return (
    <>
      <PageHead title={t('about.title')} />
      <Answer query={about}>
        {(told) => (
          <Stack gap="md">
            <Part title={t('about.version', { version: told.version })}>
              <Text size="sm" mb="sm">
                {t('about.since', { time: relativeText(told.startedAt, language) })}
              </Text>
              <Group gap="xl">
                {told.engines.map(({ name, version }) => (
                  <div key={name}>
                    <Text size="sm" c="dimmed">
                      {name}
                    </Text>
                    <Text className="mono">{version}</Text>
                  </div>
                ))}
              </Group>
            </Part>
            <Places told={told} />
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
              <Packages packages={told.packages} />
              <Documents documents={told.documents} />
            </SimpleGrid>
          </Stack>
        )}
      </Answer>
    </>
  )
}

function Places({ told }: { readonly told: About }) {
  const { t, language } = useWords()
  return (
    <Part title={t('about.data')}>
      <Table.ScrollContainer minWidth={560}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('about.place')}</Table.Th>
              <Table.Th>{t('about.what')}</Table.Th>
              <Table.Th ta="right">{t('about.size')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {told.places.map(({ path, what, bytes }) => (
              <Table.Tr key={path}>
                <Table.Td className="mono">{path}</Table.Td>
                <Table.Td>
                  {t(`about.what.${what}` as TextKey)}
                  {what === 'records' && told.records !== null && (
                    <Text size="xs" c="dimmed">
                      {t('about.records', { count: told.records })}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td ta="right" className="nowrap">
                  {bytes === null ? '' : bytesText(bytes, language)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Part>
  )
}

const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

function bytesText(bytes: number, language: string): string {
  const step = Math.min(BYTE_UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: BYTE_UNITS[step] ?? 'byte',
    maximumFractionDigits: 1,
  }).format(bytes / 1000 ** step)
}

function Documents({ documents }: Pick<About, 'documents'>) {
  const { t } = useWords()
  const [open, setOpen] = useState<string | null>(null)
  const document = useQuery({
    queryKey: ['document', open],
    queryFn: () => call('readDocument', { name: open ?? '' }),
    enabled: open !== null,
  })
  return (
    <Part title={t('about.documents')}>
      <Text size="sm" c="dimmed" mb="xs">
        {t('about.documentsHint')}
      </Text>
      <Stack gap={4} align="flex-start">
        {documents.map(({ name, title }) => (
          <Anchor
            key={name}
            component="button"
            type="button"
            size="sm"
            ta="left"
            onClick={() => setOpen(name)}
          >
            <span lang="en">{title}</span>{' '}
            <Text span size="xs" c="dimmed">
              {name}
            </Text>
          </Anchor>
        ))}
        <Anchor href="/api/v1/openapi.json" target="_blank" rel="noreferrer noopener" size="sm">
          {t('about.api')}
        </Anchor>
      </Stack>
      <Modal
        opened={open !== null}
        onClose={() => setOpen(null)}
        size="xl"
        title={<span lang="en">{document.data?.title ?? open ?? ''}</span>}
        closeButtonProps={{ 'aria-label': t('common.cancel') }}
      >
        {open !== null && (
          <Answer query={document}>
            {({ text }) => (
              <pre className="document" lang="en">
                {text}
              </pre>
            )}
          </Answer>
        )}
      </Modal>
    </Part>
  )
}

function Packages({ packages }: Pick<About, 'packages'>) {
  const { t } = useWords()
  const [wanted, setWanted] = useState('')
  const word = wanted.trim().toLowerCase()
  const found = packages.filter(({ name, license }) => `${name} ${license}`.toLowerCase().includes(word))
  const download = async () => {
    const bill = await call('softwareBill', {})
    const url = URL.createObjectURL(new Blob([JSON.stringify(bill, null, 2)], { type: 'application/json' }))
    const link = globalThis.document.createElement('a')
    link.href = url
    link.download = 'active-defense-syslog.cdx.json'
    link.click()
    URL.revokeObjectURL(url)
  }
  return (
    <Part
      title={t('about.packages')}
      actions={
        <Button size="compact-sm" variant="default" onClick={() => void download()}>
          {t('about.bill')}
        </Button>
      }
    >
      <Group justify="space-between" mb="xs">
        <TextInput
          size="xs"
          aria-label={t('about.filter')}
          placeholder={t('about.filter')}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        <Text size="xs" c="dimmed">
          {t('about.shown', { shown: Math.min(PACKAGES_SHOWN, found.length), all: found.length })}
        </Text>
      </Group>
      <Table verticalSpacing={3}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('about.package')}</Table.Th>
            <Table.Th>{t('about.packageVersion')}</Table.Th>
            <Table.Th>{t('about.licence')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.slice(0, PACKAGES_SHOWN).map(({ name, version, license }) => (
            <Table.Tr key={`${name}@${version}`}>
              <Table.Td className="mono break">{name}</Table.Td>
              <Table.Td className="mono">{version}</Table.Td>
              <Table.Td>{license}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Part>
  )
}
