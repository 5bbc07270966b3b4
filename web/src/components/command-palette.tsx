/** Ctrl-K: every screen and the main actions by name; an address typed here leads to its page. Loaded when first opened. */
import '@mantine/spotlight/styles.css'
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { createSpotlight, Spotlight } from '@mantine/spotlight'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { signOut } from '../data/api.ts'
import { useMay } from '../data/may.ts'
import { queryClient } from '../data/query-client.ts'
import { useWords } from '../i18n/language.tsx'
import { placesFor } from './places.ts'

const [store, spotlight] = createSpotlight()
const ADDRESS = /^[0-9a-f.:]*[.:][0-9a-f.:]*(?:\/\d{1,3})?$/i

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
    if (times > 0) spotlight.open()
  }, [times])
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
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
    { id: 'freeze', label: t('palette.freeze'), onClick: () => void navigate({ to: '/engine' }) },
    { id: 'withdraw', label: t('palette.withdraw'), onClick: () => void navigate({ to: '/engine' }) },
  ]
  const manages = [
    { id: 'feed', label: t('palette.addFeed'), onClick: () => void navigate({ to: '/feeds' }) },
    { id: 'smtp', label: t('palette.smtp'), onClick: () => void navigate({ to: '/notifications' }) },
  ]
  const actions = [
    ...(mayAct ? acts : []),
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
      ]
    : []
  return (
    <Spotlight
      store={store}
      query={text}
      onQueryChange={setText}
      shortcut={null}
      clearQueryOnClose
      highlightQuery
      scrollable
      maxHeight={420}
      nothingFound={t('palette.nothing')}
      searchProps={{ placeholder: t('palette.search'), 'aria-label': t('palette.search') }}
      actions={[
        ...asked,
        { group: t('palette.screens'), actions: screens },
        { group: t('palette.actions'), actions },
      ]}
    />
  )
}
