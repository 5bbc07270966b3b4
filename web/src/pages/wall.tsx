/**
 * The wall: large, dark, readable from the other end of the room, one view after the other. It shows numbers and addresses
 * of attackers, no names of people and nothing that helps to sign in.
 */
import { Button, Group, SimpleGrid, Text } from '@mantine/core'
import { useHotkeys, useInterval } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { relativeText } from '../components/instant.tsx'
import { useStoreReady } from '../components/when-stored.tsx'
import type { Reply } from '../data/api.ts'
import { countriesQuery, facetsQuery, overviewQuery } from '../data/overview.ts'
import { protectionOf } from '../data/protection.ts'
import { useWords } from '../i18n/language.tsx'
import { MapOf } from './overview/countries.tsx'
import { Flow } from './overview/flow.tsx'

const VIEW_MS = 20_000
const VIEWS = ['numbers', 'flow', 'map', 'newest', 'top'] as const

export function WallPage() {
  const { t, language } = useWords()
  const navigate = useNavigate()
  const overview = useQuery(overviewQuery)
  const [at, setAt] = useState(0)
  const [isHeld, setHeld] = useState(false)
  const [now, setNow] = useState(() => new Date())
  const step = (by: number) => setAt((view) => (view + by + VIEWS.length) % VIEWS.length)
  useInterval(() => setNow(new Date()), 1000, { autoInvoke: true })
  useEffect(() => {
    if (isHeld) return undefined
    const timer = setTimeout(() => setAt((view) => (view + 1) % VIEWS.length), VIEW_MS)
    return () => clearTimeout(timer)
  }, [at, isHeld])
  const leave = () => void navigate({ to: '/' })
  useHotkeys([
    ['Escape', leave],
    ['w', leave],
    ['ArrowRight', () => step(1)],
    ['ArrowLeft', () => step(-1)],
    ['space', () => setHeld((held) => !held)],
  ])
  const told = overview.data
  return (
    <main className="wall" id="content">
      <Group justify="space-between">
        <h1 className="wall-title">{told === undefined ? t('app.name') : sentenceOf(told)}</h1>
        <Group gap="lg" wrap="nowrap">
          <Text className="wall-clock">
            {now.toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })}
          </Text>
          <Button variant="outline" color="gray.4" size="xs" onClick={leave} className="wall-leave">
            {t('wall.leave')}
          </Button>
        </Group>
      </Group>
      {told !== undefined && (
        <section className={`wall-view wall-${VIEWS[at]}`} aria-live="off">
          {VIEWS[at] === 'numbers' && <Numbers told={told} />}
          {VIEWS[at] === 'flow' && <BigFlow />}
          {VIEWS[at] === 'map' && <BigMap />}
          {VIEWS[at] === 'newest' && <Newest told={told} />}
          {VIEWS[at] === 'top' && <Attackers />}
        </section>
      )}
      <Group justify="space-between" className="wall-foot">
        <span>{t('wall.keys')}</span>
        <span>
          {at + 1} / {VIEWS.length} {isHeld && `· ${t('wall.held')}`}
        </span>
      </Group>
    </main>
  )

  /** Without names of users: many eyes are on a wall. */
  function sentenceOf(told: Reply<'overview'>): string {
    const state = protectionOf(told)
    if (state === 'off') return t('strip.off')
    return state === 'frozen' ? t('strip.frozen') : t(`overview.${state}`, { count: told.list.entries })
  }
}

type Told = Reply<'overview'>

function Numbers({ told }: { readonly told: Told }) {
  const { t, language, say } = useWords()
  const { blocks, stopped, firewalls, input, alarms } = told
  const fresh = firewalls.filter(({ state }) => state === 'fresh').length
  const numbers = [
    [t('overview.blocked'), blocks.now.toLocaleString(language), t('overview.dayChange', blocks)],
    [
      t('overview.stopped'),
      stopped.denied.toLocaleString(language),
      t('overview.stoppedSince', { time: relativeText(stopped.since, language) }),
    ],
    [
      t('overview.freshness'),
      firewalls.length === 0 ? '–' : `${fresh} / ${firewalls.length}`,
      t(firewalls.length === 0 ? 'overview.noFirewall' : 'wall.fetched'),
    ],
    [
      t('alarm.title'),
      String(alarms.length),
      (alarms[0] === undefined ? null : say(alarms[0].message)) ??
        t('live.rate', { count: input.linesPerSecond }),
    ],
  ] as const
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" className="wall-numbers">
      {numbers.map(([label, value, more]) => (
        <div key={label}>
          <p className="wall-label">{label}</p>
          <p className="wall-number">{value}</p>
          <p className="wall-more">{more}</p>
        </div>
      ))}
    </SimpleGrid>
  )
}

function BigFlow() {
  const { t } = useWords()
  return (
    <>
      <h2 className="wall-label">{t('overview.flow')}</h2>
      <Flow span="24h" height={Math.max(220, globalThis.innerHeight - 330)} />
    </>
  )
}

function BigMap() {
  const { t } = useWords()
  const isReady = useStoreReady()
  const countries = useQuery({ ...countriesQuery('24h'), enabled: isReady })
  return (
    <>
      <h2 className="wall-label">{t('overview.map')}</h2>
      <MapOf
        title={t('overview.map')}
        countries={(countries.data?.items ?? []).filter(({ value }) => value !== null)}
      />
    </>
  )
}

function Newest({ told }: { readonly told: Told }) {
  const { t, language, say } = useWords()
  return (
    <>
      <h2 className="wall-label">{t('overview.today')}</h2>
      {told.today.length === 0 && <p className="wall-more">{t('overview.todayEmpty')}</p>}
      <ul className="wall-list">
        {told.today.slice(0, 7).map(({ id, target, reason, createdAt }) => (
          <li key={id}>
            <span className="wall-address">{target}</span>
            <span className="wall-reason">{say(reason)}</span>
            <span className="wall-when">{relativeText(createdAt, language)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

function Attackers() {
  const { t, language } = useWords()
  const isReady = useStoreReady()
  const facets = useQuery({ ...facetsQuery('24h'), enabled: isReady })
  const values = facets.data?.facets.find(({ field }) => field === 'addr.src')?.values ?? []
  return (
    <>
      <h2 className="wall-label">{t('overview.attackers')}</h2>
      <ul className="wall-list">
        {values.slice(0, 7).map(({ value, count }) => (
          <li key={value}>
            <span className="wall-address">{String(value)}</span>
            <span className="wall-reason" />
            <span className="wall-when">{count.toLocaleString(language)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
