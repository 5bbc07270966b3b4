/** A certificate authority for one test, with client certificates of any fault and a revocation list. */
import 'reflect-metadata' // @peculiar/x509 needs it loaded first
import { webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '@peculiar/x509'
import { systemClock } from '../../lib/clock.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const HOUR_MS = 3_600_000

export interface ClientCertificate {
  readonly cert: string
  readonly key: string
  readonly serialNumber: string
}

export interface ClientAuthority {
  readonly pem: string
  /** `endsInMs` below 0: expired. `usage`: what it is for, clients unless given. */
  issue(
    name: string,
    more?: { endsInMs?: number; usage?: 'client' | 'server'; alternatives?: string[] },
  ): Promise<ClientCertificate>
  /** A list of revoked serial numbers, PEM. */
  revoke(...serialNumbers: string[]): Promise<string>
}

export async function makeClientAuthority(name = 'Test Authority'): Promise<ClientAuthority> {
  const nowMs = systemClock.nowMs()
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const root = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(nowMs - 48 * HOUR_MS),
    notAfter: new Date(nowMs + 48 * HOUR_MS),
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  let issued = 0
  return {
    pem: root.toString('pem'),
    issue: async (subject, { endsInMs = HOUR_MS, usage = 'client', alternatives = [] } = {}) => {
      const own = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
      const serialNumber = `0${++issued}`
      const made = await X509CertificateGenerator.create({
        serialNumber,
        subject,
        issuer: root.subject,
        notBefore: new Date(nowMs - 24 * HOUR_MS),
        notAfter: new Date(nowMs + endsInMs),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new ExtendedKeyUsageExtension([
            usage === 'client' ? ExtendedKeyUsage.clientAuth : ExtendedKeyUsage.serverAuth,
          ]),
          ...(alternatives.length === 0
            ? []
            : [new SubjectAlternativeNameExtension(alternatives.map((value) => ({ type: 'dns', value })))]),
        ],
      })
      const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64')
      return {
        cert: made.toString('pem'),
        key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
        serialNumber,
      }
    },
    revoke: async (...serialNumbers) => {
      const list = await X509CrlGenerator.create({
        issuer: root.subject,
        thisUpdate: new Date(nowMs - HOUR_MS),
        nextUpdate: new Date(nowMs + HOUR_MS),
        entries: serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate: new Date(nowMs) })),
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
      })
      // The library's own PEM says "CRL", which OpenSSL does not know.
      return `-----BEGIN X509 CRL-----\n${Buffer.from(list.rawData).toString('base64')}\n-----END X509 CRL-----\n`
    },
  }
}
