/** Every setting by what it is about, with its value, default and meaning; words and a switch narrow them down. */
import { Group, Switch, Text, TextInput } from '@mantine/core'
import { useDeferredValue, useState } from 'react'
import { Empty } from '../../components/problem.tsx'
import { Said } from '../../components/said.tsx'
import { SettingField } from '../../components/setting-row.tsx'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'

type Setting = Reply<'listSettings'>

/** What the first part of a key belongs to; any other one belongs to the service. */
const GROUPS = {
  receive: ['syslog', 'input', 'senders', 'files', 'relay', 'parse', 'time'],
  detect: ['detection'],
  decide: ['decisions', 'networks', 'geo', 'list', 'import', 'crowdsec'],
  tell: ['smtp', 'notify'],
  store: ['data', 'logs', 'records', 'retention', 'state'],
  serve: ['web', 'oidc', 'metrics', 'log'],
} as const
type GroupName = keyof typeof GROUPS
const NAMES = Object.keys(GROUPS) as readonly GroupName[]

function groupOf({ key }: Setting): GroupName {
  const [first = ''] = key.split('.', 1)
  return NAMES.find((name) => (GROUPS[name] as readonly string[]).includes(first)) ?? 'serve'
}

const isChanged = ({ origin }: Setting): boolean => origin !== 'default'

export function AllSettings({ settings }: { readonly settings: readonly Setting[] }) {
  const { t, meaning } = useWords()
  const [typed, setTyped] = useState('')
  const [onlyChanged, setOnlyChanged] = useState(false)
  const wanted = useDeferredValue(typed.trim().toLowerCase())
  const found = settings.filter(
    (setting) =>
      (!onlyChanged || isChanged(setting)) &&
      `${setting.key} ${meaning(setting.key, setting.description)}`.toLowerCase().includes(wanted),
  )
  const groups = NAMES.map((name) => ({
    name,
    items: found.filter((setting) => groupOf(setting) === name),
  })).filter(({ items }) => items.length > 0)
  return (
    <>
      <Group gap="md" mb="xs" align="center">
        <TextInput
          aria-label={t('settings.filter')}
          placeholder={t('settings.filter')}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          w={{ base: '100%', xs: 320 }}
        />
        <Switch
          label={t('settings.onlyChanged', { changed: settings.filter(isChanged).length })}
          checked={onlyChanged}
          onChange={(event) => setOnlyChanged(event.currentTarget.checked)}
        />
      </Group>
      <Group component="nav" gap={4} mb="sm" aria-label={t('settings.groups')}>
        {groups.map(({ name, items }) => (
          <a key={name} href={`#settings-${name}`} className="setting-jump">
            {t(`settings.group.${name}`)} <span className="setting-count">{items.length}</span>
          </a>
        ))}
      </Group>
      {groups.length === 0 && <Empty>{t('settings.none')}</Empty>}
      {groups.map(({ name, items }) => (
        <section key={name} id={`settings-${name}`} className="setting-group">
          <Text component="h3" fz="h3" fw={600} m={0}>
            {t(`settings.group.${name}`)}
          </Text>
          <ul className="settings">
            {items.map((setting) => (
              <One key={setting.key} setting={setting} />
            ))}
          </ul>
        </section>
      ))}
    </>
  )
}

function One({ setting }: { readonly setting: Setting }) {
  const { t, meaning, say } = useWords()
  const { key, value, description, takes } = setting
  return (
    <li className="setting">
      <span className="setting-key mono">{key}</span>
      <div>
        <Text size="sm">{meaning(key, description)}</Text>
        <Text size="xs" c="dimmed">
          <Said text={takes} />
          {value !== setting.default && (
            <>
              {' · '}
              {t('settings.default', { value: setting.default === '' ? '–' : say(setting.default) })}
            </>
          )}
        </Text>
      </div>
      <SettingField setting={setting} label={key} />
    </li>
  )
}
