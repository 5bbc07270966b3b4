/** The mail server's settings as one form, saved together. */
import { Button, Group, NativeSelect, PasswordInput, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Part } from '../../components/part.tsx'
import { Answer, Fault } from '../../components/problem.tsx'
import { call } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { settingsQuery } from '../../data/queries.ts'
import { useWords } from '../../i18n/language.tsx'

const PROTECTIONS = ['starttls', 'tls', 'starttls-if-offered', 'none'] as const

export function MailServer() {
  const { t } = useWords()
  const settings = useQuery(settingsQuery)
  const [draft, setDraft] = useState<Readonly<Record<string, string>>>({})
  const save = useMutation({
    mutationFn: () => call('changeSettings', { changes: draft, reason: '' }),
    onSuccess: async () => {
      setDraft({})
      notifications.show({ message: t('notify.saved') })
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Part title={t('notify.smtp')}>
      <Answer query={settings}>
        {({ items }) => {
          const known = new Map(items.map((setting) => [setting.key, setting]))
          const field = (name: string) => {
            const key = `smtp.${name}`
            const setting = known.get(key)
            return {
              value: draft[key] ?? setting?.value ?? '',
              disabled: setting?.fixed === true,
              onChange: (event: { currentTarget: { value: string } }) =>
                setDraft({ ...draft, [key]: event.currentTarget.value }),
            }
          }
          const { value: password, ...passwordField } = field('password')
          const isKept = draft['smtp.password'] === undefined && password !== ''
          return (
            <form
              onSubmit={(event) => {
                event.preventDefault()
                save.mutate()
              }}
            >
              <Stack gap="sm">
                <Text size="sm" c="dimmed">
                  {t('notify.smtpHint')}
                </Text>
                <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
                  <TextInput
                    label={t('notify.smtp.host')}
                    placeholder="mail.example.net"
                    {...field('host')}
                  />
                  <TextInput label={t('notify.smtp.port')} inputMode="numeric" {...field('port')} />
                  <NativeSelect
                    label={t('notify.smtp.security')}
                    data={PROTECTIONS.map((value) => ({
                      value,
                      label: t(`notify.smtp.security.${value}`),
                    }))}
                    {...field('security')}
                  />
                  <TextInput label={t('notify.smtp.user')} autoComplete="off" {...field('user')} />
                  <PasswordInput
                    label={t('notify.smtp.password')}
                    placeholder={isKept ? t('notify.smtp.passwordKept') : ''}
                    autoComplete="new-password"
                    value={isKept ? '' : password}
                    {...passwordField}
                  />
                  <TextInput
                    label={t('notify.smtp.from')}
                    placeholder={t('notify.smtp.fromHint')}
                    {...field('from')}
                  />
                </SimpleGrid>
                <Fault error={save.error} />
                <Group>
                  <Button type="submit" disabled={Object.keys(draft).length === 0} loading={save.isPending}>
                    {t('common.save')}
                  </Button>
                </Group>
              </Stack>
            </form>
          )
        }}
      </Answer>
    </Part>
  )
}
