/** Where the operations about saved views are found over HTTPS. Everybody who may look may keep views of his own. */
const ANYBODY = { role: 'viewer', tag: 'views' } as const

export const VIEWS_HTTP_ROUTES = {
  listViews: {
    ...ANYBODY,
    method: 'GET',
    path: '/views',
    summary: 'The own saved views and those that others share',
    cursor: null,
  },
  saveView: {
    ...ANYBODY,
    method: 'POST',
    path: '/views',
    summary: 'Save a view, over an own one of that name',
  },
  removeView: { ...ANYBODY, method: 'DELETE', path: '/views/{id}', summary: 'Remove an own saved view' },
} as const
