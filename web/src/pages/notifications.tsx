/** Who is told what, by which way, and what became of it. */
import { Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { NeedsRole } from '../components/needs-role.tsx'
import { PageHead } from '../components/problem.tsx'
import { useMay } from '../data/may.ts'
import { recipientsQuery, settingsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { Deliveries } from './notifications/deliveries.tsx'
import { MailServer } from './notifications/mail-server.tsx'
import { Recipients } from './notifications/recipients.tsx'

export function NotificationsPage() {
  const { t } = useWords()
  const mayLook = useMay('listRecipients')
  const isAdministrator = useMay('addRecipient')
  // Each part comes once those above it have their height.
  const recipients = useQuery({ ...recipientsQuery, enabled: mayLook })
  const settings = useQuery({ ...settingsQuery, enabled: isAdministrator })
  const isTold = !recipients.isPending
  return (
    <>
      <PageHead title={t('notify.title')} />
      <NeedsRole operation={mayLook ? 'addRecipient' : 'listRecipients'} />
      {mayLook && (
        <Stack gap="md">
          <Recipients isAdministrator={isAdministrator} />
          {isTold && isAdministrator && <MailServer />}
          {isTold && !(isAdministrator && settings.isPending) && <Deliveries />}
        </Stack>
      )}
    </>
  )
}
