/** What a feed would be now: exactly the text that would be served, what is left out and why, and the difference. */
import { Alert, List, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { CopyText } from '../../components/copy-text.tsx'
import { Answer } from '../../components/problem.tsx'
import { call } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { Difference } from './difference.tsx'
import { Said } from '../../components/said.tsx'

export function Preview({ feed }: { readonly feed: string }) {
  const { t } = useWords()
  const preview = useQuery({
    queryKey: ['feed-preview', feed],
    queryFn: () => call('previewFeed', { feed }),
  })
  return (
    <Answer query={preview}>
      {(told) => (
        <Stack gap="md">
          <Text size="sm" className="sentence">
            {t('feeds.previewHint')} {t('feeds.form.would', { count: told.entries, bytes: told.bytes })}
          </Text>
          {told.entries === 0 && (
            <Text size="sm" c="dimmed" className="sentence">
              {t('feeds.sentinel')}
            </Text>
          )}
          {told.holds.length > 0 && (
            <Alert color="orange" variant="light" title={t('feeds.wouldHold')}>
              <List size="sm">
                {told.holds.map((hold) => (
                  <List.Item key={hold}>{hold}</List.Item>
                ))}
              </List>
            </Alert>
          )}
          <Difference title={t('feeds.diffNow')} difference={told.difference} />
          {told.collateral > 0 && <Text size="sm">{t('feeds.collateral', { count: told.collateral })}</Text>}
          {told.leftOutDecisions > 0 && (
            <Text size="sm">{t('feeds.leftOut', { count: told.leftOutDecisions })}</Text>
          )}
          {told.refusedCount > 0 && (
            <div>
              <Text size="sm">{t('feeds.refused', { count: told.refusedCount })}</Text>
              <Table verticalSpacing={3}>
                <Table.Tbody>
                  {told.refused.map(({ network, reason }) => (
                    <Table.Tr key={network}>
                      <Table.Td className="mono">{network}</Table.Td>
                      <Table.Td>
                        <Said text={reason} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )}
          <CopyText text={told.text} label={t('feeds.tab.preview')} />
          {told.isCut && (
            <Text size="xs" c="dimmed">
              {t('feeds.previewCut')}
            </Text>
          )}
        </Stack>
      )}
    </Answer>
  )
}
