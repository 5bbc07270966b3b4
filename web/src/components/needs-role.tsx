/** Says why a screen has no buttons for who may only look: which role its edits need. Nothing for who may do them. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { RouteName } from '../../../src/api/control-contract.ts'
import { roleFor, useMay } from '../data/may.ts'
import { sessionQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

export function NeedsRole({ operation }: { readonly operation: RouteName }) {
  const { t } = useWords()
  const session = useQuery(sessionQuery)
  const may = useMay(operation)
  const role = session.data?.user?.role
  const needed = roleFor(operation)
  if (may || role === undefined || needed === null) return null
  return (
    <Text size="sm" c="dimmed" mb="md" className="sentence">
      {t('may.needs', { role: t(`may.role.${role}`), needed: t(`may.role.${needed}`) })}
    </Text>
  )
}
