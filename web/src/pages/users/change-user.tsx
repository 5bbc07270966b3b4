/** One user changed by an administrator: a new password, no second factor any more, or no sign-in at all. */
import { Checkbox, PasswordInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { FormDialog } from '../../components/form-dialog.tsx'
import { call, type Reply } from '../../data/api.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

interface ChangeUserProps {
  readonly user: Reply<'listUsers'>
  readonly onClose: () => void
}

export function ChangeUser({ user, onClose }: ChangeUserProps) {
  const { t } = useWords()
  const [password, setPassword] = useState('')
  const [isDisabled, setIsDisabled] = useState(user.isDisabled)
  const [dropFactor, setDropFactor] = useState(false)
  const save = useMutation({
    mutationFn: () =>
      call('changeUser', {
        name: user.name,
        ...(password === '' ? {} : { password }),
        ...(isDisabled === user.isDisabled ? {} : { isDisabled }),
        ...(dropFactor ? { dropFactor } : {}),
      }),
    onSuccess: async () => {
      notifications.show({ message: t('users.saved', { name: user.name }) })
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  const isChanged = password !== '' || isDisabled !== user.isDisabled || dropFactor
  return (
    <FormDialog
      title={t('users.changeTitle', { name: user.name })}
      action={t('common.save')}
      onClose={onClose}
      onSubmit={() => save.mutate()}
      isReady={isChanged}
      isBusy={save.isPending}
      error={save.error}
    >
      {user.elsewhere === null && (
        <PasswordInput
          label={t('users.newPassword')}
          description={t('users.newPasswordHint')}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="new-password"
          data-autofocus
        />
      )}
      <Checkbox
        label={t('users.disabled')}
        checked={isDisabled}
        onChange={(event) => setIsDisabled(event.currentTarget.checked)}
      />
      {user.hasFactor && (
        <Checkbox
          label={t('users.dropFactor')}
          checked={dropFactor}
          onChange={(event) => setDropFactor(event.currentTarget.checked)}
        />
      )}
    </FormDialog>
  )
}
