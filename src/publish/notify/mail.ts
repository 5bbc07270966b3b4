/**
 * Mail by SMTP (RFC 5321, STARTTLS RFC 3207, AUTH RFC 4954) through nodemailer: one connection a message, every wait
 * bounded. A password never travels over a connection without TLS. Nothing of a log line is in a header but a subject of
 * visible characters; files and addresses in the content are never fetched.
 */
import { readFile } from 'node:fs/promises'
import { createTransport } from 'nodemailer'
import { messageOf, systemCodeOf } from '../../lib/errors.ts'
import { isMailAddress } from '../../lib/mail-address.ts'
import { boundedText } from '../../lib/visible-text.ts'
import type { Batch, SendResult } from './notice.ts'
import { htmlText, plainText, subjectOf } from './notice-text.ts'

export const MAIL_SECURITY = ['starttls', 'tls', 'starttls-if-offered', 'none'] as const

export interface MailServer {
  /** Empty: no mail is sent. */
  readonly host: string
  readonly port: number
  readonly security: (typeof MAIL_SECURITY)[number]
  /** Empty: without authentication. */
  readonly user: string
  readonly password: string
  /** Empty: the user, where that is an address. */
  readonly from: string
  /** PEM file of the authorities to trust; empty: those of the system. */
  readonly caPath: string
  /** No byte for so long ends the attempt. */
  readonly timeoutMs: number
}

export interface MailTo {
  readonly address: string
  readonly lines: number
  readonly timeZone: string
}

/** An attempt that trickles on is given up after so many idle limits. */
const WHOLE_ATTEMPT_LIMITS = 4

/** Never rejects: every failure is a result. */
export async function sendMail(server: MailServer, to: MailTo, batch: Batch): Promise<SendResult> {
  const from = server.from === '' ? server.user : server.from
  if (server.host === '') return failed('smtp.host is not set: no mail can be sent')
  if (!isMailAddress(from)) return failed('smtp.from is not set: a mail needs a sender')
  if (server.user !== '' && server.security === 'none')
    return failed('smtp.security is none: the password of smtp.user is not sent without TLS')
  const giveUp = new AbortController()
  try {
    const transport = createTransport(await transportOptions(server))
    const sending = transport.sendMail({
      from: { name: 'Active Defense', address: from },
      to: { name: '', address: to.address },
      subject: subjectOf(batch),
      date: new Date(batch.atMs),
      messageId: `<${batch.id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
      text: plainText(batch, to),
      html: htmlText(batch, to),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    const info = await Promise.race([
      sending,
      deadline(server.timeoutMs * WHOLE_ATTEMPT_LIMITS, giveUp.signal),
    ])
    if (info === null) {
      sending.catch(() => {}) // its end, whatever it is, comes too late to be told
      return failed(`the mail server ${server.host} took too long`)
    }
    return { ok: true, detail: boundedText(info.response, 200) }
  } catch (error) {
    return failureOf(error, server)
  } finally {
    giveUp.abort()
  }
}

async function transportOptions(server: MailServer): Promise<Parameters<typeof createTransport>[0]> {
  const { host, port, security, user, password, caPath, timeoutMs } = server
  const ca = caPath === '' ? null : await readFile(caPath, 'utf8')
  return {
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls' || (security === 'starttls-if-offered' && user !== ''),
    ignoreTLS: security === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    ...(user === '' ? {} : { auth: { user, pass: password } }),
    tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) },
  }
}

/** Credentials and connections are mended by people, so they are tried again. */
function failureOf(error: unknown, server: MailServer): SendResult {
  const code = systemCodeOf(error)
  const responseCode =
    error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number'
      ? error.responseCode
      : 0
  const reason = `${server.host}: ${boundedText(messageOf(error), 300)}`
  if (code === 'EAUTH')
    return failed(`the mail server does not accept smtp.user and smtp.password: ${reason}`)
  // A greeting of 5xx is a server in trouble; of the recipient or the message it is the last word.
  const isPermanent = responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE')
  return { ok: false, isPermanent, reason }
}

const failed = (reason: string): SendResult => ({ ok: false, isPermanent: false, reason })

function deadline(ms: number, signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}
