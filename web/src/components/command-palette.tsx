/** Ctrl-K: every screen and the main actions by name; an address typed here leads to its page. Loaded when first opened. */
import '@mantine/spotlight/styles.css'
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { createSpotlight, Spotlight } from '@mantine/spotlight'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { type Action, ActionDialog } from '../pages/address/actions.tsx'
import { useQuery } from '@tanstack/react-query'
import { call, signOut } from '../data/api.ts'
import { sourceFilter } from '../data/address.ts'
import { overviewQuery } from '../data/overview.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { useWords } from '../i18n/language.tsx'
import { placesFor } from './places.ts'
import { WithReason } from './with-reason.tsx'

const [store, spotlight] = createSpotlight()
const ADDRESS = /^[0-9a-f.:]*[.:][0-9a-f.:]*(?:\/\d{1,3})?$/i

type Switching = 'freeze' | 'thaw' | 'on' | 'off'
const SWITCHES = {
  freeze: 'palette.freezeNow',
  thaw: 'palette.thawNow',
  on: 'palette.engineOn',
  off: 'palette.engineOff',
} as const

interface CommandPaletteProps {
  /** How often it was asked for: each time it opens. */
  readonly asked: number
  readonly role: string
  readonly onHelp: () => void
}

export function CommandPalette({ asked: times, role, onHelp }: CommandPaletteProps) {
  const { t, language, setLanguage } = useWords()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  useEffect(() => {
    if (times === 0) return
    // It empties itself only when it has faded out: asked for again before, it would keep what was typed.
    setText('')
    spotlight.open()
  }, [times])
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const [acting, setActing] = useState<{ readonly action: Action; readonly address: string } | null>(null)
  const [switching, setSwitching] = useState<Switching | null>(null)
  const overview = useQuery(overviewQuery)
  const mayFreeze = useMay('setFreeze')
  const maySwitch = useMay('setEngine')
  const state = overview.data?.engine.state ?? 'on'
  const screens = [
    ...placesFor(role),
    { to: '/account', label: 'nav.account' } as const,
    { to: '/welcome', label: 'nav.welcome' } as const,
  ].map(({ to, label }) => ({ id: to, label: t(label), onClick: () => void navigate({ to }) }))
  const leave = async () => {
    await signOut()
    await queryClient.resetQueries()
  }
  const mayAct = useMay('addBlocks')
  const mayManage = useMay('changeSettings')
  const acts = [
    { id: 'block', label: t('blocks.add'), onClick: () => void navigate({ to: '/blocks' }) },
    { id: 'allow', label: t('allow.add'), onClick: () => void navigate({ to: '/allow' }) },
    ...(mayFreeze
      ? [
          {
            id: 'freeze',
            label: t(state === 'frozen' ? 'palette.thawNow' : 'palette.freezeNow'),
            onClick: () => setSwitching(state === 'frozen' ? 'thaw' : 'freeze'),
          },
        ]
      : []),
    ...(maySwitch
      ? [
          {
            id: 'engine',
            label: t(state === 'off' ? 'palette.engineOn' : 'palette.engineOff'),
            onClick: () => setSwitching(state === 'off' ? 'on' : 'off'),
          },
        ]
      : []),
    { id: 'withdraw', label: t('palette.withdraw'), onClick: () => void navigate({ to: '/engine' }) },
  ]
  const manages = [
    { id: 'feed', label: t('palette.addFeed'), onClick: () => void navigate({ to: '/feeds' }) },
    { id: 'smtp', label: t('palette.smtp'), onClick: () => void navigate({ to: '/notifications' }) },
  ]
  const actions = [
    ...(mayAct ? acts : []),
    { id: 'wall', label: t('palette.wall'), onClick: () => void navigate({ to: '/wall' }) },
    { id: 'about', label: t('palette.about'), onClick: () => void navigate({ to: '/about' }) },
    {
      id: 'held',
      label: t('palette.held'),
      onClick: () => void navigate({ to: '/blocks', search: { mode: 'hold' } }),
    },
    {
      id: 'shadow',
      label: t('palette.shadow'),
      onClick: () => void navigate({ to: '/blocks', search: { mode: 'shadow' } }),
    },
    { id: 'backtest', label: t('palette.backtest'), onClick: () => void navigate({ to: '/detections' }) },
    ...(mayManage ? manages : []),
    {
      id: 'theme',
      label: t('palette.theme'),
      onClick: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark'),
    },
    {
      id: 'language',
      label: t('palette.language'),
      onClick: () => setLanguage(language === 'de' ? 'en' : 'de'),
    },
    { id: 'help', label: t('palette.help'), onClick: onHelp },
    { id: 'leave', label: t('palette.signOut'), onClick: () => void leave() },
  ]
  const address = text.trim()
  const asked = ADDRESS.test(address)
    ? [
        {
          id: 'address',
          label: t('palette.address', { address }),
          keywords: address,
          onClick: () => void navigate({ to: '/ip/$address', params: { address } }),
        },
        {
          id: 'records',
          label: t('palette.records', { address }),
          keywords: address,
          onClick: () => void navigate({ to: '/events', search: { filter: sourceFilter(address) } }),
        },
        ...(mayAct
          ? (['block', 'lift', 'allow'] as const).map((action) => ({
              id: `${action} address`,
              label: t(`palette.${action}`, { address }),
              keywords: address,
              onClick: () => setActing({ action, address }),
            }))
          : []),
      ]
    : []
  const switched = switching === null ? '' : t(SWITCHES[switching])
  return (
    <>
      <Spotlight
        store={store}
        query={text}
        onQueryChange={setText}
        shortcut={null}
        clearQueryOnClose
        highlightQuery
        scrollable
        maxHeight="min(420px, 70vh)"
        nothingFound={t('palette.nothing')}
        searchProps={{ placeholder: t('palette.search'), 'aria-label': t('palette.search') }}
        actions={[
          ...asked,
          { group: t('palette.screens'), actions: screens },
          { group: t('palette.actions'), actions },
        ]}
      />
      <ActionDialog
        address={acting?.address ?? ''}
        action={acting?.action ?? null}
        block={null}
        onClose={() => setActing(null)}
      />
      <WithReason
        title={switched}
        what={null}
        action={switched}
        isOpen={switching !== null}
        onClose={() => setSwitching(null)}
        onConfirm={(reason) =>
          switching === 'on' || switching === 'off'
            ? call('setEngine', { action: switching, reason })
            : call('setFreeze', { frozen: switching === 'freeze', reason })
        }
      />
    </>
  )
}
