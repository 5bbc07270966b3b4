/** The part of the contract about people: users, sessions, tokens, the second factor, and the audit log. */
import { z } from 'zod'
import { ROLES } from '../http/roles.ts'

const nothing = z.strictObject({})
const name = z.string().trim().min(1).max(64)
const password = z.string().min(1).max(256)
const role = z.enum(ROLES)
const reason = z.string().trim().max(1000)
const done = z.object({ message: z.string() })

const userView = z.object({
  id: z.string(),
  name: z.string(),
  role,
  isDisabled: z.boolean(),
  mustChange: z.boolean(),
  /** The identity provider gives no role any more: sessions have ended and tokens rest. */
  hasLostRole: z.boolean(),
  hasFactor: z.boolean(),
  /** Host of the identity provider where the user signs in; null: here, by password. */
  elsewhere: z.string().nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  sessions: z.int(),
})

const sessionView = z.object({
  id: z.string(),
  user: z.string(),
  address: z.string(),
  agent: z.string(),
  createdAt: z.string(),
  lastUsedAt: z.string(),
  /** The session that asks. */
  isThis: z.boolean(),
})

const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  user: z.string(),
  role,
  scopes: z.array(z.string()).nullable(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
})

const auditView = z.object({
  sequence: z.int(),
  id: z.string(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  reason: z.string().nullable(),
  details: z.unknown(),
  hash: z.string(),
})

export const ACCOUNT_CONTRACT = {
  listUsers: { input: nothing, reply: userView },
  addUser: {
    input: z.strictObject({ name, role, password, mustChange: z.boolean().default(true) }),
    reply: userView,
  },
  changeUser: {
    input: z.strictObject({
      name,
      role: role.optional(),
      isDisabled: z.boolean().optional(),
      /** A new one, which must be changed at the next sign-in. */
      password: password.optional(),
      /** Takes the second factor off: the phone was lost. */
      dropFactor: z.boolean().optional(),
    }),
    reply: userView,
  },
  removeUser: { input: z.strictObject({ name, reason: reason.default('') }), reply: done },
  changeOwnPassword: { input: z.strictObject({ old: password, password }), reply: done },
  listSessions: { input: nothing, reply: sessionView },
  endSession: { input: z.strictObject({ id: z.string().max(64) }), reply: done },
  listTokens: { input: nothing, reply: tokenView },
  addToken: {
    input: z.strictObject({
      name,
      role,
      /** Tags of routes, and `weaken protection`; null: all tags that the role may use. */
      scopes: z.array(z.string().max(32)).max(40).nullable(),
      expiresAt: z.iso.datetime().nullable(),
    }),
    /** `text`: shown once. */
    reply: z.object({ text: z.string(), token: tokenView }),
  },
  removeToken: { input: z.strictObject({ id: z.string().max(64) }), reply: done },
  beginFactor: { input: nothing, reply: z.object({ seed: z.string(), uri: z.string() }) },
  confirmFactor: {
    input: z.strictObject({ seed: z.string().regex(/^[A-Z2-7]{32}$/), code: z.string().max(10) }),
    reply: z.object({ recoveryCodes: z.array(z.string()) }),
  },
  listAudit: {
    input: z.strictObject({
      action: z.string().max(64).optional(),
      subject: z.string().max(200).optional(),
      actor: z.string().max(200).optional(),
      /** Rows with a smaller sequence. */
      before: z.int().positive().optional(),
      count: z.int().min(1).max(1000).default(100),
    }),
    reply: z.object({ items: z.array(auditView) }),
  },
  checkAudit: {
    input: nothing,
    reply: z.object({ ok: z.boolean(), rows: z.int().nullable(), problem: z.string().nullable() }),
  },
} as const

export const ACCOUNT_ROUTES = {
  listUsers: { method: 'GET', path: '/control/v1/users/list', reply: 'rows' },
  addUser: { method: 'POST', path: '/control/v1/users/add', reply: 'object' },
  changeUser: { method: 'POST', path: '/control/v1/users/change', reply: 'object' },
  removeUser: { method: 'POST', path: '/control/v1/users/remove', reply: 'object' },
  changeOwnPassword: { method: 'POST', path: '/control/v1/users/own-password', reply: 'object' },
  listSessions: { method: 'GET', path: '/control/v1/sessions/list', reply: 'rows' },
  endSession: { method: 'POST', path: '/control/v1/sessions/end', reply: 'object' },
  listTokens: { method: 'GET', path: '/control/v1/tokens/list', reply: 'rows' },
  addToken: { method: 'POST', path: '/control/v1/tokens/add', reply: 'object' },
  removeToken: { method: 'POST', path: '/control/v1/tokens/remove', reply: 'object' },
  beginFactor: { method: 'POST', path: '/control/v1/factor/begin', reply: 'object' },
  confirmFactor: { method: 'POST', path: '/control/v1/factor/confirm', reply: 'object' },
  listAudit: { method: 'POST', path: '/control/v1/audit/list', reply: 'object' },
  checkAudit: { method: 'GET', path: '/control/v1/audit/check', reply: 'object' },
} as const
