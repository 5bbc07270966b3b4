/** How lists of others are told of: what they do, how their reading goes; always by word and sign. */
import { Badge } from '@mantine/core'
import type { Reply } from '../../data/api.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'

type Import = Reply<'listImports'>

const MINUTES_AN_HOUR = 60

export function minutesText(minutes: number, t: Translate): string {
  return minutes % MINUTES_AN_HOUR === 0
    ? t('imports.hours', { hours: minutes / MINUTES_AN_HOUR })
    : t('imports.minutes', { minutes })
}

export function DirectionBadge({ direction }: { readonly direction: Import['direction'] }) {
  const { t } = useWords()
  return (
    <Badge
      variant="light"
      color={direction === 'block' ? 'blue' : 'gray'}
      tt="none"
      fw={500}
      miw="max-content"
    >
      {t(`imports.direction.${direction}`)}
    </Badge>
  )
}

export function ImportState({ source }: { readonly source: Import }) {
  const { t } = useWords()
  const { held, problem, lastOkAt, lastTryAt } = source
  const [color, sign, text] = held
    ? (['orange', '‖', t('imports.state.held')] as const)
    : problem !== null && lastOkAt !== lastTryAt
      ? (['orange', '!', t('imports.state.problem')] as const)
      : problem !== null
        ? (['gray', '!', t('imports.state.partly')] as const)
        : lastOkAt === null
          ? (['gray', '○', t('imports.state.new')] as const)
          : (['blue', '✓', t('imports.state.well')] as const)
  return (
    <Badge variant="light" color={color} tt="none" miw="max-content" title={problem ?? undefined}>
      <span aria-hidden>{sign} </span>
      {text}
    </Badge>
  )
}
