/**
 * Tokens for programs: in memory and written through to the state, kept as SHA-256 only. A token is its user's, with a role
 * of its own and perhaps a scope and an end.
 */
import { randomBytes, randomUUIDv7 } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import type { ObjectRepository } from '../../model/object.ts'
import type { AuditEntry, Json } from '../../model/state.ts'
import { holds, type Role } from '../http/roles.ts'
import { digest, parse, type Token, TOKEN_KIND, tokenBody, type User } from './account.ts'

const TOKENS_MOST = 1000

export interface TokensOptions {
  readonly repository: ObjectRepository
  readonly clock: Clock
  readonly userById: (id: string) => User | undefined
  /** The audit row of something that somebody did to a token. */
  readonly audit: (action: string, by: { user: string }, subject: string, details: Json) => AuditEntry
}

export class Tokens {
  readonly #options: TokensOptions
  /** By hash. */
  readonly #tokens = new Map<string, Token>()

  constructor(options: TokensOptions) {
    this.#options = options
  }

  /** Reads them. A row that does not fit its schema is an AppError `state-unavailable`. */
  async load(): Promise<void> {
    for (const { id, body } of await this.#options.repository.objects(TOKEN_KIND)) {
      const token = { ...parse(tokenBody, body), id }
      this.#tokens.set(token.hash, token)
    }
  }

  all(): Token[] {
    return [...this.#tokens.values()]
  }

  /**
   * Null for a token that is unknown, has run out, or whose user may not sign in, has to choose a password first, or has
   * no role at the identity provider any more.
   */
  find(text: string): { user: User; token: Token } | null {
    const token = this.#tokens.get(digest(text))
    if (token === undefined) return null
    const nowMs = this.#options.clock.nowMs()
    const user = this.#options.userById(token.userId)
    if (user === undefined || user.isDisabled || user.mustChange || user.hasLostRole) return null
    if (token.expiresAtMs !== null && token.expiresAtMs <= nowMs) return null
    this.#tokens.set(token.hash, { ...token, lastUsedAtMs: nowMs })
    return { user, token }
  }

  /** The token's text is in the answer and nowhere else. Its role is at most its user's when it is used. */
  async add(
    user: User,
    given: { name: string; role: Role; scopes: string[] | null; expiresAtMs: number | null },
  ): Promise<{ text: string; token: Token }> {
    const { clock, repository, audit } = this.#options
    if (this.#tokens.size >= TOKENS_MOST)
      throw new AppError('unsafe', `there are ${TOKENS_MOST} tokens already`)
    if (!holds(user.role, given.role))
      throw new AppError('usage', `you are ${user.role}: a token of yours can have at most that role`)
    const text = `ads_${randomBytes(32).toString('base64url')}`
    const createdAtMs = clock.nowMs()
    const body = { ...given, hash: digest(text), userId: user.id, createdAtMs, lastUsedAtMs: null }
    const id = randomUUIDv7()
    const { role, scopes } = given
    await repository.changeObject(
      { kind: TOKEN_KIND, id, body, onVersion: 0, by: user.name },
      audit('token.add', { user: user.name }, given.name, { role, scopes }),
    )
    const token = { ...body, id }
    this.#tokens.set(token.hash, token)
    return { text, token }
  }

  async remove(token: Token, by: { user: string }): Promise<void> {
    const change = { kind: TOKEN_KIND, id: token.id, body: null, onVersion: null, by: by.user }
    const audit = this.#options.audit('token.remove', by, token.name, {})
    await this.#options.repository.changeObject(change, audit)
    this.#tokens.delete(token.hash)
  }
}
