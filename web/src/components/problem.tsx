/** What a screen shows while it waits, when it failed, and when there is nothing: each with one thing to do. */
import { Alert, Button, Center, Group, Loader, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useWords } from '../i18n/language.tsx'
import { ApiError } from '../data/api.ts'
import { Said } from './said.tsx'

interface QueryState<Data> {
  readonly data: Data | undefined
  readonly error: Error | null
  /** Why it is asked once more. */
  readonly failureReason?: Error | null
  readonly refetch: () => unknown
}

/** Shows the children once there is data; an error with a way to try again else. */
export function Answer<Data>({
  query,
  children,
}: {
  readonly query: QueryState<Data>
  readonly children: (data: Data) => ReactNode
}) {
  const { t } = useWords()
  if (query.data !== undefined) return children(query.data)
  if (query.error === null)
    return (
      <Center mih={160}>
        <Stack align="center" gap="xs">
          <Loader size="sm" aria-label={t('common.loading')} />
          {query.failureReason != null && (
            <Text size="sm" c="dimmed">
              <Said text={query.failureReason.message} />
            </Text>
          )}
        </Stack>
      </Center>
    )
  return (
    <Alert color="orange" variant="light" title={<Said text={query.error.message} />} role="alert">
      <Button variant="default" onClick={() => query.refetch()}>
        {t('common.retry')}
      </Button>
    </Alert>
  )
}

/** Why there is nothing, and below it the next step, where there is one. */
export function Empty({ children, next }: { readonly children: ReactNode; readonly next?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-sign" aria-hidden>
        ○
      </span>
      <div>
        <Text c="dimmed" className="sentence">
          {children}
        </Text>
        {next !== undefined && (
          <Group gap="xs" mt="sm">
            {next}
          </Group>
        )}
      </div>
    </div>
  )
}

/** An error of an edit, beside what was edited. */
export function Fault({ error }: { readonly error: Error | null }) {
  if (error === null) return null
  return (
    <Alert color="orange" variant="light" role="alert" py="xs">
      <Said text={error.message} said={error instanceof ApiError ? error.said : null} />
    </Alert>
  )
}

export function PageHead({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <Group justify="space-between" mb="md" wrap="wrap">
      <Text component="h1" fz="h1" fw={600} m={0}>
        {title}
      </Text>
      <Group gap="xs">{children}</Group>
    </Group>
  )
}
