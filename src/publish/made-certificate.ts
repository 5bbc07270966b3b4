/**
 * Makes certificates: our own certificate authority (once, 10 years) and the server's certificate under it (397 days
 * at most, the longest that browsers accept). EC P-256 with SHA-256; X.509 v3, RFC 5280. Pure but for randomness.
 */
import 'reflect-metadata' // @peculiar/x509 needs it loaded first
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { type CertificateNames, certificateNames } from './machine-names.ts'

export const DAY_MS = 24 * 3_600_000
const AUTHORITY_DAYS = 3652
const LEAF_DAYS = 397
/** Certificates begin this long ago, so that a firewall whose clock is late accepts them. */
const BACKDATE_MS = DAY_MS

const KEY = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const

/** A certificate and its private key, both PEM. */
export interface KeyedCertificate {
  readonly cert: string
  readonly key: string
}

/** A new certificate authority, named after the host that made it. */
export async function makeAuthority(host: string, nowMs: number): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: subjectOf(`Active Defense Syslog CA ${host}`),
      notBefore: new Date(nowMs - BACKDATE_MS),
      notAfter: new Date(nowMs + AUTHORITY_DAYS * DAY_MS),
      keys,
      signingAlgorithm: SIGNING,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return { cert: pemOf(certificate), key: keyPem(keys.privateKey) }
}

/** A new server certificate; `cert` is the whole chain, the authority last. It never outlives the authority. */
export async function issueLeaf(
  authority: KeyedCertificate,
  names: CertificateNames,
  nowMs: number,
): Promise<KeyedCertificate> {
  const issuer = new X509Certificate(authority.cert)
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(authority.key).export({ type: 'pkcs8', format: 'der' }),
    KEY,
    false,
    ['sign'],
  )
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify'])
  const notBeforeMs = nowMs - BACKDATE_MS
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: subjectOf(names.dns[0] ?? names.addresses[0] ?? 'active-defense'),
      issuer: issuer.subject,
      notBefore: new Date(notBeforeMs),
      notAfter: new Date(Math.min(notBeforeMs + LEAF_DAYS * DAY_MS, issuer.notAfter.getTime())),
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: SIGNING,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          ...names.dns.map((value) => ({ type: 'dns', value }) as const),
          ...names.addresses.map((value) => ({ type: 'ip', value }) as const),
        ]),
        await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return { cert: pemOf(certificate) + authority.cert, key: keyPem(keys.privateKey) }
}

/** The names in a certificate, in the same canonical text as `certificateNames`. */
export function namesIn(certPem: string): CertificateNames {
  const extension = new X509Certificate(certPem).getExtension(SubjectAlternativeNameExtension)
  return certificateNames((extension?.names.items ?? []).map((item) => item.value))
}

/** Common names hold 64 characters at most; others than these would need escaping in a name. */
function subjectOf(text: string): string {
  return `CN=${text.replace(/[^A-Za-z0-9 ._:-]/g, '-').slice(0, 64)}`
}

/** 20 octets at most, positive, not 0 (RFC 5280 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`
}

function keyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString()
}
