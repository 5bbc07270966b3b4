/**
 * The API as functions: every operation by its name, typed by the same contract that the service checks. Errors are
 * problem documents, thrown as ApiError with what to do in `message`.
 */
import type { Input, ObjectRoute, Reply, RouteName, RowRoute } from '../../../src/api/control-contract.ts'
import { API_PREFIX, HTTP_ROUTES } from '../../../src/api/http/http-routes.ts'
import type { Role } from '../../../src/api/http/roles.ts'

export type { Input, Reply } from '../../../src/api/control-contract.ts'

/** What went wrong by code and values, beside the text. */
type Told = { readonly code: string; readonly values: Readonly<Record<string, unknown>> } | null

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly said: Told

  constructor(status: number, code: string, message: string, said: Told = null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.said = said
  }
}

/** As many as the service puts into one answer: lists that are bounded come whole. */
const PAGE_ROWS = 1000

export interface Page<Row> {
  readonly items: readonly Row[]
  readonly nextCursor: string | null
}

/** One object for one question; aborting ends the work in the service too. */
export async function call<Name extends ObjectRoute>(
  name: Name,
  input: Input<Name>,
  signal?: AbortSignal,
): Promise<Reply<Name>> {
  return (await ask(name, input as Record<string, unknown>, signal)) as Reply<Name>
}

/** An edit of something with a version: refused when somebody else has changed it since that was read. */
export async function edit<Name extends ObjectRoute>(
  name: Name,
  version: number | null,
  input: Input<Name>,
): Promise<Reply<Name>> {
  return (await ask(name, input as Record<string, unknown>, undefined, version)) as Reply<Name>
}

/** A page of rows, the longest that there is unless `limit` says less; `cursor` from the page before. */
export async function rows<Name extends RowRoute>(
  name: Name,
  input: Input<Name>,
  page: { readonly cursor?: string; readonly limit?: number } = {},
): Promise<Page<Reply<Name>>> {
  const asked = { ...(input as Record<string, unknown>), limit: PAGE_ROWS, ...page }
  return (await ask(name, asked)) as Page<Reply<Name>>
}

async function ask(
  name: RouteName,
  input: Record<string, unknown>,
  signal?: AbortSignal,
  version: number | null = null,
): Promise<unknown> {
  const route = HTTP_ROUTES[name]
  if (route === null) throw new TypeError(`${name} is not offered over HTTPS`)
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const path = route.path.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = String(rest.get(field))
    rest.delete(field)
    return encodeURIComponent(value)
  })
  if (route.method === 'GET') {
    const query = new URLSearchParams()
    for (const [field, value] of rest)
      for (const one of Array.isArray(value) ? value : [value]) query.append(field, String(one))
    const text = query.toString()
    return send(route.method, `${path}${text === '' ? '' : `?${text}`}`, undefined, signal)
  }
  return send(route.method, path, Object.fromEntries(rest), signal, version)
}

/** Asks the person for the password; null: nobody can be asked. */
let askForPassword: (() => Promise<boolean>) | null = null
/** One question for edits that are refused together, and what gives it up. */
let asking: { readonly answer: Promise<boolean>; readonly giveUp: () => void } | null = null

/**
 * `ask` is called when an edit needs the password once more, and answers whether it was given: the edit is then sent again,
 * else it fails with what the service said. Returns what ends that.
 */
export function onConfirmation(ask: () => Promise<boolean>): () => void {
  askForPassword = ask
  return () => {
    asking?.giveUp() // the session may have ended meanwhile: no edit waits for ever
    if (askForPassword === ask) askForPassword = null
  }
}

async function isConfirmedNow(): Promise<boolean> {
  if (askForPassword === null) return false
  if (asking === null) {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    asking = { answer: promise, giveUp: () => resolve(false) }
    void askForPassword().then(resolve, () => resolve(false))
  }
  const isConfirmed = await asking.answer
  asking = null
  return isConfirmed
}

async function send(
  method: string,
  path: string,
  body: unknown,
  signal?: AbortSignal,
  version: number | null = null,
): Promise<unknown> {
  try {
    return await sendOnce(method, path, body, signal, version)
  } catch (error) {
    const needsPassword = error instanceof ApiError && error.code === 'confirm-password'
    if (!needsPassword || !(await isConfirmedNow())) throw error
    return sendOnce(method, path, body, signal, version)
  }
}

async function sendOnce(
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
  version: number | null,
): Promise<unknown> {
  const response = await fetch(API_PREFIX + path, {
    method,
    headers: {
      accept: 'application/json',
      ...(method === 'GET' ? {} : { 'x-requested-with': 'web', 'content-type': 'application/json' }),
      ...(version === null ? {} : { 'if-match': `"${version}"` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
    throw new ApiError(0, 'away', 'The service does not answer. It may be restarting; this page tries again.')
  })
  if (response.status === 204) return null
  if (!response.ok) throw await errorOf(response)
  return (await response.json().catch(() => null)) as unknown
}

/** Rows as they come, for answers that take long. Throws ApiError, also for what stopped the service in the middle. */
export async function* streamRows<Name extends RowRoute>(
  name: Name,
  input: Input<Name>,
  signal: AbortSignal,
): AsyncGenerator<Reply<Name>, void, undefined> {
  const route = HTTP_ROUTES[name]
  if (route === null) throw new TypeError(`${name} is not offered over HTTPS`)
  const response = await fetch(API_PREFIX + route.path, {
    method: route.method,
    headers: {
      accept: 'application/jsonl',
      'x-requested-with': 'web',
      'content-type': 'application/json',
    },
    body: JSON.stringify(input),
    signal,
  })
  if (!response.ok || response.body === null) throw await errorOf(response)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  try {
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      const lines = (rest + (value ?? '')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const row = JSON.parse(line) as Reply<Name> & {
          error?: { code: string; message: string } | string | null
        }
        // Rows of the contract may have a text of that name; what stopped the service is an object.
        if (typeof row.error === 'object' && row.error !== null)
          throw new ApiError(500, row.error.code, row.error.message)
        yield row
      }
      if (done) return
    }
  } finally {
    void reader.cancel().catch(() => undefined) // it may be broken already: nothing is lost with it
  }
}

async function errorOf(response: Response): Promise<ApiError> {
  const answer: unknown = await response.json().catch(() => null)
  const {
    code = 'failed',
    detail = response.statusText,
    said = null,
  } = (answer ?? {}) as { code?: string; detail?: string; said?: Told }
  return new ApiError(response.status, code, detail, said)
}

export interface SignedIn {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly mustChange: boolean
  readonly hasFactor: boolean
  /** False: signs in at the identity provider alone. */
  readonly hasPassword: boolean
}

export interface SessionView {
  readonly needsSetup: boolean
  readonly user: SignedIn | null
  /** Name of the identity provider's button; null: there is none. */
  readonly elsewhere: string | null
}

export async function readSession(): Promise<SessionView> {
  return (await send('GET', '/session', undefined)) as SessionView
}

export async function signIn(name: string, password: string, code: string | null): Promise<void> {
  await send('POST', '/session', { name, password, code })
}

/** The own password once more, and the code where one is set. */
export async function confirmPassword(password: string, code: string | null): Promise<void> {
  await send('POST', '/account/confirm', { password, code })
}

/** Where to sign in elsewhere, and to come back to this place afterwards. */
export function signInElsewhereUrl(): string {
  const { pathname, search } = globalThis.location
  const next = new URLSearchParams(search).has('signIn') ? '/' : pathname + search
  return `${API_PREFIX}/session/oidc?${new URLSearchParams({ next }).toString()}`
}

/** Goes on to the identity provider where the session came from there. */
export async function signOut(): Promise<void> {
  const { next } = (await send('DELETE', '/session', {})) as { next: string | null }
  if (next !== null) globalThis.location.assign(next)
}

export async function setUp(setupCode: string, name: string, password: string): Promise<void> {
  await send('POST', '/setup', { setupCode, name, password })
}
