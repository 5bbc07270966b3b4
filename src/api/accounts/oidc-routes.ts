/**
 * Signing in elsewhere, as the browser sees it: `GET /api/v1/session/oidc` leads to the identity provider, which leads
 * back to `/api/v1/session/oidc/callback`, which begins a session as a password does. What went wrong is a word in the
 * address of the page (`/?signIn=...`), which says it in the person's language; the reason goes to the service's log.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { API_PREFIX } from '../http/http-routes.ts'
import { sendProblem } from '../http/http-problem.ts'
import type { Accounts } from './accounts.ts'
import { endElsewhere, signInElsewhere } from './elsewhere.ts'
import { CALLBACK_PATH, FLOW_MS, type OidcSignIn } from './oidc.ts'
import { cookieOf, cookieText, FLOW_COOKIE, SESSION_COOKIE } from './session-cookie.ts'

/** What the page can say of a sign-in that did not happen. */
type Failure = 'away' | 'denied' | 'disabled' | 'domain' | 'expired' | 'failed' | 'role'

export interface OidcRoutesOptions {
  /** Null while the service starts. */
  readonly accounts: () => Accounts | null
  readonly oidc: OidcSignIn
  readonly addressOf: (request: FastifyRequest) => string
  readonly onFailure: (what: string, error: unknown) => void
}

export function addOidcRoutes(app: FastifyInstance, options: OidcRoutesOptions): void {
  const { oidc, onFailure } = options
  app.get(`${API_PREFIX}/session/oidc`, async (request, reply) => {
    if (oidc.name === null || options.accounts()?.isEmpty !== false)
      return sendProblem(reply, 404, 'not-found', 'no identity provider is set')
    try {
      const { url, flow } = await oidc.begin(originOf(request), nextOf(request))
      const cookie = cookieText(FLOW_COOKIE, flow, FLOW_MS / 1000)
      return await reply.header('set-cookie', cookie).redirect(url, 303)
    } catch (error) {
      onFailure('ask the identity provider', error)
      return fail(reply, 'away')
    }
  })
  app.get(API_PREFIX + CALLBACK_PATH, async (request, reply) => {
    try {
      return await finish(request, reply, options)
    } catch (error) {
      onFailure('sign in at the identity provider', error)
      return fail(reply, 'failed')
    }
  })
}

async function finish(
  request: FastifyRequest,
  reply: FastifyReply,
  { oidc, accounts, addressOf, onFailure }: OidcRoutesOptions,
): Promise<FastifyReply> {
  const known = accounts()
  if (oidc.name === null || known?.isEmpty !== false) return fail(reply, 'expired')
  const query = request.url.slice(request.url.indexOf('?') + 1)
  const finished = await oidc.finish(query, cookieOf(request, FLOW_COOKIE))
  if (!finished.ok) {
    if (finished.why === 'failed') onFailure('sign in at the identity provider', finished.error)
    return fail(reply, finished.why)
  }
  const { result, next } = finished
  if (!result.ok) {
    onFailure('sign in at the identity provider', new Error(result.detail))
    await endElsewhere(known, result, result.detail)
    return fail(reply, result.why)
  }
  const agent = request.headers['user-agent'] ?? ''
  const signedIn = await signInElsewhere(known, result.identity, addressOf(request), agent)
  if (signedIn === null) return fail(reply, 'disabled')
  void reply.header('set-cookie', [
    cookieText(SESSION_COOKIE, signedIn.cookie, null),
    cookieText(FLOW_COOKIE, '', 0),
  ])
  return reply.redirect(next, 303)
}

function fail(reply: FastifyReply, why: Failure): FastifyReply {
  return reply.header('set-cookie', cookieText(FLOW_COOKIE, '', 0)).redirect(`/?signIn=${why}`, 303)
}

/** As the browser asks for it. The provider takes only addresses that it was told, so a forged one leads nowhere. */
export function originOf(request: Pick<FastifyRequest, 'headers'>): string {
  const host = request.headers.host ?? ''
  return `https://${/^[\w.:[\]-]{1,261}$/.test(host) ? host : 'localhost'}`
}

/** A path of this page alone. */
function nextOf(request: FastifyRequest): string {
  const next = (request.query as Record<string, unknown>)['next']
  return typeof next === 'string' && /^\/(?![/\\])[\w./?=&%:-]{0,500}$/.test(next) ? next : '/'
}
