/** Joins the API over HTTPS with the parts: accounts, operations, and the API's description. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addCrowdsecRoutes } from '../api/crowdsec-routes.ts'
import { addAccountRoutes, authenticator } from '../api/accounts/account-routes.ts'
import { addHttpApi, refusalOf } from '../api/http/http-api.ts'
import { sendProblem } from '../api/http/http-problem.ts'
import { OidcSignIn } from '../api/accounts/oidc.ts'
import { API_PREFIX } from '../api/http/http-routes.ts'
import { openApiDocument } from '../api/http/openapi.ts'
import { addRecordsRoutes } from '../api/records-routes.ts'
import { SecretBox } from '../lib/secret-box.ts'
import { senderAddress } from '../input/sender-address.ts'
import { crowdsecApi } from './crowdsec.ts'
import type { Parts } from './parts.ts'

export function addApi(
  app: FastifyInstance,
  parts: Parts,
  redeem: (setupCode: string) => boolean,
  onFailure: (what: string, error: unknown) => void,
): void {
  const accounts = (): Parts['accounts'] => parts.accounts
  const addressOf = (request: FastifyRequest): string => senderAddress(request.socket.remoteAddress ?? '')
  const oidc = new OidcSignIn({
    settings: parts.settings,
    box: SecretBox.open(`${parts.dataFolder}/secrets.key`),
    clock: parts.clock,
    isPlainAllowed: parts.isPlainOidcAllowed === true,
  })
  addAccountRoutes(app, { accounts, addressOf, redeem, onFailure, oidc })
  const callers = authenticator(accounts)
  addHttpApi(app, { actions: () => parts.actions, accounts: callers, addressOf, onFailure })
  addRecordsRoutes(app, {
    actions: () => parts.actions,
    accounts: callers,
    addressOf,
    onFailure,
  })
  addCrowdsecRoutes(app, crowdsecApi(parts, onFailure))
  const description = JSON.stringify(openApiDocument(parts.version))
  const path = '/openapi.json'
  app.get(API_PREFIX + path, async (request, reply) => {
    const caller = await callers.callerOf(request, addressOf(request))
    const route = { method: 'GET', path, role: 'viewer', tag: 'description' } as const
    const refusal = refusalOf(caller, route, request)
    if (refusal !== null) return sendProblem(reply, refusal.status, refusal.code, refusal.detail)
    return reply.header('content-type', 'application/json; charset=utf-8').send(description)
  })
}
