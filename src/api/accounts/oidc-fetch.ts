/**
 * Requests to the identity provider as the OpenID library makes them: over HTTPS with the operator's authorities, no
 * redirect followed, time and size of the answer bounded. Plain HTTP only where the caller says so and to this machine.
 */
import { readFile } from 'node:fs/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { CustomFetch } from 'openid-client'
import { AppError, messageOf } from '../../lib/errors.ts'

const TIMEOUT_MS = 10_000
/** Documents and keys of large providers are 30 KiB. */
const ANSWER_LIMIT_BYTES = 1 << 20

/** `caPath`: empty for the usual authorities. The answer's promise rejects with AppError `not-reachable`. */
export function oidcFetch(caPath: string, isPlainAllowed: boolean): CustomFetch {
  return async (text, { method, headers, body }) => {
    const url = new URL(text)
    const isPlain = url.protocol === 'http:'
    if (isPlain && !(isPlainAllowed && isLoopback(url)))
      throw new AppError('bad-configuration', 'the identity provider is asked by HTTPS only')
    const ca = caPath === '' ? undefined : await readFile(caPath, 'utf8')
    const bytes = body instanceof URLSearchParams ? body.toString() : body
    if (bytes !== undefined && bytes !== null && typeof bytes !== 'string')
      throw new TypeError('only text is sent to the identity provider')
    const options = { method, headers, agent: false, ...(ca === undefined ? {} : { ca }) }
    return new Promise<Response>((resolve, reject) => {
      const fail = (error: unknown): void =>
        reject(new AppError('not-reachable', `${url.origin} does not answer (${messageOf(error)})`, error))
      const request = (isPlain ? requestHttp : requestHttps)(url, options, (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > ANSWER_LIMIT_BYTES)
            request.destroy(new Error(`its answer is longer than ${ANSWER_LIMIT_BYTES} bytes`))
          else chunks.push(chunk)
        })
        answer.on('error', fail)
        answer.on('end', () => {
          const status = answer.statusCode ?? 0
          const given = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
            value === undefined ? [] : [[name, [value].flat().join(', ')]],
          )
          const isEmpty = status === 204 || status === 304
          resolve(new Response(isEmpty ? null : Buffer.concat(chunks), { status, headers: given }))
        })
      })
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
        TIMEOUT_MS,
      )
      request.once('close', () => clearTimeout(timer))
      request.on('error', fail)
      request.end(bytes ?? undefined)
    })
  }
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
