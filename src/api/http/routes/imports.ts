/** Where the operations about lists of others are found over HTTPS. */
const TAG = { tag: 'imports' } as const

export const IMPORT_HTTP_ROUTES = {
  listImports: {
    ...TAG,
    method: 'GET',
    path: '/imports',
    role: 'viewer',
    summary: 'Lists of others that are read on a schedule',
    cursor: null,
  },
  // Files of the server may be named, so it takes an administrator.
  addImport: {
    ...TAG,
    method: 'POST',
    path: '/imports',
    role: 'administrator',
    summary: 'Add a list of others',
  },
  changeImport: {
    ...TAG,
    method: 'PATCH',
    path: '/imports/{name}',
    role: 'administrator',
    summary: 'Change a list of others; it is read again within seconds',
    guards: 'showImport',
  },
  removeImport: {
    ...TAG,
    method: 'DELETE',
    path: '/imports/{name}',
    role: 'administrator',
    summary: 'Remove a list of others with all that it has blocked or allowed',
  },
  showImport: { ...TAG, method: 'GET', path: '/imports/{name}', role: 'viewer', summary: 'A list of others' },
  refreshImport: {
    ...TAG,
    method: 'POST',
    path: '/imports/{name}/refresh',
    role: 'operator',
    summary: 'Read a list of others now; with confirm, although it shrank or grew much',
  },
  importOriginal: {
    ...TAG,
    method: 'POST',
    path: '/imports/original',
    role: 'operator',
    summary: "Take the older system's blacklist over",
  },
  reportBlocks: {
    method: 'POST',
    path: '/blocks/report',
    role: 'operator',
    tag: 'blocks',
    summary: 'Block addresses that another program reports, with source, confidence and evidence',
  },
  webhookBlocks: {
    method: 'POST',
    path: '/blocks/webhook',
    role: 'operator',
    tag: 'blocks',
    summary: 'Block the address in a webhook of any JSON: adsField in the query says where it stands',
  },
  compareList: {
    ...TAG,
    method: 'GET',
    path: '/imports/{name}/differences',
    role: 'viewer',
    summary: 'Who is on this list only or on ours only, and why',
    cursor: null,
  },
} as const
