/**
 * For tests: a small OpenID provider on this machine. It asks nobody anything: whoever comes is `person`. It checks what
 * a real one checks (client, redirect, code once, PKCE), and says the wrong thing where a test wants it to.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../lib/clock.ts'

type Claims = Record<string, unknown>

interface Asked {
  readonly redirectUri: string
  readonly nonce: string
  readonly challenge: string
}

const CLIENT_ID = 'ads'
const CLIENT_SECRET = 'a secret for tests'
const MINUTE_S = 60

export class FakeProvider {
  /** Claims of whoever signs in. */
  person: Claims = { sub: 'p-1', preferred_username: 'grace', groups: ['soc'] }
  /** Changes the token before it is signed. */
  tamper: (claims: Claims) => Claims = (claims) => claims
  /** Changes where the browser is sent. */
  detour: (url: URL) => URL = (url) => url
  /** The header's algorithm; `none` leaves the signature out. */
  algorithm: 'RS256' | 'none' = 'RS256'
  /** Claims that only the user-info endpoint tells. */
  userInfo: Claims = {}
  /** Requests to /token. */
  exchanges = 0
  isAway = false
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  /** What tokens are signed with; another key than the published one is a forgery. */
  signingKey: KeyObject = this.#keys.privateKey
  readonly #codes = new Map<string, Asked>()
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })

  static async start(): Promise<FakeProvider> {
    const provider = new FakeProvider()
    await new Promise<void>((resolve) => {
      provider.#server.listen(0, '127.0.0.1', resolve)
    })
    return provider
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** As `--set` takes them. */
  get settings(): Record<string, string> {
    return {
      'oidc.issuer': this.issuer,
      'oidc.clientId': CLIENT_ID,
      'oidc.clientSecret': CLIENT_SECRET,
      'oidc.name': 'Example login',
      'oidc.roles': 'soc=operator,admins=administrator,guests=viewer',
    }
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer)
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (this.isAway) {
      json(503, {})
      return
    }
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(200, this.#description())
      case '/jwks': {
        const jwk = this.#keys.publicKey.export({ format: 'jwk' })
        return json(200, { keys: [{ ...jwk, kid: 'k', use: 'sig', alg: 'RS256' }] })
      }
      case '/authorize':
        response.writeHead(302, { location: this.#authorize(url).href }).end()
        return
      case '/token': {
        const answer = this.#token(
          request.headers.authorization ?? '',
          new URLSearchParams(await bodyOf(request)),
        )
        return json(answer === null ? 400 : 200, answer ?? { error: 'invalid_grant' })
      }
      case '/userinfo':
        return json(200, { sub: this.person['sub'], ...this.userInfo })
      case '/end':
        response.writeHead(302, { location: url.searchParams.get('post_logout_redirect_uri') ?? '/' }).end()
        return
      default:
        json(404, {})
    }
  }

  #description(): Claims {
    const { issuer } = this
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      end_session_endpoint: `${issuer}/end`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic'],
    }
  }

  #authorize({ searchParams: asked }: URL): URL {
    const redirectUri = asked.get('redirect_uri') ?? ''
    const back = new URL(redirectUri)
    back.searchParams.set('state', asked.get('state') ?? '')
    const isWhole =
      asked.get('client_id') === CLIENT_ID &&
      asked.get('response_type') === 'code' &&
      asked.get('code_challenge_method') === 'S256'
    if (isWhole) {
      const code = randomUUID()
      const [nonce, challenge] = [asked.get('nonce') ?? '', asked.get('code_challenge') ?? '']
      this.#codes.set(code, { redirectUri, nonce, challenge })
      back.searchParams.set('code', code)
    } else back.searchParams.set('error', 'invalid_request')
    return this.detour(back)
  }

  #token(authorization: string, body: URLSearchParams): Claims | null {
    this.exchanges++
    const code = body.get('code') ?? ''
    const asked = this.#codes.get(code)
    this.#codes.delete(code)
    const basic = Buffer.from(`${CLIENT_ID}:${encodeURIComponent(CLIENT_SECRET).replaceAll('%20', '+')}`)
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    if (
      asked === undefined ||
      authorization !== `Basic ${basic.toString('base64')}` ||
      body.get('redirect_uri') !== asked.redirectUri ||
      challenge !== asked.challenge
    )
      return null
    const nowS = Math.floor(systemClock.nowMs() / 1000)
    const claims = this.tamper({
      iss: this.issuer,
      aud: CLIENT_ID,
      iat: nowS,
      exp: nowS + 5 * MINUTE_S,
      nonce: asked.nonce,
      ...this.person,
    })
    return {
      access_token: randomUUID(),
      token_type: 'Bearer',
      expires_in: 300,
      id_token: this.#signed(claims),
    }
  }

  #signed(claims: Claims): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg: this.algorithm, kid: 'k' })}.${part(claims)}`
    if (this.algorithm === 'none') return `${text}.`
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), this.signingKey).toString('base64url')}`
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
