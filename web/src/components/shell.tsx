/** The frame around every screen: navigation, search, theme, language, account; sign-in first. */
import {
  ActionIcon,
  AppShell,
  Burger,
  Button,
  Group,
  Menu,
  NavLink,
  ScrollArea,
  Select,
  Text,
  TextInput,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useRef, useState } from 'react'
import { type SignedIn, signOut } from '../data/api.ts'
import { queryClient } from '../data/query-client.ts'
import { sessionQuery } from '../data/queries.ts'
import { filterOfWords } from '../data/records-filter.ts'
import { type Language, useWords } from '../i18n/language.tsx'
import { SetUpPage, SignInPage } from '../pages/sign-in.tsx'
import { AlarmBell, LiveLight } from './alarm-bell.tsx'
import { AlarmStrip } from './alarm-strip.tsx'
import { ConfirmPassword } from './confirm-password.tsx'
import { PlaceIcon } from './place-icon.tsx'
import { placesFor, railPlaceOf } from './places.ts'
import { Answer } from './problem.tsx'
import { undoLatest } from './undo.tsx'

/** Looks like an address or network; whether it is one the service says. */
const ADDRESS = /^[0-9a-f.:]*[.:][0-9a-f.:]*(?:\/\d{1,3})?$/i

const AccountPage = lazy(() =>
  import('../pages/account.tsx').then((loaded) => ({ default: loaded.AccountPage })),
)
const CommandPalette = lazy(() =>
  import('./command-palette.tsx').then((loaded) => ({ default: loaded.CommandPalette })),
)
const HelpDialog = lazy(() => import('./help-dialog.tsx').then((loaded) => ({ default: loaded.HelpDialog })))

export function Shell() {
  const session = useQuery(sessionQuery)
  return (
    <Answer query={session}>
      {({ needsSetup, user }) => {
        if (needsSetup) return <SetUpPage />
        if (user === null) return <SignInPage />
        return (
          <>
            <SignedInShell user={user} />
            <ConfirmPassword user={user} />
          </>
        )
      }}
    </Answer>
  )
}

function SignedInShell({ user }: { readonly user: SignedIn }) {
  const { t } = useWords()
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const { pathname } = useLocation()
  const [asked, setAsked] = useState(0)
  const [isHelping, helping] = useDisclosure(false)
  const openPalette = () => setAsked((times) => times + 1)
  useHotkeys([['mod+K', openPalette]], [])
  const navigate = useNavigate()
  useHotkeys([['shift+?', helping.open]])
  useHotkeys([['mod+Z', undoLatest]])
  useHotkeys([['w', () => void navigate({ to: '/wall' })]])
  if (pathname === '/wall' && !user.mustChange) return <Outlet />
  const rail = placesFor(user.role).filter(({ under }) => under === undefined)
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <a className="skip-link" href="#content">
          {t('app.skip')}
        </a>
        <Group h="100%" px="md" wrap="nowrap" justify="space-between">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('app.name')} />
            <Text fw={600} visibleFrom="xs" truncate>
              {t('app.name')}
            </Text>
          </Group>
          <AddressSearch />
          <LiveLight />
          <Group gap="xs" wrap="nowrap">
            <AlarmBell />
            <ActionIcon
              variant="default"
              size="lg"
              visibleFrom="xs"
              aria-label={t('help.palette')}
              title={`${t('help.palette')} (Ctrl+K)`}
              onClick={openPalette}
            >
              <span aria-hidden>⌘</span>
            </ActionIcon>
            <ActionIcon
              variant="default"
              size="lg"
              visibleFrom="xs"
              aria-label={t('help.open')}
              title={`${t('help.open')} (?)`}
              onClick={helping.open}
            >
              <span aria-hidden>?</span>
            </ActionIcon>
            <ThemeSwitch />
            <AccountMenu user={user} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={t('app.name')}>
        <ScrollArea>
          {rail.map(({ to, label }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={t(label)}
              leftSection={<PlaceIcon to={to} />}
              active={to === '/' ? pathname === '/' : railPlaceOf(pathname).startsWith(to)}
              onClick={close}
            />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <AlarmStrip />
        {user.mustChange ? (
          <Suspense fallback={null}>
            <AccountPage />
          </Suspense>
        ) : (
          <Outlet />
        )}
      </AppShell.Main>
      <Suspense fallback={null}>
        {asked > 0 && <CommandPalette asked={asked} role={user.role} onHelp={helping.open} />}
        {isHelping && <HelpDialog isOpen onClose={helping.close} />}
      </Suspense>
    </AppShell>
  )
}

/** `/` puts the cursor here; Enter opens the page of the address, or the records with the words or filter that was typed. */
function AddressSearch() {
  const { t } = useWords()
  const navigate = useNavigate()
  const field = useRef<HTMLInputElement>(null)
  useHotkeys([['/', () => field.current?.focus()]])
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        const typed = field.current?.value.trim() ?? ''
        if (typed === '') return
        if (ADDRESS.test(typed)) void navigate({ to: '/ip/$address', params: { address: typed } })
        else void navigate({ to: '/events', search: { filter: filterOfWords(typed) } })
      }}
    >
      <TextInput
        ref={field}
        w={{ base: 150, sm: 300 }}
        placeholder={t('app.search')}
        aria-label={t('app.searchHint')}
      />
    </form>
  )
}

function ThemeSwitch() {
  const { t } = useWords()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={t('app.theme')}
      onClick={() => setColorScheme(scheme === 'dark' ? 'light' : 'dark')}
    >
      <span aria-hidden>{scheme === 'dark' ? '☀' : '☾'}</span>
    </ActionIcon>
  )
}

function AccountMenu({ user }: { readonly user: SignedIn }) {
  const { t, language, setLanguage } = useWords()
  const leave = async () => {
    await signOut()
    await queryClient.resetQueries()
  }
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <Button variant="default">{user.name}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/account">
          {t('nav.account')}
        </Menu.Item>
        <Select
          m="xs"
          label={t('app.language')}
          data={[
            { value: 'en', label: 'English' },
            { value: 'de', label: 'Deutsch' },
          ]}
          value={language}
          allowDeselect={false}
          onChange={(value) => setLanguage((value ?? 'en') as Language)}
        />
        <Menu.Divider />
        <Menu.Item onClick={() => void leave()}>{t('app.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
