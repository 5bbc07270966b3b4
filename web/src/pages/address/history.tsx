/** What was found and decided of an address, newest first: the words behind the marks of the time line. */
import { Text } from '@mantine/core'
import { AddressLink } from '../../components/address-link.tsx'
import { Instant } from '../../components/instant.tsx'
import type { Reply } from '../../data/api.ts'
import type { TextKey } from '../../i18n/en.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

const SHOWN = 30

interface Step {
  readonly key: string
  readonly at: string
  readonly what: string
  readonly why: string
  /** When it is not the address of the page itself. */
  readonly target: string | null
}

export function History({ profile }: { readonly profile: Reply<'addressProfile'> }) {
  const { t, say } = useWords()
  const { address, decisions, detections } = profile
  const steps: Step[] = [
    ...decisions.flatMap(({ id, target, mode, createdAt, reason, endedAt, endedBy, endReason }) => {
      const other = target === address ? null : target
      const made = {
        key: `m${id}`,
        at: createdAt,
        what: t(`blocks.state.${mode}`),
        why: reason,
        target: other,
      }
      if (endedAt === null) return [made]
      const why = [
        endReason === null ? null : say(endReason),
        endedBy === null ? null : t('common.by', { who: endedBy }),
      ]
      const ended = {
        key: `e${id}`,
        at: endedAt,
        what: t('address.ended'),
        why: why.filter((part) => part !== null).join(' · '),
        target: other,
      }
      return [ended, made]
    }),
    ...detections.map(({ id, at, rule, count, verdict, reason }) => ({
      key: `d${id}`,
      at,
      what: t('address.found', { rule: t(`rule.${rule}` as TextKey), count }),
      why: verdict === 'block' ? '' : reason,
      target: null,
    })),
  ].sort((a, b) => (a.at < b.at ? 1 : -1))
  if (steps.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('address.historyEmpty')}
      </Text>
    )
  return (
    <ol className="steps">
      {steps.slice(0, SHOWN).map(({ key, at, what, why, target }) => (
        <li key={key}>
          <Text size="sm">
            <b>{what}</b> {target !== null && <AddressLink address={target} />}{' '}
            <Text span size="xs" c="dimmed">
              <Instant at={at} none="" />
            </Text>
          </Text>
          <Text size="sm" c="dimmed" lineClamp={3}>
            <Said text={why} isTyped />
          </Text>
        </li>
      ))}
    </ol>
  )
}
