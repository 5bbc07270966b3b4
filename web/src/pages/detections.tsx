/** The rules, a card each, with their numbers; a change acts at once. */
import { Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Answer, PageHead } from '../components/problem.tsx'
import { SettingField } from '../components/setting-row.tsx'
import type { Reply } from '../data/api.ts'
import { settingsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

/** Settings whose key is `detection.<rule>.<name>`, by rule; a rule is what has a mode. */
function rulesOf(settings: readonly Reply<'listSettings'>[]): [string, Reply<'listSettings'>[]][] {
  const found = new Map<string, Reply<'listSettings'>[]>()
  for (const setting of settings) {
    const [area, rule, name] = setting.key.split('.')
    if (area !== 'detection' || rule === undefined || name === undefined) continue
    found.set(rule, [...(found.get(rule) ?? []), setting])
  }
  return [...found].filter(([, parts]) => parts.some(({ key }) => key.endsWith('.mode')))
}

export function DetectionsPage() {
  const { t } = useWords()
  const settings = useQuery(settingsQuery)
  return (
    <>
      <PageHead title={t('detections.title')} />
      <Text mb="md" className="sentence">
        {t('detections.intro')}
      </Text>
      <Answer query={settings}>
        {({ items }) => (
          <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }}>
            {rulesOf(items).map(([rule, parts]) => (
              <Paper key={rule} withBorder p="md" component="section">
                <Text component="h2" fz="h2" fw={600} mt={0} mb="sm">
                  {rule.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}
                </Text>
                <Stack gap="sm">
                  {parts.map((setting) => (
                    <div key={setting.key}>
                      <Text size="sm" mb={4}>
                        {setting.description}
                      </Text>
                      <SettingField setting={setting} label={setting.key} />
                    </div>
                  ))}
                </Stack>
              </Paper>
            ))}
          </SimpleGrid>
        )}
      </Answer>
    </>
  )
}
