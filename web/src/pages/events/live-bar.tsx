/** How the live view is: connected or not, how many new events wait, and whether all of them are shown. */
import { Button, Group, Text } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { LiveState } from '../../data/records-live.ts'
import { useWords } from '../../i18n/language.tsx'

/** Readers of the screen are told at most so often. */
const TOLD_EVERY_MS = 10_000

interface LiveBarProps {
  readonly live: LiveState
  readonly isPaused: boolean
  readonly onNew: () => void
  readonly onStop: () => void
}

export function LiveBar({ live, isPaused, onNew, onStop }: LiveBarProps) {
  const { t } = useWords()
  const { phase, problem, waiting, taken, leftOut, unseen, oneOf } = live
  return (
    <Group justify="space-between" gap="xs" className="ev-live" wrap="nowrap">
      <Group gap="sm" wrap="nowrap">
        <span className="ev-dot" data-phase={isPaused ? 'paused' : phase} aria-hidden />
        <Text size="sm" className="ev-nowrap">
          {phase === 'failed'
            ? t('events.live.failed', { why: problem ?? '' })
            : phase === 'connecting'
              ? t('events.live.connecting')
              : isPaused
                ? t('events.live.paused')
                : t('events.live.on')}
        </Text>
        {waiting > 0 && (
          <Button size="compact-sm" onClick={onNew} title={t('events.live.newHint')} className="ev-new">
            {t('events.live.new', { count: waiting })}
          </Button>
        )}
        {oneOf > 1 && (
          <Text size="sm" fw={600} className="ev-nowrap">
            {t('events.live.oneOf', { count: oneOf })}
          </Text>
        )}
        {(leftOut > 0 || unseen > 0) && (
          <Text size="xs" c="dimmed" visibleFrom="sm" className="ev-nowrap">
            {t('events.live.leftOut', { shown: taken, leftOut, unseen })}
          </Text>
        )}
      </Group>
      <Button size="compact-sm" variant="default" onClick={onStop}>
        {t('events.live.stop')}
      </Button>
      <Told taken={taken} />
    </Group>
  )
}

function Told({ taken }: { readonly taken: number }) {
  const { t } = useWords()
  const now = useRef(taken)
  const [told, setTold] = useState({ taken: 0, text: '' })
  useEffect(() => {
    now.current = taken
  }, [taken])
  useEffect(() => {
    const timer = window.setInterval(() => {
      setTold((before) => {
        const came = now.current - before.taken
        return came === 0 ? before : { taken: now.current, text: t('events.live.came', { count: came }) }
      })
    }, TOLD_EVERY_MS)
    return () => window.clearInterval(timer)
  }, [t])
  return (
    <span className="ev-hidden" aria-live="polite">
      {told.text}
    </span>
  )
}
