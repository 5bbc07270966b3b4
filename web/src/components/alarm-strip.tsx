/** A strip over every screen, only while something reduces protection: what it is, and the one thing to do about it. */
import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { mendOf, reducesProtection } from '../data/alarm-places.ts'
import type { Reply } from '../data/api.ts'
import { overviewQuery } from '../data/overview.ts'
import { isOnlyWatching } from '../data/protection.ts'
import { type Translate, useWords } from '../i18n/language.tsx'
import { Jump } from './jump.tsx'
import { Said } from './said.tsx'

interface Trouble {
  readonly text: string
  readonly href: string
  readonly label: string
}

export function AlarmStrip() {
  const { t } = useWords()
  const overview = useQuery(overviewQuery)
  if (overview.data === undefined) return null
  const [first, ...more] = troublesOf(overview.data, t)
  if (first === undefined) return null
  return (
    <section className="strip" aria-label={t('strip.title')}>
      <Group gap="sm" wrap="nowrap" align="center">
        <span className="strip-sign" aria-hidden>
          !
        </span>
        <Text size="sm" flex={1} className="strip-text">
          <Said text={first.text} />{' '}
          {more.length > 0 && <span className="nowrap">{t('strip.more', { count: more.length })}</span>}
        </Text>
        <Jump href={first.href}>{first.label}</Jump>
      </Group>
    </section>
  )
}

function troublesOf(told: Reply<'overview'>, t: Translate): readonly Trouble[] {
  const { engine, alarms } = told
  const troubles: Trouble[] = []
  if (engine.state !== 'on')
    troubles.push({
      text: engine.state === 'off' ? t('strip.off') : t('strip.frozen'),
      href: '/engine',
      label: engine.state === 'off' ? t('strip.switchOn') : t('strip.thaw'),
    })
  for (const alarm of alarms.filter(reducesProtection)) {
    const { href, label } = mendOf(alarm.code)
    troubles.push({ text: alarm.message, href, label: t(label) })
  }
  if (isOnlyWatching(told))
    troubles.push({ text: t('strip.shadow'), href: '/detections', label: t('strip.enforce') })
  return troubles
}
