/** The filters somebody used last, on this machine, the newest first. */
const STORED = 'ads-events-filters'
const MOST = 30

export function recentFilters(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]')
    return Array.isArray(stored) ? stored.filter((one): one is string => typeof one === 'string') : []
  } catch {
    return [] // somebody wrote something else there
  }
}

export function rememberFilter(filter: string): void {
  if (filter === '') return
  const rest = recentFilters().filter((one) => one !== filter)
  localStorage.setItem(STORED, JSON.stringify([filter, ...rest].slice(0, MOST)))
}
