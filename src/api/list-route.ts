/**
 * How a firewall gets a list (DESIGN.md section 8, FIELD.md B.2). From memory, uncompressed, with its length; 304 only for a
 * validator that we gave out for exactly this content; Range ignored; and never an error body, since a firewall would take
 * its lines for entries. `addListRoute` serves the one list at `/files/blacklist.txt` as it is: for a server without feeds.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { formatAddress, parseAddress } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { cutUserAgent, type ListFetch } from '../publish/fetch-log.ts'
import { type ListSnapshot, startSnapshot } from '../publish/list-snapshot.ts'

export const LIST_PATH = '/files/blacklist.txt'
const LIST_TYPE = 'text/plain; charset=utf-8'
const SLICE_BYTES = 131_072

export interface ListRouteOptions {
  /** The revision to serve; may throw, which is reported and answered with the one before. */
  readonly list: () => ListSnapshot
  readonly sentinel: string
  readonly clock: Clock
  readonly onFetch: (fetch: ListFetch) => void
  /** Told of what failed inside; must not throw. */
  readonly onFailure: (what: string, error: unknown) => void
}

/** Answers the revision to serve, and on any failure the last that could be served. */
export function lastGoodList({ list, sentinel, clock, onFailure }: ListRouteOptions): () => ListSnapshot {
  let lastServed = startSnapshot(sentinel, clock.nowMs())
  return () => {
    try {
      const snapshot = list()
      // An empty body would empty the firewalls' list or stop its refresh; it can only be a fault of ours.
      if (snapshot.body.length === 0) throw new Error('the list to serve is empty')
      lastServed = snapshot
    } catch (error) {
      onFailure('serving the block list', error)
    }
    return lastServed
  }
}

export function addListRoute(app: FastifyInstance<Server>, options: ListRouteOptions): void {
  const list = lastGoodList(options)
  app.route({
    method: ['GET', 'HEAD'],
    url: LIST_PATH,
    handler: (request, reply) => {
      const file = { ...list(), contentType: LIST_TYPE }
      return sendList(request, reply, file, options.clock, (fetch) => {
        try {
          options.onFetch(fetch)
        } catch (error) {
          options.onFailure('recording a fetch of the block list', error)
        }
      })
    },
  })
}

/** Sends a file, or 304; `onEnd` is told when the answer is out or the client has gone, and must not throw. */
export function sendList(
  request: FastifyRequest,
  reply: FastifyReply,
  file: ListSnapshot & { readonly contentType: string },
  clock: Clock,
  onEnd: (fetch: ListFetch) => void,
): FastifyReply {
  const { 'if-none-match': tag, 'if-modified-since': since } = request.headers
  const isKnown = isFresh(tag, since, file)
  record(request.raw, reply.raw, file, isKnown ? 304 : 200, clock, onEnd)
  void reply.headers({
    etag: file.etag,
    'last-modified': new Date(file.madeAtMs).toUTCString(),
    'cache-control': 'no-cache',
    'accept-ranges': 'none',
    'x-ads-revision': String(file.revision),
    'x-ads-entries': String(file.entries),
    // Told apart for those who look; firewalls take the list all the same.
    ...(file.origin === 'decisions' ? {} : { 'x-ads-stale': 'true' }),
  })
  if (isKnown) return reply.code(304).send()
  return reply
    .header('content-type', file.contentType)
    .header('content-length', file.body.length)
    .send(request.method === 'HEAD' ? undefined : slicesOf(file.body))
}

function record(
  request: IncomingMessage,
  response: ServerResponse,
  { revision, etag, body }: ListSnapshot,
  status: 200 | 304,
  clock: Clock,
  onEnd: (fetch: ListFetch) => void,
): void {
  const atMs = clock.nowMs()
  const startMs = clock.monotonicMs()
  const isBodySent = status === 200 && request.method === 'GET'
  const address = addressOf(request)
  const userAgent = cutUserAgent(request.headers['user-agent'])
  response.once('close', () => {
    onEnd({
      address,
      userAgent,
      method: request.method ?? '',
      status,
      revision,
      etag,
      bytes: isBodySent ? body.length : 0,
      isComplete: response.writableFinished,
      atMs,
      durationMs: clock.monotonicMs() - startMs,
    })
  })
}

/**
 * A large body goes out slice by slice as the client takes it: TLS then holds a slice of each connection and not the
 * whole list. Measured with 2.2 MB to 50 clients: 30 % less CPU than in one piece, and 20 MB instead of 110.
 */
function slicesOf(body: Buffer): Buffer | Readable {
  if (body.length <= SLICE_BYTES) return body
  let at = 0
  return new Readable({
    highWaterMark: SLICE_BYTES,
    read() {
      this.push(at < body.length ? body.subarray(at, at + SLICE_BYTES) : null)
      at += SLICE_BYTES
    },
  })
}

/**
 * RFC 9110 13.1: If-None-Match decides alone when it is there. If-Modified-Since counts only for the very date that we
 * sent, and only when no other revision bore it.
 */
export function isFresh(
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
  snapshot: ListSnapshot,
): boolean {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return true
    return ifNoneMatch.matchAll(/"[^"]*"/g).some(([tag]) => tag === snapshot.etag)
  }
  return (
    ifModifiedSince !== undefined &&
    snapshot.dateIsUnique &&
    Date.parse(ifModifiedSince) === Math.floor(snapshot.madeAtMs / 1000) * 1000
  )
}

/** Where a request comes from, as plain text of an address. */
export function addressOf(request: IncomingMessage): string {
  return plainAddress(request.socket.remoteAddress ?? '')
}

/** IPv4 addresses come as `::ffff:a.b.c.d` from a socket of both families, link-local ones with their interface. */
function plainAddress(text: string): string {
  const words = parseAddress(text.split('%', 1)[0] ?? '')
  return words === null ? text : formatAddress(words)
}
