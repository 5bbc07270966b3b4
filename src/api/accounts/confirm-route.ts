/**
 * The password once more, for edits that ask for it (http/confirm.ts): after it the session counts as confirmed for ten
 * minutes. For people alone; guessing is slowed down as at sign-in. Who signs in elsewhere has no password here.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { AppError } from '../../lib/errors.ts'
import { refusalOf } from '../http/http-api.ts'
import type { Authenticator } from '../http/http-caller.ts'
import { sendError, sendProblem } from '../http/http-problem.ts'
import { API_PREFIX } from '../http/http-routes.ts'
import type { Accounts } from './accounts.ts'
import { sendNotProved } from './not-proved.ts'

const BODY_LIMIT_BYTES = 8192
const ROUTE = {
  method: 'POST',
  path: '/account/confirm',
  role: 'viewer',
  tag: 'own account',
  by: 'session',
} as const

const confirmBody = z.strictObject({
  password: z.string().min(1).max(256),
  code: z.string().max(32).nullable().default(null),
})

interface ConfirmRouteOptions {
  /** Null while the service starts. */
  readonly accounts: () => Accounts | null
  readonly callers: Authenticator
  readonly addressOf: (request: FastifyRequest) => string
  readonly onFailure: (what: string, error: unknown) => void
}

export function addConfirmRoute(app: FastifyInstance, options: ConfirmRouteOptions): void {
  const { accounts, callers, addressOf, onFailure } = options
  const sessions = new WeakMap<FastifyRequest, string>()
  app.post(API_PREFIX + ROUTE.path, {
    bodyLimit: BODY_LIMIT_BYTES,
    onRequest: async (request, reply) => {
      const caller = await callers.callerOf(request, addressOf(request))
      const refusal = refusalOf(caller, ROUTE, request)
      if (refusal !== null) return sendProblem(reply, refusal.status, refusal.code, refusal.detail)
      sessions.set(request, caller?.sessionId ?? '')
      return undefined
    },
    handler: async (request, reply) => {
      const [known, sessionId] = [accounts(), sessions.get(request) ?? '']
      const body = confirmBody.safeParse(request.body)
      if (known === null || !body.success)
        return sendProblem(reply, 400, 'usage', 'expected password, and code if there is one')
      try {
        if (!known.hasPassword(sessionId))
          return sendProblem(
            reply,
            403,
            'elsewhere',
            'you have no password here: sign out and sign in again, then repeat the edit',
          )
        const proof = await known.confirm(sessionId, body.data, addressOf(request))
        return proof.ok ? reply.send({ message: 'confirmed' }) : sendNotProved(reply, proof, 403)
      } catch (error) {
        if (!(error instanceof AppError)) onFailure('confirm the password', error)
        return sendError(reply, error)
      }
    },
  })
}
