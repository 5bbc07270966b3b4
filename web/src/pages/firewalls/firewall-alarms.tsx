/** Alarms about firewalls, or about one of them, with the mend of each. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Part } from '../../components/part.tsx'
import { statusQuery } from '../../data/queries.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

export function FirewallAlarms({ firewall }: { readonly firewall: string | null }) {
  const { t } = useWords()
  const status = useQuery(statusQuery)
  const alarms = (status.data?.findings ?? []).filter(
    ({ code }) =>
      /^(?:firewall|enforcement)-/.test(code) && (firewall === null || code.endsWith(`:${firewall}`)),
  )
  if (alarms.length === 0) return null
  return (
    <Part title={t('firewalls.alarms')}>
      <ul className="findings">
        {alarms.map(({ code, message, mend }) => (
          <li key={code} className="finding finding-warning">
            <span aria-hidden>!</span>
            <div>
              <Text size="sm" fw={600}>
                <Said text={message} />
              </Text>
              <Text size="sm" c="dimmed">
                <Said text={mend} />
              </Text>
            </div>
          </li>
        ))}
      </ul>
    </Part>
  )
}
