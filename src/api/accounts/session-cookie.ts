/**
 * The cookies of signing in. `__Host-`: of this host alone, over HTTPS alone, not for scripts. The session's is sent by
 * our own pages only; that of a sign-in under way comes along when the identity provider sends the browser back.
 */
import type { FastifyRequest } from 'fastify'

export const SESSION_COOKIE = '__Host-ads-session'
export const FLOW_COOKIE = '__Host-ads-sign-in'

type Cookie = typeof SESSION_COOKIE | typeof FLOW_COOKIE

/** A cookie's value; empty when there is none. A name given twice is none. */
export function cookieOf(request: Pick<FastifyRequest, 'headers'>, name: Cookie = SESSION_COOKIE): string {
  const found = (request.headers.cookie ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
  return found.length === 1 ? (found[0] ?? '').slice(name.length + 1) : ''
}

/** For `set-cookie`; null: until the browser is closed, 0: taken away. */
export function cookieText(name: Cookie, value: string, maxAgeSeconds: number | null): string {
  const age = maxAgeSeconds === null ? '' : `; Max-Age=${maxAgeSeconds}`
  const site = name === SESSION_COOKIE ? 'Strict' : 'Lax'
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${site}${age}`
}
