/**
 * The API over HTTPS: every operation of the contract that http-routes.ts offers, for people in browsers and programs
 * with tokens. Who asks is found out first, then whether the role allows it, then the input is read; edits from browsers
 * need the header X-Requested-With, which a forged request from another page cannot carry, and some of them the password
 * once more (confirm.ts). Errors are problem documents.
 *
 * Rows come in pages of `limit` with an opaque `cursor`, or all of them as JSON lines where `Accept` asks for them.
 * Answers to GET carry an ETag; an edit whose `If-Match` names an older one is refused with 412. The tag of an object with
 * a version begins with it (`"7.hash"`), and an edit is judged by that alone (`"7"` will do): counters may have changed since.
 */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { askedFrom } from '../../lib/asked-from.ts'
import { AppError } from '../../lib/errors.ts'
import {
  type Caller,
  CONTRACT,
  type Route,
  ROUTES,
  type RouteName,
  type ServiceActions,
} from '../control-contract.ts'
import { confirmationFor } from './confirm.ts'
import { FORGED, isForged } from './forgery.ts'
import type { Authenticator, HttpCaller } from './http-caller.ts'
import { readInput } from './http-input.ts'
import { sendError, sendProblem } from './http-problem.ts'
import { API_PREFIX, HTTP_ROUTES, type HttpRoute } from './http-routes.ts'
import { holds } from './roles.ts'

/** 10,000 targets and a reason are 0.7 MiB. */
const BODY_LIMIT_BYTES = 4 << 20
const PAGE_ROWS = 100
const PAGE_ROWS_MOST = 1000
const CHUNK_CHARACTERS = 65_536

export interface HttpApiOptions {
  /** Null while the service starts: every operation is then 503. */
  readonly actions: () => ServiceActions | null
  readonly accounts: Authenticator
  readonly addressOf: (request: FastifyRequest) => string
  /** Told of failures that are not the caller's fault. */
  readonly onFailure: (what: string, error: unknown) => void
}

export function addHttpApi(app: FastifyInstance, options: HttpApiOptions): void {
  for (const name of Object.keys(HTTP_ROUTES) as RouteName[]) {
    const route = HTTP_ROUTES[name]
    if (route !== null) addRoute(app, name, route, options)
  }
}

function addRoute(app: FastifyInstance, name: RouteName, route: HttpRoute, options: HttpApiOptions): void {
  app.route({
    method: route.method,
    url: API_PREFIX + route.path.replace(/\{(\w+)\}/g, ':$1'),
    bodyLimit: BODY_LIMIT_BYTES,
    // Before the body is read: nobody reads the body of a stranger.
    onRequest: async (request, reply) => {
      const caller = await options.accounts.callerOf(request, options.addressOf(request))
      const refusal = refusalOf(caller, route, request)
      if (refusal !== null) return sendProblem(reply, refusal.status, refusal.code, refusal.detail)
      callers.set(request, caller as HttpCaller)
      return undefined
    },
    handler: async (request, reply) => {
      try {
        return await answer(name, route, request, reply, options)
      } catch (error) {
        if (!(error instanceof AppError)) options.onFailure(`${route.method} ${route.path}`, error)
        return sendError(reply, error)
      }
    },
  })
}

const callers = new WeakMap<FastifyRequest, HttpCaller>()

interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
}

/** Why the caller may not use the route, or null. */
export function refusalOf(
  caller: HttpCaller | null,
  route: Pick<HttpRoute, 'method' | 'path' | 'role' | 'tag' | 'by'>,
  request: Pick<FastifyRequest, 'headers'>,
): Refusal | null {
  if (caller === null)
    return { status: 401, code: 'signed-out', detail: 'sign in, or send a token as Authorization: Bearer' }
  if (!holds(caller.role, route.role))
    return { status: 403, code: 'role', detail: `that needs the role ${route.role}; yours is ${caller.role}` }
  if (caller.scopes !== null && !caller.scopes.includes(route.tag))
    return { status: 403, code: 'scope', detail: `the token has no scope ${route.tag}` }
  if (route.by === 'session' && caller.by !== 'session')
    return { status: 403, code: 'token', detail: 'a token cannot do that: sign in on the page' }
  if (caller.mustChange === true && route.path !== '/account/password')
    return { status: 403, code: 'must-change', detail: 'choose another password first' }
  const isEdit = route.method !== 'GET'
  return isEdit && caller.by === 'session' && isForged(request) ? FORGED : null
}

async function answer(
  name: RouteName,
  route: HttpRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  options: HttpApiOptions,
): Promise<FastifyReply> {
  const actions = options.actions()
  if (actions === null)
    return sendProblem(reply, 503, 'starting', 'the service is starting: try again in a moment')
  const { limit, cursor, ...query } = request.query as Record<string, string | string[]>
  const isRows = ROUTES[name].reply === 'rows'
  const params = request.params as Record<string, string>
  const input = readInput(
    CONTRACT[name].input,
    params,
    isRows ? { ...query, ...cursorFor(route, cursor) } : (request.query as typeof query),
    request.body,
  )
  if (!input.ok) return sendProblem(reply, 400, 'usage', input.detail, input.field ?? undefined)
  const caller = callers.get(request) as HttpCaller
  const unconfirmed = confirmationFor(name, input.value, caller)
  if (unconfirmed !== null)
    return sendProblem(reply, unconfirmed.status, unconfirmed.code, unconfirmed.detail)
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  const run = (which: RouteName, given: unknown): unknown => {
    const action = actions[which] as (input: unknown, caller: Caller) => unknown
    const { user, userId, role, sessionId } = caller
    const who = { user, userId, role, ...(sessionId === undefined ? {} : { sessionId }), signal: gone.signal }
    if (route.method === 'GET') return action.call(actions, given, who)
    return askedFrom({ user, address: options.addressOf(request) }, () => action.call(actions, given, who))
  }
  if (route.guards !== undefined && request.headers['if-match'] !== undefined) {
    const which = readInput(CONTRACT[route.guards].input, params, {}, undefined)
    const current = await run(route.guards, which.ok ? which.value : {})
    const version = ROUTES[route.guards].reply === 'object' ? versionOf(current) : null
    if (!isCurrent(request.headers['if-match'], version, await bodyOf(route.guards, current)))
      return sendProblem(
        reply,
        412,
        'changed',
        'it was changed meanwhile: read it again, then repeat the edit',
      )
  }
  const result = await run(name, input.value)
  if (!isRows) return sendJson(request, reply, JSON.stringify(result), versionOf(result))
  const rows = result as Iterable<unknown> | AsyncIterable<unknown>
  if (request.headers.accept?.includes('application/jsonl') === true) {
    const isLive = (ROUTES[name] as Route).live === true
    const stream = Readable.from(linesOf(rows, isLive, (error) => options.onFailure(route.path, error)))
    if (isLive) void reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no')
    return reply.header('content-type', 'application/jsonl').send(stream)
  }
  const page = pageInput.safeParse({ limit, cursor })
  if (!page.success)
    return sendProblem(reply, 400, 'usage', 'limit must be 1 to 1000, cursor one that a page gave')
  return sendJson(request, reply, JSON.stringify(await pageOf(rows, route, page.data)))
}

const pageInput = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MOST).default(PAGE_ROWS),
  cursor: z.string().max(200).optional(),
})

/** What a GET answers, as text: of rows, all of them. */
async function bodyOf(name: RouteName, result: unknown): Promise<string> {
  if (ROUTES[name].reply === 'object') return JSON.stringify(result)
  const items: unknown[] = []
  for await (const row of result as AsyncIterable<unknown>) items.push(row)
  return JSON.stringify({ items, nextCursor: null })
}

/** Rows after the cursor, at most `limit`; a row that went away since does not matter, since the order is by its key. */
async function pageOf(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  route: HttpRoute,
  { limit, cursor }: z.infer<typeof pageInput>,
): Promise<{ items: unknown[]; nextCursor: string | null }> {
  const field = route.cursor ?? null
  const items: unknown[] = []
  if (field === null) {
    for await (const row of rows) items.push(row)
    return { items, nextCursor: null }
  }
  const keyOf = (row: unknown): string => String((row as Record<string, unknown>)[field])
  const nextOf = (row: unknown): string => Buffer.from(keyOf(row)).toString('base64url')
  if (route.cursorInput !== undefined) {
    for await (const row of rows) {
      const last = items.at(-1)
      if (items.length === limit && last !== undefined) return { items, nextCursor: nextOf(last) }
      items.push(row)
    }
    return { items, nextCursor: null }
  }
  const after = cursor === undefined ? null : keyOfCursor(cursor)
  const sorted: unknown[] = []
  for await (const row of rows) if (after === null || keyOf(row) < after) sorted.push(row)
  sorted.sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1))
  items.push(...sorted.slice(0, limit))
  const last = items.at(-1)
  const hasMore = sorted.length > limit
  return {
    items,
    nextCursor: hasMore && last !== undefined ? nextOf(last) : null,
  }
}

function keyOfCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString('utf8')
}

/** The cursor as the input of an action that begins behind it; text that is none is judged with the page. */
function cursorFor({ cursorInput }: HttpRoute, cursor: unknown): Record<string, string> {
  return cursorInput === undefined || typeof cursor !== 'string' ? {} : { [cursorInput]: keyOfCursor(cursor) }
}

function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  body: string,
  version: number | null = null,
): FastifyReply {
  void reply.header('content-type', 'application/json; charset=utf-8')
  if (request.method !== 'GET') return reply.send(body)
  const etag = etagOf(body, version)
  void reply.header('etag', etag)
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  return reply.send(body)
}

function etagOf(body: string, version: number | null): string {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22)
  return version === null ? `"${hash}"` : `"${version}.${hash}"`
}

/** The version of what an answer tells of: its own, or that of the one object in it; null: it has none. */
function versionOf(result: unknown): number | null {
  if (typeof result !== 'object' || result === null) return null
  const found = [result, ...Object.values(result)].find(
    (one): one is { version: number } =>
      typeof one === 'object' && one !== null && 'version' in one && typeof one.version === 'number',
  )
  return found?.version ?? null
}

/** `*` fits whatever is there (RFC 9110 13.1.1). */
function isCurrent(ifMatch: string, version: number | null, body: string): boolean {
  if (ifMatch.trim() === '*') return true
  const tags = Array.from(ifMatch.matchAll(/"([^"]*)"/g), ([, tag = '']) => tag)
  if (version === null) return tags.some((tag) => `"${tag}"` === etagOf(body, null))
  return tags.some((tag) => tag.split('.', 1)[0] === String(version))
}

/** An error in the middle becomes the last line, as on the control socket. `isLive`: each row is sent at once. */
async function* linesOf(
  rows: Iterable<unknown> | AsyncIterable<unknown>,
  isLive: boolean,
  report: (error: unknown) => void,
): AsyncGenerator<string, void, undefined> {
  let pending = ''
  let isGiving = false // an error thrown into `yield` means that the client went away
  try {
    for await (const row of rows) {
      pending += `${JSON.stringify(row)}\n`
      if (!isLive && pending.length < CHUNK_CHARACTERS) continue
      isGiving = true
      yield pending
      isGiving = false
      pending = ''
    }
  } catch (error) {
    if (isGiving) return
    const isTold = error instanceof AppError
    if (!isTold) report(error)
    const told = isTold
      ? { code: error.code, message: error.message }
      : { code: 'failed', message: 'the rest could not be read' }
    pending += `${JSON.stringify({ error: told })}\n`
  }
  if (pending !== '') yield pending
}
