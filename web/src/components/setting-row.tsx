/** One setting: its value, edited in place; fixed ones say where they come from. */
import { Badge, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { call, type Reply } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { useWords } from '../i18n/language.tsx'
import { Fault } from './problem.tsx'

export function SettingField({
  setting,
  label,
}: {
  readonly setting: Reply<'listSettings'>
  readonly label: string
}) {
  const { t } = useWords()
  const mayChange = useMay('changeSettings')
  const [text, setText] = useState<string | null>(null)
  const mutation = useMutation({
    mutationFn: (value: string) => call('changeSettings', { changes: { [setting.key]: value }, reason: '' }),
    onSuccess: async () => {
      setText(null)
      notifications.show({ message: t('settings.saved', { key: setting.key }) })
      await queryClient.invalidateQueries()
    },
  })
  const isChanged = text !== null && text !== setting.value
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isChanged) mutation.mutate(text)
      }}
    >
      <Stack gap={4}>
        <Group gap="xs" wrap="nowrap">
          <TextInput
            aria-label={label}
            value={text ?? setting.value}
            onChange={(event) => setText(event.currentTarget.value)}
            readOnly={setting.fixed || !mayChange}
            className="mono"
            flex={1}
          />
          {isChanged && (
            <Button type="submit" loading={mutation.isPending}>
              {t('common.save')}
            </Button>
          )}
        </Group>
        {setting.fixed && (
          <Text size="xs" c="dimmed">
            {t('detections.fixed')}
          </Text>
        )}
        {!setting.live && (
          <Badge size="sm" color="gray" variant="light" tt="none">
            {t('settings.restart')}
          </Badge>
        )}
        <Fault error={mutation.error} />
      </Stack>
    </form>
  )
}
