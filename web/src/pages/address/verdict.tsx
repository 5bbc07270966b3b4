/** The verdict in one sentence with its numbers, and labels: on the list or not, can it be forged, where it is. */
import { Badge, Group, Paper, Skeleton, Text } from '@mantine/core'
import { Answer } from '../../components/problem.tsx'
import type { Reply } from '../../data/api.ts'
import { countryName } from '../../data/countries.ts'
import type { TextKey } from '../../i18n/en.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

type Profile = Reply<'addressProfile'>
type Records = Reply<'addressRecords'>
type Explanation = Reply<'explain'>

interface VerdictProps {
  readonly explanation: {
    readonly data: Explanation | undefined
    readonly error: Error | null
    readonly refetch: () => unknown
  }
  readonly profile: Profile | undefined
  readonly records: Records | undefined
}

export function Verdict({ explanation, profile, records }: VerdictProps) {
  const { t, language } = useWords()
  return (
    <Paper withBorder p="md" className="verdict" aria-live="polite">
      <Answer query={explanation}>
        {({ verdict, sentences }) => (
          <>
            <Text fz="lg" fw={600} className="sentence">
              {sentenceOf(verdict, profile, t, language)}
            </Text>
            <Text className="sentence verdict-numbers">
              {records === undefined ? (
                <Skeleton component="span" height={14} width="50%" animate={false} />
              ) : (
                numbersOf(records, t, language)
              )}
            </Text>
            <Text size="sm" c="dimmed" className="sentence" lang="en">
              {sentences[0]}
            </Text>
            <Group gap="xs" mt="sm">
              <Badge color={verdict === 'blocked' ? 'blue' : 'gray'} variant="light" tt="none" size="lg">
                {verdict === 'blocked' ? t('address.isOnList') : t('address.notOnList')}
              </Badge>
              {profile !== undefined && records !== undefined && (
                <SpoofLabel profile={profile} records={records} />
              )}
              {profile?.country != null && (
                <Badge variant="default" tt="none" size="lg">
                  {countryName(profile.country, language)}
                </Badge>
              )}
              {profile?.owner != null && (
                <Badge variant="default" tt="none" size="lg">
                  {profile.owner.asNumber === null ? '' : `AS${profile.owner.asNumber} `}
                  {profile.owner.name}
                </Badge>
              )}
            </Group>
          </>
        )}
      </Answer>
    </Paper>
  )
}

function sentenceOf(
  verdict: Explanation['verdict'],
  profile: Profile | undefined,
  t: Translate,
  language: string,
): string {
  const block = profile?.block ?? null
  const until =
    block?.expiresAt == null
      ? t('common.forever')
      : t('address.until', {
          time: new Date(block.expiresAt).toLocaleString(language, {
            dateStyle: 'medium',
            timeStyle: 'short',
            hourCycle: 'h23',
          }),
        })
  const by =
    block === null
      ? ''
      : block.rule === null
        ? t('address.byHand', { who: block.createdBy })
        : t('address.byRule', { rule: t(`rule.${block.rule}` as TextKey) })
  return t(`address.verdict.${verdict}`, { until, by })
}

/** What it did, of the span that is looked at. */
function numbersOf(records: Records, t: Translate, language: string): string {
  const { total, destinations, ports, completed, firstAt, lastAt } = records
  if (total === 0 || firstAt === null || lastAt === null) return t('address.noLines')
  return [
    t('address.reached', {
      ports: t('address.ports', { count: ports }),
      destinations: t('address.destinations', { count: destinations }),
      time: durationText(Date.parse(lastAt) - Date.parse(firstAt), language),
      lines: t('address.lines', { count: total }),
    }),
    t('address.completed', { count: completed }),
  ].join('; ')
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

function durationText(ms: number, language: string): string {
  const [unit, size] = UNITS.find(([, one]) => ms >= 2 * one) ?? ['second', 1000]
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.max(1, Math.round(ms / size)),
  )
}

type Risk = 'none' | 'high' | 'unknown'

/** Whether the address can be forged: proven by a handshake, only first packets, or nothing known. */
function riskOf({ detections }: Profile, { completed, total }: Records): { risk: Risk; why: string | null } {
  const proven = detections.find(({ proof }) => proof === 'handshake')
  if (completed > 0 || proven !== undefined) return { risk: 'none', why: proven?.proofReason ?? null }
  const [latest] = detections
  if (latest !== undefined || total > 0) return { risk: 'high', why: latest?.proofReason ?? null }
  return { risk: 'unknown', why: null }
}

const RISKS = {
  none: { color: 'gray', sign: '✓' },
  high: { color: 'orange', sign: '!' },
  unknown: { color: 'gray', sign: '?' },
} as const

function SpoofLabel({ profile, records }: { readonly profile: Profile; readonly records: Records }) {
  const { t } = useWords()
  const { risk, why } = riskOf(profile, records)
  const { color, sign } = RISKS[risk]
  const reason = t(`address.spoof.${risk}.why`, { count: records.completed })
  return (
    <>
      <Badge color={color} variant="light" tt="none" size="lg" leftSection={<span aria-hidden>{sign}</span>}>
        {t(`address.spoof.${risk}`)}
      </Badge>
      <Text size="sm" c="dimmed">
        {why === null ? reason : <Said text={why} />}
      </Text>
    </>
  )
}
