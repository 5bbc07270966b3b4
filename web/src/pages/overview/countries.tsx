/** Where attacks come from: the map, loaded when it is shown, and the same as a table that can be sorted. */
import { Button, SegmentedControl, Skeleton, Table, Text, UnstyledButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { EventsLink } from '../../components/events-link.tsx'
import { Answer } from '../../components/problem.tsx'
import { WhenStored } from '../../components/when-stored.tsx'
import type { Reply } from '../../data/api.ts'
import { countryName } from '../../data/countries.ts'
import { ATTACKS, countriesQuery, type Span, timesOf } from '../../data/overview.ts'
import { useWords } from '../../i18n/language.tsx'
import { Owners } from './owners.tsx'
import { SeenCells } from './seen-cells.tsx'

const WorldMap = lazy(() =>
  import('../../components/world-map.tsx').then((loaded) => ({ default: loaded.WorldMap })),
)

const SHOWN = 8

export function Countries({ span }: { readonly span: Span }) {
  return (
    <div className="countries">
      <WhenStored>
        <CountriesOf span={span} />
      </WhenStored>
    </div>
  )
}

function CountriesOf({ span }: { readonly span: Span }) {
  const { t } = useWords()
  const navigate = useNavigate()
  const countries = useQuery(countriesQuery(span))
  const [by, setBy] = useState<'country' | 'owner'>('country')
  return (
    <Answer query={countries}>
      {({ items }) => {
        const named = items.filter(({ value }) => value !== null)
        const unnamed = items.find(({ value }) => value === null)?.count ?? 0
        const pick = (name: string) => {
          const found = named.find(({ value }) => value === name)
          if (found !== undefined)
            void navigate({
              to: '/events',
              search: { filter: `${ATTACKS} and ${found.filter}`, ...timesOf(span) },
            })
        }
        return (
          <>
            <MapOf title={t('overview.map')} countries={named} onPick={pick} />
            <SegmentedControl
              size="xs"
              mb="xs"
              aria-label={t('owners.by')}
              value={by}
              data={[
                { value: 'country', label: t('owners.byCountry') },
                { value: 'owner', label: t('owners.byOwner') },
              ]}
              onChange={(value) => setBy(value === 'owner' ? 'owner' : 'country')}
            />
            {by === 'owner' ? <Owners span={span} /> : <CountryTable items={named} span={span} />}
            {by === 'country' && unnamed > 0 && (
              <Text size="xs" c="dimmed" mt="xs">
                {t('overview.mapHint', { count: unnamed })}
              </Text>
            )}
          </>
        )
      }}
    </Answer>
  )
}

type Items = Reply<'topList'>['items']

interface MapOfProps {
  readonly title: string
  readonly countries: Items
  readonly onPick?: (name: string) => void
}

/** The map with its place kept while it is loaded. */
export function MapOf({ title, countries, onPick }: MapOfProps) {
  return (
    <div className="map-frame">
      <Suspense fallback={<Skeleton className="map-wait" animate={false} />}>
        <WorldMap
          title={title}
          countries={countries.map(({ value, count }) => ({ name: String(value), count }))}
          {...(onPick === undefined ? {} : { onPick })}
        />
      </Suspense>
    </div>
  )
}

type Column = 'name' | 'count' | 'sources' | 'lastAt'

function CountryTable({ items, span }: { readonly items: Items; readonly span: Span }) {
  const { t, language } = useWords()
  const [sort, setSort] = useState<{ readonly by: Column; readonly isUp: boolean }>({
    by: 'count',
    isUp: false,
  })
  const [isAll, setAll] = useState(false)
  const rows = items
    .map((item) => ({ ...item, name: countryName(String(item.value), language) }))
    .sort((a, b) => {
      const [x, y] = [a[sort.by], b[sort.by]]
      const order = typeof x === 'number' ? x - Number(y) : x.localeCompare(String(y), language)
      return sort.isUp ? order : -order
    })
  const head = (by: Column, label: string, isNumber: boolean) => (
    <Table.Th
      ta={isNumber ? 'right' : 'left'}
      {...(by === 'lastAt' ? { visibleFrom: 'sm' as const } : {})}
      aria-sort={sort.by === by ? (sort.isUp ? 'ascending' : 'descending') : 'none'}
    >
      <UnstyledButton
        fz="sm"
        fw={600}
        mih={24}
        className="nowrap"
        onClick={() => setSort({ by, isUp: sort.by === by ? !sort.isUp : by === 'name' })}
      >
        {label} <span aria-hidden>{sort.by === by ? (sort.isUp ? '↑' : '↓') : ''}</span>
      </UnstyledButton>
    </Table.Th>
  )
  if (items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('overview.topEmpty')}
      </Text>
    )
  return (
    <>
      <Table verticalSpacing={3} aria-label={t('overview.map')}>
        <Table.Thead>
          <Table.Tr>
            {head('name', t('overview.country'), false)}
            {head('count', t('overview.lines'), true)}
            {head('sources', t('overview.sources'), true)}
            {head('lastAt', t('overview.last'), false)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows
            .slice(0, isAll ? rows.length : SHOWN)
            .map(({ value, name, count, sources, lastAt, filter }) => (
              <Table.Tr key={value}>
                <Table.Td>
                  <EventsLink filter={`${ATTACKS} and ${filter}`} {...timesOf(span)}>
                    {name}
                  </EventsLink>
                </Table.Td>
                <SeenCells count={count} sources={sources} lastAt={lastAt} />
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
      {rows.length > SHOWN && !isAll && (
        <Button size="compact-sm" variant="subtle" mt={4} onClick={() => setAll(true)}>
          {t('overview.allCountries', { count: rows.length })}
        </Button>
      )}
    </>
  )
}
