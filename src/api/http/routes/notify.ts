/** Where the operations about notifications are found over HTTPS. */
const ADMIN = { role: 'administrator', tag: 'notifications' } as const
const OPERATOR = { role: 'operator', tag: 'notifications' } as const

export const NOTIFY_HTTP_ROUTES = {
  listRecipients: {
    ...OPERATOR,
    method: 'GET',
    path: '/notify/recipients',
    summary: 'Who is told what',
    cursor: null,
  },
  showRecipient: {
    ...OPERATOR,
    method: 'GET',
    path: '/notify/recipients/{id}',
    summary: 'A recipient: what it is told and how it fares',
  },
  addRecipient: { ...ADMIN, method: 'POST', path: '/notify/recipients', summary: 'Add a recipient' },
  changeRecipient: {
    ...ADMIN,
    method: 'PATCH',
    path: '/notify/recipients/{id}',
    summary: 'Change a recipient',
    guards: 'showRecipient',
  },
  removeRecipient: {
    ...ADMIN,
    method: 'DELETE',
    path: '/notify/recipients/{id}',
    summary: 'Remove a recipient',
  },
  testRecipient: {
    ...OPERATOR,
    method: 'POST',
    path: '/notify/recipients/{id}/test',
    summary: 'Send a test message now',
  },
  listDeliveries: {
    ...OPERATOR,
    method: 'GET',
    path: '/notify/deliveries',
    summary: 'What was delivered and what was not, newest first',
    cursor: 'id',
  },
  replayDelivery: {
    ...OPERATOR,
    method: 'POST',
    path: '/notify/deliveries/{id}/replay',
    summary: 'Send once more what a delivery held',
  },
} as const
