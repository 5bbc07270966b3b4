/**
 * The web page's files, from memory: index.html with a fresh nonce for every answer, and what it loads, whose names hold
 * a hash and never change. Read once at start; only what was found then can be asked for, so no path leads elsewhere.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { systemCodeOf } from '../lib/errors.ts'

const NONCE_MARK = '__CSP_NONCE__'
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Screens of the page: each is index.html, which shows the right one. */
const SCREENS = [
  '/',
  '/events',
  '/blocks',
  '/ip/*',
  '/allow',
  '/detections',
  '/engine',
  '/feeds',
  '/firewalls',
  '/bouncers',
  '/imports',
  '/notifications',
  '/wall',
  '/about',
  '/welcome',
  '/sources',
  '/settings',
  '/audit',
  '/users',
  '/account',
]

export interface WebFiles {
  readonly index: string
  /** By path, such as `/assets/index-abc.js`. */
  readonly assets: ReadonlyMap<string, { readonly type: string; readonly body: Buffer }>
}

const pack = promisify(gzip)

/** The built page in a folder; null when it is not built. A megabyte is read. */
export function readWebFiles(folder: string): WebFiles | null {
  try {
    const index = readFileSync(join(folder, 'index.html'), 'utf8')
    const assets = new Map<string, { type: string; body: Buffer }>()
    for (const name of readdirSync(join(folder, 'assets'))) {
      const body = readFileSync(join(folder, 'assets', name))
      assets.set(`/assets/${name}`, { type: TYPES[extname(name)] ?? 'application/octet-stream', body })
    }
    return { index, assets }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null // not built: the plain page is shown instead
    throw error
  }
}

export function addWebRoutes(app: FastifyInstance, { index, assets }: WebFiles): void {
  for (const url of SCREENS) {
    app.get(url, (_request, reply) => {
      const nonce = randomBytes(16).toString('base64')
      return reply
        .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policyOf(nonce) })
        .send(index.replaceAll(NONCE_MARK, nonce))
    })
  }
  for (const [url, { type, body }] of assets) {
    // Packed when it is first asked for: at a start the list comes first.
    let packed: Promise<Buffer> | null = null
    // Not counted against an address: many people may sit behind one, and a page is some thirty files from memory.
    app.get(url, { config: { rateLimit: false } }, async (request, reply) => {
      const takesGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
      void reply.headers({
        'content-type': type,
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
      })
      if (!takesGzip) return reply.send(body)
      packed ??= pack(body, { level: constants.Z_BEST_COMPRESSION })
      return reply.header('content-encoding', 'gzip').send(await packed)
    })
  }
}

/** Nothing but our own files; style elements need the nonce, scripts have none inline. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join(';')
}
