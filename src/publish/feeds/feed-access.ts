/**
 * Who may fetch a feed. Secrets are made here, never chosen by people: 192 random bits, kept as SHA-256 only, so a hash
 * tells nothing and comparing is cheap. Several credentials are valid together; each may have an end. Client certificates
 * may also be taken by their authority and names (client-authority.ts).
 *
 * A question costs the same whether the feed exists, is open or refuses: the same number of digests and comparisons.
 */
import { createHash, randomBytes, timingSafeEqual, type X509Certificate } from 'node:crypto'
import { formatNetwork } from '../../lib/address.ts'
import { NetworkSet } from '../../lib/network-set.ts'
import { parseAddress } from '../../lib/address.ts'
import { type ClientAuthorityView, ClientCertificates, clientAuthorityView } from './client-authority.ts'
import type { FeedAccess, FeedCredential } from './feed-definition.ts'

const SECRET_BYTES = 24
/** What a secret of ours looks like in a path, so that a segment is not taken for one by chance. */
const TOKEN = /^ads-[A-Za-z0-9_-]{32}$/
const FINGERPRINT = /^[0-9a-f]{64}$/

/** What a client brings. */
export interface Brought {
  /** Plain text of its address, as the socket tells it. */
  readonly address: string
  /** The header Authorization; null: none. */
  readonly authorization: string | null
  /** The segment of the path that looks like a token; null: none. */
  readonly pathToken: string | null
  /** SHA-256 of its certificate, hex; null: none. The handshake has proven that it holds the key. */
  readonly certificateFingerprint: string | null
  /** The certificate itself, to be judged by its authority and names. */
  readonly certificate?: X509Certificate | null
}

export type Admission =
  | { readonly ok: true; readonly credential: string | null }
  /** `address`: the source address may not fetch. */
  | { readonly ok: false; readonly why: 'address' | 'no-credential' | 'wrong-credential' }

export function isPathToken(segment: string): boolean {
  return TOKEN.test(segment)
}

/** A new secret and the hash to keep of it. */
export function makeSecret(): { readonly secret: string; readonly hash: string } {
  const secret = `ads-${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { secret, hash: hashOf(secret) }
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}

/** The fingerprint as people paste it (colons, capitals) as we keep it, or null. */
export function fingerprintOf(text: string): string | null {
  const plain = text
    .replace(/^sha256[:=]?/i, '')
    .replaceAll(/[:\s]/g, '')
    .toLowerCase()
  return FINGERPRINT.test(plain) ? plain : null
}

/** Asked for each fetch; made once for a definition. */
export class FeedDoor {
  readonly #open: boolean
  readonly #credentials: readonly { readonly credential: FeedCredential; readonly digest: Buffer }[]
  readonly #sources: NetworkSet | null
  readonly #certificates: ClientCertificates | null

  constructor(access: FeedAccess) {
    this.#open = access.open
    this.#credentials = access.credentials.map((credential) => ({
      credential,
      digest: Buffer.from(credential.hash, 'hex'),
    }))
    this.#sources = access.sources.length === 0 ? null : new NetworkSet(access.sources)
    this.#certificates = access.certificates == null ? null : new ClientCertificates(access.certificates)
  }

  /** Whether the source address is one of those named; false when none is named. */
  names(address: string): boolean {
    const words = parseAddress(address)
    return this.#sources !== null && words !== null && this.#sources.has(words)
  }

  /** O(credentials): all are compared, whichever fits. */
  admit(brought: Brought, nowMs: number): Admission {
    const given = givenBy(brought)
    let fitting: FeedCredential | null = null
    for (const { credential, digest } of this.#credentials) {
      const isSame = timingSafeEqual(digest, given[credential.kind])
      const isNamed = credential.kind !== 'basic' || credential.name === given.user
      const isValid = credential.validUntilMs === null || credential.validUntilMs > nowMs
      if (isSame && isNamed && isValid) fitting ??= credential
    }
    if (this.#sources !== null && !this.names(brought.address)) return { ok: false, why: 'address' }
    if (fitting !== null) return { ok: true, credential: fitting.name }
    const { certificate = null } = brought
    const named = certificate === null ? null : (this.#certificates?.admit(certificate, nowMs) ?? null)
    if (named !== null) return { ok: true, credential: named }
    if (this.#open) return { ok: true, credential: null }
    return { ok: false, why: given.isAny ? 'wrong-credential' : 'no-credential' }
  }
}

type GivenDigests = { readonly [Kind in FeedCredential['kind']]: Buffer } & {
  readonly user: string
  readonly isAny: boolean
}

function givenBy({ authorization, pathToken, certificateFingerprint }: Brought): GivenDigests {
  const [, scheme = '', text = ''] =
    /^(basic|bearer) +([\x21-\x7e]{1,2000})$/i.exec(authorization ?? '') ?? []
  const isBasic = scheme.toLowerCase() === 'basic'
  const pair = isBasic ? Buffer.from(text, 'base64').toString('utf8') : ''
  const colon = pair.indexOf(':')
  const user = colon < 0 ? '' : pair.slice(0, colon)
  const password = colon < 0 ? '' : pair.slice(colon + 1)
  const bearer = scheme !== '' && !isBasic ? text : ''
  const fingerprint = fingerprintOf(certificateFingerprint ?? '')
  return {
    basic: digestOf(password),
    bearer: digestOf(bearer),
    'path-token': digestOf(pathToken ?? ''),
    'client-certificate': fingerprint === null ? digestOf('') : Buffer.from(fingerprint, 'hex'),
    user,
    isAny: scheme !== '' || pathToken !== null || fingerprint !== null,
  }
}

function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest()
}

/**
 * The credentials after a new secret for one of them: those of its kind and name end after the grace, the new one is valid
 * beside them. At most two of a kind and name are kept: what ended or would be a third goes.
 */
export function rotated(
  credentials: readonly FeedCredential[],
  next: FeedCredential,
  { nowMs, graceMs }: { readonly nowMs: number; readonly graceMs: number },
): readonly FeedCredential[] {
  const isSame = ({ kind, name }: FeedCredential): boolean => kind === next.kind && name === next.name
  const untilMs = nowMs + graceMs
  const others = credentials.filter((credential) => !isSame(credential))
  const old = credentials
    .filter(isSame)
    .filter(({ validUntilMs }) => validUntilMs === null || validUntilMs > nowMs)
  const newest = old.find(({ validUntilMs }) => validUntilMs === null) ?? old.at(-1)
  const kept =
    newest === undefined || graceMs <= 0
      ? []
      : [{ ...newest, validUntilMs: Math.min(newest.validUntilMs ?? untilMs, untilMs) }]
  return [...others, ...kept, next]
}

/** What may be told of an access: no hashes. */
export function accessView({ open, credentials, sources, certificates = null }: FeedAccess): {
  open: boolean
  credentials: { kind: FeedCredential['kind']; name: string; validUntil: string | null }[]
  sources: string[]
  certificates: ClientAuthorityView | null
} {
  return {
    open,
    credentials: credentials.map(({ kind, name, validUntilMs }) => ({
      kind,
      name,
      validUntil: validUntilMs === null ? null : new Date(validUntilMs).toISOString(),
    })),
    sources: sources.map(formatNetwork),
    certificates: certificates === null ? null : clientAuthorityView(certificates),
  }
}
