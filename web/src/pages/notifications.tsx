/** Who is told what, by which way, and what became of it. */
import { Stack } from '@mantine/core'
import { NeedsRole } from '../components/needs-role.tsx'
import { PageHead } from '../components/problem.tsx'
import { useMay } from '../data/may.ts'
import { useWords } from '../i18n/language.tsx'
import { Deliveries } from './notifications/deliveries.tsx'
import { MailServer } from './notifications/mail-server.tsx'
import { Recipients } from './notifications/recipients.tsx'

export function NotificationsPage() {
  const { t } = useWords()
  const mayLook = useMay('listRecipients')
  const isAdministrator = useMay('addRecipient')
  return (
    <>
      <PageHead title={t('notify.title')} />
      <NeedsRole operation={mayLook ? 'addRecipient' : 'listRecipients'} />
      {mayLook && (
        <Stack gap="md">
          <Recipients isAdministrator={isAdministrator} />
          {isAdministrator && <MailServer />}
          <Deliveries />
        </Stack>
      )}
    </>
  )
}
