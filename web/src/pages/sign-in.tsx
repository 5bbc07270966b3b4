/** Signing in, and the first account of a new installation. */
import { Alert, Button, Center, Divider, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactNode, useState } from 'react'
import { Fault } from '../components/problem.tsx'
import { ApiError, setUp, signIn, signInElsewhereUrl } from '../data/api.ts'
import { queryClient } from '../data/query-client.ts'
import { sessionQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

function textOf(event: FormEvent<HTMLFormElement>, name: string): string {
  const value = new FormData(event.currentTarget).get(name)
  return typeof value === 'string' ? value : ''
}

export function SignInPage() {
  const { t } = useWords()
  const [needsCode, setNeedsCode] = useState(false)
  const mutation = useMutation({
    mutationFn: ({ name, password, code }: { name: string; password: string; code: string }) =>
      signIn(name, password, code === '' ? null : code),
    onSuccess: () => queryClient.invalidateQueries(),
    onError: (error) => {
      if (error instanceof ApiError && error.code === 'factor') setNeedsCode(true)
    },
  })
  const isFactorOnly = mutation.error instanceof ApiError && mutation.error.code === 'factor'
  return (
    <Card title={t('signIn.title')}>
      <Elsewhere />
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mutation.mutate({
            name: textOf(event, 'name'),
            password: textOf(event, 'password'),
            code: textOf(event, 'code'),
          })
        }}
      >
        <Stack gap="sm">
          <TextInput name="name" label={t('signIn.name')} autoComplete="username" required autoFocus />
          <PasswordInput
            name="password"
            label={t('signIn.password')}
            autoComplete="current-password"
            required
          />
          {needsCode && (
            <TextInput name="code" label={t('signIn.code')} autoComplete="one-time-code" autoFocus />
          )}
          <Fault error={isFactorOnly ? null : mutation.error} />
          <Button type="submit" loading={mutation.isPending}>
            {t('signIn.do')}
          </Button>
        </Stack>
      </form>
    </Card>
  )
}

const FAILURES = ['away', 'denied', 'disabled', 'domain', 'expired', 'failed', 'role'] as const

/** The identity provider's button, and what became of the last try there. */
function Elsewhere() {
  const { t } = useWords()
  const session = useQuery(sessionQuery)
  const name = session.data?.elsewhere ?? null
  const told = new URLSearchParams(globalThis.location.search).get('signIn')
  const failure = FAILURES.find((known) => known === told)
  if (name === null) return null
  return (
    <Stack gap="sm" mb="sm">
      {failure !== undefined && (
        <Alert color="orange" role="alert" py="xs">
          {t(`elsewhere.${failure}`, { name })}
        </Alert>
      )}
      <Button component="a" href={signInElsewhereUrl()} variant="default">
        {name}
      </Button>
      <Divider label={t('elsewhere.or')} />
    </Stack>
  )
}

export function SetUpPage() {
  const { t } = useWords()
  const navigate = useNavigate()
  const mutation = useMutation({
    mutationFn: ({ code, name, password }: { code: string; name: string; password: string }) =>
      setUp(code, name, password),
    onSuccess: async () => {
      await navigate({ to: '/welcome' })
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Card title={t('setup.title')}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mutation.mutate({
            code: textOf(event, 'code'),
            name: textOf(event, 'name'),
            password: textOf(event, 'password'),
          })
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t('setup.intro')}</Text>
          <TextInput name="code" label={t('setup.code')} autoComplete="off" required autoFocus />
          <TextInput name="name" label={t('signIn.name')} autoComplete="username" required />
          <PasswordInput
            name="password"
            label={t('signIn.password')}
            description={t('setup.passwordHint')}
            autoComplete="new-password"
            required
          />
          <Fault error={mutation.error} />
          <Button type="submit" loading={mutation.isPending}>
            {t('setup.do')}
          </Button>
        </Stack>
      </form>
    </Card>
  )
}

function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const { t } = useWords()
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w="100%" maw={420}>
        <Text c="dimmed" size="sm">
          {t('app.name')}
        </Text>
        <Text component="h1" fz="h1" fw={600} mt={0} mb="md">
          {title}
        </Text>
        {children}
      </Paper>
    </Center>
  )
}
