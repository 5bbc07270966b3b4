/** Users, their sessions and tokens as they are kept (objects of the state), and as others may see them. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../lib/errors.ts'
import type { Json } from '../../model/state.ts'
import { ROLES } from '../http/roles.ts'

export const USER_KIND = 'user'
export const SESSION_KIND = 'session'
export const TOKEN_KIND = 'token'

const role = z.enum(ROLES)
const instantMs = z.number()

export const userBody = z.object({
  name: z.string(),
  role,
  /** PHC text; null: signs in elsewhere only (OIDC). */
  passwordHash: z.string().nullable(),
  /** Who it is at an identity provider; null: nobody there. Both together name one person. */
  elsewhere: z.object({ issuer: z.string(), subject: z.string() }).nullable().default(null),
  /** Must choose another password before anything else. */
  mustChange: z.boolean(),
  isDisabled: z.boolean(),
  /** The identity provider gave no role at the last sign-in: tokens rest until it gives one again. */
  hasLostRole: z.boolean().default(false),
  /** Sealed seed of the second factor; null: none. */
  totp: z.string().nullable(),
  /** Hashes of unused recovery codes. */
  recovery: z.array(z.string()),
  createdAtMs: instantMs,
  createdBy: z.string(),
})
export type UserBody = z.infer<typeof userBody>

export interface User extends UserBody {
  readonly id: string
  readonly version: number
}

export const sessionBody = z.object({
  userId: z.string(),
  createdAtMs: instantMs,
  lastUsedAtMs: instantMs,
  /** When the person proved last who it is: the sign-in, or the password once more. */
  confirmedAtMs: instantMs.default(0),
  address: z.string(),
  agent: z.string(),
})
export type SessionBody = z.infer<typeof sessionBody>

export interface Session extends SessionBody {
  /** SHA-256 of the cookie's value, in hex. */
  readonly id: string
}

export const tokenBody = z.object({
  name: z.string(),
  hash: z.string(),
  userId: z.string(),
  role,
  /** Tags of routes; null: all. */
  scopes: z.array(z.string()).nullable(),
  createdAtMs: instantMs,
  expiresAtMs: instantMs.nullable(),
  lastUsedAtMs: instantMs.nullable(),
})
export type TokenBody = z.infer<typeof tokenBody>

export interface Token extends TokenBody {
  readonly id: string
}

const IDLE_MS = 30 * 60_000
const ABSOLUTE_MS = 12 * 3_600_000

/** Whether a session has run out: unused for 30 minutes, or 12 hours old. */
export function isOver({ createdAtMs, lastUsedAtMs }: Session, nowMs: number): boolean {
  return nowMs - lastUsedAtMs > IDLE_MS || nowMs - createdAtMs > ABSOLUTE_MS
}

const CONFIRMED_MS = 10 * 60_000

/** Whether a dangerous edit needs no password: it was given in the last ten minutes. */
export function isConfirmed({ confirmedAtMs }: Session, nowMs: number): boolean {
  return nowMs - confirmedAtMs <= CONFIRMED_MS
}

/** SHA-256 in hex: of secrets with enough randomness to need no salt. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A kept body by its schema. Throws AppError `state-unavailable` when it does not fit. */
export function parse<Body>(schema: z.ZodType<Body>, body: Json): Body {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new AppError('state-unavailable', 'an account in the state database cannot be read', result.error)
}
