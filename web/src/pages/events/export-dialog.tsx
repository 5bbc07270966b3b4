/** The whole result as a file, with progress and cancel, and the same by the command line and the API. */
import { Anchor, Button, Group, Modal, Progress, Radio, Stack, Text } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { CopyText } from '../../components/copy-text.tsx'
import { Fault } from '../../components/problem.tsx'
import type { Search } from '../../data/records.ts'
import {
  exportFile,
  type ExportFormat,
  type ExportProgress,
  exportUrl,
  FILE_ENDS,
  MOST_BYTES,
} from '../../data/records-export.ts'
import { useWords } from '../../i18n/language.tsx'
import { sizeText } from './cells.tsx'
import type { Column } from './columns.ts'

interface ExportDialogProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly search: Search
  readonly total: number | null
  readonly columns: readonly Column[]
}

/** A guess, only for the advice to take the plain download. */
const BYTES_A_RECORD = 500

type Phase =
  | { readonly kind: 'idle' | 'cancelled' }
  | { readonly kind: 'running' | 'done'; readonly progress: ExportProgress }
  | { readonly kind: 'failed'; readonly error: Error }

export function ExportDialog({ isOpen, onClose, search, total, columns }: ExportDialogProps) {
  const { t, language } = useWords()
  const [format, setFormat] = useState<ExportFormat>('csv')
  const [which, setWhich] = useState<'shown' | 'all'>('all')
  const [phase, setPhase] = useState<Phase>({ kind: 'idle' })
  const ending = useRef<AbortController | null>(null)
  useEffect(() => () => ending.current?.abort(), [])
  const fields = columns.flatMap(({ field }) =>
    field === 'bytes' ? ['bytesSent', 'bytesReceived'] : [field],
  )
  const url = exportUrl(search, format, which === 'shown' && format !== 'pan-csv' ? fields : null)
  const start = async () => {
    const own = new AbortController()
    ending.current = own
    setPhase({ kind: 'running', progress: { records: 0, bytes: 0 } })
    let last: ExportProgress = { records: 0, bytes: 0 }
    try {
      const file = await exportFile(url, format, own.signal, (progress) => {
        last = progress
        setPhase({ kind: 'running', progress })
      })
      keep(file, `events.${FILE_ENDS[format]}`)
      setPhase({ kind: 'done', progress: last })
    } catch (error) {
      if (own.signal.aborted) setPhase({ kind: 'cancelled' })
      else setPhase({ kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  const close = () => {
    ending.current?.abort()
    setPhase({ kind: 'idle' })
    onClose()
  }
  const isRunning = phase.kind === 'running'
  const isFixed = isRunning || format === 'pan-csv'
  const isLarge = total !== null && total * BYTES_A_RECORD > MOST_BYTES
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={t('events.export')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <Stack gap="md">
        <Text size="sm">
          {t('events.export.intro')} {total === null ? '' : `${t('events.count', { count: total })}.`}
        </Text>
        <Group align="flex-start" grow>
          <Radio.Group
            label={t('events.export.format')}
            value={format}
            onChange={(value) => setFormat(value as ExportFormat)}
          >
            <Stack gap={6} mt={6}>
              <Radio
                value="csv"
                label={t('events.export.csv')}
                description={t('events.export.csvHint')}
                disabled={isRunning}
              />
              <Radio value="jsonl" label={t('events.export.jsonl')} disabled={isRunning} />
              <Radio
                value="pan-csv"
                label={t('events.export.panCsv')}
                description={t('events.export.panCsvHint')}
                disabled={isRunning}
              />
            </Stack>
          </Radio.Group>
          <Radio.Group
            label={t('events.export.fields')}
            value={which}
            onChange={(value) => setWhich(value as 'shown' | 'all')}
          >
            <Stack gap={6} mt={6}>
              <Radio value="all" label={t('events.export.fields.all')} disabled={isFixed} />
              <Radio value="shown" label={t('events.export.fields.shown')} disabled={isFixed} />
            </Stack>
          </Radio.Group>
        </Group>
        {isLarge && <Text size="sm">{t('events.export.tooLarge')}</Text>}
        <div aria-live="polite" className="ev-export-state">
          {(phase.kind === 'running' || phase.kind === 'done') && (
            <>
              <Progress
                value={phase.kind === 'done' ? 100 : partOf(phase.progress.records, total)}
                aria-label={t('events.export')}
                mb={6}
              />
              <Text size="sm">
                {phase.kind === 'done'
                  ? t('events.export.done', {
                      records: phase.progress.records,
                      size: sizeText(phase.progress.bytes, language),
                    })
                  : t('events.export.progress', {
                      records: phase.progress.records,
                      total: total ?? '…',
                      size: sizeText(phase.progress.bytes, language),
                    })}
              </Text>
            </>
          )}
          {phase.kind === 'cancelled' && <Text size="sm">{t('events.export.cancelled')}</Text>}
          {phase.kind === 'failed' && <Fault error={phase.error} />}
        </div>
        <Group justify="space-between">
          <Anchor size="sm" href={url} download={`events.${FILE_ENDS[format]}`} underline="always">
            {t('events.export.plain')}
          </Anchor>
          {isRunning ? (
            <Button variant="default" onClick={() => ending.current?.abort()}>
              {t('common.cancel')}
            </Button>
          ) : (
            <Button onClick={() => void start()} data-autofocus>
              {t('events.export.do')}
            </Button>
          )}
        </Group>
        <details>
          <summary>{t('events.export.again')}</summary>
          <Stack gap="xs" mt="xs">
            <Text size="xs" c="dimmed">
              {t('events.export.command')}
            </Text>
            <CopyText text={commandOf(search, format)} label={t('events.export.command')} />
            <Text size="xs" c="dimmed">
              {t('events.export.api')}
            </Text>
            <CopyText text={`GET ${url}`} label={t('events.export.api')} />
          </Stack>
        </details>
      </Stack>
    </Modal>
  )
}

function partOf(records: number, total: number | null): number {
  return total === null || total === 0 ? 0 : Math.min(100, (records / total) * 100)
}

/** The same on the command line; text of strangers in single quotes of the shell. */
function commandOf({ filter, since, until }: Search, format: ExportFormat): string {
  const quoted = `'${filter.replaceAll("'", `'\\''`)}'`
  const from = since === undefined ? '' : ` --since ${since}`
  return `active-defense search ${quoted}${from} --until ${until} -o ${format}`
}

function keep(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  // The browser has taken it by then.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
