/** What others know of the address: opened only when pressed, and told nothing of where it was pressed. */
import { Group, Text } from '@mantine/core'
import { useWords } from '../../i18n/language.tsx'
import { linksOf } from '../events/links.ts'

export function LinksOut({ address }: { readonly address: string }) {
  const { t } = useWords()
  const [host = address] = address.split('/', 1)
  const links = linksOf(host, null)
  if (links.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('address.linksNone')}
      </Text>
    )
  return (
    <>
      <Group gap="sm">
        {links.map(({ name, url }) => (
          <a key={name} href={url} target="_blank" rel="noreferrer noopener">
            <Text span size="sm">
              {name}
            </Text>
          </a>
        ))}
      </Group>
      <Text size="xs" c="dimmed" mt="xs">
        {t('address.linksHint')}
      </Text>
    </>
  )
}
