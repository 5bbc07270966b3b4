/**
 * What lies under API_PREFIX beside the operations of the contract, for the API's description: signing in, and answers
 * that are streams. Their own files carry them out; a test sees that none is missing here.
 */
import type { Role } from './roles.ts'

/** `anybody`: asks nobody who he is. `own`: its own credential, described at its tag. */
export type Admission = Role | 'anybody' | 'own'

export interface OtherRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly operationId: string
  readonly role: Admission
  readonly tag: string
  readonly summary: string
  /** For people alone, as of routes of the contract. */
  readonly by?: 'session'
  /** Of the answer. */
  readonly type?: string
}

const SIGN_IN = { role: 'anybody', tag: 'sign-in' } as const

export const OTHER_ROUTES: readonly OtherRoute[] = [
  {
    ...SIGN_IN,
    method: 'GET',
    path: '/session',
    operationId: 'readSession',
    summary: 'Who is signed in, and how one can',
  },
  {
    ...SIGN_IN,
    method: 'POST',
    path: '/session',
    operationId: 'signIn',
    summary: 'Sign in by name, password and code of the second factor',
  },
  { ...SIGN_IN, method: 'DELETE', path: '/session', operationId: 'signOut', summary: 'Sign out' },
  {
    ...SIGN_IN,
    method: 'POST',
    path: '/setup',
    operationId: 'setUp',
    summary: 'Make the first administrator, by the code that the service printed',
  },
  {
    ...SIGN_IN,
    method: 'GET',
    path: '/session/oidc',
    operationId: 'signInElsewhere',
    summary: 'On to the identity provider',
  },
  {
    ...SIGN_IN,
    method: 'GET',
    path: '/session/oidc/callback',
    operationId: 'finishSignInElsewhere',
    summary: 'Back from the identity provider',
  },
  {
    method: 'POST',
    path: '/account/confirm',
    operationId: 'confirmPassword',
    role: 'viewer',
    tag: 'own account',
    by: 'session',
    summary: 'Give the password (and code) of the session once more, for edits that ask for it',
  },
  {
    method: 'GET',
    path: '/openapi.json',
    operationId: 'describe',
    role: 'viewer',
    tag: 'description',
    summary: 'This description',
    type: 'application/json',
  },
  {
    method: 'GET',
    path: '/live',
    operationId: 'live',
    role: 'viewer',
    tag: 'records',
    summary: 'Records, blocks and alarms as they come; goes on behind Last-Event-ID',
    type: 'text/event-stream',
  },
  {
    method: 'GET',
    path: '/records/export',
    operationId: 'downloadRecords',
    role: 'viewer',
    tag: 'records',
    summary: 'The whole result of a search as a download',
    type: 'application/jsonl',
  },
  {
    method: 'POST',
    path: '/lines',
    operationId: 'postLines',
    role: 'own',
    tag: 'log lines',
    summary: 'Log lines; the token is the setting input.http.token',
  },
]
