/**
 * Signing in at an identity provider: OpenID Connect's authorisation code with PKCE, state and nonce. The library reads
 * the provider's own description, and checks signature (asymmetric algorithms only), issuer, audience, nonce and time of
 * what it says. What a sign-in under way must remember goes sealed into a cookie of its browser, so nobody can fill our
 * memory by beginning sign-ins, and an answer that another browser asked for does not fit.
 *
 * The provider is asked by HTTPS; plain HTTP only with `isPlainAllowed`, which tests set, and on this machine.
 */
import type { ClientAuth, Configuration } from 'openid-client'
import { z } from 'zod'
import type { Settings } from '../../config/schema.ts'
import type { Clock } from '../../lib/clock.ts'
import { AppError, messageOf } from '../../lib/errors.ts'
import type { SecretBox } from '../../lib/secret-box.ts'
import { digest } from './account.ts'
import { isLoopback, oidcFetch } from './oidc-fetch.ts'
import { groupsIn, type IdentityResult, identityOf } from './oidc-identity.ts'

/** Time to sign in there. */
export const FLOW_MS = 10 * 60_000
/** The provider's description and keys are read again so often. */
const KNOWN_MS = 10 * 60_000
const PURPOSE = 'oidc-flow'

export const CALLBACK_PATH = '/session/oidc/callback'

const flowBody = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** The provider that was asked: an answer of another one is not taken. */
  provider: z.string(),
  redirectUri: z.string(),
  next: z.string(),
  untilMs: z.number(),
})

export interface OidcOptions {
  readonly settings: () => Settings
  readonly box: SecretBox
  readonly clock: Clock
  readonly isPlainAllowed: boolean
}

export interface Begun {
  /** Where the browser goes. */
  readonly url: string
  /** Sealed; for a cookie. */
  readonly flow: string
}

export type Finished =
  | { readonly ok: true; readonly result: IdentityResult; readonly next: string }
  /** `expired`: no sign-in under way here fits; `denied`: the provider said no; `failed`: its answer did not hold. */
  | { readonly ok: false; readonly why: 'expired' | 'denied' | 'failed'; readonly error: unknown }

interface Known {
  readonly key: string
  readonly sinceMs: number
  readonly configuration: Promise<Configuration>
}

export class OidcSignIn {
  readonly #options: OidcOptions
  #known: Known | null = null

  constructor(options: OidcOptions) {
    this.#options = options
  }

  /** What the button says; null while no provider is set. */
  get name(): string | null {
    const settings = this.#options.settings()
    const isSet = settings['oidc.issuer'] !== '' && settings['oidc.clientId'] !== ''
    return isSet ? settings['oidc.name'] : null
  }

  /**
   * `origin`: of the page, such as `https://ads.example.net:8443`; `next`: a path of ours to go to afterwards. Rejects
   * with AppError when the provider cannot be asked.
   */
  async begin(origin: string, next: string): Promise<Begun> {
    const { settings, box, clock } = this.#options
    const library = await import('openid-client')
    const configuration = await this.#provider()
    const redirectUri = this.#redirectUri(origin)
    const state = library.randomState()
    const nonce = library.randomNonce()
    const verifier = library.randomPKCECodeVerifier()
    const scopes = new Set(['openid', ...settings()['oidc.scopes']])
    const url = library.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: [...scopes].join(' '),
      code_challenge: await library.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    const untilMs = clock.nowMs() + FLOW_MS
    const flow = { state, nonce, verifier, provider: keyOf(settings()), redirectUri, next, untilMs }
    return { url: url.href, flow: box.seal(JSON.stringify(flow), PURPOSE) }
  }

  /** `query`: of the address that the provider sent the browser to. Never rejects. */
  async finish(query: string, sealed: string): Promise<Finished> {
    const { settings, clock } = this.#options
    const flow = this.#opened(sealed)
    if (flow === null || flow.untilMs < clock.nowMs() || flow.provider !== keyOf(settings()))
      return { ok: false, why: 'expired', error: 'no sign-in is under way in this browser' }
    try {
      const claims = await this.#claims(new URL(`${flow.redirectUri}?${query}`), flow)
      return { ok: true, result: identityOf(claims, settings()), next: flow.next }
    } catch (error) {
      return { ok: false, why: whyOf(error), error: withCause(error) }
    }
  }

  /** Where the browser goes to end its session at the provider too; null when that offers no such thing. */
  async endUrl(origin: string): Promise<string | null> {
    if (this.name === null) return null
    const library = await import('openid-client')
    const configuration = await this.#provider()
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null
    const back = `${this.#pageOrigin(origin)}/`
    return library.buildEndSessionUrl(configuration, { post_logout_redirect_uri: back }).href
  }

  async #claims(url: URL, flow: z.infer<typeof flowBody>): Promise<Record<string, unknown>> {
    const library = await import('openid-client')
    const configuration = await this.#provider()
    const tokens = await library.authorizationCodeGrant(configuration, url, {
      expectedState: flow.state,
      expectedNonce: flow.nonce,
      pkceCodeVerifier: flow.verifier,
      idTokenExpected: true,
    })
    const claims: Record<string, unknown> = { ...tokens.claims() }
    const { userinfo_endpoint: userInfo } = configuration.serverMetadata()
    const isToldThere = groupsIn(claims, this.#options.settings()['oidc.roleClaim']).length > 0
    if (isToldThere || userInfo === undefined) return claims
    // Some tell groups there alone; it is about the same person, which the library checks.
    const more = await library.fetchUserInfo(configuration, tokens.access_token, String(claims['sub']))
    return { ...more, ...claims }
  }

  /** The provider's description, asked for when it is first needed; a failure is forgotten at once. */
  #provider(): Promise<Configuration> {
    const { settings, clock } = this.#options
    const key = keyOf(settings())
    const nowMs = clock.nowMs()
    if (this.#known !== null && this.#known.key === key && nowMs - this.#known.sinceMs < KNOWN_MS)
      return this.#known.configuration
    const configuration = this.#discover(settings())
    const known = { key, sinceMs: nowMs, configuration }
    this.#known = known
    configuration.catch(() => {
      if (this.#known === known) this.#known = null // whoever asked is told; the next one asks again
    })
    return configuration
  }

  async #discover(settings: Settings): Promise<Configuration> {
    const { isPlainAllowed } = this.#options
    const issuer = new URL(settings['oidc.issuer'])
    const isPlain = issuer.protocol === 'http:'
    if (isPlain && !(isPlainAllowed && isLoopback(issuer)))
      throw new AppError('bad-configuration', 'oidc.issuer must begin with https://')
    const library = await import('openid-client')
    const authentication = authenticationBy(library, settings['oidc.clientSecret'])
    return library.discovery(issuer, settings['oidc.clientId'], undefined, authentication, {
      [library.customFetch]: oidcFetch(settings['oidc.ca'], isPlain),
      execute: [library.enableNonRepudiationChecks, ...(isPlain ? [library.allowInsecureRequests] : [])],
    })
  }

  #opened(sealed: string): z.infer<typeof flowBody> | null {
    const text = this.#options.box.unseal(sealed, PURPOSE)
    return text === null ? null : flowBody.parse(JSON.parse(text))
  }

  #pageOrigin(origin: string): string {
    const set = this.#options.settings()['oidc.pageUrl']
    return set === '' ? origin : set
  }

  #redirectUri(origin: string): string {
    return `${this.#pageOrigin(origin)}/api/v1${CALLBACK_PATH}`
  }
}

/** All that the description and its use depend on, as a digest: it stands in cookies. */
function keyOf(settings: Settings): string {
  const keys = ['oidc.issuer', 'oidc.clientId', 'oidc.clientSecret', 'oidc.ca'] as const
  return digest(JSON.stringify(keys.map((key) => settings[key])))
}

/** Basic unless the provider offers the other way alone. */
function authenticationBy(library: typeof import('openid-client'), secret: string): ClientAuth {
  if (secret === '') return library.None()
  const [basic, inBody] = [library.ClientSecretBasic(secret), library.ClientSecretPost(secret)]
  return (server, client, body, headers) => {
    const offered = server.token_endpoint_auth_methods_supported
    const way = offered === undefined || offered.includes('client_secret_basic') ? basic : inBody
    return way(server, client, body, headers)
  }
}

function whyOf(error: unknown): 'denied' | 'failed' {
  const isOfProvider = error instanceof Error && error.name === 'AuthorizationResponseError'
  return isOfProvider ? 'denied' : 'failed'
}

/** The library says what it expected in the cause. */
function withCause(error: unknown): Error {
  const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : ''
  return new Error(`${messageOf(error)}${cause}`, { cause: error })
}
