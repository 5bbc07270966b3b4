/** Where the operations on feeds, and the import of blocks, are found over HTTPS. */
const READ = { role: 'viewer', tag: 'feeds' } as const
const ACT = { role: 'operator', tag: 'feeds', method: 'POST' } as const
const ADMIN = { role: 'administrator', tag: 'feeds', method: 'POST' } as const

export const FEEDS_HTTP_ROUTES = {
  listFeeds: {
    ...READ,
    method: 'GET',
    path: '/feeds',
    summary: 'Lists for firewalls, with what is served now',
    cursor: null,
  },
  showFeed: { ...READ, method: 'GET', path: '/feeds/{feed}', summary: 'One feed' },
  addFeed: { ...ADMIN, path: '/feeds', summary: 'Make a feed; its secrets are told once' },
  changeFeed: {
    ...ADMIN,
    method: 'PATCH',
    path: '/feeds/{feed}',
    summary: 'Change a feed',
    guards: 'showFeed',
  },
  removeFeed: { ...ADMIN, path: '/feeds/{feed}/remove', summary: 'Remove a feed and its revisions' },
  previewFeed: {
    ...READ,
    method: 'GET',
    path: '/feeds/{feed}/preview',
    summary: 'What the feed would be now, with what is left out and why',
  },
  listFeedRevisions: {
    ...READ,
    method: 'GET',
    path: '/feeds/{feed}/revisions',
    summary: 'Revisions, the newest first',
    cursor: null,
  },
  diffFeed: {
    ...READ,
    method: 'GET',
    path: '/feeds/{feed}/diff',
    summary: 'What one revision has and another has not',
  },
  rollbackFeed: {
    ...ACT,
    path: '/feeds/{feed}/rollback',
    summary: 'Serve the list of an earlier revision and stay there',
  },
  releaseFeed: {
    ...ACT,
    path: '/feeds/{feed}/release',
    summary: 'Publish what is held; follow the decisions again',
  },
  refuseFeed: {
    ...ACT,
    path: '/feeds/{feed}/refuse',
    summary: 'Stay at the list in service instead of what is held',
  },
  rotateFeedToken: {
    ...ADMIN,
    path: '/feeds/{feed}/credentials/rotate',
    summary: 'A new credential; the old one is valid beside it for a time',
  },
  revokeFeedToken: {
    ...ADMIN,
    path: '/feeds/{feed}/credentials/revoke',
    summary: 'Take a credential away at once',
  },
  listFeedFetchers: {
    ...READ,
    method: 'GET',
    path: '/fetchers',
    summary: 'Who fetches feeds, how often and what they have',
    cursor: null,
  },
  forgetFeedFetcher: {
    ...ACT,
    path: '/feeds/{feed}/fetchers/forget',
    summary: 'Forget a fetcher that is gone for good',
  },
  listFeedFetches: { ...READ, method: 'GET', path: '/fetches', summary: 'Single fetches, the newest first' },
  importBlocks: {
    role: 'operator',
    tag: 'blocks',
    method: 'POST',
    path: '/blocks/import',
    summary: 'Block or lift what a pasted text or CSV holds, or show what that would do',
  },
} as const
