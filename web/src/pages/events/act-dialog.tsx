/** Blocking or allowing the sources of events: what it would do to each, the reason, and ten seconds to take it back. */
import { notifications } from '@mantine/notifications'
import { offerUnblock } from '../../components/undo.tsx'
import { orThrow, WithReason } from '../../components/with-reason.tsx'
import { call } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

export interface Act {
  readonly what: 'block' | 'allow'
  readonly addresses: readonly string[]
}

const NAMED = 5

export function ActDialog({
  act,
  onClose,
  onDone,
}: {
  readonly act: Act | null
  readonly onClose: () => void
  readonly onDone: () => void
}) {
  const { t } = useWords()
  const targets = [...(act?.addresses ?? [])]
  const operation = act?.what === 'allow' ? 'addAllow' : 'addBlocks'
  const label = act === null ? '' : t(`events.act.${act.what}`)
  const what =
    targets.length > NAMED ? t('events.act.sources', { count: targets.length }) : targets.join(', ')
  return (
    <WithReason
      title={`${label}: ${what}`}
      what={<span className="ev-mono">{what}</span>}
      preview={async () =>
        act === null
          ? { results: [] }
          : call(operation, { targets, reason: t('preview.title'), until: null, dryRun: true })
      }
      action={label}
      isOpen={act !== null}
      onClose={onClose}
      onConfirm={async (reason) => {
        if (act === null) return
        const answer = await call(operation, { targets, reason, until: null, dryRun: false })
        orThrow(answer)
        if (act.what === 'block') offerUnblock(t, answer.results)
        else notifications.show({ message: t('events.act.done', { what }) })
        onDone()
      }}
    />
  )
}
