/** The most frequent values of some fields with their counts: a click asks for them only, the second button for all others. */
import { Button, Group, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core'
import { useQueries, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { visibleText } from '../../../../src/lib/visible-text.ts'
import { facetQuery, type Search } from '../../data/records.ts'
import { opposite, partsOf } from '../../data/records-filter.ts'
import type { TextKey } from '../../i18n/en.ts'
import { useWords } from '../../i18n/language.tsx'

const FACETS = [
  ['disposition', 'field.disposition', true],
  ['severity', 'field.severity', true],
  ['addr.src', 'field.sourceAddress', true],
  ['port.dst', 'field.destinationPort', true],
  ['rule', 'field.rule', true],
  ['device_name', 'field.device', true],
  ['addr.dst', 'field.destinationAddress', false],
  ['action', 'field.action', false],
  ['type', 'field.type', false],
  ['app', 'field.application', false],
  ['srcloc', 'field.sourceCountry', false],
  ['name-of-threatid', 'field.threatName', false],
  ['user.src', 'field.sourceUser', false],
  ['session_end_reason', 'field.sessionEndReason', false],
] as const satisfies readonly (readonly [string, TextKey, boolean])[]

const FEW = 6
const MANY = 30
const STORED = 'ads-events-facets'

interface FacetsProps {
  /** Null: not yet. */
  readonly search: Search | null
  readonly filter: string
  readonly onAdd: (part: string) => void
  readonly onRemove: (part: string) => void
}

export function Facets({ search, filter, onAdd, onRemove }: FacetsProps) {
  const { t } = useWords()
  const [open, setOpen] = useState<ReadonlySet<string>>(storedOpen)
  const toggle = (field: string, isOpen: boolean) => {
    const next = new Set(open)
    if (isOpen) next.add(field)
    else next.delete(field)
    setOpen(next)
    localStorage.setItem(STORED, JSON.stringify([...next]))
  }
  const shown = useShownFirst(search, open)
  return (
    <nav className="ev-facets" aria-label={t('events.facets')}>
      {FACETS.slice(0, shown).map(([field, label]) => (
        <details
          key={field}
          open={open.has(field)}
          onToggle={(event) => {
            if (event.currentTarget.open !== open.has(field)) toggle(field, event.currentTarget.open)
          }}
        >
          <summary>{t(label)}</summary>
          {open.has(field) && search !== null && (
            <Values
              field={field}
              label={t(label)}
              search={search}
              filter={filter}
              onAdd={onAdd}
              onRemove={onRemove}
            />
          )}
        </details>
      ))}
      {shown < FACETS.length && <Bones />}
    </nav>
  )
}

/**
 * How many stand already: at first each waits until those above it know their values, so that none is pushed down by what
 * comes late.
 */
function useShownFirst(search: Search | null, open: ReadonlySet<string>): number {
  const [isWhole, setWhole] = useState(false)
  const fields = FACETS.map(([field]) => field).filter((field) => open.has(field))
  const first = useQueries({
    queries: fields.map((field) => ({
      ...facetQuery(search ?? NO_SEARCH, field, FEW + 1),
      enabled: search !== null && !isWhole,
    })),
  })
  const late = first.findIndex(({ data, error }) => data === undefined && error === null)
  useEffect(() => {
    if (late < 0) setWhole(true)
  }, [late])
  if (isWhole || late < 0) return FACETS.length
  return FACETS.findIndex(([field]) => field === fields[late])
}

const NO_SEARCH: Search = { filter: '', until: '' }

function Bones() {
  return (
    <Stack gap={5} py={4}>
      {['a', 'b', 'c'].map((key) => (
        <Skeleton key={key} height={14} />
      ))}
    </Stack>
  )
}

function storedOpen(): ReadonlySet<string> {
  const usual = FACETS.filter(([, , isOpen]) => isOpen).map(([field]) => field)
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null')
    return new Set(Array.isArray(stored) ? stored.map(String) : usual)
  } catch {
    return new Set(usual) // somebody wrote something else there
  }
}

interface ValuesProps {
  readonly field: string
  readonly label: string
  readonly search: Search
  readonly filter: string
  readonly onAdd: (part: string) => void
  readonly onRemove: (part: string) => void
}

function Values({ field, label, search, filter, onAdd, onRemove }: ValuesProps) {
  const { t, language, say } = useWords()
  const [limit, setLimit] = useState(FEW)
  const values = useQuery(facetQuery(search, field, limit + 1))
  const parts = new Set(partsOf(filter))
  if (values.data === undefined)
    return values.error === null ? (
      <Bones />
    ) : (
      <Text size="xs" c="dimmed" py={4}>
        {say(values.error.message)}
      </Text>
    )
  const most = Math.max(1, ...values.data.map(({ count }) => count))
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
  return (
    <div data-old={values.isPlaceholderData || undefined}>
      {values.data.length === 0 && (
        <Text size="xs" c="dimmed" py={4}>
          {t('events.facets.none')}
        </Text>
      )}
      {values.data.slice(0, limit).map(({ value, count, filter: part }) => {
        const text = value === null ? t('events.unknown') : shownValue(field, String(value), t)
        const isOn = parts.has(part)
        const out = opposite(part)
        return (
          <Group key={part} gap={0} wrap="nowrap" className="ev-facet" data-on={isOn || undefined}>
            <UnstyledButton
              className="ev-facet-in"
              aria-pressed={isOn}
              title={t('events.facets.in', { field: label, value: text })}
              onClick={(event) => {
                if (event.altKey) onAdd(out)
                else if (isOn) onRemove(part)
                else onAdd(part)
              }}
            >
              <progress className="ev-facet-bar" max={most} value={count} aria-hidden />
              <span className={value === null ? 'ev-facet-text ev-dim' : 'ev-facet-text'}>
                <span className="ev-hidden">{label}: </span>
                {text}
              </span>
              <span className="ev-facet-count">{compact.format(count)}</span>
            </UnstyledButton>
            <UnstyledButton
              className="ev-facet-out"
              aria-label={t('events.facets.out', { field: label, value: text })}
              title={t('events.facets.out', { field: label, value: text })}
              onClick={() => onAdd(out)}
            >
              <span aria-hidden>−</span>
            </UnstyledButton>
          </Group>
        )
      })}
      {(values.data.length > limit || limit > FEW) && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          className="ev-quiet"
          onClick={() => setLimit(limit > FEW ? FEW : MANY)}
          aria-label={`${limit > FEW ? t('events.facets.fewer') : t('events.facets.more')}: ${label}`}
        >
          {limit > FEW ? t('events.facets.fewer') : t('events.facets.more')}
        </Button>
      )}
    </div>
  )
}

const DISPOSITIONS: ReadonlySet<string> = new Set(['blocked', 'allowed', 'alerted', 'unknown'])
const SEVERITIES: ReadonlySet<string> = new Set(['critical', 'high', 'medium', 'low', 'informational'])

/** Words of ours in the reader's language; everything else as the firewall says it. */
function shownValue(field: string, value: string, t: ReturnType<typeof useWords>['t']): string {
  if (field === 'disposition' && DISPOSITIONS.has(value)) return t(`events.disposition.${value}` as TextKey)
  if (field === 'severity' && SEVERITIES.has(value)) return t(`events.severity.${value}` as TextKey)
  return visibleText(value)
}
