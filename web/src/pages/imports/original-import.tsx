/** The older system's file: chosen here, read in the browser, shown as what would be done, then taken over. */
import { Button, FileInput, Group, NativeSelect, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Part } from '../../components/part.tsx'
import { Fault } from '../../components/problem.tsx'
import { useMay } from '../../data/may.ts'
import { type OriginalReport, takeOver } from '../../data/original.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { LeftOut } from './left-out.tsx'

const LARGEST_BYTES = 64 << 20
const SQLITE = 'SQLite format 3'

export function OriginalImport() {
  const { t } = useWords()
  const mayAll = useMay('changeSettings')
  const [file, setFile] = useState<File | null>(null)
  const [timeZone, setTimeZone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone)
  const [takesSettings, setTakesSettings] = useState(false)
  const [takesRecipients, setTakesRecipients] = useState(mayAll)
  const [reason, setReason] = useState('')
  const run = useMutation({
    mutationFn: async (dryRun: boolean) => {
      if (file === null) throw new Error(t('imports.originalFile'))
      if (file.size > LARGEST_BYTES) throw new Error(t('imports.originalLarge'))
      const text = await file.text()
      if (text.startsWith(SQLITE)) throw new Error(t('imports.originalSqlite'))
      return takeOver({
        text,
        fileName: file.name,
        timeZone,
        takesSettings: takesSettings && mayAll,
        takesRecipients: takesRecipients && mayAll,
        reason: reason.trim() === '' ? t('imports.original') : reason,
        dryRun,
      })
    },
    onSuccess: ({ dryRun }) => (dryRun ? undefined : queryClient.invalidateQueries()),
  })
  const isShown = run.data !== undefined
  return (
    <Part title={t('imports.original')}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          run.mutate(false)
        }}
      >
        <Stack gap="sm" maw={760}>
          <Text size="sm" className="sentence">
            {t('imports.originalIntro')}
          </Text>
          <FileInput
            label={t('imports.originalFile')}
            description={t('imports.originalFileHint')}
            value={file}
            onChange={(chosen) => {
              run.reset()
              setFile(chosen)
            }}
            placeholder="dump.sql"
            clearable
            clearButtonProps={{ 'aria-label': t('common.cancel') }}
          />
          {file !== null && (
            <>
              <NativeSelect
                label={t('imports.originalZone')}
                value={timeZone}
                data={[...new Set([timeZone, 'UTC', ...Intl.supportedValuesOf('timeZone')])]}
                onChange={(event) => setTimeZone(event.currentTarget.value)}
              />
              {mayAll && (
                <>
                  <Switch
                    label={t('imports.originalRecipients')}
                    checked={takesRecipients}
                    onChange={(event) => setTakesRecipients(event.currentTarget.checked)}
                  />
                  <Switch
                    label={t('imports.originalSettings')}
                    checked={takesSettings}
                    onChange={(event) => setTakesSettings(event.currentTarget.checked)}
                  />
                </>
              )}
              <TextInput
                label={t('common.reason')}
                description={t('common.reasonHint')}
                value={reason}
                onChange={(event) => setReason(event.currentTarget.value)}
              />
            </>
          )}
          <Fault error={run.error} />
          {run.data !== undefined && <Report report={run.data} />}
          <Group>
            <Button
              variant="default"
              disabled={file === null}
              loading={run.isPending}
              onClick={() => run.mutate(true)}
            >
              {t('imports.originalShow')}
            </Button>
            <Button
              type="submit"
              disabled={!isShown || run.data?.dryRun === false || reason.trim() === ''}
              loading={run.isPending}
            >
              {t('imports.originalDo')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Part>
  )
}

const EXAMPLES = 10

function Report({ report }: { readonly report: OriginalReport }) {
  const { t } = useWords()
  const { kind, dryRun, rows, added, leftOut, unreadable, recipients, settings } = report
  return (
    <Stack gap="xs" role="status">
      <Text size="sm" fw={600}>
        {t('imports.originalRead', { kind, rows })}{' '}
        {t(dryRun ? 'imports.originalWould' : 'imports.originalDone', { added })}
      </Text>
      <LeftOut leftOut={leftOut} />
      {unreadable.length > 0 && (
        <Text size="sm" className="evidence">
          {t('imports.originalUnreadable', { examples: unreadable.slice(0, EXAMPLES).join(', ') })}
        </Text>
      )}
      {recipients.length > 0 && (
        <Text size="sm">{t('imports.originalRecipientsList', { list: recipients.join(', ') })}</Text>
      )}
      {settings.length > 0 && (
        <Text size="sm" className="evidence">
          {t('imports.originalSettingsList', { list: settings.join(' ') })}
        </Text>
      )}
    </Stack>
  )
}
