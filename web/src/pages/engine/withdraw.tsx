/** Lifts many blocks at once after a mistake: first which ones, then a reason, then it is done. */
import { Button, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { AddressLink } from '../../components/address-link.tsx'
import { Part } from '../../components/part.tsx'
import { Fault } from '../../components/problem.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call, type Input } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { RULE_SENTENCES } from '../detections/rule-table.ts'

type Rule = NonNullable<Input<'withdraw'>['rule']>
const SHOWN = 60

/** `portScan` in settings is `port-scan` in decisions. */
const nameOf = (rule: string): Rule => rule.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as Rule

export function Withdraw({ devices }: { readonly devices: readonly string[] }) {
  const { t } = useWords()
  const [since, setSince] = useState('')
  const [rule, setRule] = useState('')
  const [device, setDevice] = useState('')
  const [isAsking, setIsAsking] = useState(false)
  const question = (reason: string, dryRun: boolean): Input<'withdraw'> => ({
    ...(since === '' ? {} : { since: new Date(since).toISOString() }),
    ...(rule === '' ? {} : { rule: rule as Rule }),
    ...(device === '' ? {} : { device }),
    reason,
    dryRun,
  })
  const preview = useMutation({ mutationFn: () => call('withdraw', question(t('preview.title'), true)) })
  const isChosen = since !== '' || rule !== '' || device !== ''
  const found = preview.data
  const choose = (change: () => void) => {
    change()
    preview.reset()
  }
  return (
    <Part title={t('engine.withdraw')}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          preview.mutate()
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed" className="sentence">
            {t('engine.withdrawHint')}
          </Text>
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            <TextInput
              type="datetime-local"
              label={t('engine.since')}
              value={since}
              onChange={(event) => {
                const { value } = event.currentTarget
                choose(() => setSince(value))
              }}
            />
            <NativeSelect
              label={t('engine.rule')}
              value={rule}
              data={[
                { value: '', label: t('engine.any') },
                ...RULE_SENTENCES.map((one) => ({
                  value: nameOf(one.rule),
                  label: t(`detections.rule.${one.rule}`),
                })),
                { value: 'manual', label: t('engine.rule.manual') },
              ]}
              onChange={(event) => {
                const { value } = event.currentTarget
                choose(() => setRule(value))
              }}
            />
            <NativeSelect
              label={t('engine.device')}
              value={device}
              data={[{ value: '', label: t('engine.any') }, ...devices]}
              onChange={(event) => {
                const { value } = event.currentTarget
                choose(() => setDevice(value))
              }}
            />
          </SimpleGrid>
          <Fault error={preview.error} />
          <Group>
            <Button type="submit" variant="default" disabled={!isChosen} loading={preview.isPending}>
              {t('engine.withdrawPreview')}
            </Button>
            {found !== undefined && found.count > 0 && (
              <Button color="orange" variant="light" onClick={() => setIsAsking(true)}>
                {t('engine.withdrawDo', { count: found.count })}
              </Button>
            )}
            {!isChosen && (
              <Text size="sm" c="dimmed">
                {t('engine.withdrawChoose')}
              </Text>
            )}
          </Group>
          <div role="status">
            {found !== undefined && (
              <Text size="sm">
                {found.count === 0
                  ? t('engine.withdrawNone')
                  : t('engine.withdrawCount', { count: found.count })}
              </Text>
            )}
          </div>
          {found !== undefined && (
            <Group gap="xs">
              {found.targets.slice(0, SHOWN).map((target) => (
                <AddressLink key={target} address={target} />
              ))}
              {found.count > SHOWN && (
                <Text size="sm" c="dimmed">
                  {t('preview.more', { count: found.count - SHOWN })}
                </Text>
              )}
            </Group>
          )}
        </Stack>
      </form>
      <WithReason
        title={t('engine.withdraw')}
        what={t('engine.withdrawCount', { count: found?.count ?? 0 }).replace(':', '.')}
        action={t('engine.withdrawDo', { count: found?.count ?? 0 })}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        onConfirm={async (reason) => {
          const { count } = await call('withdraw', question(reason, false))
          preview.reset()
          notifications.show({ message: t('engine.withdrawn', { count }) })
        }}
      />
    </Part>
  )
}
