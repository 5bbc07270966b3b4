/** Who changed what, when; the chain of hashes says whether a row was edited or cut off. */
import { Alert, Button, Code, Group, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Instant } from '../components/instant.tsx'
import { Answer, PageHead } from '../components/problem.tsx'
import { call } from '../data/api.ts'
import { auditQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

export function AuditPage() {
  const { t } = useWords()
  const [count, setCount] = useState(100)
  const audit = useQuery(auditQuery(count))
  const check = useQuery({ queryKey: ['audit-check'], queryFn: () => call('checkAudit', {}) })
  return (
    <>
      <PageHead title={t('audit.title')} />
      {check.data !== undefined && (
        <Alert mb="md" color={check.data.ok ? 'blue' : 'orange'} variant="light">
          {check.data.ok
            ? t('audit.whole', { count: check.data.rows ?? 0 })
            : t('audit.broken', { problem: check.data.problem ?? '?' })}
        </Alert>
      )}
      <Answer query={audit}>
        {({ items }) => (
          <>
            <Table.ScrollContainer minWidth={720}>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t('audit.when')}</Table.Th>
                    <Table.Th>{t('audit.who')}</Table.Th>
                    <Table.Th>{t('audit.what')}</Table.Th>
                    <Table.Th>{t('audit.subject')}</Table.Th>
                    <Table.Th>{t('common.reason')}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((row) => (
                    <Table.Tr key={row.id}>
                      <Table.Td>
                        <Instant at={row.at} none="" />
                      </Table.Td>
                      <Table.Td>{row.actor}</Table.Td>
                      <Table.Td>
                        <Code>{row.action}</Code>
                      </Table.Td>
                      <Table.Td className="mono">{row.subject}</Table.Td>
                      <Table.Td>{row.reason}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
            {items.length === count && count < 1000 && (
              <Group justify="center" mt="md">
                <Button variant="default" onClick={() => setCount(Math.min(1000, count + 200))}>
                  {t('common.more')}
                </Button>
              </Group>
            )}
          </>
        )}
      </Answer>
    </>
  )
}
