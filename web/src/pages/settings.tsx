/** How long things are kept, the certificate, and every setting with its meaning, value and default. */
import { SimpleGrid, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, PageHead } from '../components/problem.tsx'
import { SettingField } from '../components/setting-row.tsx'
import { settingsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { Retention } from './detections/retention.tsx'
import { Certificate } from './settings/certificate.tsx'

export function SettingsPage() {
  const { t } = useWords()
  const settings = useQuery(settingsQuery)
  const [filter, setFilter] = useState('')
  const wanted = filter.trim().toLowerCase()
  return (
    <>
      <PageHead title={t('settings.title')} />
      <NeedsRole operation="changeSettings" />
      <Text mb="md" size="sm" className="sentence">
        {t('settings.elsewhere')}
      </Text>
      <SimpleGrid cols={{ base: 1, lg: 2 }} mb="xl">
        <Answer query={settings}>
          {({ items }) => (
            <Retention
              settings={new Map(items.map((setting) => [setting.key, setting]))}
              title={t('settings.retention')}
            />
          )}
        </Answer>
        <Certificate />
      </SimpleGrid>
      <Text component="h2" fz="h2" fw={600} mt={0} mb="xs">
        {t('settings.all')}
      </Text>
      <TextInput
        mb="md"
        maw={420}
        label={t('settings.filter')}
        value={filter}
        onChange={(event) => setFilter(event.currentTarget.value)}
      />
      <Answer query={settings}>
        {({ items }) => (
          <Table.ScrollContainer minWidth={720}>
            <Table layout="fixed">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th w="28%">{t('settings.column.key')}</Table.Th>
                  <Table.Th w="30%">{t('settings.column.value')}</Table.Th>
                  <Table.Th>{t('settings.column.meaning')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items
                  .filter(({ key, description }) => `${key} ${description}`.toLowerCase().includes(wanted))
                  .map((setting) => (
                    <Table.Tr key={setting.key}>
                      <Table.Td className="mono">{setting.key}</Table.Td>
                      <Table.Td>
                        <SettingField setting={setting} label={setting.key} />
                      </Table.Td>
                      <Table.Td>
                        <Text size="sm">{setting.description}</Text>
                        <Text size="xs" c="dimmed">
                          {setting.takes}
                        </Text>
                      </Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Answer>
    </>
  )
}
