/** The choice at the end: note for a while, or block at once. */
import { Button, Group, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Fault } from '../../components/problem.tsx'
import { call } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'
import { Step } from './step.tsx'

const KEYS = ['detection.portScan.mode', 'detection.hostSweep.mode', 'detection.threat.mode'] as const

export function StartStep({ valueOf }: { readonly valueOf: (key: string) => string }) {
  const { t } = useWords()
  const may = useMay('changeSettings')
  const start = useMutation({
    mutationFn: (mode: 'shadow' | 'enforce') =>
      call('changeSettings', {
        changes: Object.fromEntries(KEYS.map((key) => [key, mode])),
        reason: t('welcome.allowReason'),
      }),
    onSuccess: () => queryClient.invalidateQueries(),
  })
  const modes = new Set(KEYS.map(valueOf))
  const [mode] = modes
  const now =
    modes.size > 1
      ? t('welcome.isMixed')
      : mode === 'shadow'
        ? t('welcome.isShadow')
        : mode === 'enforce'
          ? t('welcome.isEnforce')
          : t('welcome.isMixed')
  return (
    <Step title={t('welcome.start')} isDone={null}>
      <Text size="sm" className="sentence">
        {t('welcome.startHint')}
      </Text>
      <Fault error={start.error} />
      <Group>
        {(['shadow', 'enforce'] as const).map((choice) => (
          <Button
            key={choice}
            variant="default"
            disabled={!may}
            aria-pressed={modes.size === 1 && mode === choice}
            loading={start.isPending && start.variables === choice}
            onClick={() => start.mutate(choice)}
          >
            {t(`welcome.${choice}`)}
          </Button>
        ))}
        <Text size="sm" role="status">
          {now}
        </Text>
      </Group>
    </Step>
  )
}
