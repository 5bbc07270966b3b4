/** One's own password, second factor, sessions and tokens. */
import { Alert, Badge, Button, Code, List, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyText } from '../components/copy-text.tsx'
import { Instant } from '../components/instant.tsx'
import { LongRows } from '../components/long-rows.tsx'
import { Part } from '../components/part.tsx'
import { Answer, Fault, PageHead } from '../components/problem.tsx'
import { call } from '../data/api.ts'
import { queryClient } from '../data/query-client.ts'
import { sessionQuery, sessionsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { browserOf } from './account/browser-of.ts'
import { Tokens } from './account/tokens.tsx'

export function AccountPage() {
  const { t } = useWords()
  const session = useQuery(sessionQuery)
  const user = session.data?.user
  return (
    <>
      <PageHead title={t('account.title')} />
      <Stack gap="md" maw={1080}>
        {user?.mustChange === true && (
          <Alert color="orange" role="alert">
            {t('account.mustChange')}
          </Alert>
        )}
        {user?.hasPassword === false && (
          <Text>{t('elsewhere.account', { name: session.data?.elsewhere ?? '–' })}</Text>
        )}
        {user?.hasPassword === true && <Password />}
        {user?.mustChange === false && (
          <>
            {user.hasPassword && <Factor isOn={user.hasFactor} />}
            <Sessions />
            <Tokens />
          </>
        )}
      </Stack>
    </>
  )
}

function Password() {
  const { t, say } = useWords()
  const [old, setOld] = useState('')
  const [password, setPassword] = useState('')
  const mutation = useMutation({
    mutationFn: () => call('changeOwnPassword', { old, password }),
    onSuccess: async () => {
      setOld('')
      setPassword('')
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Part title={t('account.password')}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mutation.mutate()
        }}
      >
        <Stack gap="sm" maw={360}>
          <PasswordInput
            label={t('account.old')}
            value={old}
            onChange={(event) => setOld(event.currentTarget.value)}
            autoComplete="current-password"
            required
          />
          <PasswordInput
            label={t('account.new')}
            description={t('setup.passwordHint')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
            required
          />
          <Fault error={mutation.error} />
          {mutation.data !== undefined && <Text size="sm">{say(mutation.data.message)}</Text>}
          <Button type="submit" loading={mutation.isPending} w="fit-content">
            {t('common.save')}
          </Button>
        </Stack>
      </form>
    </Part>
  )
}

function Factor({ isOn }: { readonly isOn: boolean }) {
  const { t } = useWords()
  const [code, setCode] = useState('')
  const begin = useMutation({ mutationFn: () => call('beginFactor', {}) })
  const confirm = useMutation({
    mutationFn: (seed: string) => call('confirmFactor', { seed, code }),
    onSuccess: () => queryClient.invalidateQueries(),
  })
  return (
    <Part title={t('account.factor')}>
      <Stack gap="sm" maw={480}>
        <Text size="sm">{isOn ? t('account.factorOn') : t('account.factorOff')}</Text>
        {begin.data === undefined && (
          <Button variant="default" onClick={() => begin.mutate()} loading={begin.isPending} w="fit-content">
            {isOn ? t('account.factorAgain') : t('account.factorBegin')}
          </Button>
        )}
        {begin.data !== undefined && confirm.data === undefined && (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              confirm.mutate(begin.data.seed)
            }}
          >
            <Stack gap="sm">
              <Text size="sm">{t('account.factorSeed')}</Text>
              <Code block>{begin.data.seed.replace(/(.{4})/g, '$1 ')}</Code>
              <CopyText text={begin.data.uri} label={t('account.copyUri')} />
              <TextInput
                label={t('signIn.code')}
                value={code}
                onChange={(event) => setCode(event.currentTarget.value)}
                autoComplete="one-time-code"
                required
              />
              <Fault error={confirm.error} />
              <Button type="submit" loading={confirm.isPending} w="fit-content">
                {t('common.save')}
              </Button>
            </Stack>
          </form>
        )}
        {confirm.data !== undefined && (
          <>
            <Text size="sm">{t('account.factorCodes')}</Text>
            <List className="mono">
              {confirm.data.recoveryCodes.map((recovery) => (
                <List.Item key={recovery}>{recovery}</List.Item>
              ))}
            </List>
          </>
        )}
      </Stack>
    </Part>
  )
}

function Sessions() {
  const { t } = useWords()
  const sessions = useQuery(sessionsQuery)
  const end = useMutation({
    mutationFn: (id: string) => call('endSession', { id }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <Part title={t('account.sessions')}>
      <Fault error={end.error} />
      <Answer query={sessions}>
        {({ items, nextCursor }) => (
          <LongRows
            rows={items}
            hasMore={nextCursor !== null}
            keyOf={({ id }) => id}
            textOf={({ user, address, agent }) => `${user} ${address} ${browserOf(agent)}`}
            minWidth={560}
            columns={[
              {
                head: t('signIn.name'),
                cell: ({ user, isThis }) => (
                  <>
                    {user}{' '}
                    {isThis && (
                      <Badge variant="light" tt="none">
                        {t('session.this')}
                      </Badge>
                    )}
                  </>
                ),
              },
              { head: t('session.column.from'), isMono: true, cell: ({ address }) => address },
              {
                head: t('session.column.browser'),
                cell: ({ agent }) => (
                  <Text size="sm" lineClamp={1} title={agent}>
                    {browserOf(agent)}
                  </Text>
                ),
              },
              {
                head: t('token.column.use'),
                cell: ({ lastUsedAt }) => <Instant at={lastUsedAt} none="" />,
              },
              {
                head: t('account.end'),
                isActions: true,
                cell: ({ id }) => (
                  <Button size="compact-sm" variant="default" onClick={() => end.mutate(id)}>
                    {t('account.end')}
                  </Button>
                ),
              },
            ]}
          />
        )}
      </Answer>
    </Part>
  )
}
