/** Who may sign in, and what they may do. */
import { Badge, Button, Group, PasswordInput, Select, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../components/form-dialog.tsx'
import { Instant } from '../components/instant.tsx'
import { LongRows } from '../components/long-rows.tsx'
import { NeedsRole } from '../components/needs-role.tsx'
import { Answer, Fault, PageHead } from '../components/problem.tsx'
import { WithReason } from '../components/with-reason.tsx'
import { call, type Input, type Reply } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { usersQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'
import { ChangeUser } from './users/change-user.tsx'

type Role = Input<'addUser'>['role']
const ROLES: readonly Role[] = ['viewer', 'operator', 'administrator']

export function UsersPage() {
  const { t } = useWords()
  if (useMay('listUsers')) return <Users />
  return (
    <>
      <PageHead title={t('users.title')} />
      <NeedsRole operation="listUsers" />
    </>
  )
}

function Users() {
  const { t } = useWords()
  const users = useQuery(usersQuery)
  const [isAdding, adding] = useDisclosure(false)
  const change = useMutation({
    mutationFn: ({ name, role }: { name: string; role: Role }) => call('changeUser', { name, role }),
    onSettled: () => queryClient.invalidateQueries(),
  })
  const [removing, setRemoving] = useState<string | null>(null)
  const [changing, setChanging] = useState<Reply<'listUsers'> | null>(null)
  const roles = ROLES.map((value) => ({ value, label: t(`may.role.${value}`) }))
  return (
    <>
      <PageHead title={t('users.title')}>
        <Button onClick={adding.open}>{t('users.add')}</Button>
      </PageHead>
      <Fault error={change.error} />
      <Answer query={users}>
        {({ items, nextCursor }) => (
          <LongRows
            rows={items}
            hasMore={nextCursor !== null}
            keyOf={({ id }) => id}
            textOf={({ name, role, elsewhere }) => `${name} ${role} ${elsewhere ?? ''}`}
            minWidth={640}
            columns={[
              { head: t('signIn.name'), cell: ({ name }) => name },
              {
                head: t('users.role'),
                cell: (user) => (
                  <Select
                    aria-label={`${t('users.role')}: ${user.name}`}
                    data={roles}
                    value={user.role}
                    allowDeselect={false}
                    size="xs"
                    w={130}
                    maw="100%"
                    onChange={(role) =>
                      role !== null && change.mutate({ name: user.name, role: role as Role })
                    }
                  />
                ),
              },
              { head: t('users.state'), cell: (user) => <State user={user} /> },
              {
                head: t('users.factor'),
                cell: ({ hasFactor }) => (hasFactor ? `✓ ${t('users.factorOn')}` : t('users.factorOff')),
              },
              { head: t('account.sessions'), isRight: true, cell: ({ sessions }) => sessions },
              {
                head: t('blocks.column.since'),
                cell: ({ createdAt }) => <Instant at={createdAt} none="" />,
              },
              {
                head: t('users.remove'),
                isActions: true,
                cell: (user) => (
                  <Group gap={4} justify="flex-end" wrap="nowrap">
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={t('users.changeTitle', { name: user.name })}
                      onClick={() => setChanging(user)}
                    >
                      {t('users.change')}
                    </Button>
                    <Button size="compact-sm" variant="default" onClick={() => setRemoving(user.name)}>
                      {t('users.remove')}
                    </Button>
                  </Group>
                ),
              },
            ]}
          />
        )}
      </Answer>
      <AddUser isOpen={isAdding} onClose={adding.close} />
      {changing !== null && <ChangeUser user={changing} onClose={() => setChanging(null)} />}
      <WithReason
        title={`${t('users.remove')}: ${removing ?? ''}`}
        what={t('users.removeHint')}
        action={t('users.remove')}
        isOpen={removing !== null}
        onClose={() => setRemoving(null)}
        onConfirm={async (reason) => {
          if (removing !== null) await call('removeUser', { name: removing, reason })
        }}
      />
    </>
  )
}

function State({ user }: { readonly user: Reply<'listUsers'> }) {
  const { t } = useWords()
  const { isDisabled, mustChange, hasLostRole, elsewhere } = user
  const isOut = isDisabled || hasLostRole
  const outWord = isDisabled ? 'users.isDisabled' : 'users.hasLostRole'
  const word = isOut ? outWord : mustChange ? 'users.mustChange' : 'users.isActive'
  return (
    <Badge variant="light" color={isOut || mustChange ? 'gray' : 'blue'}>
      <span aria-hidden>{isOut || mustChange ? '○ ' : '✓ '}</span>
      {elsewhere === null || isOut ? t(word) : t('users.elsewhere', { host: elsewhere })}
    </Badge>
  )
}

function AddUser({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const { t } = useWords()
  const [role, setRole] = useState<Role>('viewer')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const mutation = useMutation({
    mutationFn: () => call('addUser', { name, role, password, mustChange: true }),
    onSuccess: async () => {
      setName('')
      setPassword('')
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <FormDialog
      title={t('users.add')}
      action={t('users.add')}
      isOpen={isOpen}
      onClose={onClose}
      onSubmit={() => mutation.mutate()}
      isBusy={mutation.isPending}
      error={mutation.error}
    >
      <TextInput
        label={t('signIn.name')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        autoComplete="off"
        required
        data-autofocus
      />
      <Select
        label={t('users.role')}
        data={ROLES.map((value) => ({ value, label: t(`users.role.${value}`) }))}
        value={role}
        allowDeselect={false}
        onChange={(value) => setRole((value ?? 'viewer') as Role)}
      />
      <PasswordInput
        label={t('signIn.password')}
        description={t('setup.passwordHint')}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="new-password"
        required
      />
    </FormDialog>
  )
}
