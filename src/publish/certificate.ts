/**
 * The certificate of the HTTPS and TLS listeners, over its life. Three sources:
 *   made  `<data>/certificates`: an authority of our own, kept, so that firewalls trust it once; the server's
 *         certificate under it, renewed 30 days before its end and when the machine has an address that it lacks.
 *   own   the operator's files (web.tls.cert, web.tls.key), read again when they change. A bad new file never replaces
 *         a good one: firewalls stop enforcing a list whose server they cannot authenticate (RELIABILITY.md 0.1).
 *   given what a person handed over while it runs (`replace`), kept by us; checked like the operator's files.
 * `check` does all of it and is called by a timer; listeners take the new certificate live by `onChange`.
 */
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import type { AlarmSink } from '../telemetry/alarms.ts'
import { type CertificateNames, certificateNames, machineNames } from './machine-names.ts'
import { DAY_MS, issueLeaf, type KeyedCertificate, makeAuthority, namesIn } from './made-certificate.ts'
import { givenPath, readGiven, removeGiven, writeGiven } from './given-certificate.ts'
import { inspectCertificate, type ServedCertificate } from './own-certificate.ts'

const RENEW_BEFORE_MS = 30 * DAY_MS
const WARN_DAYS = 30
const CRITICAL_DAYS = 7
/** The authority's end needs a person (the firewalls must be told), so it is announced a year before. */
const AUTHORITY_WARN_DAYS = 365
const CHECK_EVERY_MS = 10_000

export interface CertificateOptions {
  /** `<data>/certificates`; made with mode 0700. */
  readonly folder: string
  /** Further names and addresses for the made certificate (web.names). */
  readonly names: readonly string[]
  /** The operator's own files; both empty for the made certificate. */
  readonly certPath: string
  readonly keyPath: string
  readonly clock: Clock
  readonly alarms: AlarmSink
  /** Told of every certificate to serve, the first included. */
  readonly onChange?: (certificate: ServedCertificate) => void
  readonly machine?: () => Promise<CertificateNames>
  /** 0: no timer, `check` is called by hand. */
  readonly checkEveryMs?: number
}

export class ServerCertificate {
  readonly #options: CertificateOptions
  #served: ServedCertificate | null = null
  #authority: KeyedCertificate | null = null
  /** Of the files that `#served` was read from. */
  #loadedSignature = ''
  #timer: NodeJS.Timeout | null = null
  #checking: Promise<void> | null = null

  constructor(options: CertificateOptions) {
    this.#options = options
  }

  /**
   * Loads or makes the certificate. Rejects with `bad-configuration` when the operator's own files cannot be used, and
   * with `failed` when our own authority is damaged: a new one would be made only by a person, since every firewall
   * would have to be told.
   */
  async start(): Promise<void> {
    if (this.#isOwn) await this.#startOwn()
    else if (!(await this.#startGiven())) await this.#renewMade()
    this.#warnOfEnd()
    const everyMs = this.#options.checkEveryMs ?? CHECK_EVERY_MS
    if (everyMs > 0) {
      this.#timer = setInterval(() => void this.check(), everyMs)
      this.#timer.unref()
    }
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#checking
  }

  /** What to serve. Throws before `start`. */
  get served(): ServedCertificate {
    if (this.#served === null)
      throw new AppError('failed', 'the certificate is asked for before it is loaded')
    return this.#served
  }

  /** Whole days until the end; negative when it is past. */
  daysLeft(): number {
    return Math.floor((this.served.notAfterMs - this.#options.clock.nowMs()) / DAY_MS)
  }

  /** The certificate of our own authority, to be trusted by firewalls; null with an own certificate. */
  authorityPem(): string | null {
    return this.#served?.source === 'own' ? null : (this.#authority?.cert ?? null)
  }

  /** Whether the operator's files say it, so that it cannot be replaced here. */
  get isFromFiles(): boolean {
    return this.#isOwn
  }

  /** What would be served; nothing changes. Throws AppError that says what is wrong with it. */
  tryOut(cert: string, key: string): ServedCertificate {
    if (this.#isOwn)
      throw new AppError(
        'unsafe',
        'the certificate is given by web.tls.cert and web.tls.key: replace those files',
      )
    const inspection = inspectCertificate(cert, key, 'own', this.#options.clock.nowMs())
    const fault = inspection.ok ? inspection.dateFault : inspection.fault
    if (!inspection.ok || fault !== null)
      throw new AppError('usage', `the certificate is not taken, the old one stays: ${fault}`)
    return inspection.certificate
  }

  /** Serves what was handed over, from now on and after restarts. Throws as `tryOut`; the old one then stays. */
  async replace(cert: string, key: string): Promise<ServedCertificate> {
    const certificate = this.tryOut(cert, key)
    await writeGiven(this.#options.folder, certificate)
    this.#options.alarms.clear('certificate-given-damaged')
    this.#serve(certificate)
    this.#warnOfEnd()
    return certificate
  }

  /** Back to the one that we make. */
  async takeBack(): Promise<ServedCertificate> {
    if (this.#isOwn || this.served.source !== 'own')
      throw new AppError('not-found', 'no certificate was handed over here')
    await removeGiven(this.#options.folder)
    await this.#renewMade()
    this.#warnOfEnd()
    return this.served
  }

  /** Renews or reloads what is due. Never rejects: a failure is an alarm, and the old certificate stays. */
  check(): Promise<void> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null
    })
    return this.#checking
  }

  get #isOwn(): boolean {
    return this.#options.certPath !== '' || this.#options.keyPath !== ''
  }

  async #check(): Promise<void> {
    const { alarms } = this.#options
    try {
      if (this.#isOwn) await this.#reloadOwn()
      else if (this.served.source !== 'own') await this.#renewMade()
      alarms.clear('certificate-not-loaded')
    } catch (error) {
      alarms.raise({
        code: 'certificate-not-loaded',
        severity: 'critical',
        message: `${messageOf(error)} The certificate until ${new Date(this.served.notAfterMs).toISOString()} is still served.`,
        mend: this.#isOwn
          ? 'Put a matching certificate chain and key into web.tls.cert and web.tls.key; they are read again by themselves.'
          : `See that ${this.#options.folder} is whole and may be written.`,
      })
    }
    this.#warnOfEnd()
  }

  #serve(certificate: ServedCertificate): void {
    this.#served = certificate
    this.#options.onChange?.(certificate)
  }

  /** Whether one that was handed over is served. A damaged one is an alarm, and ours is served instead. */
  async #startGiven(): Promise<boolean> {
    try {
      const given = await readGiven(this.#options.folder)
      if (given === null) return false
      const inspection = inspectCertificate(given.cert, given.key, 'own', this.#options.clock.nowMs())
      if (!inspection.ok) throw new AppError('failed', `It cannot be used: ${inspection.fault}.`)
      this.#serve(inspection.certificate)
      return true
    } catch (error) {
      // A code of its own: that ours is renewed well does not mend it.
      this.#options.alarms.raise({
        code: 'certificate-given-damaged',
        severity: 'critical',
        message: `The certificate that was handed over on the page is not served. ${messageOf(error)} Ours is served instead.`,
        mend: `Hand it over again at Settings, with its key; to stay with ours, remove ${givenPath(this.#options.folder)} and restart.`,
      })
      return false
    }
  }

  async #startOwn(): Promise<void> {
    const { certPath, keyPath } = this.#options
    if (certPath === '' || keyPath === '') {
      throw new AppError('bad-configuration', 'web.tls.cert and web.tls.key must be given together.')
    }
    // A date fault is no reason to stay dark at start: the alarm of `#warnOfEnd` says it.
    const read = await this.#readOwn()
    this.#loadedSignature = read.signature
    this.#serve(read.certificate)
  }

  async #reloadOwn(): Promise<void> {
    if ((await this.#signature()) === this.#loadedSignature) return
    const read = await this.#readOwn()
    if (read.dateFault !== null) {
      throw new AppError('bad-configuration', `The new own certificate is not used: ${read.dateFault}.`)
    }
    this.#loadedSignature = read.signature
    this.#serve(read.certificate)
  }

  /** What tells that a file is another one: a certificate and its key are mostly replaced by renames. */
  async #signature(): Promise<string> {
    const { certPath, keyPath } = this.#options
    const parts: string[] = []
    for (const path of [certPath, keyPath]) {
      try {
        const { ino, size, mtimeMs } = await stat(path)
        parts.push(`${ino}:${size}:${mtimeMs}`)
      } catch (error) {
        throw new AppError(
          'bad-configuration',
          `The own certificate file ${path} cannot be read (${messageOf(error)}).`,
          error,
        )
      }
    }
    return parts.join(' ')
  }

  async #readOwn(): Promise<{ certificate: ServedCertificate; dateFault: string | null; signature: string }> {
    const { certPath, keyPath, clock } = this.#options
    // Before the contents: a change between the two is seen as one more change, not missed.
    const signature = await this.#signature()
    let cert: string
    let key: string
    try {
      cert = await readFile(certPath, 'utf8')
      key = await readFile(keyPath, 'utf8')
    } catch (error) {
      throw new AppError(
        'bad-configuration',
        `The own certificate cannot be read (${messageOf(error)}).`,
        error,
      )
    }
    const inspection = inspectCertificate(cert, key, 'own', clock.nowMs())
    if (!inspection.ok) {
      throw new AppError(
        'bad-configuration',
        `The own certificate ${certPath} cannot be used: ${inspection.fault}.`,
      )
    }
    return { certificate: inspection.certificate, dateFault: inspection.dateFault, signature }
  }

  /** Serves the kept certificate, or a new one when that is due. */
  async #renewMade(): Promise<void> {
    const { folder, clock, names } = this.#options
    const nowMs = clock.nowMs()
    this.#authority ??= await this.#loadAuthority()
    const machine = await (this.#options.machine ?? machineNames)()
    const wanted = certificateNames([...names, ...machine.dns, ...machine.addresses])
    const served = this.#served?.source === 'made' ? this.#served : null
    const kept = served ?? (await this.#loadLeaf())
    if (kept !== null && this.#isGood(kept, wanted, nowMs)) {
      if (served === null) this.#serve(kept)
      return
    }
    const leaf = await issueLeaf(this.#authority, wanted, nowMs)
    const inspection = inspectCertificate(leaf.cert, leaf.key, 'made', nowMs)
    if (!inspection.ok) throw new AppError('failed', `The new certificate is not used: ${inspection.fault}.`)
    await writeDurably(folder, 'server.key', leaf.key, 0o600)
    await writeDurably(folder, 'server.crt', leaf.cert, 0o644)
    this.#serve(inspection.certificate)
  }

  #isGood(kept: ServedCertificate, wanted: CertificateNames, nowMs: number): boolean {
    const authorityEndMs = endOf(this.#authority, nowMs)
    const has = namesIn(kept.cert)
    return (
      kept.notBeforeMs <= nowMs &&
      kept.notAfterMs >= Math.min(nowMs + RENEW_BEFORE_MS, authorityEndMs) &&
      kept.cert.endsWith(this.#authority?.cert ?? '') &&
      wanted.dns.every((name) => has.dns.includes(name)) &&
      wanted.addresses.every((address) => has.addresses.includes(address))
    )
  }

  /** Null when there is none or it cannot be used: a new one then takes its place under the same authority. */
  async #loadLeaf(): Promise<ServedCertificate | null> {
    const cert = await textOf(join(this.#options.folder, 'server.crt'))
    const key = await textOf(join(this.#options.folder, 'server.key'))
    if (cert === null || key === null) return null
    const inspection = inspectCertificate(cert, key, 'made', this.#options.clock.nowMs())
    return inspection.ok ? inspection.certificate : null
  }

  async #loadAuthority(): Promise<KeyedCertificate> {
    const { folder, clock } = this.#options
    const nowMs = clock.nowMs()
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const cert = await textOf(join(folder, 'ca.crt'))
    const key = await textOf(join(folder, 'ca.key'))
    if (cert !== null && key !== null) {
      const inspection = inspectCertificate(cert, key, 'made', nowMs)
      if (!inspection.ok) throw damagedAuthority(folder, inspection.fault)
      if (inspection.certificate.notAfterMs > nowMs) return { cert, key }
    } else if (cert !== null) {
      // The key is written first, so a certificate without a key was once whole and may be trusted by firewalls.
      throw damagedAuthority(folder, 'ca.key is missing')
    }
    const made = await makeAuthority(hostname(), nowMs)
    await writeDurably(folder, 'ca.key', made.key, 0o600)
    await writeDurably(folder, 'ca.crt', made.cert, 0o644)
    if (cert !== null) this.#announceNewAuthority()
    return made
  }

  #announceNewAuthority(): void {
    this.#options.alarms.raise({
      code: 'certificate-authority-new',
      severity: 'critical',
      message: 'Our certificate authority had ended and a new one was made.',
      mend: 'Import /ca.crt into the certificate profile of every firewall; until then they do not trust the list.',
    })
  }

  #warnOfEnd(): void {
    const { alarms, clock } = this.#options
    const nowMs = clock.nowMs()
    const served = this.served
    const inspection = inspectCertificate(served.cert, served.key, served.source, nowMs)
    const fault = inspection.ok ? inspection.dateFault : inspection.fault
    const days = this.daysLeft()
    if (fault === null && days >= WARN_DAYS) alarms.clear('certificate-ending')
    else {
      alarms.raise({
        code: 'certificate-ending',
        severity: fault !== null || days < CRITICAL_DAYS ? 'critical' : 'warning',
        message:
          fault === null
            ? `The certificate ends in ${days} days.`
            : `The certificate is not valid: ${fault}.`,
        mend:
          served.source === 'own'
            ? 'Replace it at Settings, or web.tls.cert and web.tls.key in time: firewalls stop enforcing a list whose server they cannot authenticate.'
            : 'It is renewed by itself; if this stays, see the alarm about the certificate folder and the clock.',
      })
    }
    if (this.#authority === null || served.source === 'own') {
      alarms.clear('certificate-authority-ending')
      return
    }
    const authorityDays = Math.floor((endOf(this.#authority, nowMs) - nowMs) / DAY_MS)
    if (authorityDays >= AUTHORITY_WARN_DAYS) alarms.clear('certificate-authority-ending')
    else {
      alarms.raise({
        code: 'certificate-authority-ending',
        severity: authorityDays < WARN_DAYS ? 'critical' : 'warning',
        message: `Our certificate authority ends in ${authorityDays} days.`,
        mend: `Move ca.crt and ca.key out of ${this.#options.folder}, restart, and import the new /ca.crt on every firewall.`,
      })
    }
  }
}

function endOf(authority: KeyedCertificate | null, nowMs: number): number {
  if (authority === null) return Number.POSITIVE_INFINITY
  const inspection = inspectCertificate(authority.cert, authority.key, 'made', nowMs)
  return inspection.ok ? inspection.certificate.notAfterMs : nowMs
}

function damagedAuthority(folder: string, fault: string): AppError {
  return new AppError(
    'failed',
    `Our certificate authority in ${folder} is damaged: ${fault}. Restore ca.crt and ca.key from a backup; or remove both, start again, and import the new /ca.crt on every firewall.`,
  )
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw new AppError('failed', `Cannot read ${path} (${messageOf(error)}).`, error)
  }
}

async function writeDurably(folder: string, name: string, text: string, mode: number): Promise<void> {
  const path = join(folder, name)
  {
    await using file = await open(`${path}.tmp`, 'w', mode)
    await file.chmod(mode)
    await file.writeFile(text)
    await file.sync()
  }
  await rename(`${path}.tmp`, path)
}
