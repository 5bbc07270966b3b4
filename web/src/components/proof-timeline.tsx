/**
 * The way of one block to the firewalls: detected, published, fetched, loaded, first packet denied; a line for each
 * firewall. A step that has not come yet says so; times after the detection are told as what they took.
 */
import { Badge, Stack, Text } from '@mantine/core'
import type { Reply } from '../data/api.ts'
import { type Translate, useWords } from '../i18n/language.tsx'

type Enforcement = Reply<'listEnforcement'>
type FirewallSteps = Enforcement['firewalls'][number]

const STATES = {
  waiting: { color: 'gray', sign: '○' },
  idle: { color: 'gray', sign: '✓' },
  stopping: { color: 'blue', sign: '■' },
  leaking: { color: 'orange', sign: '!' },
} as const

export function ProofBadge({ state }: { readonly state: Enforcement['state'] }) {
  const { t } = useWords()
  const { color, sign } = STATES[state]
  return (
    <Badge variant="light" tt="none" fw={500} miw="max-content" color={color}>
      <span aria-hidden>{sign} </span>
      {t(`proof.state.${state}`)}
    </Badge>
  )
}

/** How far it has come at one firewall. */
export function stateAt({ firewalls }: Enforcement, firewall: string): Enforcement['state'] {
  const one = firewalls.find(({ id }) => id === firewall)
  if (one === undefined) return 'waiting'
  if (one.leaking) return 'leaking'
  if (one.firstDeniedAt !== null) return 'stopping'
  return one.fetchedAt === null && one.loadedAt === null && one.registeredAt === null ? 'waiting' : 'idle'
}

interface ProofTimelineProps {
  readonly enforcement: Enforcement
  /** Of this firewall alone. */
  readonly firewall?: string
}

export function ProofTimeline({ enforcement, firewall }: ProofTimelineProps) {
  const { t } = useWords()
  const { firewalls, published, detectedAt } = enforcement
  const shown = firewalls.filter(({ id }) => firewall === undefined || id === firewall)
  return (
    <Stack gap="sm">
      {firewall === undefined && (
        <div>
          <ProofBadge state={enforcement.state} />
        </div>
      )}
      {shown.length === 0 && (
        <Steps
          name={t('proof.noFirewall')}
          steps={[...commonSteps(detectedAt, published, null, t), waiting(t('proof.fetched'))]}
        />
      )}
      {shown.map((one) => (
        <Steps
          key={one.id}
          name={firewall === undefined ? one.name : null}
          steps={[...commonSteps(detectedAt, published, one.feed, t), ...ownSteps(one, detectedAt, t)]}
        />
      ))}
    </Stack>
  )
}

interface Step {
  readonly name: string
  /** Null: it has not come. */
  readonly at: string | null
  readonly detail: string
  readonly look: 'done' | 'open' | 'bad'
}

function Steps({ name, steps }: { readonly name: string | null; readonly steps: readonly Step[] }) {
  const { t, language } = useWords()
  return (
    <div>
      {name !== null && (
        <Text size="sm" fw={600}>
          {name}
        </Text>
      )}
      <ol className="proof">
        {steps.map(({ name: step, at, detail, look }) => (
          <li key={step} className={`proof-step proof-${look}`}>
            <span className="proof-sign" aria-hidden>
              {look === 'done' ? '✓' : look === 'bad' ? '!' : '○'}
            </span>
            <Text size="sm" fw={600} component="span">
              {step}
            </Text>
            <Text size="xs" component="span">
              {at === null ? (
                t('proof.notYet')
              ) : (
                <time dateTime={at}>
                  {new Date(at).toLocaleString(language, {
                    dateStyle: 'medium',
                    timeStyle: 'medium',
                    hourCycle: 'h23',
                  })}
                </time>
              )}
            </Text>
            <Text size="xs" c="dimmed" component="span" className="proof-detail">
              {detail}
            </Text>
          </li>
        ))}
      </ol>
    </div>
  )
}

function commonSteps(
  detectedAt: string,
  published: Enforcement['published'],
  feed: string | null,
  t: Translate,
): Step[] {
  const entry = published.find((one) => one.feed === feed) ?? published[0]
  return [
    { name: t('proof.detected'), at: detectedAt, detail: '', look: 'done' },
    entry === undefined
      ? waiting(t('proof.published'))
      : {
          name: t('proof.published'),
          at: entry.at,
          detail: join([
            after(detectedAt, entry.at, t),
            t('proof.revision', { feed: entry.feed, revision: entry.revision }),
          ]),
          look: 'done',
        },
  ]
}

function ownSteps(one: FirewallSteps, detectedAt: string, t: Translate): Step[] {
  const { fetchedAt, loadedAt, loadedBy, registeredAt, firstDeniedAt, denied, allowed, rule, leaking } = one
  const has = one.revision === null ? '' : t('proof.has', { revision: one.revision })
  return [
    {
      name: t('proof.fetched'),
      at: fetchedAt,
      detail: join([after(detectedAt, fetchedAt, t), has]),
      look: fetchedAt === null ? 'open' : 'done',
    },
    {
      name: registeredAt !== null && loadedAt === null ? t('proof.registered') : t('proof.loaded'),
      at: loadedAt ?? registeredAt,
      detail: join([
        after(detectedAt, loadedAt ?? registeredAt, t),
        loadedBy === null ? '' : t(`proof.by.${loadedBy}`),
      ]),
      look: (loadedAt ?? registeredAt) === null ? 'open' : 'done',
    },
    {
      name: t('proof.denied'),
      at: firstDeniedAt,
      detail: join([
        after(detectedAt, firstDeniedAt, t),
        firstDeniedAt !== null && denied > 0 ? t('proof.deniedLines', { count: denied }) : '',
        rule === null || firstDeniedAt === null ? '' : t('proof.rule', { rule }),
      ]),
      look: firstDeniedAt === null ? 'open' : 'done',
    },
    ...(leaking || allowed > 0
      ? [
          {
            name: t('proof.allowed'),
            at: one.lastAllowedAt,
            detail: join([
              t('proof.allowedLines', { count: allowed }),
              rule === null ? '' : t('proof.rule', { rule }),
            ]),
            look: leaking ? 'bad' : 'open',
          } as const,
        ]
      : []),
  ]
}

function waiting(name: string): Step {
  return { name, at: null, detail: '', look: 'open' }
}

const join = (parts: readonly string[]): string => parts.filter((part) => part !== '').join(' · ')

const SECOND_MS = 1000
const MINUTE_S = 60
const HOUR_S = 3600

/** How long after the detection; nothing where that is not known, or where it was before. */
function after(from: string, to: string | null, t: Translate): string {
  if (to === null) return ''
  const seconds = (Date.parse(to) - Date.parse(from)) / SECOND_MS
  if (seconds < 0) return ''
  if (seconds < MINUTE_S) return t('proof.seconds', { seconds: Math.round(seconds * 10) / 10 })
  if (seconds < HOUR_S) return t('proof.minutes', { minutes: Math.round(seconds / MINUTE_S) })
  return t('proof.hours', { hours: Math.round(seconds / HOUR_S) })
}
