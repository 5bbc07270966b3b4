/** The audit rows whose subject is the address. */
import { Code, Text } from '@mantine/core'
import { Instant } from '../../components/instant.tsx'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

const SHOWN = 15

export function AuditOf({ profile: { audit } }: { readonly profile: Reply<'addressProfile'> }) {
  const { t } = useWords()
  if (audit.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('address.auditEmpty')}
      </Text>
    )
  return (
    <ol className="steps">
      {audit.slice(0, SHOWN).map(({ sequence, at, actor, action, reason }) => (
        <li key={sequence}>
          <Text size="sm">
            <Code>{action}</Code> {t('common.by', { who: actor })}{' '}
            <Text span size="xs" c="dimmed">
              <Instant at={at} none="" />
            </Text>
          </Text>
          {reason !== null && (
            <Text size="sm" c="dimmed" lineClamp={2}>
              <Said text={reason} isTyped />
            </Text>
          )}
        </li>
      ))}
    </ol>
  )
}
