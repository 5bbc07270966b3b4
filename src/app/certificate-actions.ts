/**
 * The served certificate: shown, replaced, taken back. What is in the audit log is its fingerprint and its end; the key
 * goes into the certificates' folder and nowhere else.
 */
import { randomUUIDv7, X509Certificate } from 'node:crypto'
import type { Reply, ServiceActions } from '../api/control-contract.ts'
import { AppError } from '../lib/errors.ts'
import type { Json } from '../model/state.ts'
import type { ServedCertificate } from '../publish/own-certificate.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Parts } from './parts.ts'

const KIND = 'certificate'
const ID = 'web'
const DAY_MS = 86_400_000

type CertificateActions = Pick<ServiceActions, 'showCertificate' | 'replaceCertificate' | 'removeCertificate'>

export function certificateActions(parts: Parts, state: () => StateStore): CertificateActions {
  const viewOf = (served: ServedCertificate): Reply<'showCertificate'> => certificateView(parts, served)
  const write = async (
    action: string,
    by: string,
    reason: string,
    before: ServedCertificate,
    after: ServedCertificate | null,
  ): Promise<void> => {
    const details = {
      before: factsOf(before),
      after: after === null ? 'made by this service' : factsOf(after),
    }
    const audit = {
      id: randomUUIDv7(),
      atMs: parts.clock.nowMs(),
      actor: by,
      action,
      subject: ID,
      reason: reason === '' ? null : reason,
      details,
    }
    const body = after === null ? { made: true } : factsOf(after)
    await state().changeObject({ kind: KIND, id: ID, body, onVersion: null, by }, audit)
  }
  /** A file and a row cannot be one transaction: the file first, and back again when the row cannot be written. */
  const audited = async (before: ServedCertificate, row: () => Promise<void>): Promise<void> => {
    try {
      await row()
    } catch (error) {
      if (before.source === 'own') await parts.certificate.replace(before.cert, before.key)
      else await parts.certificate.takeBack()
      throw error
    }
  }
  return {
    showCertificate: () => viewOf(parts.certificate.served),
    replaceCertificate: async ({ certificate, key, reason, dryRun }, { user }) => {
      const before = parts.certificate.served
      const next = parts.certificate.tryOut(certificate, key)
      if (dryRun) return { message: 'it holds: key, chain and dates are right', certificate: viewOf(next) }
      if (next.fingerprint === before.fingerprint)
        throw new AppError('unsafe', 'that certificate is served already')
      const served = await parts.certificate.replace(certificate, key)
      await audited(before, () => write('certificate.replace', user, reason, before, served))
      return { message: 'new connections get the new certificate', certificate: viewOf(served) }
    },
    removeCertificate: async ({ reason }, { user }) => {
      const before = parts.certificate.served
      if (parts.certificate.isFromFiles || before.source !== 'own')
        throw new AppError('not-found', 'no certificate was handed over here')
      const served = await parts.certificate.takeBack()
      await audited(before, () => write('certificate.remove', user, reason, before, null))
      return { message: 'the certificate of this service is served again', certificate: viewOf(served) }
    },
  }
}

function factsOf({ fingerprint, names, notAfterMs }: ServedCertificate): Json {
  return { fingerprint, names, notAfter: new Date(notAfterMs).toISOString() }
}

function certificateView(parts: Parts, served: ServedCertificate): Reply<'showCertificate'> {
  const { cert, names, notBeforeMs, notAfterMs, fingerprint } = served
  const { subject, issuer } = new X509Certificate(cert)
  const oneLine = (text: string | undefined): string => (text ?? '').split('\n').join(', ')
  const own = parts.certificate.isFromFiles ? 'files' : 'given'
  return {
    source: served.source === 'own' ? own : 'made',
    names,
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    notBefore: new Date(notBeforeMs).toISOString(),
    notAfter: new Date(notAfterMs).toISOString(),
    daysLeft: Math.floor((notAfterMs - parts.clock.nowMs()) / DAY_MS),
    fingerprint,
    chain: cert.match(/-----BEGIN CERTIFICATE-----/g)?.length ?? 0,
  }
}
