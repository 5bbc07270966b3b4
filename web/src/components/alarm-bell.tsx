/** The bell of the top bar with the number of alarms, and the light that says whether lines come in. */
import { ActionIcon, Indicator, Popover, ScrollArea, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { overviewQuery } from '../data/overview.ts'
import { useWords } from '../i18n/language.tsx'
import { AlarmList } from './alarm-list.tsx'

export function AlarmBell() {
  const { t } = useWords()
  const overview = useQuery(overviewQuery)
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const alarms = overview.data?.alarms ?? []
  const isCritical = alarms.some(({ severity }) => severity === 'critical')
  const label = alarms.length === 0 ? t('alarm.none') : t('alarm.count', { count: alarms.length })
  return (
    <Popover
      opened={isOpen}
      onClose={close}
      position="bottom-end"
      width={alarms.length === 0 ? 'max-content' : 'min(560px, 94vw)'}
      shadow="md"
      trapFocus
    >
      <Indicator
        label={alarms.length}
        size={18}
        disabled={alarms.length === 0}
        color={isCritical ? 'red.9' : 'orange.9'}
        offset={4}
      >
        <Popover.Target>
          <ActionIcon variant="default" size="lg" aria-label={label} title={label} onClick={toggle}>
            <svg width={16} height={16} viewBox="0 0 16 16" aria-hidden>
              <path
                d="M8 1.5a4 4 0 0 0-4 4v3L2.5 11v.5h11V11L12 8.500v-3a4 4 0 0 0-4-4zM6.500 13a1.500 1.500 0 0 0 3 0"
                fill="none"
                stroke="currentColor"
                strokeWidth={1.3}
                strokeLinejoin="round"
              />
            </svg>
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown px="md" py={alarms.length === 0 ? 'md' : 'xs'} aria-label={t('alarm.title')}>
        {alarms.length === 0 ? (
          <Text size="sm">{t('alarm.none')}</Text>
        ) : (
          <ScrollArea.Autosize
            mah="70vh"
            viewportProps={{ tabIndex: 0, 'aria-label': t('alarm.title'), role: 'group' }}
          >
            <AlarmList alarms={alarms} onJump={close} />
          </ScrollArea.Autosize>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

/** `1 240 lines/s · lag 0.4 s · 0 lost`. */
export function LiveLight() {
  const { t, language } = useWords()
  const overview = useQuery(overviewQuery)
  if (overview.data === undefined) return null
  const { linesPerSecond, lagMs, lost } = overview.data.input
  const isLive = linesPerSecond > 0
  const isAway = overview.isError
  const seconds = lagMs === null ? null : lagMs / 1000
  const lag =
    seconds === null
      ? t('live.never')
      : seconds < 120
        ? t('live.lag', { lag: seconds.toLocaleString(language, { maximumFractionDigits: 1 }) })
        : t('live.quiet', { minutes: Math.round(seconds / 60) })
  const text = isAway
    ? t('live.away')
    : [t('live.rate', { count: linesPerSecond }), lag, t('live.lost', { count: lost })].join(' · ')
  return (
    <Text size="xs" c="dimmed" className="nowrap" visibleFrom="lg" title={t('live.hint')}>
      <span className={isLive && !isAway ? 'live-dot live-on' : 'live-dot'} aria-hidden /> {text}
    </Text>
  )
}
