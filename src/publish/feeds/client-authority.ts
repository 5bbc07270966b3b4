/**
 * Client certificates that a feed takes by who signed them and whom they name, instead of one by one by fingerprint. The
 * handshake has proven that the client holds the key; here the certificate itself is judged: signed by one of the feed's
 * authorities directly, in its time, meant for clients, and with a name that may fetch.
 *
 * Only the certificates of the feed's own PEM count, never those that a client sends beside its own: an authority between
 * the root and the clients is uploaded too. So what one feed trusts opens no other, and a resumed session, which holds the
 * client's certificate alone, is judged as a new one is. Revocation: take the name away; lists of it (CRL) are not read.
 */
import { X509Certificate } from 'node:crypto'

/** What a feed's definition says. */
export interface ClientAuthority {
  /** PEM of one or more authorities; several are valid together, so that old and new overlap. */
  readonly authority: string
  /** Common names or alternative names (DNS, IP, mail, URI) that may fetch; `*`: whoever the authority signs. */
  readonly names: readonly string[]
}

export type ClientAuthorityView = {
  authorities: { subject: string; sha256: string; notAfter: string }[]
  names: string[]
}

const MOST_PEM = 40_000
const MOST_AUTHORITIES = 10
const MOST_NAMES = 100
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g
/** Printable ASCII without quotes and commas, which subjects use themselves. */
const PLAIN_NAME = /^[\w.*@ :/-]{1,128}$/
/** Extended key usage: clients, or anything (RFC 5280 4.2.1.12). */
const CLIENT_USES = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']

/** Why it cannot be used, as one sentence, or null. */
export function clientAuthorityFault({ authority, names }: ClientAuthority): string | null {
  if (authority.length > MOST_PEM) return `The authorities' PEM is longer than ${MOST_PEM} characters.`
  if (authority.includes('PRIVATE KEY-----')) return 'Give the certificate of the authority, never its key.'
  try {
    const found = authoritiesOf(authority)
    if (found.length === 0) return 'The authority is expected as PEM: -----BEGIN CERTIFICATE-----.'
    if (found.length > MOST_AUTHORITIES) return `A feed has at most ${MOST_AUTHORITIES} authorities.`
    const other = found.find(({ ca }) => !ca)
    if (other !== undefined)
      return `${subjectText(other)} is no authority: it may sign no certificates (basic constraints).`
  } catch {
    // What OpenSSL says of broken PEM helps nobody.
    return 'The authority cannot be read: expected PEM certificates.'
  }
  if (names.length === 0 || names.length > MOST_NAMES)
    return `Name 1 to ${MOST_NAMES} certificates that may fetch, or "*" for all of the authority.`
  const odd = names.find((name) => !PLAIN_NAME.test(name))
  return odd === undefined
    ? null
    : 'A name of a certificate has letters, digits, blanks and . _ * @ : / -, 128 at most.'
}

/** Asked for each fetch with a certificate: one signature check an authority, about 0.1 ms. */
export class ClientCertificates {
  readonly #authorities: readonly X509Certificate[]
  readonly #names: ReadonlySet<string>

  constructor({ authority, names }: ClientAuthority) {
    this.#authorities = authoritiesOf(authority)
    this.#names = new Set(names.map((name) => name.toLowerCase()))
  }

  /** The name by which the certificate may fetch, or null. */
  admit(certificate: X509Certificate, nowMs: number): string | null {
    const name = namesOf(certificate).find((one) => this.#names.has(one.toLowerCase()))
    const isNamed = name !== undefined || this.#names.has('*')
    const uses = certificate.keyUsage as readonly string[] | undefined
    const isForClients = uses === undefined || uses.some((use) => CLIENT_USES.includes(use))
    if (!isNamed || !isForClients || !isInTime(certificate, nowMs)) return null
    const isSigned = this.#authorities.some(
      (authority) =>
        isInTime(authority, nowMs) &&
        certificate.checkIssued(authority) &&
        certificate.verify(authority.publicKey),
    )
    return isSigned ? (name ?? namesOf(certificate)[0] ?? 'a certificate of the authority') : null
  }
}

/** What may be shown: no PEM, which is long. */
export function clientAuthorityView({ authority, names }: ClientAuthority): ClientAuthorityView {
  return {
    authorities: authoritiesOf(authority).map((certificate) => ({
      subject: subjectText(certificate),
      sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: certificate.validToDate.toISOString(),
    })),
    names: [...names],
  }
}

/** Throws on what is no certificate. */
function authoritiesOf(pem: string): X509Certificate[] {
  return Array.from(pem.matchAll(PEM_BLOCK), ([text]) => new X509Certificate(text))
}

/** Common name first, then alternative names. `subject` has one `KEY=value` a line as node:crypto prints it. */
function namesOf({ subject, subjectAltName }: X509Certificate): string[] {
  const common = (subject ?? '')
    .split('\n')
    .flatMap((line) => (line.startsWith('CN=') ? [line.slice(3)] : []))
  // A name with a quote or comma is quoted by node:crypto, which could make one look like two.
  const alternatives =
    subjectAltName === undefined || subjectAltName.includes('"') ? [] : subjectAltName.split(', ')
  const values = alternatives.flatMap((text) => /^(?:DNS|IP Address|email|URI):(.+)$/.exec(text)?.[1] ?? [])
  return [...common, ...values].filter((name) => PLAIN_NAME.test(name))
}

function isInTime({ validFromDate, validToDate }: X509Certificate, nowMs: number): boolean {
  return validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime()
}

function subjectText({ subject }: X509Certificate): string {
  return (subject ?? '').replaceAll('\n', ', ').slice(0, 200)
}
