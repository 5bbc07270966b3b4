/** Which blocks are shown: by state, address or network, rule, tag. All but the typed address stands in the page's address. */
import { Group, NativeSelect, SegmentedControl, TextInput } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { RULES } from '../../data/rules.ts'
import type { TextKey } from '../../i18n/en.ts'
import { useWords } from '../../i18n/language.tsx'
import type { BlocksSearch } from '../../routes.tsx'
import { TagFilter } from './tag-filter.tsx'

const VIEWS = ['block', 'hold', 'shadow', 'ended'] as const
export type View = (typeof VIEWS)[number]

interface BlockFiltersProps {
  readonly view: View
  readonly search: { readonly [Key in keyof BlocksSearch]: BlocksSearch[Key] | undefined }
  /** How many there are, where it is known. */
  readonly counts: { readonly [Name in View]?: number | undefined }
  readonly typed: string
  /** It is no address or network. */
  readonly isWrong: boolean
  readonly onTyped: (typed: string) => void
  readonly onLook: (search: BlocksSearch) => void
}

export function BlockFilters({ view, search, counts, typed, isWrong, onTyped, onLook }: BlockFiltersProps) {
  const { t, language } = useWords()
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false
  const look = (changes: BlockFiltersProps['search']) => {
    const { mode, rule, tag } = { ...search, ...changes }
    onLook({
      ...(mode === undefined ? {} : { mode }),
      ...(rule === undefined ? {} : { rule }),
      ...(tag === undefined ? {} : { tag }),
    })
  }
  return (
    <Group mb="sm" gap="sm">
      <SegmentedControl
        fullWidth={isNarrow}
        w={isNarrow ? '100%' : undefined}
        aria-label={t('blocks.column.state')}
        value={view}
        data={VIEWS.map((value) => {
          const count = isNarrow ? undefined : counts[value]
          return {
            value,
            label: `${t(`blocks.filter.${value}`)}${count === undefined ? '' : ` ${count.toLocaleString(language)}`}`,
          }
        })}
        onChange={(value) => {
          const chosen = VIEWS.find((known) => known === value)
          look({ mode: chosen === 'block' ? undefined : chosen })
        }}
      />
      <TextInput
        aria-label={t('blocks.find')}
        placeholder={t('blocks.find')}
        value={typed}
        onChange={(event) => onTyped(event.currentTarget.value)}
        w={{ base: '100%', xs: 230 }}
        classNames={{ input: 'mono' }}
        error={isWrong}
      />
      <NativeSelect
        aria-label={t('blocks.column.rule')}
        value={search.rule ?? ''}
        data={[
          { value: '', label: t('blocks.anyRule') },
          ...RULES.map((value) => ({ value, label: t(`rule.${value}` as TextKey) })),
        ]}
        onChange={(event) => look({ rule: RULES.find((known) => known === event.currentTarget.value) })}
      />
      <TagFilter tag={search.tag} onChange={(tag) => look({ tag: tag === '' ? undefined : tag })} />
    </Group>
  )
}
