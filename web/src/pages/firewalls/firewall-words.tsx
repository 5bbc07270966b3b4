/** How firewalls are told of: where they are known from, leaks, push, intervals; always by word and sign. */
import { Badge, Text } from '@mantine/core'
import type { Reply } from '../../data/api.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'

type Firewall = Reply<'listFirewalls'>

const MINUTE_S = 60

export function everyText(seconds: number, t: Translate): string {
  return seconds % MINUTE_S === 0
    ? t('firewalls.minutes', { minutes: seconds / MINUTE_S })
    : t('firewalls.seconds', { seconds })
}

export function OriginBadge({ origin }: { readonly origin: Firewall['origin'] }) {
  const { t } = useWords()
  return (
    <Badge variant="light" color={origin === 'named' ? 'blue' : 'gray'} tt="none" fw={500} miw="max-content">
      {t(`firewalls.origin.${origin}`)}
    </Badge>
  )
}

export function LeakBadge({ leaks }: { readonly leaks: number }) {
  const { t } = useWords()
  if (leaks === 0)
    return (
      <Text size="sm" c="dimmed" component="span">
        {t('firewalls.noLeaks')}
      </Text>
    )
  return (
    <Badge variant="light" color="orange" tt="none" miw="max-content">
      <span aria-hidden>! </span>
      {t('firewalls.leaks', { count: leaks })}
    </Badge>
  )
}

const PUSHES = {
  starting: { color: 'gray', sign: '○' },
  working: { color: 'blue', sign: '✓' },
  retrying: { color: 'orange', sign: '!' },
  stopped: { color: 'orange', sign: '‖' },
} as const

export function PushBadge({ api }: { readonly api: Firewall['api'] }) {
  const { t } = useWords()
  if (api === null)
    return (
      <Text size="sm" c="dimmed" component="span">
        {t('firewalls.push.none')}
      </Text>
    )
  const { color, sign } = PUSHES[api.state]
  return (
    <Badge variant="light" color={color} tt="none" miw="max-content" title={api.problem ?? undefined}>
      <span aria-hidden>{sign} </span>
      {t(`firewalls.push.${api.state}`)}
    </Badge>
  )
}
