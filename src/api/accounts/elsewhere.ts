/**
 * Signing in whom an identity provider has proved. The account is found by issuer and subject alone: a name or a mail
 * address that somebody chose there never opens an account that is here. The role is the provider's at every sign-in.
 */
import { AppError } from '../../lib/errors.ts'
import type { User } from './account.ts'
import type { Accounts, SignIn } from './accounts.ts'
import type { Identity } from './oidc-identity.ts'

/** Null: the account is disabled here. Rejects with AppError when there are too many users. */
export async function signInElsewhere(
  accounts: Accounts,
  identity: Identity,
  address: string,
  agent: string,
): Promise<Extract<SignIn, { ok: true }> | null> {
  const by = byProvider(identity)
  const found = accounts.userElsewhere(identity) ?? (await add(accounts, identity, by))
  if (found.isDisabled) return null
  const isSame = found.role === identity.role && !found.hasLostRole
  const user = isSame ? found : await accounts.changeUser(found.name, { role: identity.role }, by)
  return accounts.beginSession(user, address, agent, identity.issuer)
}

/**
 * Somebody whom the provider proved and gives no role any more: what earlier sign-ins of that person opened ends, and so
 * does what that person's tokens may do. `why`: for the audit log.
 */
export async function endElsewhere(
  accounts: Accounts,
  who: Pick<Identity, 'issuer' | 'subject'>,
  why: string,
): Promise<void> {
  const user = accounts.userElsewhere({ issuer: who.issuer, subject: who.subject })
  if (user !== undefined) await accounts.loseRole(user.id, byProvider(who), why)
}

function byProvider({ issuer }: Pick<Identity, 'issuer'>): { user: string } {
  return { user: `sign-in at ${new URL(issuer).hostname}` }
}

async function add(accounts: Accounts, identity: Identity, by: { user: string }): Promise<User> {
  const { issuer, subject, role, names } = identity
  const name = names.find((wanted) => accounts.userByName(wanted) === undefined)
  if (name === undefined) throw new AppError('unsafe', `all names for ${subject} are taken by other users`)
  return accounts.addUser(name, role, null, by, false, { issuer, subject })
}
