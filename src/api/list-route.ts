/**
 * `GET|HEAD /files/blacklist.txt`: how a firewall gets the list (DESIGN.md section 8, FIELD.md B.2). From memory,
 * uncompressed, with its length; 304 only for a validator that we gave out for exactly this content; Range and query
 * ignored; and never an error body, since a firewall would take its lines for entries: whatever fails, the last list
 * that could be served is served.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { formatAddress, parseAddress } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { cutUserAgent, type ListFetch } from '../publish/fetch-log.ts'
import { type ListSnapshot, startSnapshot } from '../publish/list-snapshot.ts'

export const LIST_PATH = '/files/blacklist.txt'
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

export function addListRoute(app: FastifyInstance<Server>, options: ListRouteOptions): void {
  const { clock, onFailure } = options
  let lastServed = startSnapshot(options.sentinel, clock.nowMs())

  const snapshotNow = (): ListSnapshot => {
    try {
      const snapshot = options.list()
      // An empty body would empty the firewalls' list or stop its refresh; it can only be a fault of ours.
      if (snapshot.body.length === 0) throw new Error('the list to serve is empty')
      lastServed = snapshot
    } catch (error) {
      onFailure('serving the block list', error)
    }
    return lastServed
  }

  app.route({
    method: ['GET', 'HEAD'],
    url: LIST_PATH,
    handler: (request, reply) => {
      const snapshot = snapshotNow()
      const isKnown = isFresh(
        request.headers['if-none-match'],
        request.headers['if-modified-since'],
        snapshot,
      )
      record(request.raw, reply.raw, snapshot, isKnown ? 304 : 200)
      void reply.headers({
        etag: snapshot.etag,
        'last-modified': new Date(snapshot.madeAtMs).toUTCString(),
        'cache-control': 'no-cache',
        'accept-ranges': 'none',
        'x-ads-revision': String(snapshot.revision),
        'x-ads-entries': String(snapshot.entries),
        // Told apart for those who look; firewalls take the list all the same.
        ...(snapshot.origin === 'decisions' ? {} : { 'x-ads-stale': 'true' }),
      })
      if (isKnown) return reply.code(304).send()
      return reply
        .header('content-type', 'text/plain; charset=utf-8')
        .header('content-length', snapshot.body.length)
        .send(request.method === 'HEAD' ? undefined : slicesOf(snapshot.body))
    },
  })

  function record(
    request: IncomingMessage,
    response: ServerResponse,
    snapshot: ListSnapshot,
    status: 200 | 304,
  ): void {
    const atMs = clock.nowMs()
    const startMs = clock.monotonicMs()
    const isBodySent = status === 200 && request.method === 'GET'
    const address = plainAddress(request.socket.remoteAddress ?? '')
    response.once('close', () => {
      try {
        options.onFetch({
          address,
          userAgent: cutUserAgent(request.headers['user-agent']),
          method: request.method ?? '',
          status,
          revision: snapshot.revision,
          etag: snapshot.etag,
          bytes: isBodySent ? snapshot.body.length : 0,
          isComplete: response.writableFinished,
          atMs,
          durationMs: clock.monotonicMs() - startMs,
        })
      } catch (error) {
        onFailure('recording a fetch of the block list', error)
      }
    })
  }
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

/** IPv4 addresses come as `::ffff:a.b.c.d` from a socket of both families, link-local ones with their interface. */
function plainAddress(text: string): string {
  const words = parseAddress(text.split('%', 1)[0] ?? '')
  return words === null ? text : formatAddress(words)
}
