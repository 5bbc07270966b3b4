/**
 * Signing in and out, and the first administrator: the routes that set the cookie. The cookie is `__Host-`, Secure,
 * HttpOnly, SameSite=Strict; edits need a header beside it (http-api.ts). A wrong name, password or code is one answer.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AppError } from '../../lib/errors.ts'
import { FORGED, isForged } from '../http/forgery.ts'
import type { Authenticator, HttpCaller } from '../http/http-caller.ts'
import { sendError, sendProblem } from '../http/http-problem.ts'
import { API_PREFIX } from '../http/http-routes.ts'
import { ROLES } from '../http/roles.ts'
import type { User } from './account.ts'
import type { Accounts, SignIn } from './accounts.ts'
import { addConfirmRoute } from './confirm-route.ts'
import { sendNotProved } from './not-proved.ts'
import type { OidcSignIn } from './oidc.ts'
import { addOidcRoutes, originOf } from './oidc-routes.ts'
import { cookieOf, cookieText, SESSION_COOKIE } from './session-cookie.ts'

const BODY_LIMIT_BYTES = 8192

export interface AccountRoutesOptions {
  /** Null while the service starts. */
  readonly accounts: () => Accounts | null
  readonly addressOf: (request: FastifyRequest) => string
  /** True once, for the code that was printed at start. */
  readonly redeem: (code: string) => boolean
  readonly onFailure: (what: string, error: unknown) => void
  /** Signing in at an identity provider. */
  readonly oidc: OidcSignIn
}

const text = z.string().min(1).max(256)
const signInBody = z.strictObject({
  name: text,
  password: text,
  code: z.string().max(32).nullable().default(null),
})
const setupBody = z.strictObject({ setupCode: z.string().min(1).max(64), name: text, password: text })

export function addAccountRoutes(app: FastifyInstance, options: AccountRoutesOptions): void {
  addOidcRoutes(app, options)
  addConfirmRoute(app, { ...options, callers: authenticator(options.accounts) })
  const url = `${API_PREFIX}/session`
  const guarded =
    (
      what: string,
      work: (request: FastifyRequest, reply: FastifyReply, accounts: Accounts) => Promise<FastifyReply>,
    ) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const accounts = options.accounts()
      if (accounts === null)
        return sendProblem(reply, 503, 'starting', 'the service is starting: try again in a moment')
      if (request.method !== 'GET' && isForged(request))
        return sendProblem(reply, FORGED.status, FORGED.code, FORGED.detail)
      try {
        return await work(request, reply, accounts)
      } catch (error) {
        if (!(error instanceof AppError)) options.onFailure(what, error)
        return sendError(reply, error)
      }
    }
  app.get(
    url,
    guarded('session', async (request, reply, accounts) => {
      const known = await accounts.bySession(cookieOf(request))
      return reply.send({
        needsSetup: accounts.isEmpty,
        user: known === null ? null : viewOf(known.user),
        elsewhere: options.oidc.name,
      })
    }),
  )
  app.post(
    url,
    { bodyLimit: BODY_LIMIT_BYTES },
    guarded('sign in', async (request, reply, accounts) => {
      const body = signInBody.safeParse(request.body)
      if (!body.success)
        return sendProblem(reply, 400, 'usage', 'expected name and password, and code if there is one')
      const agent = request.headers['user-agent'] ?? ''
      return answer(reply, await accounts.signIn(body.data, options.addressOf(request), agent))
    }),
  )
  app.delete(
    url,
    guarded('sign out', async (request, reply, accounts) => {
      const known = await accounts.bySession(cookieOf(request))
      if (known !== null) await accounts.endSession(known.session.id)
      void reply.headers({
        'set-cookie': cookieText(SESSION_COOKIE, '', 0),
        'clear-site-data': '"cache"',
      })
      return reply.send({ next: await endUrlOf(known?.user ?? null, request, options) })
    }),
  )
  app.post(
    `${API_PREFIX}/setup`,
    { bodyLimit: BODY_LIMIT_BYTES },
    guarded('setup', async (request, reply, accounts) => {
      const body = setupBody.safeParse(request.body)
      if (!body.success) return sendProblem(reply, 400, 'usage', 'expected setupCode, name and password')
      if (!accounts.isEmpty)
        return sendProblem(reply, 409, 'unsafe', 'there is an administrator already: sign in')
      const { setupCode, name, password } = body.data
      accounts.checkNewUser(name, password) // before the code is used up
      if (!options.redeem(setupCode))
        return sendProblem(
          reply,
          403,
          'setup-code',
          'the setup code is not right or has run out: restart the service for a new one',
        )
      const user = await accounts.addUser(name, 'administrator', password, { user: name }, false)
      const address = options.addressOf(request)
      const agent = request.headers['user-agent'] ?? ''
      return answer(reply, await accounts.beginSession(user, address, agent, 'setup code'))
    }),
  )
}

/** Where a sign-out goes on: to the identity provider of whoever came from there, while that can be asked. */
async function endUrlOf(
  user: User | null,
  request: FastifyRequest,
  { oidc, onFailure }: AccountRoutesOptions,
): Promise<string | null> {
  if (user === null || user.elsewhere === null) return null
  try {
    return await oidc.endUrl(originOf(request))
  } catch (error) {
    onFailure('ask the identity provider', error)
    return null // the session here has ended all the same
  }
}

/** Finds the caller by cookie or bearer token. */
export function authenticator(accounts: () => Accounts | null): Authenticator {
  return {
    async callerOf(request): Promise<HttpCaller | null> {
      const known = accounts()
      if (known === null) return null
      const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
      if (bearer !== undefined) {
        const found = known.tokens.find(bearer)
        if (found === null) return null
        const { user, token } = found
        const role = ROLES[Math.min(ROLES.indexOf(user.role), ROLES.indexOf(token.role))] ?? 'viewer'
        return {
          user: `${user.name} (token ${token.name})`,
          userId: user.id,
          role,
          by: 'token',
          scopes: token.scopes,
        }
      }
      const found = await known.bySession(cookieOf(request))
      if (found === null) return null
      const { user, session } = found
      return {
        user: user.name,
        userId: user.id,
        sessionId: session.id,
        role: user.role,
        by: 'session',
        scopes: null,
        toConfirm: known.toConfirm(user, session),
        mustChange: user.mustChange,
      }
    },
  }
}

function answer(reply: FastifyReply, signIn: SignIn): FastifyReply {
  if (signIn.ok)
    return reply
      .header('set-cookie', cookieText(SESSION_COOKIE, signIn.cookie, null))
      .send({ user: viewOf(signIn.user) })
  return sendNotProved(reply, signIn, 401)
}

function viewOf(user: User): object {
  const { id, name, role, mustChange } = user
  return {
    id,
    name,
    role,
    mustChange,
    hasFactor: user.totp !== null,
    hasPassword: user.passwordHash !== null,
  }
}
