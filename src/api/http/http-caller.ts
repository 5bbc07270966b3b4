/** Who asks over HTTPS, and how that is found out. Accounts implement it; tests give their own. */
import type { FastifyRequest } from 'fastify'
import type { Role } from './roles.ts'

export interface HttpCaller {
  readonly user: string
  readonly userId: string
  /** Of a browser. */
  readonly sessionId?: string
  readonly role: Role
  /** `session`: a browser, whose edits need the header against forged requests. `token`: a program. */
  readonly by: 'session' | 'token'
  /** Limits of a token beside its role: tags of routes it may use; null: all. */
  readonly scopes: readonly string[] | null
  /** Of a browser, what an edit that asks for it wants first: nothing, the password, or another sign-in. Missing: the password. */
  readonly toConfirm?: null | 'password' | 'sign-in'
  /** May do nothing but choose another password. */
  readonly mustChange?: boolean
}

export interface Authenticator {
  /** Null: not signed in. `address`: where the connection comes from. */
  callerOf(request: FastifyRequest, address: string): Promise<HttpCaller | null>
}
