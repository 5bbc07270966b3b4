/** The newest blocks of a firewall with how far each has come: a row, and its whole way below. */
import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { AddressLink } from '../../components/address-link.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty } from '../../components/problem.tsx'
import { ProofBadge, ProofTimeline, stateAt } from '../../components/proof-timeline.tsx'
import { timeLinesQuery } from '../../data/enforcing.ts'
import { useWords } from '../../i18n/language.tsx'

const SHOWN = 20

export function TimeLines({ firewall }: { readonly firewall: string }) {
  const { t } = useWords()
  const timeLines = useQuery(timeLinesQuery(firewall))
  return (
    <Part title={t('firewalls.timeLines')}>
      <Answer query={timeLines}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{t('firewalls.timeLinesEmpty')}</Empty>
          ) : (
            <Stack gap="md">
              {items.slice(0, SHOWN).map((one) => (
                <div key={one.target}>
                  <Text size="sm" component="div" mb={4}>
                    <AddressLink address={one.target} /> <ProofBadge state={stateAt(one, firewall)} />
                  </Text>
                  <ProofTimeline enforcement={one} firewall={firewall} />
                </div>
              ))}
              {items.length > SHOWN && (
                <Text size="sm" c="dimmed">
                  {t('firewalls.timeLinesCut', { count: SHOWN })}
                </Text>
              )}
            </Stack>
          )
        }
      </Answer>
    </Part>
  )
}
