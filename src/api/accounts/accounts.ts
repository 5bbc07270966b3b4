/**
 * Who may use the API: users with a password and, if they like, a second factor; their sessions; tokens for programs.
 * All of it is in memory and written through to the state, so a request costs no query. Sessions end 30 minutes after
 * their last use and 12 hours after their start, and when a role, a password or the user changes. Tokens and cookies are
 * kept as SHA-256 only.
 */
import { randomBytes, randomUUIDv7 } from 'node:crypto'
import type { Clock } from '../../lib/clock.ts'
import { AppError } from '../../lib/errors.ts'
import type { SecretBox } from '../../lib/secret-box.ts'
import type { ObjectRepository } from '../../model/object.ts'
import type { AuditEntry, Json } from '../../model/state.ts'
import type { Role } from '../http/roles.ts'
import {
  digest,
  isConfirmed,
  isOver,
  parse,
  SESSION_KIND,
  type Session,
  sessionBody,
  type User,
  USER_KIND,
  userBody,
} from './account.ts'
import { PasswordHasher, passwordProblem } from './password.ts'
import { type NotProved, Prover } from './prover.ts'
import { newSeed, recoveryCodes, stepOf } from './second-factor.ts'
import { Tokens } from './tokens.ts'

/** A session's last use is written at most so often. */
const TOUCH_MS = 60_000
const SESSIONS_PER_USER = 20
const USERS_MOST = 1000

export interface AccountsOptions {
  readonly repository: ObjectRepository
  readonly box: SecretBox
  readonly clock: Clock
  /** From where users signed in before the start, the oldest first: guessing elsewhere does not keep them out. */
  readonly places?: readonly { readonly user: string; readonly address: string; readonly atMs: number }[]
  /** Told of sessions of administrators, whose addresses are never blocked: the address, or null when one has ended. */
  readonly onAdministrator?: (sessionId: string, address: string | null) => void
}

export type SignIn =
  | { readonly ok: true; readonly cookie: string; readonly user: User; readonly session: Session }
  | NotProved

/** Who does something, for the audit log. */
export interface Actor {
  readonly user: string
}

export class Accounts {
  readonly tokens: Tokens
  readonly #options: AccountsOptions
  readonly #hasher = new PasswordHasher()
  readonly #prover: Prover
  readonly #users = new Map<string, User>()
  readonly #sessions = new Map<string, Session>()
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(options: AccountsOptions) {
    this.#options = options
    this.#prover = new Prover({
      ...options,
      hasher: this.#hasher,
      userByName: (name) => this.userByName(name),
      useRecovery: (user, hash) => this.#useRecovery(user, hash),
    })
    for (const { user, address, atMs } of options.places ?? [])
      this.#prover.throttle.remember(user, address, atMs)
    this.tokens = new Tokens({
      repository: options.repository,
      clock: options.clock,
      userById: (id) => this.#users.get(id),
      audit: (...row) => this.#audit(...row),
    })
  }

  /** Reads users, sessions and tokens. A row that does not fit its schema is an AppError `state-unavailable`. */
  static async open(options: AccountsOptions): Promise<Accounts> {
    const accounts = new Accounts(options)
    for (const { id, version, body } of await options.repository.objects(USER_KIND))
      accounts.#users.set(id, { ...parse(userBody, body), id, version })
    for (const { id, body } of await options.repository.objects(SESSION_KIND))
      accounts.#sessions.set(id, { ...parse(sessionBody, body), id })
    await accounts.tokens.load()
    await accounts.dropOld()
    for (const session of accounts.#sessions.values()) accounts.#tellBegin(session)
    return accounts
  }

  get isEmpty(): boolean {
    return this.#users.size === 0
  }

  users(): User[] {
    return [...this.#users.values()].toSorted((a, b) => a.name.localeCompare(b.name))
  }

  userById(id: string): User | undefined {
    return this.#users.get(id)
  }

  userByName(name: string): User | undefined {
    const wanted = name.trim().toLowerCase()
    return this.users().find((user) => user.name.toLowerCase() === wanted)
  }

  /** The user who is that person at an identity provider. */
  userElsewhere({ issuer, subject }: NonNullable<User['elsewhere']>): User | undefined {
    return [...this.#users.values()].find(
      ({ elsewhere }) => elsewhere?.issuer === issuer && elsewhere.subject === subject,
    )
  }

  sessions(): Session[] {
    return [...this.#sessions.values()]
  }

  /** The name as it will be. Throws AppError `usage` for one or a password that will not do, `unsafe` for a taken one. */
  checkNewUser(name: string, password: string | null): string {
    const clean = name.trim()
    if (!/^[\p{L}\p{N}][\p{L}\p{N}._@ -]{0,63}$/u.test(clean))
      throw new AppError('usage', 'a user name has 1 to 64 letters, digits, blanks or . _ @ -')
    if (this.userByName(clean) !== undefined) throw new AppError('unsafe', `there is a user ${clean} already`)
    if (this.#users.size >= USERS_MOST) throw new AppError('unsafe', `there are ${USERS_MOST} users already`)
    const problem = password === null ? null : passwordProblem(password, clean)
    if (problem !== null) throw new AppError('usage', problem)
    return clean
  }

  /** Throws as `checkNewUser`. */
  addUser(
    name: string,
    role: Role,
    password: string | null,
    by: Actor,
    mustChange: boolean,
    elsewhere: User['elsewhere'] = null,
  ): Promise<User> {
    return this.#inTurn(async () => {
      const known = elsewhere === null ? undefined : this.userElsewhere(elsewhere)
      if (known !== undefined) return known // two first sign-ins of one person at once
      const clean = this.checkNewUser(name, password)
      const passwordHash = password === null ? null : await this.#newHash(password, clean)
      const id = randomUUIDv7()
      const user: User = {
        id,
        version: 0,
        name: clean,
        role,
        passwordHash,
        elsewhere,
        mustChange,
        isDisabled: false,
        hasLostRole: false,
        totp: null,
        recovery: [],
        createdAtMs: this.#options.clock.nowMs(),
        createdBy: by.user,
      }
      return this.#saveUser(user, by, 'user.add', { role, ...(elsewhere === null ? {} : { elsewhere }) })
    })
  }

  /** Role, disabled, or another password; the last administrator who needs no other server to sign in must stay one. */
  changeUser(
    name: string,
    change: { role?: Role; isDisabled?: boolean; password?: string; mustChange?: boolean; totp?: null },
    by: Actor,
  ): Promise<User> {
    return this.#inTurn(async () => {
      const user = this.#named(name)
      const { password, ...plain } = change
      const next: User = {
        ...user,
        ...plain,
        ...(password === undefined ? {} : { passwordHash: await this.#newHash(password, user.name) }),
        ...(change.totp === null ? { recovery: [] } : {}),
        ...(change.role === undefined ? {} : { hasLostRole: false }),
      }
      this.#keepOneAdministrator(user, next)
      const before = { role: user.role, isDisabled: user.isDisabled }
      const after = {
        role: next.role,
        isDisabled: next.isDisabled,
        ...(password === undefined ? {} : { password: 'changed' }),
      }
      const saved = await this.#saveUser(next, by, 'user.change', { before, after })
      await this.#endSessions((session) => session.userId === user.id)
      return saved
    })
  }

  /** Whom the identity provider gives no role any more: sessions end and tokens rest, until it or a person gives one. */
  loseRole(id: string, by: Actor, why: string): Promise<void> {
    return this.#inTurn(async () => {
      const user = this.#current(id)
      const tokens = this.tokens.all().filter(({ userId }) => userId === id).length
      const sessions = this.sessions().filter(({ userId }) => userId === id).length
      if (!user.hasLostRole)
        await this.#saveUser({ ...user, hasLostRole: true }, by, 'user.role-lost', { why, sessions, tokens })
      await this.#endSessions((session) => session.userId === id)
    })
  }

  removeUser(name: string, by: Actor, reason = ''): Promise<void> {
    return this.#inTurn(async () => {
      const user = this.#named(name)
      this.#keepOneAdministrator(user, null)
      await this.#endSessions((session) => session.userId === user.id)
      for (const token of this.tokens.all()) if (token.userId === user.id) await this.tokens.remove(token, by)
      const change = { kind: USER_KIND, id: user.id, body: null, onVersion: null, by: by.user }
      const audit = this.#audit('user.remove', by, user.name, {})
      await this.#options.repository.changeObject(change, { ...audit, reason: reason === '' ? null : reason })
      this.#users.delete(user.id)
    })
  }

  /** The user's own: the old password is asked again. Other sessions of the user end. */
  async changeOwnPassword(
    user: User,
    old: string,
    password: string,
    keepSession: string | null,
  ): Promise<void> {
    if (user.passwordHash === null || !(await this.#hasher.verify(old, user.passwordHash)))
      throw new AppError('usage', 'the old password is not right')
    await this.#inTurn(async () => {
      const passwordHash = await this.#newHash(password, user.name)
      await this.#saveUser(
        { ...this.#current(user.id), passwordHash, mustChange: false },
        { user: user.name },
        'user.password',
        {},
      )
      await this.#endSessions((session) => session.userId === user.id && session.id !== keepSession)
    })
  }

  /** Tries name and password, and the code where a second factor is set. `address` as the socket tells it. */
  async signIn(
    given: { name: string; password: string; code: string | null },
    address: string,
    agent: string,
  ): Promise<SignIn> {
    const proof = await this.#prover.prove(given, address)
    if (!proof.ok) return proof
    const { user } = proof
    return this.beginSession(
      this.#current(user.id),
      address,
      agent,
      user.totp === null ? 'password' : 'two factors',
    )
  }

  /** What a session's user must do before a dangerous edit; null: nothing, since it was done a short while ago. */
  toConfirm(user: User, session: Session): null | 'password' | 'sign-in' {
    if (isConfirmed(session, this.#options.clock.nowMs())) return null
    return user.passwordHash === null ? 'sign-in' : 'password'
  }

  /** False: the session's user signs in elsewhere alone. Throws AppError `not-found` when the session has ended. */
  hasPassword(sessionId: string): boolean {
    return this.#current(this.#alive(sessionId).userId).passwordHash !== null
  }

  /** The password of a session's user once more, and the code where one is set; guesses are slowed down as at sign-in. */
  async confirm(
    sessionId: string,
    given: { password: string; code: string | null },
    address: string,
  ): Promise<{ readonly ok: true } | NotProved> {
    const { name } = this.#current(this.#alive(sessionId).userId)
    const proof = await this.#prover.prove({ name, ...given }, address)
    if (!proof.ok) return proof
    const session = { ...this.#alive(sessionId), confirmedAtMs: this.#options.clock.nowMs() }
    await this.#saveSession(session, this.#audit('session.confirm', { user: name }, name, { address }))
    return { ok: true }
  }

  /** A session for somebody who has proved who it is; `by`: how, for the audit log. */
  async beginSession(
    user: User,
    address: string,
    agent: string,
    by: string,
  ): Promise<Extract<SignIn, { ok: true }>> {
    const cookie = randomBytes(32).toString('base64url')
    const nowMs = this.#options.clock.nowMs()
    const session: Session = {
      id: digest(cookie),
      userId: user.id,
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
      confirmedAtMs: nowMs,
      address,
      agent: agent.replace(/[^\x20-\x7e]/g, '?').slice(0, 200),
    }
    const own = this.sessions()
      .filter(({ userId }) => userId === user.id)
      .toSorted((a, b) => a.lastUsedAtMs - b.lastUsedAtMs)
    const excess = new Set(own.slice(0, Math.max(0, own.length - SESSIONS_PER_USER + 1)).map(({ id }) => id))
    await this.#endSessions(({ id }) => excess.has(id))
    await this.#saveSession(
      session,
      this.#audit('session.begin', { user: user.name }, user.name, { address, by }),
    )
    this.#tellBegin(session)
    return { ok: true, cookie, user, session }
  }

  /** The user and session of a cookie; null when it is none, too old, or its user may not sign in. */
  async bySession(cookie: string): Promise<{ user: User; session: Session } | null> {
    const session = this.#sessions.get(digest(cookie))
    if (session === undefined) return null
    const nowMs = this.#options.clock.nowMs()
    const user = this.#users.get(session.userId)
    if (isOver(session, nowMs) || user === undefined || user.isDisabled) {
      await this.#endSessions(({ id }) => id === session.id)
      return null
    }
    if (nowMs - session.lastUsedAtMs < TOUCH_MS) return { user, session }
    const touched = { ...session, lastUsedAtMs: nowMs }
    await this.#saveSession(touched, null)
    return { user, session: touched }
  }

  endSession(id: string): Promise<void> {
    return this.#endSessions((session) => session.id === id)
  }

  /** A new seed, which counts once a code of it was shown to work. */
  beginTotp(user: User): { seed: string; uri: string } {
    return newSeed(user.name)
  }

  /** Switches the second factor on, and answers the recovery codes, which are shown once. */
  async confirmTotp(user: User, seed: string, code: string): Promise<string[]> {
    if (stepOf(seed, code, this.#options.clock.nowMs()) === null)
      throw new AppError(
        'usage',
        'the code does not fit: check the clock of the phone, and type the newest code',
      )
    const codes = recoveryCodes()
    await this.#inTurn(async () => {
      const totp = this.#options.box.seal(seed, `totp:${user.id}`)
      const next = { ...this.#current(user.id), totp, recovery: codes.map(digest) }
      await this.#saveUser(next, { user: user.name }, 'user.factor-on', {})
    })
    return codes
  }

  /** How many networks and users are guessed at so often that the next try must wait. */
  guessing(): { readonly networks: number; readonly users: number } {
    return this.#prover.throttle.guessing()
  }

  /** Forgets sessions that are over. */
  async dropOld(): Promise<void> {
    const nowMs = this.#options.clock.nowMs()
    await this.#endSessions((session) => isOver(session, nowMs))
  }

  #alive(sessionId: string): Session {
    const session = this.#sessions.get(sessionId)
    if (session === undefined) throw new AppError('not-found', 'the session has ended meanwhile')
    return session
  }

  #useRecovery(user: User, hash: string): Promise<void> {
    return this.#inTurn(async () => {
      const current = this.#current(user.id)
      const recovery = current.recovery.filter((known) => known !== hash)
      await this.#saveUser({ ...current, recovery }, { user: user.name }, 'user.recovery-code', {
        left: recovery.length,
      })
    })
  }

  async #newHash(password: string, userName: string): Promise<string> {
    const problem = passwordProblem(password, userName)
    if (problem !== null) throw new AppError('usage', problem)
    return this.#hasher.hash(password)
  }

  #named(name: string): User {
    const user = this.userByName(name)
    if (user === undefined) throw new AppError('not-found', `there is no user ${name}`)
    return user
  }

  #current(id: string): User {
    const user = this.#users.get(id)
    if (user === undefined) throw new AppError('not-found', 'the user was removed meanwhile')
    return user
  }

  #keepOneAdministrator(before: User, after: User | null): void {
    const isOne = (user: User | null): boolean =>
      user !== null && user.role === 'administrator' && !user.isDisabled && user.passwordHash !== null
    if (!isOne(before) || isOne(after)) return
    const others = this.users().filter((user) => user.id !== before.id && isOne(user))
    if (others.length === 0)
      throw new AppError(
        'unsafe',
        `${before.name} is the last administrator with a password of this service: make another one first`,
      )
  }

  async #saveUser(user: User, by: Actor, action: string, details: Json): Promise<User> {
    const { id, version, ...body } = user
    const change = { kind: USER_KIND, id, body, onVersion: version, by: by.user }
    const outcome = await this.#options.repository.changeObject(
      change,
      this.#audit(action, by, user.name, details),
    )
    if (!outcome.ok)
      throw new AppError('unsafe', `${user.name} was changed meanwhile: look again, then repeat it`)
    const saved = { ...user, version: outcome.version }
    this.#users.set(id, saved)
    return saved
  }

  async #saveSession(session: Session, audit: AuditEntry | null): Promise<void> {
    const { id, ...body } = session
    this.#sessions.set(id, session)
    await this.#options.repository.changeObject(
      { kind: SESSION_KIND, id, body, onVersion: null, by: 'system' },
      audit,
    )
  }

  async #endSessions(matches: (session: Session) => boolean): Promise<void> {
    const ended = this.sessions().filter(matches)
    for (const { id } of ended) {
      this.#sessions.delete(id)
      this.#options.onAdministrator?.(id, null)
      await this.#options.repository.changeObject(
        { kind: SESSION_KIND, id, body: null, onVersion: null, by: 'system' },
        null,
      )
    }
  }

  #tellBegin({ id, userId, address }: Session): void {
    if (this.#users.get(userId)?.role === 'administrator') this.#options.onAdministrator?.(id, address)
  }

  #audit(action: string, by: Actor, subject: string, details: Json): AuditEntry {
    const atMs = this.#options.clock.nowMs()
    return { id: randomUUIDv7(), atMs, actor: by.user, action, subject, reason: null, details }
  }

  /** Edits of users come one after another: two at once must not both see the old state. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {}) // the caller is told; the next must not wait for ever
    return result
  }
}
