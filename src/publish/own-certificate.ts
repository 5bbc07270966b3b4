/**
 * Reads a certificate chain and its key and says exactly what is wrong with them: not PEM, key of another certificate,
 * a chain in the wrong order or broken, dates, a key that TLS refuses. Used for the operator's own certificate and to
 * check the one that we made.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { messageOf } from '../lib/errors.ts'

/** What the HTTPS and TLS listeners serve. */
export interface ServedCertificate {
  /** PEM, the server's certificate first, then its issuers. */
  readonly cert: string
  /** PEM. */
  readonly key: string
  /** `made`: by us, under our own authority. `own`: the operator's. */
  readonly source: 'made' | 'own'
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** As in the certificate, for people: `DNS:localhost, IP Address:127.0.0.1`. */
  readonly names: string
  /** SHA-256 over the server's certificate, hex with colons. */
  readonly fingerprint: string
}

export type Inspection =
  | { readonly ok: true; readonly certificate: ServedCertificate; readonly dateFault: string | null }
  | { readonly ok: false; readonly fault: string }

/** Dates are told apart from the rest: an expired certificate is better than none at start, and refused at a reload. */
export function inspectCertificate(
  certPem: string,
  keyPem: string,
  source: 'made' | 'own',
  nowMs: number,
): Inspection {
  const chain = readChain(certPem)
  if (typeof chain === 'string') return { ok: false, fault: chain }
  const leaf = chain[0] as X509Certificate
  const fault = chainFault(chain) ?? keyFault(leaf, keyPem) ?? contextFault(certPem, keyPem)
  if (fault !== null) return { ok: false, fault }
  const certificate: ServedCertificate = {
    cert: certPem,
    key: keyPem,
    source,
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
    names: leaf.subjectAltName ?? leaf.subject,
    fingerprint: leaf.fingerprint256,
  }
  return { ok: true, certificate, dateFault: dateFault(chain, nowMs) }
}

function readChain(certPem: string): X509Certificate[] | string {
  const blocks = certPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (blocks === null) return 'the certificate file holds no PEM certificate'
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (error) {
    return `the certificate cannot be read (${messageOf(error)})`
  }
}

function chainFault(chain: readonly X509Certificate[]): string | null {
  if ((chain[0] as X509Certificate).ca && chain.length > 1) {
    return 'the first certificate of the file is an authority; the server certificate must come first'
  }
  for (const [i, issuer] of chain.slice(1).entries()) {
    const issued = chain[i] as X509Certificate
    if (!issued.checkIssued(issuer) || !issued.verify(issuer.publicKey)) {
      return `certificate ${i + 2} of the chain (${oneLine(issuer.subject)}) did not issue certificate ${i + 1} (${oneLine(issued.subject)})`
    }
  }
  return null
}

function keyFault(leaf: X509Certificate, keyPem: string): string | null {
  let key: KeyObject
  try {
    key = createPrivateKey(keyPem)
  } catch (error) {
    return `the key cannot be read (${messageOf(error)}); it must be PEM without a passphrase`
  }
  return leaf.checkPrivateKey(key) ? null : 'the key does not belong to the certificate'
}

function contextFault(cert: string, key: string): string | null {
  try {
    createSecureContext({ cert, key })
    return null
  } catch (error) {
    return `TLS refuses the certificate (${messageOf(error)})`
  }
}

function dateFault(chain: readonly X509Certificate[], nowMs: number): string | null {
  for (const certificate of chain) {
    const subject = oneLine(certificate.subject)
    if (certificate.validToDate.getTime() <= nowMs) {
      return `the certificate of ${subject} ended on ${certificate.validToDate.toISOString()}`
    }
    if (certificate.validFromDate.getTime() > nowMs) {
      return `the certificate of ${subject} begins only on ${certificate.validFromDate.toISOString()}`
    }
  }
  return null
}

function oneLine(subject: string): string {
  return subject.split('\n').join(', ')
}
