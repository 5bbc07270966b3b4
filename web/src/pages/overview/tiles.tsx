/** Four tiles: protection as a sentence, blocked now, stopped by the list, lists on firewalls. */
import { Group, Paper, SimpleGrid, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { relativeText } from '../../components/instant.tsx'
import type { Reply } from '../../data/api.ts'
import { protectionOf } from '../../data/protection.ts'
import { useWords } from '../../i18n/language.tsx'

type Told = Reply<'overview'>

const FIREWALLS_SHOWN = 3
const SIGNS = {
  on: '✓',
  off: '!',
  frozen: '‖',
  shadow: '!',
  noLines: '!',
  notFetched: '!',
  stale: '!',
} as const

/** The one place to do something about it; what is absent has its button in the strip over every screen. */
const REMEDIES = {
  noLines: ['/welcome', 'overview.connectFirst'],
  notFetched: ['/welcome', 'overview.connectFirst'],
  stale: ['/firewalls', 'overview.lookAtFirewalls'],
} as const

export function Tiles({ told }: { readonly told: Told }) {
  const { t } = useWords()
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, xl: 4 }} spacing="md">
      <Protection told={told} />
      <Blocked told={told} />
      <Stopped told={told} />
      <Tile label={t('overview.freshness')}>
        <Freshness told={told} />
      </Tile>
    </SimpleGrid>
  )
}

function Tile({
  label,
  look = 'plain',
  children,
}: {
  readonly label: string
  readonly look?: 'plain' | 'good' | 'bad'
  readonly children: ReactNode
}) {
  return (
    <Paper withBorder p="md" className={`overview-tile tile-${look}`} component="section" aria-label={label}>
      <Text size="sm" c="dimmed" mb={4}>
        {label}
      </Text>
      {children}
    </Paper>
  )
}

function Protection({ told }: { readonly told: Told }) {
  const { t, language } = useWords()
  const ago = (at: string | null) => (at === null ? '' : relativeText(at, language))
  const { engine, list } = told
  const state = protectionOf(told)
  const remedy = state in REMEDIES ? REMEDIES[state as keyof typeof REMEDIES] : null
  const values = { time: ago(engine.changedAt), who: engine.changedBy ?? '?', count: list.entries }
  return (
    <Tile label={t('overview.protection')} look={state === 'on' ? 'good' : 'bad'}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <span className="tile-sign" aria-hidden>
          {SIGNS[state]}
        </span>
        <div>
          <Text fw={600} lh={1.35}>
            {t(`overview.${state}`, values)}
          </Text>
          <Text size="sm" c="dimmed" mt={2}>
            {list.lastFetchedAt === null
              ? t('overview.neverFetched')
              : t('overview.fetched', { time: ago(list.lastFetchedAt), who: list.lastFetchedBy ?? '?' })}
          </Text>
          {remedy !== null && (
            <Text size="sm" mt={2}>
              <Link to={remedy[0]}>{t(remedy[1])}</Link>
            </Text>
          )}
        </div>
      </Group>
    </Tile>
  )
}

function Blocked({ told: { blocks } }: { readonly told: Told }) {
  const { t, language } = useWords()
  const { now, added, ended, held, shadow } = blocks
  return (
    <Tile label={t('overview.blocked')}>
      <Group gap="sm" align="baseline">
        <Link to="/blocks" className="tile-number">
          {now.toLocaleString(language)}
        </Link>
        <Text size="sm" c="dimmed">
          +{added.toLocaleString(language)} −{ended.toLocaleString(language)}{' '}
          <span className="visually-hidden">{t('overview.dayChange', { added, ended })}</span>
          <span aria-hidden>/ 24 h</span>
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        <Link to="/blocks" search={{ mode: held > 0 ? 'hold' : 'shadow' }}>
          {t('overview.waiting', { held, shadow })}
        </Link>
      </Text>
    </Tile>
  )
}

function Stopped({ told: { stopped } }: { readonly told: Told }) {
  const { t, language } = useWords()
  return (
    <Tile label={t('overview.stopped')}>
      <Text className="tile-number">{stopped.denied.toLocaleString(language)}</Text>
      <Text size="sm" c="dimmed">
        {t('overview.stoppedSince', { time: relativeText(stopped.since, language) })}
        {stopped.let > 0 && ` · ${t('overview.let', { count: stopped.let })}`}
      </Text>
    </Tile>
  )
}

const FRESHNESS = { fresh: '✓', late: '!', never: '○' } as const

function Freshness({ told: { firewalls } }: { readonly told: Told }) {
  const { t, language } = useWords()
  if (firewalls.length === 0)
    return (
      <Text size="sm">
        {t('overview.noFirewall')} <Link to="/welcome">{t('overview.connect')}</Link>
      </Text>
    )
  const order = { late: 0, never: 1, fresh: 2 }
  const sorted = firewalls.toSorted((a, b) => order[a.state] - order[b.state])
  return (
    <Stack gap={2}>
      {sorted.slice(0, FIREWALLS_SHOWN).map(({ id, name, state, lastFetchedAt, leaks }) => (
        <Text key={id} size="sm" truncate title={name}>
          <span className={`fresh-${state}`} aria-hidden>
            {FRESHNESS[state]}
          </span>{' '}
          {name}{' '}
          <Text span c="dimmed">
            {lastFetchedAt === null
              ? t('overview.neverOne')
              : t(state === 'late' ? 'overview.late' : 'overview.fresh', {
                  time: relativeText(lastFetchedAt, language),
                })}
            {leaks > 0 && ` · ${t('overview.leaks', { count: leaks })}`}
          </Text>
        </Text>
      ))}
      {sorted.length > FIREWALLS_SHOWN && (
        <Text size="sm" c="dimmed">
          {t('overview.moreFirewalls', { count: sorted.length - FIREWALLS_SHOWN })}
        </Text>
      )}
    </Stack>
  )
}
