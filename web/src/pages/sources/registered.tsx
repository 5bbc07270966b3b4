/** Devices registered by hand: a time zone of their own, a log file to follow within the folders that are allowed. */
import { Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { notifications } from '@mantine/notifications'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { LongRows } from '../../components/long-rows.tsx'
import { NeedsRole } from '../../components/needs-role.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty, Fault } from '../../components/problem.tsx'
import type { Column } from '../../components/rows.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import { settingsQuery } from '../../data/queries.ts'
import { useWords } from '../../i18n/language.tsx'

const ZONES = 'time.deviceZones'
const FILES = 'files.watch'
const FOLDERS = 'files.folders'

interface Registered {
  readonly zones: readonly (readonly [device: string, zone: string])[]
  readonly files: readonly string[]
  /** Folders that a file may lie in; the service looks where links lead. */
  readonly folders: readonly string[]
  readonly areZonesFixed: boolean
  readonly areFilesFixed: boolean
  readonly zone: string
}

function registeredIn(settings: readonly Reply<'listSettings'>[]): Registered {
  const find = (key: string) => settings.find((setting) => setting.key === key)
  const listOf = (key: string) => (find(key)?.value ?? '').split(',').filter((part) => part !== '')
  return {
    zones: listOf(ZONES).map((pair) => {
      const at = pair.lastIndexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)] as const
    }),
    files: listOf(FILES),
    folders: listOf(FOLDERS),
    areZonesFixed: find(ZONES)?.fixed === true,
    areFilesFixed: find(FILES)?.fixed === true,
    zone: find('time.zone')?.value ?? 'UTC',
  }
}

const zonesText = (zones: Registered['zones']): string =>
  zones.map(([device, zone]) => `${device}=${zone}`).join(',')

const isAllowed = (file: string, folders: readonly string[]): boolean =>
  !file.includes('/../') && !file.includes(',') && folders.some((folder) => file.startsWith(`${folder}/`))

export function RegisteredDevices() {
  const { t } = useWords()
  const settings = useQuery(settingsQuery)
  const mayRegister = useMay('changeSettings')
  const [isAdding, adding] = useDisclosure(false)
  const change = useMutation({
    mutationFn: (changes: Record<string, string>) => call('changeSettings', { changes, reason: '' }),
    onSuccess: () => queryClient.invalidateQueries(),
  })
  const removal = (known: Registered): Column<RegisteredRow> => ({
    head: t('register.remove'),
    isActions: true,
    cell: ({ name, zone }) => (
      <Button
        size="compact-sm"
        variant="default"
        disabled={zone === null ? known.areFilesFixed : known.areZonesFixed}
        onClick={() =>
          change.mutate(
            zone === null
              ? { [FILES]: known.files.filter((other) => other !== name).join(',') }
              : { [ZONES]: zonesText(known.zones.filter(([other]) => other !== name)) },
          )
        }
      >
        {t('register.remove')}
      </Button>
    ),
  })
  return (
    <Part
      title={t('register.title')}
      actions={
        mayRegister && (
          <Button variant="default" onClick={adding.open}>
            {t('register.add')}
          </Button>
        )
      }
    >
      <NeedsRole operation="changeSettings" />
      <Fault error={change.error} />
      <Answer query={settings}>
        {({ items }) => {
          const known = registeredIn(items)
          return (
            <>
              {known.zones.length + known.files.length === 0 ? (
                <Empty>{t('register.empty')}</Empty>
              ) : (
                <>
                  <Text size="sm" c="dimmed" className="sentence" mb="xs">
                    {t('register.hint')}
                  </Text>
                  <LongRows
                    rows={rowsOf(known)}
                    keyOf={({ name, zone }) => `${name} ${zone ?? ''}`}
                    textOf={({ name, zone }) => `${name} ${zone ?? ''}`}
                    minWidth={420}
                    columns={[
                      { head: t('register.column.device'), isMono: true, cell: ({ name }) => name },
                      {
                        head: t('register.column.what'),
                        cell: ({ zone }) =>
                          zone === null ? t('register.follows') : t('register.inZone', { zone }),
                      },
                      ...(mayRegister ? [removal(known)] : []),
                    ]}
                  />
                </>
              )}
              <RegisterForm known={known} isOpen={isAdding} onClose={adding.close} />
            </>
          )
        }}
      </Answer>
    </Part>
  )
}

interface RegisteredRow {
  readonly name: string
  /** Null: a file that is followed. */
  readonly zone: string | null
}

function rowsOf({ zones, files }: Registered): RegisteredRow[] {
  return [...zones.map(([name, zone]) => ({ name, zone })), ...files.map((name) => ({ name, zone: null }))]
}

interface RegisterFormProps {
  readonly known: Registered
  readonly isOpen: boolean
  readonly onClose: () => void
}

function RegisterForm({ known, isOpen, onClose }: RegisterFormProps) {
  const { t } = useWords()
  const [name, setName] = useState('')
  const [zone, setZone] = useState('')
  const [file, setFile] = useState('')
  const { folders } = known
  const path = file.trim()
  const isBad = path !== '' && !isAllowed(path, folders)
  const save = useMutation({
    mutationFn: () =>
      call('changeSettings', {
        changes: {
          ...(zone === ''
            ? {}
            : {
                [ZONES]: zonesText([...known.zones.filter(([other]) => other !== name), [name.trim(), zone]]),
              }),
          ...(path === '' ? {} : { [FILES]: [...new Set([...known.files, path])].join(',') }),
        },
        reason: '',
      }),
    onSuccess: async () => {
      notifications.show({ message: path === '' ? t('register.savedZone') : t('register.saved') })
      setName('')
      setZone('')
      setFile('')
      onClose()
      await queryClient.invalidateQueries()
    },
  })
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={t('register.add')}
      closeButtonProps={{ 'aria-label': t('common.cancel') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t('register.name')}
            placeholder="fw-lab-01"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            pattern="[^=,]+"
            required
            data-autofocus
          />
          <NativeSelect
            label={t('register.zone')}
            value={zone}
            data={[
              { value: '', label: t('register.zoneNone', { zone: known.zone }) },
              ...Intl.supportedValuesOf('timeZone'),
            ]}
            onChange={(event) => setZone(event.currentTarget.value)}
          />
          <TextInput
            label={t('register.file')}
            description={t('register.fileHint', { folders: folders.join(', ') })}
            placeholder="/var/log/Firewall/fw-lab-01.log"
            value={file}
            onChange={(event) => setFile(event.currentTarget.value)}
            error={isBad ? t('register.badFile', { folders: folders.join(', ') }) : null}
            classNames={{ input: 'mono' }}
          />
          <Fault error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              type="submit"
              loading={save.isPending}
              disabled={name.trim() === '' || isBad || (zone === '' && path === '')}
            >
              {t('register.add')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
