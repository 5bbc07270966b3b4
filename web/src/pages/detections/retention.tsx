/** How long records and blocks of inactive sources are kept, as a sentence with its numbers: on Detections and on Settings. */
import { Button, Group, NumberInput, Paper, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { InlineSentence } from '../../components/inline-sentence.tsx'
import { Fault } from '../../components/problem.tsx'
import { call } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import type { Draft, Setting } from './rule-card.tsx'

interface RetentionProps {
  readonly settings: ReadonlyMap<string, Setting>
  readonly title: string
}

export function Retention({ settings, title }: RetentionProps) {
  const { t, meaning } = useWords()
  const mayChange = useMay('changeSettings')
  const [draft, setDraft] = useState<Draft>({})
  const save = useMutation({
    mutationFn: () => call('changeSettings', { changes: draft, reason: '' }),
    onSuccess: async () => {
      setDraft({})
      notifications.show({ message: t('detections.saved', { rule: title }) })
      await queryClient.invalidateQueries()
    },
  })
  const isChanged = Object.keys(draft).length > 0
  return (
    <Paper withBorder p="md" component="section">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isChanged) save.mutate()
        }}
      >
        <Stack gap="sm">
          <Text component="h2" fz="h2" fw={600} m={0}>
            {title}
          </Text>
          <InlineSentence
            text={t('detections.shared.says')}
            field={(field) => {
              const key = `retention.${field}`
              const setting = settings.get(key)
              return (
                <NumberInput
                  className="inline-field"
                  w={76}
                  aria-label={t('detections.value', { rule: title, field })}
                  title={meaning(key, setting?.description ?? '')}
                  value={draft[key] ?? setting?.value ?? ''}
                  disabled={setting?.fixed === true || !mayChange}
                  min={1}
                  max={120}
                  allowDecimal={false}
                  onChange={(value) => {
                    const { [key]: _, ...rest } = draft
                    setDraft(String(value) === setting?.value ? rest : { ...rest, [key]: String(value) })
                  }}
                />
              )
            }}
          />
          <Fault error={save.error} />
          {mayChange && (
            <Group>
              <Button type="submit" disabled={!isChanged} loading={save.isPending}>
                {t('detections.save')}
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Paper>
  )
}
