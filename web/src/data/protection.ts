/** Whether the site is protected, from what the overview tells: the first sentence of the first screen and of the wall. */

/** The part of the overview that it is made from. */
interface Overview {
  readonly shadowRules: readonly string[]
  readonly engine: { readonly state: 'on' | 'off' | 'frozen' }
  readonly list: { readonly lastFetchedAt: string | null }
  readonly input: { readonly lagMs: number | null }
  readonly firewalls: readonly { readonly state: string }[]
}

/** Rules that must enforce for the site to be protected. */
const MAIN_RULES = ['portScan', 'hostSweep', 'threat']

/** What the first sentence says: `on` is protected, everything else says what is missing, the gravest first. */
export type Protection = 'off' | 'frozen' | 'shadow' | 'noLines' | 'notFetched' | 'stale' | 'on'

export function protectionOf(told: Overview): Protection {
  const { engine, list, input, firewalls } = told
  if (engine.state !== 'on') return engine.state
  if (isOnlyWatching(told)) return 'shadow'
  if (list.lastFetchedAt === null) return input.lagMs === null ? 'noLines' : 'notFetched'
  const isFresh = firewalls.length === 0 || firewalls.some(({ state }) => state === 'fresh')
  return isFresh ? 'on' : 'stale'
}

export function isOnlyWatching({ shadowRules }: Overview): boolean {
  return MAIN_RULES.every((rule) => shadowRules.includes(rule))
}
