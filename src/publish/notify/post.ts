/**
 * One POST to an address that a person has set: redirects are not followed, what may be connected to is asked of
 * WebTargets, time and size of the answer are bounded, and its body is read for a short reason only and never trusted.
 */
import { type ClientRequest, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { messageOf, systemCodeOf } from '../../lib/errors.ts'
import { boundedText } from '../../lib/visible-text.ts'
import type { SendResult } from './notice.ts'
import { REFUSED_TARGET, type WebTargets } from './web-target.ts'

const TIMEOUT_MS = 15_000
const ANSWER_LIMIT_BYTES = 16_384
const LONGEST_WAIT_MS = 3_600_000

export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly targets: WebTargets
  /** The whole exchange; TIMEOUT_MS when absent. */
  readonly timeoutMs?: number
}

/** Never rejects. 2xx is a success; 408, 425, 429 and 5xx may pass; all else is permanent. */
export async function post(message: Post): Promise<SendResult> {
  try {
    const answer = await exchange(message)
    return resultOf(answer)
  } catch (error) {
    return {
      ok: false,
      isPermanent: systemCodeOf(error) === REFUSED_TARGET,
      reason: boundedText(messageOf(error), 300),
    }
  }
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

function resultOf({ status, retryAfter, text }: Answer): SendResult {
  if (status >= 200 && status < 300) return { ok: true, detail: `HTTP ${status}` }
  if (status >= 300 && status < 400)
    return {
      ok: false,
      isPermanent: true,
      reason: `HTTP ${status}: redirects are not followed; give the last address`,
    }
  const said = text === '' ? '' : `: ${boundedText(text.trim(), 200)}`
  const isPassing = status >= 500 || status === 408 || status === 425 || status === 429
  // 401 and 403 are mended by people: the message waits for them.
  const isPermanent = !isPassing && status !== 401 && status !== 403
  const seconds = Number(retryAfter)
  return {
    ok: false,
    isPermanent,
    reason: `HTTP ${status}${said}`,
    ...(isPassing && Number.isFinite(seconds) && seconds > 0
      ? { retryAfterMs: Math.min(LONGEST_WAIT_MS, Math.ceil(seconds) * 1000) }
      : {}),
  }
}

function exchange({ url: text, headers, body, targets, timeoutMs = TIMEOUT_MS }: Post): Promise<Answer> {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    // `lookup` is not asked for addresses.
    const refusal = isIP(host) === 0 ? null : targets.refusal(host)
    if (refusal !== null) {
      reject(refused(refusal))
      return
    }
    const isPlain = url.protocol === 'http:'
    const request = (isPlain ? requestHttp : requestHttps)(url, {
      method: 'POST',
      agent: false,
      lookup: targets.lookup(),
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    })
    // The request connects by itself; nothing is written before the address has been looked at.
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    )
    request.once('close', () => clearTimeout(timer))
    request.on('error', reject)
    request.once('socket', (socket) => {
      socket.once(isPlain ? 'connect' : 'secureConnect', () => {
        const address = socket.remoteAddress ?? ''
        const why = targets.refusal(address) ?? (isPlain && !targets.isNamed(address) ? PLAIN_REFUSAL : null)
        if (why === null) request.end(body)
        else request.destroy(refused(why))
      })
    })
    readAnswer(request, resolve, reject)
  })
}

const PLAIN_REFUSAL = 'plain http is spoken only to addresses in notify.privateTargets; use https'

const refused = (message: string): Error => Object.assign(new Error(message), { code: REFUSED_TARGET })

function readAnswer(
  request: ClientRequest,
  resolve: (answer: Answer) => void,
  reject: (error: Error) => void,
): void {
  request.once('response', (response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const done = (): void => {
      resolve({
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
        text: Buffer.concat(chunks).toString('utf8').slice(0, 1000),
      })
    }
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > ANSWER_LIMIT_BYTES) {
        done() // the status is known, and the rest is of no interest
        request.destroy()
      } else chunks.push(chunk)
    })
    response.once('end', done)
    response.once('error', reject)
  })
}
