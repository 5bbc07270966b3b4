/** Which blocks a feed takes: families, evidence, severity, countries. */
import { NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

type Filter = Reply<'listFeeds'>['filter']
type Severity = Filter['minSeverity']

export interface FilterChoice {
  readonly families: Filter['families']
  readonly proof: Filter['proof']
  readonly minSeverity: Severity
  readonly countries: Filter['countries']
  readonly exceptCountries: Filter['exceptCountries']
}

const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const

/** What a form begins with; null: a new feed takes everything. */
export function filterChoiceOf(filter: Filter | null): FilterChoice {
  return {
    families: filter?.families ?? 'both',
    proof: filter?.proof ?? null,
    minSeverity: filter?.minSeverity ?? null,
    countries: filter?.countries ?? null,
    exceptCountries: filter?.exceptCountries ?? null,
  }
}

interface FilterFieldsProps {
  readonly choice: FilterChoice
  readonly onChange: (choice: FilterChoice) => void
}

export function FilterFields({ choice, onChange }: FilterFieldsProps) {
  const { t } = useWords()
  const { families, proof, minSeverity, countries, exceptCountries } = choice
  const severities = severitiesShown(minSeverity)
  return (
    <>
      <NativeSelect
        label={t('feeds.form.families')}
        value={families}
        data={(['both', 'v4', 'v6'] as const).map((value) => ({
          value,
          label: t(`feeds.form.families.${value}`),
        }))}
        onChange={(event) =>
          onChange({ ...choice, families: event.currentTarget.value as Filter['families'] })
        }
      />
      <NativeSelect
        label={t('feeds.form.proof')}
        value={proof ?? ''}
        data={[
          { value: '', label: t('feeds.form.proof.any') },
          { value: 'handshake', label: t('feeds.form.proof.handshake') },
        ]}
        onChange={(event) =>
          onChange({ ...choice, proof: event.currentTarget.value === 'handshake' ? 'handshake' : null })
        }
      />
      <NativeSelect
        label={t('feeds.form.severity')}
        description={t('feeds.form.severityHint')}
        value={minSeverity ?? ''}
        data={[
          { value: '', label: t('feeds.form.severity.any') },
          ...severities.map((value) => ({ value, label: t(`feeds.severity.${value}`) })),
        ]}
        onChange={({ currentTarget: { value } }) =>
          onChange({ ...choice, minSeverity: severities.find((known) => known === value) ?? null })
        }
      />
      <Countries
        label={t('feeds.form.countries')}
        hint={t('feeds.form.countriesHint')}
        names={countries}
        onChange={(names) => onChange({ ...choice, countries: names })}
      />
      <Countries
        label={t('feeds.form.exceptCountries')}
        hint={t('feeds.form.exceptCountriesHint')}
        names={exceptCountries}
        onChange={(names) => onChange({ ...choice, exceptCountries: names })}
      />
    </>
  )
}

interface CountriesProps {
  readonly label: string
  readonly hint: string
  readonly names: readonly string[] | null
  readonly onChange: (names: string[] | null) => void
}

/** Names between commas. The text stays as it is typed. */
function Countries({ label, hint, names, onChange }: CountriesProps) {
  const [text, setText] = useState(names?.join(', ') ?? '')
  return (
    <TextInput
      label={label}
      description={hint}
      value={text}
      onChange={({ currentTarget: { value } }) => {
        setText(value)
        onChange(namesOf(value))
      }}
    />
  )
}

/** What is offered, and what the feed has when somebody set it otherwise. */
function severitiesShown(current: Severity): readonly NonNullable<Severity>[] {
  return current === 'informational' ? [current, ...SEVERITIES] : SEVERITIES
}

/** Null: none, so that it does not matter. */
function namesOf(text: string): string[] | null {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return names.length === 0 ? null : names
}
