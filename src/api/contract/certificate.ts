/** The part of the contract about the certificate that the HTTPS and TLS listeners show. */
import { z } from 'zod'

const nothing = z.strictObject({})
const reason = z.string().trim().max(1000)
const pem = z.string().min(1).max(65_536)

const certificateView = z.object({
  /** `made`: by this service; `given`: handed over here; `files`: by web.tls.cert and web.tls.key. */
  source: z.enum(['made', 'given', 'files']),
  /** Names and addresses that it is for. */
  names: z.string(),
  subject: z.string(),
  issuer: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  daysLeft: z.int(),
  /** SHA-256, hex with colons. */
  fingerprint: z.string(),
  /** Certificates of the chain that are sent, its own included. */
  chain: z.int(),
})
const done = z.object({ message: z.string(), certificate: certificateView })

export const CERTIFICATE_CONTRACT = {
  showCertificate: { input: nothing, reply: certificateView },
  replaceCertificate: {
    input: z.strictObject({
      /** PEM, the server's certificate first, then its issuers. */
      certificate: pem,
      /** PEM without a passphrase. */
      key: pem,
      reason,
      /** Says what would be served and changes nothing. */
      dryRun: z.boolean(),
    }),
    reply: done,
  },
  removeCertificate: { input: z.strictObject({ reason }), reply: done },
} as const

export const CERTIFICATE_ROUTES = {
  showCertificate: { method: 'GET', path: '/control/v1/certificate/show', reply: 'object' },
  replaceCertificate: { method: 'POST', path: '/control/v1/certificate/replace', reply: 'object' },
  removeCertificate: { method: 'POST', path: '/control/v1/certificate/remove', reply: 'object' },
} as const
