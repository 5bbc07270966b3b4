/**
 * The password once more, for edits after which less is protected or somebody else gets in: the service says which. The
 * edit waits meanwhile (data/api.ts) and is sent again, or given up. Who signs in elsewhere is sent there again.
 */
import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiError, confirmPassword, onConfirmation, type SignedIn, signOut } from '../data/api.ts'
import { queryClient } from '../data/query-client.ts'
import { useWords } from '../i18n/language.tsx'
import { Fault } from './problem.tsx'

/** Above dialogs that wait for their edit. */
const LAYER = 300
/** Escape closes this dialog alone: those below listen to it too. */
const OWN_ESCAPE = { 'data-mantine-stop-propagation': 'true' }

export function ConfirmPassword({ user }: { readonly user: SignedIn }) {
  const [answer, setAnswer] = useState<((isConfirmed: boolean) => void) | null>(null)
  useEffect(() => onConfirmation(() => new Promise((resolve) => setAnswer(() => resolve))), [])
  if (answer === null) return null
  const close = (isConfirmed: boolean) => {
    setAnswer(null)
    answer(isConfirmed)
  }
  return user.hasPassword ? <Asked user={user} onClose={close} /> : <Elsewhere onClose={close} />
}

interface AnswerProps {
  readonly onClose: (isConfirmed: boolean) => void
}

function Asked({ user, onClose }: AnswerProps & { readonly user: SignedIn }) {
  const { t } = useWords()
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const mutation = useMutation({
    mutationFn: () => confirmPassword(password, code === '' ? null : code),
    onSuccess: () => onClose(true),
  })
  const wantsCode = mutation.error instanceof ApiError && mutation.error.code === 'factor'
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      zIndex={LAYER}
      title={t('confirm.title')}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose(false)
        }}
        onSubmit={(event) => {
          event.preventDefault()
          event.stopPropagation() // a portal's events go up to the form that waits
          mutation.mutate()
        }}
      >
        <Stack gap="sm">
          <Text size="sm">{t('confirm.why')}</Text>
          {/* For password managers: whose password it is. */}
          <input type="text" name="name" value={user.name} autoComplete="username" readOnly hidden />
          <PasswordInput
            label={t('signIn.password')}
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="current-password"
            required
            data-autofocus
            {...OWN_ESCAPE}
          />
          {(user.hasFactor || wantsCode) && (
            <TextInput
              label={t('signIn.code')}
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              autoComplete="one-time-code"
              required
              {...OWN_ESCAPE}
            />
          )}
          <Fault error={mutation.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => onClose(false)} {...OWN_ESCAPE}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={mutation.isPending} {...OWN_ESCAPE}>
              {t('confirm.do')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function Elsewhere({ onClose }: AnswerProps) {
  const { t } = useWords()
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async () => {
      onClose(false)
      await queryClient.resetQueries()
    },
  })
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      zIndex={LAYER}
      title={t('confirm.title')}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <Stack gap="sm">
        <Text size="sm">{t('confirm.elsewhere')}</Text>
        <Fault error={leave.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={() => onClose(false)}>
            {t('common.cancel')}
          </Button>
          <Button onClick={() => leave.mutate()} loading={leave.isPending}>
            {t('app.signOut')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
