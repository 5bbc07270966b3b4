/**
 * Client certificates of senders over TLS: which authorities may vouch for them, whether what a client showed is good,
 * and the name in it. OpenSSL checks chain, dates, purpose and revocation; this file says why it refused.
 *
 * The authorities' PEM file may hold revocation lists (CRL) beside the certificates. With one, each authority of a
 * chain needs a list that has not run out, or its clients are refused (OpenSSL, X509_V_FLAG_CRL_CHECK_ALL).
 */
import { X509Certificate } from 'node:crypto'
import { createSecureContext, type TLSSocket } from 'node:tls'
import { AppError, messageOf } from '../lib/errors.ts'

export interface ClientAuthorities {
  /** PEM texts, one certificate or list each. */
  readonly certificates: readonly string[]
  readonly revocationLists: readonly string[]
}

export type ClientVerdict =
  /** `endsAtMs`: when the certificate does. */
  | { readonly isAccepted: true; readonly name: string; readonly endsAtMs: number }
  | { readonly isAccepted: false; readonly reason: string }

const PEM_BLOCK = /-----BEGIN (CERTIFICATE|X509 CRL)-----[\s\S]+?-----END \1-----/g
/** Names are shown and compared: printable ASCII without quotes and commas, which subjects use themselves. */
const PLAIN_NAME = /^[\w.*@ :-]{1,128}$/

/** What OpenSSL's codes mean to the operator of the sender; other codes are told as they are. */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is a clock wrong?',
  CERT_REVOKED: 'its certificate was revoked',
  CRL_HAS_EXPIRED: 'the revocation list in syslog.tls.clientCa has run out',
  UNABLE_TO_GET_CRL: 'syslog.tls.clientCa has revocation lists, but none of the authority of its certificate',
  INVALID_PURPOSE: 'its certificate is not meant for clients (extended key usage)',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is signed by itself, not by an authority of syslog.tls.clientCa',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of another authority than those of syslog.tls.clientCa',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is of another authority than those of syslog.tls.clientCa',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is of another authority than those of syslog.tls.clientCa',
}

/** Reads the PEM text of authorities; throws AppError 'bad-configuration' when it cannot be used. `where`: its file. */
export function readAuthorities(pem: string, where: string): ClientAuthorities {
  const blocks = Array.from(pem.matchAll(PEM_BLOCK), ([text, kind]) => ({ text, kind }))
  const ofKind = (wanted: string): string[] =>
    blocks.filter(({ kind }) => kind === wanted).map(({ text }) => text)
  const authorities = { certificates: ofKind('CERTIFICATE'), revocationLists: ofKind('X509 CRL') }
  try {
    if (authorities.certificates.length === 0) throw new Error('it holds no certificate')
    if (blocks.length !== pem.split('-----BEGIN ').length - 1)
      throw new Error('it holds something else than certificates and revocation lists (X509 CRL)')
    for (const text of authorities.certificates) new X509Certificate(text)
    createSecureContext(authorityOptions(authorities))
  } catch (error) {
    throw new AppError(
      'bad-configuration',
      `syslog.tls.clientCa: ${where} cannot be used: ${messageOf(error)}; expected PEM certificates of authorities`,
      error,
    )
  }
  return authorities
}

/** For a secure context. */
export function authorityOptions(authorities: ClientAuthorities): { ca: string[]; crl?: string[] } {
  const ca = [...authorities.certificates]
  const crl = [...authorities.revocationLists]
  return crl.length === 0 ? { ca } : { ca, crl }
}

/** Judges what a client showed in a handshake that asked for a certificate. */
export function judgeClient(socket: TLSSocket): ClientVerdict {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return { isAccepted: false, reason: 'it showed no client certificate' }
  if (!socket.authorized) {
    const code = String(socket.authorizationError)
    return { isAccepted: false, reason: REASONS[code] ?? `its certificate was refused: ${code}` }
  }
  const { subject, subjectAltName, fingerprint256 } = certificate
  const name =
    clientName(subject, subjectAltName) ?? `sha256:${fingerprint256.replaceAll(':', '').slice(0, 32)}`
  return { isAccepted: true, name, endsAtMs: certificate.validToDate.getTime() }
}

/**
 * The common name, else the first DNS or IP name; null when neither is plain. `subject` has one `KEY=value` a line as
 * node:crypto prints it; a subject with two common names has none.
 */
export function clientName(subject: string | undefined, alternatives: string | undefined): string | null {
  const common = (subject ?? '').split('\n').filter((line) => line.startsWith('CN='))
  const [first = ''] = common
  if (common.length === 1 && PLAIN_NAME.test(first.slice(3))) return first.slice(3)
  // A name with a quote or comma is quoted by node:crypto, which could make one look like two.
  if (alternatives === undefined || alternatives.includes('"')) return null
  for (const entry of alternatives.split(', ')) {
    const name = /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1]
    if (name !== undefined && PLAIN_NAME.test(name)) return name
  }
  return null
}
