/** One event at the right of the table: its fields, the line as it came, and what the product made of it. */
import { ActionIcon, Badge, Button, Group, Stack, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { AddressLink } from '../../components/address-link.tsx'
import { Answer } from '../../components/problem.tsx'
import type { Input } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { type LogRow, recordQuery, whyQuery } from '../../data/records.ts'
import { conditionOf } from '../../data/records-filter.ts'
import { type Translate, useWords } from '../../i18n/language.tsx'
import { ActionText, type AddressStates, cellOf, exactTime, SourceState, textOf } from './cells.tsx'
import { attackerOf } from './cell-menu.tsx'
import { COLUMNS } from './columns.ts'
import { RawText, unsafeCount } from './raw-text.tsx'
import type { DrawerTab } from './state.ts'
import type { TextKey } from '../../i18n/en.ts'

interface DrawerProps {
  readonly id: string
  /** Of the live view, which has the whole record; null: it is asked for. */
  readonly row: LogRow | null
  readonly tab: DrawerTab
  readonly states: AddressStates
  readonly onTab: (tab: DrawerTab) => void
  readonly onMove: (step: 1 | -1) => void
  readonly onClose: () => void
  readonly onAdd: (part: string) => void
  readonly onPivot: (filter: string) => void
  readonly onAct: (what: 'block' | 'allow', addresses: readonly string[]) => void
}

export function Drawer(props: DrawerProps) {
  const { id, row, tab, onTab, onMove, onClose } = props
  const { t } = useWords()
  const isLive = row !== null
  const stored = useQuery({ ...recordQuery(id), enabled: !isLive })
  return (
    <aside className="ev-drawer" aria-label={t('events.drawer')}>
      <Group justify="space-between" wrap="nowrap" className="ev-drawer-head">
        <Text component="h2" fz="h3" fw={600} m={0}>
          {t('events.drawer')}
        </Text>
        <Group gap={4} wrap="nowrap">
          <ActionIcon
            variant="subtle"
            color="gray"
            className="ev-quiet"
            aria-label={t('events.drawer.previous')}
            title={`${t('events.drawer.previous')} (k)`}
            onClick={() => onMove(-1)}
          >
            <span aria-hidden>↑</span>
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            className="ev-quiet"
            aria-label={t('events.drawer.next')}
            title={`${t('events.drawer.next')} (j)`}
            onClick={() => onMove(1)}
          >
            <span aria-hidden>↓</span>
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            className="ev-quiet"
            aria-label={t('events.drawer.close')}
            title={`${t('events.drawer.close')} (Esc)`}
            onClick={onClose}
          >
            <span aria-hidden>✕</span>
          </ActionIcon>
        </Group>
      </Group>
      <Answer query={isLive ? { data: row, error: null, refetch: () => undefined } : stored}>
        {(record) => (
          <>
            <Summary {...props} record={record} />
            <Tabs
              value={tab}
              onChange={(value) => value !== null && onTab(value as DrawerTab)}
              keepMounted={false}
              className="ev-tabs"
            >
              <Tabs.List>
                {(['parsed', 'raw', 'why'] as const).map((value) => (
                  <Tabs.Tab key={value} value={value}>
                    {t(`events.drawer.${value}`)}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              <Tabs.Panel value="parsed" className="ev-panel">
                <Parsed record={record} states={props.states} onAdd={props.onAdd} />
              </Tabs.Panel>
              <Tabs.Panel value="raw" className="ev-panel">
                <Raw record={record} t={t} />
              </Tabs.Panel>
              <Tabs.Panel value="why" className="ev-panel">
                <Why question={questionOf(record, id, isLive)} />
              </Tabs.Panel>
            </Tabs>
          </>
        )}
      </Answer>
    </aside>
  )
}

/** What comes live is not stored yet: its line is explained instead. */
function questionOf(record: LogRow, id: string, isLive: boolean): Input<'explainLine'> {
  if (!isLive) return { record: id }
  const sender = textOf(record, 'sender')
  return { line: textOf(record, 'raw') ?? ' ', ...(sender === null ? {} : { sender }) }
}

function Summary({ record, states, onAct, onPivot }: DrawerProps & { readonly record: LogRow }) {
  const { t, language } = useWords()
  const mayBlock = useMay('addBlocks')
  const address = attackerOf(record)
  const source = textOf(record, 'sourceAddress')
  const port = textOf(record, 'destinationPort')
  const time = textOf(record, 'eventTime') ?? textOf(record, 'receivedAt')
  return (
    <Stack gap={8} className="ev-summary">
      <Group gap="xs">
        <ActionText row={record} t={t} />
        {time !== null && (
          <Text size="sm" c="dimmed">
            {exactTime(time, language)}
          </Text>
        )}
      </Group>
      <Group gap={6} className="ev-mono">
        {source === null ? '–' : <AddressLink address={source} />}
        {source !== null && <SourceState address={source} states={states} t={t} />}
        <span aria-hidden>→</span>
        <span className="ev-address">
          {visibleText(textOf(record, 'destinationAddress') ?? '–')}
          {port === null ? '' : `:${port}`}
        </span>
      </Group>
      {address !== null && (
        <Group gap={6}>
          {mayBlock && (
            <>
              <Button size="compact-sm" onClick={() => onAct('block', [address])}>
                {t('events.menu.block')}
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => onAct('allow', [address])}>
                {t('events.menu.allow')}
              </Button>
            </>
          )}
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onPivot(conditionOf('addr.src', address))}
          >
            {t('events.drawer.allOf', { address })}
          </Button>
        </Group>
      )}
    </Stack>
  )
}

const WORDLESS: ReadonlySet<string> = new Set(['id', 'raw'])

function Parsed({
  record,
  states,
  onAdd,
}: {
  readonly record: LogRow
  readonly states: AddressStates
  readonly onAdd: (part: string) => void
}) {
  const { t, language } = useWords()
  const columns = [...COLUMNS.values()].filter(({ field }) => field !== 'bytes')
  const isKnown = (field: string): boolean => textOf(record, field) !== null
  const known = columns.filter(({ field }) => isKnown(field))
  const unknown = columns.filter(({ field }) => !isKnown(field) && !WORDLESS.has(field))
  return (
    <>
      <table className="ev-fields">
        <tbody>
          {known.map((column) => {
            const { field, label, filter, kind } = column
            const text = textOf(record, field) ?? ''
            const content =
              kind === 'time'
                ? exactTime(text, language)
                : field === 'action' || kind === 'source'
                  ? visibleText(text)
                  : cellOf({ row: record, column, states, language, t })
            const canFilter = filter !== null && kind !== 'list' && kind !== 'time'
            return (
              <tr key={field}>
                <th scope="row">{t(label)}</th>
                <td>
                  <span className="ev-field-value">{content}</span>
                </td>
                <td className="ev-field-do">
                  {canFilter && (
                    <button
                      type="button"
                      aria-label={t('events.drawer.filterOf', { field: t(label) })}
                      title={filter}
                      onClick={() => onAdd(conditionOf(filter, text))}
                    >
                      <span aria-hidden>+</span>
                    </button>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {unknown.length > 0 && (
        <Text size="xs" c="dimmed" mt="sm">
          {t('events.drawer.unknownFields', { fields: unknown.map(({ label }) => t(label)).join(', ') })}
        </Text>
      )}
    </>
  )
}

function Raw({ record, t }: { readonly record: LogRow; readonly t: Translate }) {
  const raw = textOf(record, 'raw')
  if (raw === null)
    return (
      <Text size="sm" c="dimmed">
        {t('events.drawer.rawNone')}
      </Text>
    )
  const unsafe = unsafeCount(raw)
  return (
    <Stack gap="xs">
      <Text size="xs" c="dimmed">
        {unsafe === 0 ? t('events.drawer.rawHint') : t('events.drawer.unsafe', { count: unsafe })}
      </Text>
      <RawText text={raw} />
      <CopyRaw text={raw} t={t} />
    </Stack>
  )
}

function CopyRaw({ text, t }: { readonly text: string; readonly t: Translate }) {
  return (
    <Group>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void navigator.clipboard.writeText(text)}
        aria-label={`${t('feeds.copy')}: ${t('events.drawer.rawCopy')}`}
      >
        {t('feeds.copy')}
      </Button>
    </Group>
  )
}

const GUARD_LOOKS = { passed: 'gray', stopped: 'orange', off: 'gray', 'not-asked': 'gray' } as const

function Why({ question }: { readonly question: Input<'explainLine'> }) {
  const { t, language, say } = useWords()
  const why = useQuery(whyQuery(question))
  return (
    <Answer query={why}>
      {({ sentences, counts, guards, rules, explanation }) => (
        <Stack gap="md">
          <div>
            <Text fw={600} size="sm">
              {counts ? t('events.why.counts') : t('events.why.countsNot')}
            </Text>
            {sentences.map((sentence) => (
              <Text key={sentence} size="sm" mt={4} className="ev-wrap">
                {visibleText(say(sentence))}
              </Text>
            ))}
          </div>
          {rules.length > 0 && (
            <div>
              <Text component="h3" fz="sm" fw={600} m={0}>
                {t('events.why.rules')}
              </Text>
              {rules.map((rule) => (
                <div key={`${rule.rule} ${rule.source} ${rule.what}`} className="ev-count">
                  <Group justify="space-between" wrap="nowrap" gap="xs">
                    <Text size="sm">
                      {t(`rule.${rule.rule}` as TextKey)}{' '}
                      <span className="ev-dim">{visibleText(say(rule.what))}</span>
                    </Text>
                    <Text size="sm" className="ev-nowrap">
                      {t('events.why.of', {
                        count: rule.count.toLocaleString(language),
                        threshold: rule.threshold,
                      })}
                    </Text>
                  </Group>
                  <progress
                    className="ev-progress"
                    max={rule.threshold}
                    value={Math.min(rule.count, rule.threshold)}
                    aria-hidden
                  />
                </div>
              ))}
            </div>
          )}
          {guards.length > 0 && (
            <div>
              <Text component="h3" fz="sm" fw={600} m={0} mb={4}>
                {t('events.why.guards')}
              </Text>
              {guards.map(({ name, outcome, sentence }) => (
                <Group key={name} gap="xs" wrap="nowrap" align="flex-start" mb={6}>
                  <Badge
                    color={GUARD_LOOKS[outcome]}
                    variant="light"
                    tt="none"
                    fw={500}
                    miw={92}
                    leftSection={
                      <span aria-hidden>
                        {outcome === 'stopped' ? '‖' : outcome === 'passed' ? '✓' : '○'}
                      </span>
                    }
                  >
                    {t(`events.why.guard.${outcome}`)}
                  </Badge>
                  <Text size="sm" className="ev-wrap">
                    {visibleText(say(sentence))}
                  </Text>
                </Group>
              ))}
            </div>
          )}
          {explanation !== null && (
            <div>
              <Text component="h3" fz="sm" fw={600} m={0}>
                {t('events.why.source')}
              </Text>
              {explanation.sentences
                .filter((sentence) => !/^Line \d+ of /.test(sentence))
                .map((sentence) => (
                  <Text key={sentence} size="sm" mt={4} className="ev-wrap">
                    {visibleText(say(sentence))}
                  </Text>
                ))}
            </div>
          )}
        </Stack>
      )}
    </Answer>
  )
}
