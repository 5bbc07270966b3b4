/** Joins the API over HTTPS with the parts: accounts, operations, and the API's description. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { addCrowdsecRoutes } from '../api/crowdsec-routes.ts'
import { addAccountRoutes, authenticator } from '../api/accounts/account-routes.ts'
import { addHttpApi } from '../api/http/http-api.ts'
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
  addHttpApi(app, { actions: () => parts.actions, accounts: authenticator(accounts), addressOf, onFailure })
  addRecordsRoutes(app, {
    actions: () => parts.actions,
    accounts: authenticator(accounts),
    addressOf,
    onFailure,
  })
  addCrowdsecRoutes(app, crowdsecApi(parts, onFailure))
  const description = JSON.stringify(openApiDocument(parts.version))
  app.get(`${API_PREFIX}/openapi.json`, (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(description),
  )
}
