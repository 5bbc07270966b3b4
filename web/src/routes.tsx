/**
 * Where each screen lies. Every state that somebody may want to send to a colleague is in the URL. Heavy screens are
 * loaded when they are opened.
 */
import { RULES, type RuleName } from './data/rules.ts'
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Shell } from './components/shell.tsx'
import { eventsSearchOf } from './pages/events/state.ts'
import { OverviewPage } from './pages/overview.tsx'
import { isSpanName, type SpanName } from './data/overview.ts'

const root = createRootRoute({ component: Shell })

const MODES = ['block', 'hold', 'shadow', 'ended'] as const
export interface BlocksSearch {
  readonly mode?: (typeof MODES)[number]
  readonly rule?: RuleName
  readonly tag?: string
}

const blocks = createRoute({
  getParentRoute: () => root,
  path: '/blocks',
  component: lazyRouteComponent(() => import('./pages/blocks.tsx'), 'BlocksPage'),
  validateSearch: (search: Record<string, unknown>): BlocksSearch => {
    const mode = MODES.find((known) => known === search['mode'])
    const rule = RULES.find((known) => known === search['rule'])
    const tag =
      typeof search['tag'] === 'string' && search['tag'] !== '' ? search['tag'].slice(0, 32) : undefined
    return {
      ...(mode === undefined ? {} : { mode }),
      ...(rule === undefined ? {} : { rule }),
      ...(tag === undefined ? {} : { tag }),
    }
  },
})
export interface SpanSearch {
  readonly span?: SpanName
  /** Of a span that was dragged: ISO 8601. */
  readonly from?: string
  readonly to?: string
}

const isInstant = (text: unknown): text is string =>
  typeof text === 'string' && !Number.isNaN(Date.parse(text))

function spanSearch({ span, from, to }: Record<string, unknown>): SpanSearch {
  if (isInstant(from) && isInstant(to) && from < to) return { from, to }
  return isSpanName(span) ? { span } : {}
}

const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: OverviewPage,
  validateSearch: spanSearch,
})
const address = createRoute({
  getParentRoute: () => root,
  path: '/ip/$address',
  component: lazyRouteComponent(() => import('./pages/address.tsx'), 'AddressPage'),
  validateSearch: spanSearch,
})

const events = createRoute({
  getParentRoute: () => root,
  path: '/events',
  component: lazyRouteComponent(() => import('./pages/events.tsx'), 'EventsPage'),
  validateSearch: eventsSearchOf,
})

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

/** Which of the list is shown; none: the list. */
function named<Field extends string>(field: Field) {
  return (search: Record<string, unknown>): { readonly [Key in Field]?: string } => {
    const name = search[field]
    return (typeof name === 'string' && name !== '' ? { [field]: name } : {}) as { [Key in Field]?: string }
  }
}

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    events,
    blocks,
    address,
    feeds,
    createRoute({
      getParentRoute: () => root,
      path: '/firewalls',
      component: lazyRouteComponent(() => import('./pages/firewalls.tsx'), 'FirewallsPage'),
      validateSearch: named('firewall'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/bouncers',
      component: lazyRouteComponent(() => import('./pages/bouncers.tsx'), 'BouncersPage'),
      validateSearch: named('bouncer'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/imports',
      component: lazyRouteComponent(() => import('./pages/imports.tsx'), 'ImportsPage'),
      validateSearch: named('list'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/wall',
      component: lazyRouteComponent(() => import('./pages/wall.tsx'), 'WallPage'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/about',
      component: lazyRouteComponent(() => import('./pages/about.tsx'), 'AboutPage'),
    }),
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
    createRoute({
      getParentRoute: () => root,
      path: '/allow',
      component: lazyRouteComponent(() => import('./pages/allow.tsx'), 'AllowPage'),
    }),
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
    createRoute({
      getParentRoute: () => root,
      path: '/settings',
      component: lazyRouteComponent(() => import('./pages/settings.tsx'), 'SettingsPage'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/audit',
      component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'AuditPage'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/users',
      component: lazyRouteComponent(() => import('./pages/users.tsx'), 'UsersPage'),
    }),
    createRoute({
      getParentRoute: () => root,
      path: '/account',
      component: lazyRouteComponent(() => import('./pages/account.tsx'), 'AccountPage'),
    }),
  ]),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
