/** Proposals for the allowlist: who sends logs and who fetches the list, to be changed by the person. */
import { Button, Group, Text, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Fault } from '../../components/problem.tsx'
import { orThrow } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { Step } from './step.tsx'

const PROPOSED = 20
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:]+)$/i
/** Of this machine itself: nobody has to spare it. */
const LOOPBACK = /^(?:127\.|::1$)/

export function AllowStep({ status }: { readonly status: Reply<'status'> }) {
  const { t } = useWords()
  const may = useMay('addAllow')
  const [text, setText] = useState<string | null>(null)
  const proposals = [
    ...new Set([...status.senders.list.map(({ sender }) => sender), status.list.lastFetchedBy ?? '']),
  ]
    .filter((address) => ADDRESS.test(address) && !LOOPBACK.test(address))
    .slice(0, PROPOSED)
  const value = text ?? proposals.join('\n')
  const allow = useMutation({
    mutationFn: async () => {
      const targets = value.split(/[\s,;]+/).filter((target) => target !== '')
      orThrow(
        await call('addAllow', { targets, reason: t('welcome.allowReason'), until: null, dryRun: false }),
      )
    },
    onSuccess: () => queryClient.invalidateQueries(),
  })
  const { allowed } = status.decisions
  return (
    <Step title={t('welcome.allow')} isDone={allowed > 0}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          allow.mutate()
        }}
      >
        <Text size="sm" className="sentence" mb="sm">
          {t('welcome.allowHint')}
        </Text>
        <Textarea
          label={t('welcome.allowLabel')}
          value={value}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={2}
          maw={420}
          mb="sm"
          classNames={{ input: 'mono' }}
        />
        <Fault error={allow.error} />
        <Group>
          <Button
            type="submit"
            variant="default"
            disabled={value.trim() === '' || !may}
            loading={allow.isPending}
          >
            {t('welcome.allowDo')}
          </Button>
          <Text size="sm" role="status">
            {allowed > 0 ? t('welcome.allowDone', { count: allowed }) : t('welcome.allowNone')}
          </Text>
        </Group>
      </form>
    </Step>
  )
}
