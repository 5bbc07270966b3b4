/**
 * Who somebody is by the claims of an identity provider, and which role that gives: by group, within the domains that
 * are allowed. Claims are foreign text; nothing in them but issuer and subject tells two people apart.
 */
import type { Settings } from '../../config/schema.ts'
import { type Role, ROLES } from '../http/roles.ts'

export interface Identity {
  readonly issuer: string
  readonly subject: string
  readonly role: Role
  /** What to call a new user, the best first; all fit the rule for names. */
  readonly names: readonly string[]
}

export type IdentityResult =
  | { readonly ok: true; readonly identity: Identity }
  /** `domain`: no verified address in an allowed one; `role`: in no group that has a role. */
  | (Pick<Identity, 'issuer' | 'subject'> & {
      readonly ok: false
      readonly why: 'domain' | 'role'
      readonly detail: string
    })

export type Claims = Readonly<Record<string, unknown>>

/** Pure. `claims` have been verified: signature, issuer, audience, nonce and time. */
export function identityOf(claims: Claims, settings: Settings): IdentityResult {
  const issuer = String(claims['iss'])
  const subject = String(claims['sub'])
  const domains = settings['oidc.domains'].map((domain) => domain.toLowerCase())
  const mail = typeof claims['email'] === 'string' ? claims['email'] : ''
  const domain = mail.slice(mail.lastIndexOf('@') + 1).toLowerCase()
  const isVerified = claims['email_verified'] === true && mail.includes('@')
  if (domains.length > 0 && !(isVerified && domains.includes(domain)))
    return { ok: false, why: 'domain', detail: 'no verified mail address in oidc.domains', issuer, subject }
  const role = roleOf(groupsIn(claims, settings['oidc.roleClaim']), settings['oidc.roles'])
  if (role === null)
    return {
      ok: false,
      why: 'role',
      detail: `no group in ${settings['oidc.roleClaim']} has a role in oidc.roles`,
      issuer,
      subject,
    }
  return { ok: true, identity: { issuer, subject, role, names: namesOf(claims, issuer, subject) } }
}

/** The texts of a claim, found by its whole name first, then step by step at the dots. */
export function groupsIn(claims: Claims, name: string): string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : atPath(claims, name.split('.'))
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.filter((one): one is string => typeof one === 'string')
}

function atPath(claims: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return claims
  if (typeof claims !== 'object' || claims === null || !Object.hasOwn(claims, first)) return undefined
  return atPath((claims as Record<string, unknown>)[first], rest)
}

function roleOf(groups: readonly string[], roles: Readonly<Record<string, Role>>): Role | null {
  const held = groups.flatMap((group) => (Object.hasOwn(roles, group) ? [roles[group]] : []))
  return ROLES.findLast((role) => held.includes(role)) ?? null
}

/** Names that others may have already are followed by ones that they have hardly. */
function namesOf(claims: Claims, issuer: string, subject: string): string[] {
  const host = new URL(issuer).hostname
  const wanted = [claims['preferred_username'], claims['email'], claims['name']]
    .filter((name): name is string => typeof name === 'string')
    .map(cleaned)
    .filter((name) => name !== '')
  const first = wanted[0] ?? 'user'
  return [...new Set([...wanted, cleaned(`${first.slice(0, 30)} - ${host}`), cleaned(`user ${subject}`)])]
}

/** As Accounts want it: 1 to 64 letters, digits, blanks or . _ @ -, a letter or digit first. */
function cleaned(name: string): string {
  return name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._@ -]/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, 64)
    .trim()
}
