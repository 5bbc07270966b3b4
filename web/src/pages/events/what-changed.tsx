/**
 * What is different in the time that is looked at from the same length of time before it: values that became more or
 * fewer, the greatest differences first. Compared are the COMPARED most frequent values of each field.
 */
import { Modal, Table, Text, UnstyledButton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { Answer, Empty } from '../../components/problem.tsx'
import { changesQuery, type Search } from '../../data/records.ts'
import type { TextKey } from '../../i18n/en.ts'
import { useWords } from '../../i18n/language.tsx'
import { exactTime } from './cells.tsx'

const LABELS: Readonly<Record<string, TextKey>> = {
  'addr.src': 'field.sourceAddress',
  'addr.dst': 'field.destinationAddress',
  'port.dst': 'field.destinationPort',
  action: 'field.action',
  app: 'field.application',
  rule: 'field.rule',
  srcloc: 'field.sourceCountry',
  'name-of-threatid': 'field.threatName',
  device_name: 'field.device',
}
const SHOWN = 20

interface WhatChangedProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly filter: string
  readonly span: { readonly fromMs: number; readonly toMs: number } | null
  readonly onAdd: (part: string) => void
}

export function WhatChanged({ isOpen, onClose, filter, span, onAdd }: WhatChangedProps) {
  const { t, language } = useWords()
  if (span === null) return null
  const width = span.toMs - span.fromMs
  const searchOf = (fromMs: number, toMs: number): Search => ({
    filter,
    since: new Date(fromMs).toISOString(),
    until: new Date(toMs).toISOString(),
  })
  const before = searchOf(span.fromMs - width - 1, span.fromMs - 1)
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('events.changed')}
      size="xl"
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <Text size="sm" mb="sm">
        {t('events.changed.intro', {
          now: `${exactTime(new Date(span.fromMs).toISOString(), language)} – ${exactTime(new Date(span.toMs).toISOString(), language)}`,
        })}
      </Text>
      {isOpen && (
        <Differences
          now={searchOf(span.fromMs, span.toMs)}
          before={before}
          onAdd={(part) => {
            onClose()
            onAdd(part)
          }}
        />
      )}
    </Modal>
  )
}

interface DifferencesProps {
  readonly now: Search
  readonly before: Search
  readonly onAdd: (part: string) => void
}

function Differences({ now, before, onAdd }: DifferencesProps) {
  const { t, language } = useWords()
  const changes = useQuery(changesQuery(now, before, Object.keys(LABELS)))
  return (
    <Answer query={changes}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty>{t('events.changed.none')}</Empty>
        ) : (
          <Table fz="sm" verticalSpacing={3}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('events.changed.field')}</Table.Th>
                <Table.Th>{t('events.changed.value')}</Table.Th>
                <Table.Th ta="right">{t('events.changed.before')}</Table.Th>
                <Table.Th ta="right">{t('events.changed.now')}</Table.Th>
                <Table.Th>{t('events.changed.how')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.slice(0, SHOWN).map(({ field, value, filter: part, was, is }) => (
                <Table.Tr key={part}>
                  <Table.Td>{t(LABELS[field] ?? 'events.changed.field')}</Table.Td>
                  <Table.Td>
                    <UnstyledButton className="ev-changed-value" onClick={() => onAdd(part)}>
                      {value === null ? t('events.unknown') : visibleText(String(value))}
                    </UnstyledButton>
                  </Table.Td>
                  <Table.Td ta="right">{was.toLocaleString(language)}</Table.Td>
                  <Table.Td ta="right">{is.toLocaleString(language)}</Table.Td>
                  <Table.Td>{howText(was, is, t, language)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )
      }
    </Answer>
  )
}

function howText(was: number, is: number, t: ReturnType<typeof useWords>['t'], language: string): string {
  if (was === 0) return `▲ ${t('events.changed.new')}`
  if (is === 0) return `▽ ${t('events.changed.gone')}`
  const factor = is > was ? is / was : was / is
  const times = factor.toLocaleString(language, { maximumFractionDigits: factor < 10 ? 1 : 0 })
  return is > was ? `▲ ${t('events.changed.more', { times })}` : `▽ ${t('events.changed.fewer', { times })}`
}
