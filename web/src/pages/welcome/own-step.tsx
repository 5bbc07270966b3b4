/** Which networks are ours: what stands there can never be blocked. */
import { Button, Group, Text, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Fault } from '../../components/problem.tsx'
import { call } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { Step } from './step.tsx'

/** `known`: the setting as text, networks with commas between. */
export function OwnStep({ known }: { readonly known: string }) {
  const { t } = useWords()
  const may = useMay('changeSettings')
  const [text, setText] = useState<string | null>(null)
  const save = useMutation({
    mutationFn: (networks: string) =>
      call('changeSettings', {
        changes: { 'networks.own': networks },
        reason: t('welcome.allowReason'),
      }),
    onSuccess: async () => {
      setText(null)
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Step title={t('welcome.own')} isDone={known !== ''}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const networks = (text ?? '').split(/[\s,;]+/).filter((network) => network !== '')
          save.mutate(networks.join(','))
        }}
      >
        <Text size="sm" className="sentence" mb="sm">
          {t('welcome.ownHint')}
        </Text>
        <Textarea
          label={t('welcome.ownLabel')}
          placeholder="203.0.113.0/24"
          value={text ?? known.replaceAll(',', '\n')}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={2}
          maw={420}
          mb="sm"
          classNames={{ input: 'mono' }}
        />
        <Fault error={save.error} />
        <Group>
          <Button type="submit" variant="default" disabled={text === null || !may} loading={save.isPending}>
            {t('welcome.ownSave')}
          </Button>
          {known !== '' && <Text size="sm">{t('welcome.ownKnown', { networks: known })}</Text>}
        </Group>
      </form>
    </Step>
  )
}
