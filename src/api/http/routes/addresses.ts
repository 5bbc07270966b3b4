/** Where the operations about one address are found over HTTPS. */
const READ = { role: 'viewer', tag: 'records', method: 'GET' } as const
const EDIT = { role: 'operator', tag: 'blocks' } as const

export const ADDRESS_HTTP_ROUTES = {
  addressProfile: {
    ...READ,
    path: '/addresses/{address}',
    summary: 'What is decided and known of an address or network, and of its neighbours',
  },
  addressRecords: {
    ...READ,
    path: '/addresses/{address}/records',
    summary: 'What the stored lines of an address show: over time, destinations and ports, firewalls',
  },
  addNote: {
    ...EDIT,
    method: 'POST',
    path: '/addresses/{address}/notes',
    summary: 'Keep a note about an address',
  },
  removeNote: {
    ...EDIT,
    method: 'DELETE',
    path: '/addresses/{address}/notes/{id}',
    summary: 'Remove a note about an address',
  },
} as const
