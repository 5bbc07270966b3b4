/** Only blocks with a tag; nothing is shown while there are no tags. */
import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { tagsQuery } from '../../data/blocks.ts'
import { useWords } from '../../i18n/language.tsx'

interface TagFilterProps {
  readonly tag: string | undefined
  /** Empty: any. */
  readonly onChange: (tag: string) => void
}

export function TagFilter({ tag, onChange }: TagFilterProps) {
  const { t } = useWords()
  const known = useQuery(tagsQuery)
  const tags = new Set((known.data?.items ?? []).map((one) => one.tag))
  if (tag !== undefined) tags.add(tag)
  if (tags.size === 0) return null
  return (
    <NativeSelect
      aria-label={t('blocks.tags')}
      value={tag ?? ''}
      data={[{ value: '', label: t('blocks.anyTag') }, ...tags]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
