/** What of a step is seen to work, from the service's own numbers. */
import { Group, Stack, Text } from '@mantine/core'
import { relativeText } from '../../components/instant.tsx'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

type Status = Reply<'status'>
type State = 'good' | 'bad' | 'waiting'

const SIGNS: Record<State, string> = { good: '✓', bad: '!', waiting: '○' }

function Check({
  name,
  state,
  text,
}: {
  readonly name: string
  readonly state: State
  readonly text: string
}) {
  return (
    <Group gap="xs" wrap="nowrap" align="baseline">
      <span aria-hidden>{SIGNS[state]}</span>
      <Text size="sm" component="span">
        <b>{name}</b>: {text}
      </Text>
    </Group>
  )
}

/** First line, format and clock, of the firewall heard last. */
export function LineChecks({ status }: { readonly status: Status }) {
  const { t, language } = useWords()
  const [device] = status.devices.toSorted((a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt))
  const unread = status.unknownLines.reduce((sum, { count }) => sum + count, 0)
  if (device === undefined)
    return (
      <Stack gap={4} role="status">
        <Check name={t('welcome.check.line')} state="waiting" text={t('welcome.check.lineWait')} />
        <Check
          name={t('welcome.check.format')}
          state={unread > 0 ? 'bad' : 'waiting'}
          text={unread > 0 ? t('welcome.check.formatBad', { count: unread }) : t('welcome.check.formatWait')}
        />
        <Check name={t('welcome.check.clock')} state="waiting" text={t('welcome.check.clockWait')} />
      </Stack>
    )
  const clockSeconds = Math.round(Math.abs(device.clockOffsetMs ?? 0) / 1000)
  return (
    <Stack gap={4}>
      <Check
        name={t('welcome.check.line')}
        state="good"
        text={t('welcome.check.lineSeen', {
          device: device.device,
          count: device.records,
          time: relativeText(device.lastSeenAt, language),
        })}
      />
      <Check
        name={t('welcome.check.format')}
        state={device.unparsed > 0 ? 'bad' : 'good'}
        text={
          device.unparsed > 0
            ? t('welcome.check.formatBad', { count: device.unparsed })
            : t('welcome.check.formatGood')
        }
      />
      <Check
        name={t('welcome.check.clock')}
        state={device.clockInsane ? 'bad' : 'good'}
        text={
          device.clockInsane
            ? t('welcome.check.clockBad')
            : t('welcome.check.clockGood', { seconds: Math.max(1, clockSeconds) })
        }
      />
    </Stack>
  )
}

export function FetchChecks({ status: { list } }: { readonly status: Status }) {
  const { t, language } = useWords()
  const { lastFetchedAt, lastFetchedBy } = list
  return (
    <Check
      name={t('welcome.check.fetched')}
      state={lastFetchedAt === null ? 'waiting' : 'good'}
      text={
        lastFetchedAt === null
          ? t('welcome.check.fetchedWait')
          : t('welcome.check.fetchedBy', {
              time: relativeText(lastFetchedAt, language),
              who: lastFetchedBy ?? '?',
            })
      }
    />
  )
}
