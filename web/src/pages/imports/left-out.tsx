/** What was left out of a list, by reason, with examples. */
import { Rows } from '../../components/rows.tsx'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

export function LeftOut({ leftOut }: { readonly leftOut: Reply<'showImport'>['leftOut'] }) {
  const { t, language } = useWords()
  if (leftOut.length === 0) return null
  return (
    <Rows
      rows={leftOut}
      keyOf={({ reason }) => reason}
      minWidth={480}
      columns={[
        {
          head: `${t('imports.leftOut')}: ${t('imports.column.why')}`,
          cell: ({ reason }) => <Said text={reason} />,
        },
        {
          head: t('imports.column.count'),
          isRight: true,
          cell: ({ count }) => count.toLocaleString(language),
        },
        { head: t('imports.column.such'), isMono: true, cell: ({ examples }) => examples.join(', ') },
      ]}
    />
  )
}
