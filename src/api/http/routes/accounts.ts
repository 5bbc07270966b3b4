/** Where the operations about people are found over HTTPS. */
const ADMIN = { role: 'administrator', tag: 'accounts' } as const
/** A token, of whatever scope, must not make itself a whole account. */
const ADMIN_IN_PERSON = { ...ADMIN, by: 'session' } as const
const ANYBODY = { role: 'viewer', tag: 'own account' } as const
const IN_PERSON = { ...ANYBODY, by: 'session' } as const

export const ACCOUNT_HTTP_ROUTES = {
  listUsers: { ...ADMIN, method: 'GET', path: '/users', summary: 'Users', cursor: null },
  addUser: { ...ADMIN_IN_PERSON, method: 'POST', path: '/users', summary: 'Add a user' },
  changeUser: {
    ...ADMIN_IN_PERSON,
    method: 'PATCH',
    path: '/users/{name}',
    summary: 'Change a user',
    guards: 'listUsers',
  },
  removeUser: { ...ADMIN_IN_PERSON, method: 'DELETE', path: '/users/{name}', summary: 'Remove a user' },
  changeOwnPassword: {
    ...IN_PERSON,
    method: 'POST',
    path: '/account/password',
    summary: 'Change the own password',
  },
  listSessions: {
    ...ANYBODY,
    method: 'GET',
    path: '/sessions',
    summary: "The own sessions; everybody's for administrators",
    cursor: null,
  },
  endSession: { ...ANYBODY, method: 'DELETE', path: '/sessions/{id}', summary: 'End a session' },
  listTokens: {
    ...ANYBODY,
    method: 'GET',
    path: '/tokens',
    summary: "The own tokens; everybody's for administrators",
    cursor: null,
  },
  addToken: { ...IN_PERSON, method: 'POST', path: '/tokens', summary: 'Make a token for a program' },
  removeToken: { ...ANYBODY, method: 'DELETE', path: '/tokens/{id}', summary: 'Remove a token' },
  beginFactor: {
    ...IN_PERSON,
    method: 'POST',
    path: '/account/factor',
    summary: 'A new seed for the second factor',
  },
  confirmFactor: {
    ...IN_PERSON,
    method: 'PUT',
    path: '/account/factor',
    summary: 'Switch the second factor on',
  },
  listAudit: {
    role: 'viewer',
    tag: 'audit',
    method: 'GET',
    path: '/audit',
    summary: 'The audit log, newest first',
  },
  checkAudit: {
    role: 'viewer',
    tag: 'audit',
    method: 'GET',
    path: '/audit/check',
    summary: 'Whether the hash chain of the audit log is whole',
  },
} as const
