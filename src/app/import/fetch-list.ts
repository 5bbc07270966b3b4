/**
 * Reads a list of others from a URL or from a file of this machine, which must lie in one of the folders that are allowed
 * (list-folders.ts). Of a URL: GET over HTTPS (plain HTTP only to networks
 * that are named), what may be connected to is asked of WebTargets when the connection stands, redirects are not followed,
 * time and size are bounded, gzip is unpacked within the same bound, and what has not changed is not read again.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { createGunzip } from 'node:zlib'
import { AppError, messageOf } from '../../lib/errors.ts'
import type { WebTargets } from '../../publish/notify/web-target.ts'
import { isFilePlace, listPathOf } from './list-folders.ts'

export const LIST_LIMIT_BYTES = 32 << 20
const TIMEOUT_MS = 60_000

export interface ListPlace {
  /** `https://...`, or the path of a file. */
  readonly from: string
  /** Sent as Authorization; null: none. */
  readonly authorization: string | null
  /** SHA-256 of the server's certificate in hex, for one that no authority vouches for; null: it is checked as usual. */
  readonly pin: string | null
  /** From the last answer; null: none, or all is to be read. */
  readonly tag: string | null
  /** Folders that files may lie in (`import.folders`). */
  readonly folders: readonly string[]
}

export type Fetched =
  | { readonly changed: true; readonly text: string; readonly tag: string | null }
  | { readonly changed: false }

/** Rejects with AppError `failed` that says what was tried and what to do. */
export async function fetchList(place: ListPlace, targets: WebTargets): Promise<Fetched> {
  try {
    return isFilePlace(place.from) ? await readPlace(place) : await fetchUrl(place, targets)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('failed', `${place.from}: ${messageOf(error)}`, error)
  }
}

async function readPlace({ from, tag, folders }: ListPlace): Promise<Fetched> {
  const path = await listPathOf(from, folders)
  // A FIFO would be waited for without end, and with it every other list. The path has no link left to be followed.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  const status = await file.stat()
  if (!status.isFile()) throw new AppError('failed', `${from}: it is not a regular file`)
  const now = `file ${status.ino} ${status.size} ${status.mtimeMs}`
  if (now === tag) return { changed: false }
  return { changed: true, text: await gather(file.createReadStream({ autoClose: false })), tag: now }
}

function fetchUrl({ from, authorization, pin, tag }: ListPlace, targets: WebTargets): Promise<Fetched> {
  const url = new URL(from)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // `lookup` is not asked for addresses.
  const refusal = isIP(host) === 0 ? null : targets.refusal(host)
  if (refusal !== null) return Promise.reject(new AppError('failed', `${from}: ${refusal}`))
  const isPlain = url.protocol === 'http:'
  return new Promise((resolve, reject) => {
    const request = (isPlain ? requestHttp : requestHttps)(url, {
      agent: false,
      lookup: targets.lookup(),
      ...(pin === null ? {} : { rejectUnauthorized: false }), // the pin is checked below
      headers: {
        accept: 'text/plain, application/json;q=0.9, */*;q=0.1',
        'accept-encoding': 'gzip',
        'user-agent': 'active-defense',
        ...(authorization === null ? {} : { authorization }),
        ...(tag === null ? {} : conditionOf(tag)),
      },
    })
    const timer = setTimeout(
      () => request.destroy(new Error(`no whole answer within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    )
    request.once('close', () => clearTimeout(timer))
    request.on('error', reject)
    request.once('response', (response) => {
      readAnswer(response).then(resolve, (error: unknown) => {
        reject(error)
        request.destroy()
      })
    })
    request.once('socket', (socket) => {
      socket.once(isPlain ? 'connect' : 'secureConnect', () => {
        const address = socket.remoteAddress ?? ''
        const why =
          targets.refusal(address) ??
          (isPlain && !targets.isNamed(address) ? PLAIN_REFUSAL : null) ??
          pinRefusal(socket, pin)
        if (why === null) request.end()
        else request.destroy(new Error(why))
      })
    })
  })
}

const PLAIN_REFUSAL = 'plain http is read only from addresses in import.privateTargets; use https'

function pinRefusal(socket: Socket, pin: string | null): string | null {
  if (pin === null || !(socket instanceof TLSSocket)) return null
  const shown = (socket.getPeerCertificate().fingerprint256 ?? '').replaceAll(':', '').toLowerCase()
  return shown === pin ? null : `its certificate is another: ${shown}`
}

/** The entity tag where there was one, else the date. */
function conditionOf(tag: string): Record<string, string> {
  return /^(?:W\/)?"/.test(tag) ? { 'if-none-match': tag } : { 'if-modified-since': tag }
}

async function readAnswer(response: IncomingMessage): Promise<Fetched> {
  const status = response.statusCode ?? 0
  if (status === 304) {
    response.resume()
    return { changed: false }
  }
  if (status >= 300 && status < 400)
    throw new Error(`HTTP ${status}: redirects are not followed; give the last address`)
  if (status !== 200) throw new Error(`HTTP ${status}`)
  const isPacked = /^(?:x-)?gzip$/i.test(response.headers['content-encoding'] ?? '')
  if (!isPacked) return { changed: true, text: await gather(response), tag: tagOf(response) }
  const unpacked = createGunzip()
  response.on('error', (error) => unpacked.destroy(error))
  response.pipe(unpacked)
  try {
    return { changed: true, text: await gather(unpacked), tag: tagOf(response) }
  } finally {
    response.unpipe(unpacked)
    unpacked.destroy()
  }
}

function tagOf({ headers }: IncomingMessage): string | null {
  return headers.etag ?? headers['last-modified'] ?? null
}

async function gather(source: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > LIST_LIMIT_BYTES) throw new Error(`it is larger than ${LIST_LIMIT_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
