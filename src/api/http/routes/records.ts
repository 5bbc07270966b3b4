/** Where the operations about stored records are found over HTTPS. The whole result goes by records-routes.ts. */
const READ = { role: 'viewer', tag: 'records', method: 'GET' } as const

export const RECORDS_HTTP_ROUTES = {
  queryRecords: { ...READ, path: '/records', summary: 'Stored records that meet a filter, newest first' },
  histogram: { ...READ, path: '/records/histogram', summary: 'How many records over time' },
  facets: { ...READ, path: '/records/facets', summary: 'The most frequent values of some fields' },
  topList: {
    ...READ,
    path: '/records/top',
    summary: 'The most frequent values of one field, with more about each',
  },
  topOwners: {
    ...READ,
    path: '/records/owners',
    summary: 'Who announces the most frequent sources, by the database of network owners',
  },
  recordById: { ...READ, path: '/records/{id}', summary: 'One stored record, whole' },
  exportRecords: null,
  tailRecords: null,
  addressStates: {
    ...READ,
    method: 'POST',
    path: '/records/address-states',
    summary: 'Which of some addresses are blocked or allowlisted now',
  },
  checkFilter: {
    ...READ,
    path: '/filter',
    summary: 'Whether a filter is understood, and what may be typed next',
  },
} as const
