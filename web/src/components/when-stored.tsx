/** Shows what needs stored lines once they can be asked for; until then says that it comes by itself. */
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { overviewQuery } from '../data/overview.ts'
import { useWords } from '../i18n/language.tsx'

/** False also while nothing is known yet. */
export function useStoreReady(): boolean {
  return useQuery(overviewQuery).data?.isStoreReady === true
}

export function WhenStored({ children }: { readonly children: ReactNode }) {
  const { t } = useWords()
  const overview = useQuery(overviewQuery)
  if (overview.data?.isStoreReady === true) return children
  return (
    <Text size="sm" c="dimmed" className="sentence">
      {overview.data === undefined ? '' : t('overview.storeAway')}
    </Text>
  )
}
