/** Who changed what, when, with what before and after; the chain of hashes says whether a row was edited or cut off. */
import { Alert, Button, Code, Group, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { relativeText } from '../components/instant.tsx'
import { Answer, Empty, PageHead } from '../components/problem.tsx'
import { call, type Reply } from '../data/api.ts'
import { auditPagesQuery } from '../data/queries.ts'
import { isNetworkText } from '../data/network-text.ts'
import { useWords } from '../i18n/language.tsx'
import { Said } from '../components/said.tsx'

type Row = Reply<'listAudit'>['items'][number]

const FIELDS = ['actor', 'action', 'subject'] as const
const LABELS = {
  actor: 'audit.filter.who',
  action: 'audit.filter.what',
  subject: 'audit.filter.subject',
} as const
const TYPED_MS = 300
/** Who reads a log of edits wants the time, not how long ago. */
const EXACT = { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' } as const

export function AuditPage() {
  const { t } = useWords()
  const [typed, setTyped] = useState<Partial<Record<(typeof FIELDS)[number], string>>>({})
  const [wanted] = useDebouncedValue(typed, TYPED_MS)
  const audit = useInfiniteQuery(auditPagesQuery(wanted))
  // Every row is read for it, so the rows that are looked at come first.
  const check = useQuery({
    queryKey: ['audit-check'],
    queryFn: () => call('checkAudit', {}),
    staleTime: 300_000,
    enabled: audit.isSuccess,
  })
  const rows = audit.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <>
      <PageHead title={t('audit.title')} />
      <Text size="sm" c="dimmed" component="div" mih={22} mb="sm">
        {check.isPending && t('audit.checking')}
        {check.data?.ok === true && <>✓ {t('audit.whole', { count: check.data.rows ?? 0 })}</>}
      </Text>
      {check.data?.ok === false && (
        <Alert mb="md" color="orange" variant="light">
          {t('audit.broken', { problem: check.data.problem ?? '?' })}
        </Alert>
      )}
      <Group mb="md" gap="sm">
        {FIELDS.map((field) => (
          <TextInput
            key={field}
            aria-label={t(LABELS[field])}
            placeholder={t(LABELS[field])}
            value={typed[field] ?? ''}
            w={{ base: '100%', xs: 230 }}
            onChange={(event) => {
              const { value } = event.currentTarget
              setTyped((before) => ({ ...before, [field]: value.trim() === '' ? undefined : value.trim() }))
            }}
          />
        ))}
      </Group>
      <Answer query={audit}>
        {() =>
          rows.length === 0 ? (
            <Empty>{t('audit.none')}</Empty>
          ) : (
            <Stack gap={0} component="ol" className="audit">
              {rows.map((row) => (
                <AuditRow key={row.id} row={row} />
              ))}
            </Stack>
          )
        }
      </Answer>
      {audit.hasNextPage && (
        <Group justify="center" mt="md">
          <Button
            variant="default"
            loading={audit.isFetchingNextPage}
            onClick={() => void audit.fetchNextPage()}
          >
            {t('common.more')}
          </Button>
        </Group>
      )}
    </>
  )
}

function AuditRow({ row }: { readonly row: Row }) {
  const { t, language } = useWords()
  const { at, actor, action, subject, reason, details } = row
  const [isOpen, setOpen] = useState(false)
  const hasDetails = typeof details === 'object' && details !== null && Object.keys(details).length > 0
  return (
    <li className="audit-row">
      <time className="audit-when" dateTime={at} title={relativeText(at, language)}>
        {new Date(at).toLocaleString(language, EXACT)}
      </time>
      <span className="audit-who" title={actor}>
        {actor}
      </span>
      <Code className="audit-what">{action}</Code>
      <span className="audit-subject mono">
        {isNetworkText(subject) ? (
          <Link to="/ip/$address" params={{ address: subject }}>
            {subject}
          </Link>
        ) : (
          subject
        )}
      </span>
      <span className="audit-reason">{reason !== null && <Said text={reason} isTyped />}</span>
      {hasDetails && (
        <details className="audit-more" onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary className="chart-summary">{t('audit.more')}</summary>
          {isOpen && <pre className="evidence audit-details">{JSON.stringify(details, null, 2)}</pre>}
        </details>
      )}
    </li>
  )
}
