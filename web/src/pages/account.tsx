/** One's own password, second factor, sessions and tokens. */
import { Alert, Badge, Button, Code, List, PasswordInput, Stack, Table, Text, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CopyText } from '../components/copy-text.tsx'
import { Instant } from '../components/instant.tsx'
import { Part } from '../components/part.tsx'
import { Answer, Fault, PageHead } from '../components/problem.tsx'
import { call } from '../data/api.ts'
import { queryClient } from '../data/query-client.ts'
import { sessionQuery, sessionsQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { Tokens } from './account/tokens.tsx'

export function AccountPage() {
  const { t } = useWords()
  const session = useQuery(sessionQuery)
  const user = session.data?.user
  return (
    <>
      <PageHead title={t('account.title')} />
      <Stack gap="xl" maw={860}>
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
  const { t } = useWords()
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
          {mutation.data !== undefined && <Text size="sm">{mutation.data.message}</Text>}
          <Button type="submit" loading={mutation.isPending}>
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
          <Button variant="default" onClick={() => begin.mutate()} loading={begin.isPending}>
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
              <Button type="submit" loading={confirm.isPending}>
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
        {({ items }) => (
          <Table.ScrollContainer minWidth={560}>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('signIn.name')}</Table.Th>
                  <Table.Th>{t('session.column.from')}</Table.Th>
                  <Table.Th>{t('session.column.browser')}</Table.Th>
                  <Table.Th>{t('token.column.use')}</Table.Th>
                  <Table.Th aria-label={t('account.end')} />
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {items.map((session) => (
                  <Table.Tr key={session.id}>
                    <Table.Td>
                      {session.user}{' '}
                      {session.isThis && (
                        <Badge variant="light" tt="none">
                          {t('session.this')}
                        </Badge>
                      )}
                    </Table.Td>
                    <Table.Td className="mono">{session.address}</Table.Td>
                    <Table.Td>
                      <Text size="xs" lineClamp={1}>
                        {session.agent}
                      </Text>
                    </Table.Td>
                    <Table.Td>
                      <Instant at={session.lastUsedAt} none="" />
                    </Table.Td>
                    <Table.Td ta="right">
                      <Button size="compact-sm" variant="default" onClick={() => end.mutate(session.id)}>
                        {t('account.end')}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Answer>
    </Part>
  )
}
