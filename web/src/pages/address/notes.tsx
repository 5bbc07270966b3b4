/** What people noted about the address, for those who look at it next. */
import { Button, CloseButton, Group, Text, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Instant } from '../../components/instant.tsx'
import { Fault } from '../../components/problem.tsx'
import { profileQuery } from '../../data/address.ts'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { useWords } from '../../i18n/language.tsx'

export function Notes({
  profile: { address, notes, notesUnread },
}: {
  readonly profile: Reply<'addressProfile'>
}) {
  const { t } = useWords()
  const mayWrite = useMay('addNote')
  const [text, setText] = useState('')
  const refresh = () => queryClient.invalidateQueries({ queryKey: profileQuery(address).queryKey })
  const adding = useMutation({
    mutationFn: () => call('addNote', { address, text }),
    onSuccess: async () => {
      setText('')
      await refresh()
    },
  })
  const removing = useMutation({
    mutationFn: (id: string) => call('removeNote', { address, id }),
    onSettled: refresh,
  })
  return (
    <>
      {notesUnread > 0 && (
        <Text size="sm" mb="xs">
          <span aria-hidden>! </span>
          {t('address.notesUnread')}
        </Text>
      )}
      {notes.length === 0 && !mayWrite && (
        <Text size="sm" c="dimmed">
          {t('common.none')}
        </Text>
      )}
      <ul className="steps">
        {notes.map((note) => (
          <li key={note.id}>
            <Group justify="space-between" wrap="nowrap" align="flex-start">
              <div>
                <Text size="sm" className="note-text">
                  {note.text}
                </Text>
                <Text size="xs" c="dimmed">
                  {note.by} · <Instant at={note.at} none="" />
                </Text>
              </div>
              {mayWrite && (
                <CloseButton
                  size="sm"
                  aria-label={t('address.noteRemove')}
                  onClick={() => removing.mutate(note.id)}
                />
              )}
            </Group>
          </li>
        ))}
      </ul>
      <Fault error={adding.error ?? removing.error} />
      {mayWrite && (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            adding.mutate()
          }}
        >
          <Textarea
            aria-label={t('address.noteText')}
            placeholder={t('address.noteText')}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autosize
            minRows={1}
            maxRows={8}
            maxLength={2000}
          />
          <Button
            type="submit"
            size="compact-sm"
            variant="default"
            mt="xs"
            loading={adding.isPending}
            disabled={text.trim() === ''}
          >
            {t('address.noteAdd')}
          </Button>
        </form>
      )}
    </>
  )
}
