/** What stands in the way: each with what to do about it and the one place to do it. */
import { Group, Stack, Text } from '@mantine/core'
import type { Reply } from '../data/api.ts'
import { mendOf } from '../data/alarm-places.ts'
import { useWords } from '../i18n/language.tsx'
import { Instant } from './instant.tsx'
import { Jump } from './jump.tsx'
import { Said } from './said.tsx'

type Alarm = Reply<'overview'>['alarms'][number]

const SIGNS = { critical: '✕', warning: '!', info: 'i' } as const

interface AlarmListProps {
  readonly alarms: readonly Alarm[]
  readonly onJump?: () => void
}

export function AlarmList({ alarms, onJump }: AlarmListProps) {
  const { t } = useWords()
  return (
    <Stack gap={0} component="ul" className="alarms">
      {alarms.map(({ code, severity, message, mend, said, mendSaid, since }) => {
        const { href, label } = mendOf(code)
        return (
          <li key={code} className={`alarm alarm-${severity}`}>
            <span className="alarm-sign" aria-hidden>
              {SIGNS[severity]}
            </span>
            <div className="alarm-text">
              <Text size="sm" fw={600}>
                <span className="visually-hidden">{t(`alarm.${severity}`)}: </span>
                <Said text={message} said={said} />
              </Text>
              <Text size="sm" c="dimmed">
                <Said text={mend} said={mendSaid} />
                <span aria-hidden> · </span>
                <Instant at={since} none="" />
              </Text>
            </div>
            <Group className="alarm-mend">
              <Jump href={href} {...(onJump === undefined ? {} : { onJump })}>
                {t(label)}
              </Jump>
            </Group>
          </li>
        )
      })}
    </Stack>
  )
}
