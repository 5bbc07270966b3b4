/** One's own password, second factor, sessions and tokens. */
import {
  Alert,
  Button,
  Code,
  List,
  Paper,
  PasswordInput,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Instant } from '../components/instant.tsx'
import { Answer, Empty, Fault, PageHead } from '../components/problem.tsx'
import { call, type Input } from '../data/api.ts'
import { queryClient } from '../data/query-client.ts'
import { sessionQuery, sessionsQuery, tokensQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

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

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Paper withBorder p="md" component="section">
      <Text component="h2" fz="h2" fw={600} mt={0} mb="sm">
        {title}
      </Text>
      {children}
    </Paper>
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
            {t('account.factorBegin')}
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
          <Table>
            <Table.Tbody>
              {items.map((session) => (
                <Table.Tr key={session.id}>
                  <Table.Td>{session.user}</Table.Td>
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
        )}
      </Answer>
    </Part>
  )
}

type Role = Input<'addToken'>['role']

function Tokens() {
  const { t } = useWords()
  const tokens = useQuery(tokensQuery)
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('viewer')
  const add = useMutation({
    mutationFn: () => call('addToken', { name, role, scopes: null, expiresAt: null }),
    onSuccess: async () => {
      setName('')
      await queryClient.invalidateQueries()
    },
  })
  const remove = useMutation({
    mutationFn: (id: string) => call('removeToken', { id }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  return (
    <Part title={t('account.tokens')}>
      <Answer query={tokens}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>{t('account.tokensEmpty')}</Empty>
          ) : (
            <Table mb="md">
              <Table.Tbody>
                {items.map((token) => (
                  <Table.Tr key={token.id}>
                    <Table.Td>{token.name}</Table.Td>
                    <Table.Td>{token.user}</Table.Td>
                    <Table.Td>{token.role}</Table.Td>
                    <Table.Td>
                      <Instant at={token.lastUsedAt} none={t('common.never')} />
                    </Table.Td>
                    <Table.Td ta="right">
                      <Button size="compact-sm" variant="default" onClick={() => remove.mutate(token.id)}>
                        {t('users.remove')}
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Answer>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          add.mutate()
        }}
      >
        <Stack gap="sm" maw={360}>
          <TextInput
            label={t('account.tokenName')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
          />
          <Select
            label={t('users.role')}
            data={(['viewer', 'operator', 'administrator'] as const).map((value) => ({
              value,
              label: t(`users.role.${value}`),
            }))}
            value={role}
            allowDeselect={false}
            onChange={(value) => setRole((value ?? 'viewer') as Role)}
          />
          <Fault error={add.error ?? remove.error} />
          {add.data !== undefined && (
            <>
              <Text size="sm">{t('account.tokenText')}</Text>
              <Code block>{add.data.text}</Code>
            </>
          )}
          <Button type="submit" variant="default" loading={add.isPending}>
            {t('account.tokenAdd')}
          </Button>
        </Stack>
      </form>
    </Part>
  )
}
