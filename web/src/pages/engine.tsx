/** What people switch: detection on and off, the list frozen or not, what waits for review, and blocks withdrawn at once. */
import { Badge, Button, Group, Modal, SimpleGrid, Stack, Text, Textarea } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { BlockRows } from '../components/block-rows.tsx'
import { relativeText } from '../components/instant.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Part } from '../components/part.tsx'
import { Answer, Empty, Fault, PageHead } from '../components/problem.tsx'
import { orThrow, WithReason } from '../components/with-reason.tsx'
import { call, type Reply } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { blocksQuery, statusQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { Withdraw } from './engine/withdraw.tsx'

const HELD_SHOWN = 20
const heldQuery = blocksQuery({ mode: 'hold' }, HELD_SHOWN)

type Switch = 'on' | 'off' | 'reset' | 'freeze' | 'unfreeze'

export function EnginePage() {
  const { t } = useWords()
  const status = useQuery(statusQuery)
  const mayWithdraw = useMay('withdraw')
  const held = useQuery(heldQuery)
  const [asked, setAsked] = useState<Switch | null>(null)
  return (
    <>
      <PageHead title={t('engine.title')} />
      <Answer query={status}>
        {(told) => (
          <Stack gap="md">
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              <Detection status={told} onAsk={setAsked} />
              <Freeze status={told} onAsk={setAsked} />
            </SimpleGrid>
            <Held />
            {mayWithdraw && !held.isPending && (
              <Withdraw devices={told.devices.map(({ device }) => device)} />
            )}
          </Stack>
        )}
      </Answer>
      <SwitchQuestion asked={asked} onClose={() => setAsked(null)} />
    </>
  )
}

interface SwitchProps {
  readonly status: Reply<'status'>
  readonly onAsk: (what: Switch) => void
}

function State({ isGood, text }: { readonly isGood: boolean; readonly text: string }) {
  return (
    <Badge size="lg" variant="light" tt="none" color={isGood ? 'blue' : 'orange'} maw="100%">
      <span aria-hidden>{isGood ? '✓ ' : '‖ '}</span>
      {text}
    </Badge>
  )
}

function Hint({ children }: { readonly children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" className="sentence">
      {children}
    </Text>
  )
}

function Detection({ status: { engine }, onAsk }: SwitchProps) {
  const { t, language } = useWords()
  const maySwitch = useMay('setEngine')
  const since = engine.changedAt === null ? '' : relativeText(engine.changedAt, language)
  return (
    <Part title={t('engine.detection')}>
      <Stack gap="sm">
        <State
          isGood={engine.on}
          text={
            engine.on ? t('engine.isOn') : t('engine.isOff', { time: since, who: engine.changedBy ?? '?' })
          }
        />
        <Hint>{engine.on ? t('engine.isOnHint') : t('engine.isOffHint')}</Hint>
        {maySwitch && (
          <Group gap="xs">
            <Button
              variant={engine.on ? 'default' : 'filled'}
              onClick={() => onAsk(engine.on ? 'off' : 'on')}
            >
              {engine.on ? t('engine.off') : t('engine.on')}
            </Button>
            <Button variant="default" onClick={() => onAsk('reset')}>
              {t('engine.reset')}
            </Button>
          </Group>
        )}
        <NeedsRole operation="setEngine" />
      </Stack>
    </Part>
  )
}

function Freeze({ status: { freeze }, onAsk }: SwitchProps) {
  const { t, language } = useWords()
  const mayFreeze = useMay('setFreeze')
  const since = freeze.changedAt === null ? '' : relativeText(freeze.changedAt, language)
  return (
    <Part title={t('engine.freeze')}>
      <Stack gap="sm">
        <State
          isGood={!freeze.frozen}
          text={
            freeze.frozen
              ? t('engine.isFrozen', { time: since, who: freeze.changedBy ?? '?' })
              : t('engine.isFlowing')
          }
        />
        <Hint>{t('engine.freezeHint')}</Hint>
        {mayFreeze && (
          <Group>
            <Button
              variant={freeze.frozen ? 'filled' : 'default'}
              onClick={() => onAsk(freeze.frozen ? 'unfreeze' : 'freeze')}
            >
              {freeze.frozen ? t('engine.unfreeze') : t('engine.freezeDo')}
            </Button>
          </Group>
        )}
        <NeedsRole operation="setFreeze" />
      </Stack>
    </Part>
  )
}

/** A switch with what it does and a reason, which may be left out. */
function SwitchQuestion({ asked, onClose }: { readonly asked: Switch | null; readonly onClose: () => void }) {
  const { t } = useWords()
  const [reason, setReason] = useState('')
  const mutation = useMutation({
    mutationFn: async (what: Switch) => {
      if (what === 'freeze' || what === 'unfreeze')
        await call('setFreeze', { frozen: what === 'freeze', reason })
      else await call('setEngine', { action: what, reason })
    },
    onSuccess: async () => {
      setReason('')
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  const labels: Record<Switch, string> = {
    on: t('engine.on'),
    off: t('engine.off'),
    reset: t('engine.reset'),
    freeze: t('engine.freezeDo'),
    unfreeze: t('engine.unfreeze'),
  }
  const hints: Record<Switch, string> = {
    on: t('engine.isOn'),
    off: t('engine.isOnHint'),
    reset: t('engine.resetHint'),
    freeze: t('engine.freezeHint'),
    unfreeze: t('engine.isFlowing'),
  }
  return (
    <Modal
      opened={asked !== null}
      onClose={onClose}
      title={asked === null ? '' : labels[asked]}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (asked !== null) mutation.mutate(asked)
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{asked === null ? '' : hints[asked]}</Text>
          <Textarea
            label={t('common.reason')}
            description={t('common.reasonHint')}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            autosize
            data-autofocus
          />
          <Fault error={mutation.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={mutation.isPending}>
              {asked === null ? '' : labels[asked]}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function Held() {
  const { t } = useWords()
  const held = useQuery(heldQuery)
  const mayDecide = useMay('releaseHeld')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<'release' | 'refuse' | null>(null)
  const choose = (target: string, isChosen: boolean) => {
    const next = new Set(chosen)
    if (isChosen) next.add(target)
    else next.delete(target)
    setChosen(next)
  }
  const targets = [...chosen]
  const operation = asked === 'release' ? 'releaseHeld' : 'refuseHeld'
  return (
    <Part
      title={t('engine.held')}
      actions={
        <>
          {mayDecide &&
            (held.data?.items.length ?? 0) > 0 &&
            (['release', 'refuse'] as const).map((action) => (
              <Button
                key={action}
                variant="default"
                disabled={chosen.size === 0}
                onClick={() => setAsked(action)}
              >
                {t(`blocks.${action}`)}
              </Button>
            ))}
        </>
      }
    >
      <Answer query={held}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty>{t('engine.heldEmpty')}</Empty>
          ) : (
            <Stack gap="sm">
              <Hint>{t('engine.heldHint')}</Hint>
              <BlockRows items={items} {...(mayDecide ? { chosen, onChoose: choose } : {})} />
              {nextCursor !== null && (
                <Link to="/blocks" search={{ mode: 'hold' }}>
                  {t('engine.heldAll')}
                </Link>
              )}
            </Stack>
          )
        }
      </Answer>
      <WithReason
        title={asked === null ? '' : t(`blocks.${asked}`)}
        what={null}
        preview={() => call(operation, { targets, reason: t('preview.title'), dryRun: true })}
        action={asked === null ? '' : t(`blocks.${asked}`)}
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        onConfirm={async (reason) => {
          orThrow(await call(operation, { targets, reason, dryRun: false }))
          setChosen(new Set())
        }}
      />
    </Part>
  )
}
