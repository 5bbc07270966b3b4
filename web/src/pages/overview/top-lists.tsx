/** The most frequent attackers, ports, threats and rules of denied and alerted lines; each leads to its records. */
import { SimpleGrid, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { EventsLink } from '../../components/events-link.tsx'
import { Part } from '../../components/part.tsx'
import { Answer } from '../../components/problem.tsx'
import { useStoreReady, WhenStored } from '../../components/when-stored.tsx'
import type { Reply } from '../../data/api.ts'
import { ATTACKS, facetsQuery, type Span, timesOf } from '../../data/overview.ts'
import type { TextKey } from '../../i18n/en.ts'
import { useWords } from '../../i18n/language.tsx'

const SHOWN = 8
const LISTS: readonly (readonly [string, TextKey])[] = [
  ['addr.src', 'overview.attackers'],
  ['port.dst', 'overview.ports'],
  ['name-of-threatid', 'overview.threats'],
  ['rule', 'overview.rules'],
]

export function TopLists({ span }: { readonly span: Span }) {
  const { t } = useWords()
  const isReady = useStoreReady()
  const facets = useQuery({ ...facetsQuery(span), enabled: isReady })
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, xl: 4 }} spacing="md">
      {LISTS.map(([field, title]) => (
        <Part key={field} title={t(title)}>
          <div className="top-list">
            <WhenStored>
              <Answer query={facets}>
                {(told) => (
                  <TopList
                    values={told.facets.find((one) => one.field === field)?.values ?? []}
                    span={span}
                    isMono={field === 'addr.src'}
                  />
                )}
              </Answer>
            </WhenStored>
          </div>
        </Part>
      ))}
    </SimpleGrid>
  )
}

interface TopListProps {
  readonly values: Reply<'facets'>['facets'][number]['values']
  readonly span: Span
  readonly isMono: boolean
}

function TopList({ values, span, isMono }: TopListProps) {
  const { t, language } = useWords()
  const known = values.filter(({ value }) => value !== null).slice(0, SHOWN)
  if (known.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('overview.topEmpty')}
      </Text>
    )
  const most = known[0]?.count ?? 1
  return (
    <ol className="top">
      {known.map(({ value, count, filter }) => (
        <li key={value}>
          <svg className="top-bar" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden>
            <rect width={(100 * count) / most} height={2} />
          </svg>
          <span className={isMono ? 'top-name mono' : 'top-name'} title={String(value)}>
            <EventsLink filter={`${ATTACKS} and ${filter}`} {...timesOf(span)}>
              {String(value)}
            </EventsLink>
          </span>
          <span className="top-count">{count.toLocaleString(language)}</span>
        </li>
      ))}
    </ol>
  )
}
