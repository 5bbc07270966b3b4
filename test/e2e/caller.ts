/** Requests to a running service as somebody: by session cookie, by token, or as nobody; only the head of an answer is awaited where it may not end. */
import { request } from 'node:https'
import type { TestContext } from 'node:test'
import { type Role, ROLES } from '../../src/api/http/roles.ts'
import { SESSION_COOKIE } from '../../src/api/accounts/session-cookie.ts'
import { type Service, startService } from './harness.ts'

export const PASSWORD = 'correct horse battery'

export interface Asked {
  readonly method?: string
  /** Below the origin. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** An address of this machine that the request comes from. */
  readonly from?: string
}

export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export function ask(
  service: Service,
  { method = 'GET', path, headers = {}, body, from }: Asked,
): Promise<Told> {
  const port = Number(new URL(service.app.urls.page).port)
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        rejectUnauthorized: false, // the certificate is checked by its own tests
        agent: false,
        ...(from === undefined ? {} : { localAddress: from }),
        headers: {
          ...headers,
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
      },
      (answer) => {
        const told = { status: answer.statusCode ?? 0, headers: answer.headers }
        if (String(answer.headers['content-type']).startsWith('text/event-stream')) {
          answer.destroy()
          resolve({ ...told, body: '' })
          return
        }
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => resolve({ ...told, body: Buffer.concat(chunks).toString('utf8') }))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

/** What a browser of that session sends with an edit. */
export function asBrowser(cookie: string): Record<string, string> {
  return {
    cookie: `${SESSION_COOKIE}=${cookie}`,
    'x-requested-with': 'web',
    'content-type': 'application/json',
  }
}

/** Makes a user named like the role, and a session of it; answers the cookie's value. */
export async function enterAs(service: Service, role: Role, name: string = role): Promise<string> {
  const { accounts } = service.app.parts
  if (accounts === null) throw new Error('the accounts are not there yet')
  const user =
    accounts.userByName(name) ?? (await accounts.addUser(name, role, PASSWORD, { user: 'test' }, false))
  return (await accounts.beginSession(user, '127.0.0.1', 'test', 'test')).cookie
}

export interface Operation {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly role: string | undefined
  readonly tag: string
  readonly isInPerson: boolean
}

/** As the service describes itself. */
export async function operationsOf(service: Service, cookie: string): Promise<Operation[]> {
  const { body } = await ask(service, { path: '/api/v1/openapi.json', headers: asBrowser(cookie) })
  const { paths } = JSON.parse(body) as {
    paths: Record<
      string,
      Record<string, { operationId: string; tags: string[]; 'x-role'?: string; security?: object[] }>
    >
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: operation.operationId,
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, 'none-such'),
      role: operation['x-role'],
      tag: operation.tags[0] ?? '',
      isInPerson: operation.security?.length === 1,
    })),
  )
}

export const isRole = (role: string | undefined): role is Role => ROLES.some((known) => known === role)

export const codeOf = (told: Told): string | undefined =>
  String(told.headers['content-type']).includes('problem')
    ? (JSON.parse(told.body) as { code: string }).code
    : undefined

/** A service with a user and a session of each role. */
export async function beginWithRoles(
  t: TestContext,
): Promise<{ service: Service; cookies: Record<Role, string> }> {
  const service = await startService(t)
  const cookies = {
    viewer: await enterAs(service, 'viewer'),
    operator: await enterAs(service, 'operator'),
    administrator: await enterAs(service, 'administrator'),
  }
  return { service, cookies }
}
