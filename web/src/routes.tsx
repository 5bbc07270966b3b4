/**
 * Where each screen lies. Every state that somebody may want to send to a colleague is in the URL. Heavy screens are
 * loaded when they are opened.
 */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Shell } from './components/shell.tsx'
import { AccountPage } from './pages/account.tsx'
import { AddressPage } from './pages/address.tsx'
import { AllowPage } from './pages/allow.tsx'
import { AuditPage } from './pages/audit.tsx'
import { BlocksPage } from './pages/blocks.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { SettingsPage } from './pages/settings.tsx'
import { UsersPage } from './pages/users.tsx'

const root = createRootRoute({ component: Shell })

const MODES = ['block', 'hold', 'shadow'] as const
export interface BlocksSearch {
  readonly mode?: (typeof MODES)[number]
}

const blocks = createRoute({
  getParentRoute: () => root,
  path: '/blocks',
  component: BlocksPage,
  validateSearch: (search: Record<string, unknown>): BlocksSearch => {
    const mode = MODES.find((known) => known === search['mode'])
    return mode === undefined ? {} : { mode }
  },
})
const address = createRoute({ getParentRoute: () => root, path: '/ip/$address', component: AddressPage })

const FEED_TABS = ['use', 'fetchers', 'preview', 'revisions', 'access'] as const
export interface FeedsSearch {
  readonly feed?: string
  readonly tab?: (typeof FEED_TABS)[number]
}

// The feeds themselves are served below /feeds/, so one of them is named in the search.
const feeds = createRoute({
  getParentRoute: () => root,
  path: '/feeds',
  component: lazyRouteComponent(() => import('./pages/feeds.tsx'), 'FeedsPage'),
  validateSearch: (search: Record<string, unknown>): FeedsSearch => {
    const tab = FEED_TABS.find((known) => known === search['tab'])
    return {
      ...(typeof search['feed'] === 'string' ? { feed: search['feed'] } : {}),
      ...(tab === undefined ? {} : { tab }),
    }
  },
})

export const router = createRouter({
  routeTree: root.addChildren([
    createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage }),
    blocks,
    address,
    feeds,
    createRoute({
      getParentRoute: () => root,
      path: '/welcome',
      component: lazyRouteComponent(() => import('./pages/welcome.tsx'), 'WelcomePage'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/notifications',
      component: lazyRouteComponent(() => import('./pages/notifications.tsx'), 'NotificationsPage'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/engine',
      component: lazyRouteComponent(() => import('./pages/engine.tsx'), 'EnginePage'),
    }),
    createRoute({ getParentRoute: () => root, path: '/allow', component: AllowPage }),
    createRoute({
      getParentRoute: () => root,
      path: '/detections',
      component: lazyRouteComponent(() => import('./pages/detections.tsx'), 'DetectionsPage'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/sources',
      component: lazyRouteComponent(() => import('./pages/sources.tsx'), 'SourcesPage'),
    }),
    createRoute({ getParentRoute: () => root, path: '/settings', component: SettingsPage }),
    createRoute({ getParentRoute: () => root, path: '/audit', component: AuditPage }),
    createRoute({ getParentRoute: () => root, path: '/users', component: UsersPage }),
    createRoute({ getParentRoute: () => root, path: '/account', component: AccountPage }),
  ]),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
