/** Tokens for programs: made with a role, scopes and an end; the text is shown once. */
import { Badge, Button, Checkbox, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { HTTP_ROUTES } from '../../../../src/api/http/http-routes.ts'
import { holds, type Role, ROLES, WEAKEN_SCOPE } from '../../../../src/api/http/roles.ts'
import { CopyText } from '../../components/copy-text.tsx'
import { Instant, relativeText } from '../../components/instant.tsx'
import { LongRows } from '../../components/long-rows.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, Fault } from '../../components/problem.tsx'
import { call } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { sessionQuery, tokensQuery } from '../../data/queries.ts'
import { useWords } from '../../i18n/language.tsx'

const DAY_MS = 86_400_000
const LIVES = ['30', '90', '365', 'never'] as const

/** Groups of operations that a token can use at all, and what is never part of "all". */
const SCOPES = [
  ...[
    ...new Set(
      Object.values(HTTP_ROUTES).flatMap((route) =>
        route === null || route.by === 'session' ? [] : [route.tag],
      ),
    ),
  ].toSorted(),
  WEAKEN_SCOPE,
]

export function Tokens() {
  const { t } = useWords()
  const tokens = useQuery(tokensQuery)
  const remove = useMutation({
    mutationFn: (id: string) => call('removeToken', { id }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <Part title={t('account.tokens')}>
      <Fault error={remove.error} />
      <Answer query={tokens}>
        {({ items, nextCursor }) =>
          items.length === 0 ? (
            <Empty>{t('account.tokensEmpty')}</Empty>
          ) : (
            <LongRows
              rows={items}
              hasMore={nextCursor !== null}
              keyOf={({ id }) => id}
              textOf={({ name, user, role, scopes }) => [name, user, role, ...(scopes ?? [])].join(' ')}
              minWidth={640}
              columns={[
                {
                  head: t('account.tokenName'),
                  cell: ({ name, user }) => (
                    <>
                      {name}
                      <Text size="xs" c="dimmed">
                        {user}
                      </Text>
                    </>
                  ),
                },
                { head: t('users.role'), cell: ({ role }) => t(`may.role.${role}`) },
                {
                  head: t('token.scopes'),
                  cell: ({ scopes }) => (scopes === null ? t('token.scopesAll') : scopes.join(', ')),
                },
                { head: t('token.expires'), cell: ({ expiresAt }) => <End at={expiresAt} /> },
                {
                  head: t('token.column.use'),
                  cell: ({ lastUsedAt }) => <Instant at={lastUsedAt} none={t('common.never')} />,
                },
                {
                  head: t('users.remove'),
                  isActions: true,
                  cell: ({ id }) => (
                    <Button size="compact-sm" variant="default" onClick={() => remove.mutate(id)}>
                      {t('users.remove')}
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Answer>
      <NewToken />
    </Part>
  )
}

function End({ at }: { readonly at: string | null }) {
  const { t, language } = useWords()
  if (at === null) return t('token.expires.never')
  if (Date.parse(at) > Date.now()) return t('token.ends', { time: relativeText(at, language) })
  return (
    <Badge variant="light" tt="none" color="gray">
      <span aria-hidden>○ </span>
      {t('token.ended')}
    </Badge>
  )
}

function NewToken() {
  const { t } = useWords()
  const session = useQuery(sessionQuery)
  const own = session.data?.user?.role ?? 'viewer'
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const [scopes, setScopes] = useState<readonly string[]>([])
  const [life, setLife] = useState<(typeof LIVES)[number]>('90')
  const add = useMutation({
    mutationFn: () =>
      call('addToken', {
        name,
        role,
        scopes: scopes.length === 0 ? null : [...scopes],
        expiresAt: life === 'never' ? null : new Date(Date.now() + Number(life) * DAY_MS).toISOString(),
      }),
    onSuccess: async () => {
      setName('')
      setScopes([])
      await queryClient.invalidateQueries()
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <Stack gap="sm" maw={560} mt="lg">
        <Text component="h3" fz="h3" fw={600} m={0}>
          {t('account.tokenAdd')}
        </Text>
        <TextInput
          label={t('account.tokenName')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
        />
        <Group grow align="start">
          <NativeSelect
            label={t('users.role')}
            data={ROLES.filter((one) => holds(own, one)).map((value) => ({
              value,
              label: t(`users.role.${value}`),
            }))}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
          />
          <NativeSelect
            label={t('token.expires')}
            data={LIVES.map((value) => ({ value, label: t(`token.expires.${value}`) }))}
            value={life}
            onChange={(event) => setLife(event.currentTarget.value as (typeof LIVES)[number])}
          />
        </Group>
        <Checkbox.Group
          label={t('token.scopes')}
          description={t('token.scopesHint')}
          value={[...scopes]}
          onChange={setScopes}
        >
          <Group gap="sm" mt="xs">
            {SCOPES.map((scope) => (
              <Checkbox key={scope} value={scope} label={scope} />
            ))}
          </Group>
        </Checkbox.Group>
        <Fault error={add.error} />
        {add.data !== undefined && (
          <div role="status">
            <Text size="sm" mb={4}>
              {t('account.tokenText')}
            </Text>
            <CopyText text={add.data.text} label={t('account.tokens')} />
          </div>
        )}
        <Button type="submit" variant="default" loading={add.isPending} w="fit-content">
          {t('account.tokenAdd')}
        </Button>
      </Stack>
    </form>
  )
}
