/** Who is told what, by which way, and what became of it. */
import { Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { PageHead } from '../components/problem.tsx'
import { sessionQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { Deliveries } from './notifications/deliveries.tsx'
import { MailServer } from './notifications/mail-server.tsx'
import { Recipients } from './notifications/recipients.tsx'

export function NotificationsPage() {
  const { t } = useWords()
  const session = useQuery(sessionQuery)
  const role = session.data?.user?.role ?? 'viewer'
  const isAdministrator = role === 'administrator'
  return (
    <>
      <PageHead title={t('notify.title')} />
      {role === 'viewer' ? (
        <Text>{t('users.role.operator')}</Text>
      ) : (
        <Stack gap="md">
          <Recipients isAdministrator={isAdministrator} />
          {isAdministrator && <MailServer />}
          <Deliveries />
        </Stack>
      )}
    </>
  )
}
