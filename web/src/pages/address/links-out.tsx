/** What others know of the address: opened only when pressed, and told nothing of where it was pressed. */
import { Group, Text } from '@mantine/core'
import { useWords } from '../../i18n/language.tsx'

const SITES: readonly (readonly [string, string])[] = [
  ['AbuseIPDB', 'https://www.abuseipdb.com/check/{ip}'],
  ['GreyNoise', 'https://viz.greynoise.io/ip/{ip}'],
  ['Shodan', 'https://www.shodan.io/host/{ip}'],
  ['VirusTotal', 'https://www.virustotal.com/gui/ip-address/{ip}'],
  ['CrowdSec CTI', 'https://app.crowdsec.net/cti/{ip}'],
  ['Censys', 'https://search.censys.io/hosts/{ip}'],
  ['RIPEstat', 'https://stat.ripe.net/{ip}'],
  ['bgp.he.net', 'https://bgp.he.net/ip/{ip}'],
  ['RDAP', 'https://rdap.org/ip/{ip}'],
]

export function LinksOut({ address }: { readonly address: string }) {
  const { t } = useWords()
  const [host = address] = address.split('/', 1)
  return (
    <>
      <Group gap="sm">
        {SITES.map(([name, template]) => (
          <a
            key={name}
            href={template.replace('{ip}', encodeURIComponent(host))}
            target="_blank"
            rel="noreferrer noopener"
          >
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
