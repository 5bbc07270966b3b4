/**
 * What the contract says of people, carried out. On the control socket the caller is the owner of the service, who may do
 * all of it and has no account; over HTTPS a caller sees and ends his own sessions and tokens only, unless he is an
 * administrator.
 */
import type { Accounts } from '../api/accounts/accounts.ts'
import type { Session, Token, User } from '../api/accounts/account.ts'
import type { Caller, Reply, ServiceActions } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import type { AuditRow } from '../model/state.ts'
import type { StateStore } from '../store/state/state-store.ts'

type AccountActions = Pick<
  ServiceActions,
  | 'listUsers'
  | 'addUser'
  | 'changeUser'
  | 'removeUser'
  | 'changeOwnPassword'
  | 'listSessions'
  | 'endSession'
  | 'listTokens'
  | 'addToken'
  | 'removeToken'
  | 'beginFactor'
  | 'confirmFactor'
  | 'listAudit'
  | 'checkAudit'
>

/** `forgetViews`: removes private views of whom there is no account any more. */
export function accountActions(
  accounts: () => Accounts,
  state: () => StateStore,
  forgetViews: (caller: Caller) => Promise<number>,
): AccountActions {
  const own = (caller: Caller): User => {
    const user = caller.userId === undefined ? undefined : accounts().userById(caller.userId)
    if (user === undefined)
      throw new AppError('usage', 'only a signed-in user has an account of his own: use the web page')
    return user
  }
  const mayTouch = (caller: Caller, userId: string): boolean =>
    caller.userId === undefined || caller.role === 'administrator' || caller.userId === userId
  const { sessionView, tokenView, userView } = viewsOf(accounts)
  return {
    listUsers: () => accounts().users().map(userView),
    addUser: async ({ name, role, password, mustChange }, caller) =>
      userView(await accounts().addUser(name, role, password, caller, mustChange)),
    changeUser: async ({ name, role, isDisabled, password, dropFactor }, caller) => {
      const change = {
        ...(role === undefined ? {} : { role }),
        ...(isDisabled === undefined ? {} : { isDisabled }),
        ...(password === undefined ? {} : { password, mustChange: true }),
        ...(dropFactor === true ? { totp: null } : {}),
      }
      return userView(await accounts().changeUser(name, change, caller))
    },
    removeUser: async ({ name, reason }, caller) => {
      await accounts().removeUser(name, caller, reason)
      const views = await forgetViews(caller)
      const also = views === 0 ? 'sessions and tokens' : 'sessions, tokens and private views'
      return { message: `${name} was removed; ${also} of that user are gone` }
    },
    changeOwnPassword: async ({ old, password }, caller) => {
      await accounts().changeOwnPassword(own(caller), old, password, caller.sessionId ?? null)
      return { message: 'the password was changed; other sessions of yours have ended' }
    },
    listSessions: (_, caller) =>
      accounts()
        .sessions()
        .filter(({ userId }) => mayTouch(caller, userId))
        .map((session) => sessionView(session, caller)),
    endSession: async ({ id }, caller) => {
      const session = accounts()
        .sessions()
        .find((known) => known.id === id)
      if (session === undefined || !mayTouch(caller, session.userId))
        throw new AppError('not-found', 'there is no such session')
      await accounts().endSession(id)
      return { message: 'the session has ended' }
    },
    listTokens: (_, caller) =>
      accounts()
        .tokens.all()
        .filter(({ userId }) => mayTouch(caller, userId))
        .map(tokenView),
    addToken: async ({ name, role, scopes, expiresAt }, caller) => {
      const given = { name, role, scopes, expiresAtMs: expiresAt === null ? null : Date.parse(expiresAt) }
      const { text, token } = await accounts().tokens.add(own(caller), given)
      return { text, token: tokenView(token) }
    },
    removeToken: async ({ id }, caller) => {
      const token = accounts()
        .tokens.all()
        .find((known) => known.id === id)
      if (token === undefined || !mayTouch(caller, token.userId))
        throw new AppError('not-found', 'there is no such token')
      await accounts().tokens.remove(token, caller)
      return { message: 'the token was removed' }
    },
    beginFactor: (_, caller) => accounts().beginTotp(own(caller)),
    confirmFactor: async ({ seed, code }, caller) => ({
      recoveryCodes: await accounts().confirmTotp(own(caller), seed, code),
    }),
    ...auditActions(state),
  }
}

interface Views {
  readonly sessionView: (session: Session, caller: Caller) => Reply<'listSessions'>
  readonly tokenView: (token: Token) => Reply<'listTokens'>
  readonly userView: (user: User) => Reply<'listUsers'>
}

function viewsOf(accounts: () => Accounts): Views {
  const nameOf = (userId: string): string => accounts().userById(userId)?.name ?? '(removed)'
  const sessionView = (session: Session, { sessionId }: Caller): Reply<'listSessions'> => ({
    id: session.id,
    user: nameOf(session.userId),
    address: session.address,
    agent: session.agent,
    createdAt: iso(session.createdAtMs),
    lastUsedAt: iso(session.lastUsedAtMs),
    isThis: session.id === sessionId,
  })
  const tokenView = (token: Token): Reply<'listTokens'> => ({
    id: token.id,
    name: token.name,
    user: nameOf(token.userId),
    role: token.role,
    scopes: token.scopes,
    createdAt: iso(token.createdAtMs),
    expiresAt: token.expiresAtMs === null ? null : iso(token.expiresAtMs),
    lastUsedAt: token.lastUsedAtMs === null ? null : iso(token.lastUsedAtMs),
  })
  const userView = (user: User): Reply<'listUsers'> => ({
    id: user.id,
    name: user.name,
    role: user.role,
    isDisabled: user.isDisabled,
    mustChange: user.mustChange,
    hasLostRole: user.hasLostRole,
    hasFactor: user.totp !== null,
    elsewhere: user.elsewhere === null ? null : new URL(user.elsewhere.issuer).host,
    createdAt: iso(user.createdAtMs),
    createdBy: user.createdBy,
    sessions: accounts()
      .sessions()
      .filter(({ userId }) => userId === user.id).length,
  })
  return { sessionView, tokenView, userView }
}

function auditActions(state: () => StateStore): Pick<ServiceActions, 'listAudit' | 'checkAudit'> {
  return {
    listAudit: async ({ action, subject, actor, before, count }) => {
      const rows = await state().audit({
        ...(action === undefined ? {} : { action }),
        ...(subject === undefined ? {} : { subject }),
        ...(actor === undefined ? {} : { actor }),
        ...(before === undefined ? {} : { beforeSequence: before }),
        limit: count,
      })
      return { items: rows.map(auditView) }
    },
    checkAudit: async () => {
      const check = await state().verifyAudit()
      return check.ok
        ? { ok: true, rows: check.rows, problem: null }
        : { ok: false, rows: null, problem: `row ${check.atSequence}: ${check.problem}` }
    },
  }
}

function auditView(row: AuditRow): Reply<'listAudit'>['items'][number] {
  const { sequence, id, actor, action, subject, reason, details, hash } = row
  return { sequence, id, at: iso(row.atMs), actor, action, subject, reason, details, hash }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
