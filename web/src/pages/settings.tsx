/** How long things are kept, the certificate, and every setting with its meaning, value and default. */
import { SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, PageHead } from '../components/problem.tsx'
import { settingsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { Retention } from './detections/retention.tsx'
import { AllSettings } from './settings/all-settings.tsx'
import { Certificate } from './settings/certificate.tsx'

export function SettingsPage() {
  const { t } = useWords()
  const settings = useQuery(settingsQuery)
  return (
    <>
      <PageHead title={t('settings.title')} />
      <NeedsRole operation="changeSettings" />
      <Text mb="md" size="sm" className="sentence">
        {t('settings.elsewhere')}
      </Text>
      <SimpleGrid cols={{ base: 1, lg: 2 }} mb="lg" className="settings-top">
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
      <Answer query={settings}>{({ items }) => <AllSettings settings={items} />}</Answer>
    </>
  )
}
