/**
 * Requests that another site's page makes a browser send. An edit must carry a header that only our own page can set
 * (another origin's script would have to ask first, and is never allowed), and must not come from elsewhere by what the
 * browser itself says (`Sec-Fetch-Site`). The cookie is SameSite=Strict besides; a neighbour on the same host is one site
 * with us, so that alone is not enough.
 */
import type { FastifyRequest } from 'fastify'

export const FORGED = {
  status: 403,
  code: 'forged',
  detail: 'an edit needs the header X-Requested-With, from this page itself',
} as const

/** Whether an edit with a browser's cookie may be another page's. */
export function isForged({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site']
  return headers['x-requested-with'] === undefined || (site !== undefined && site !== 'same-origin')
}
