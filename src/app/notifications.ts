/**
 * Notifications, wired: what happens (the audit log, alarms, what the monitors find, the week) becomes notices, the outbox
 * delivers them by the recipients' channels. People and firewalls never wait for any of it.
 */
import { randomUUIDv7 } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Settings } from '../config/schema.ts'
import { messageOf } from '../lib/errors.ts'
import type { SecretBox } from '../lib/secret-box.ts'
import { formatInstant } from '../lib/time-text.ts'
import { boundedText } from '../lib/visible-text.ts'
import type { Json } from '../model/state.ts'
import { ABUSEIPDB_URL, reportable, ReportLimits, sendAbuseReport } from '../publish/notify/abuse-report.ts'
import { DELIVERY_KIND, deliveryOf } from '../publish/notify/delivery.ts'
import { sendMail } from '../publish/notify/mail.ts'
import {
  type Batch,
  type Notice,
  type SendResult,
  SEVERITIES,
  type Severity,
} from '../publish/notify/notice.ts'
import { Outbox } from '../publish/notify/outbox.ts'
import { type Recipient, RECIPIENT_KIND, storedRecipient } from '../publish/notify/recipient.ts'
import { sendSiem } from '../publish/notify/siem.ts'
import { WebTargets } from '../publish/notify/web-target.ts'
import { sendWebhook } from '../publish/notify/webhook.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Alarm, AlarmChange } from '../telemetry/alarms.ts'
import { type CertificateStage, certificateStage, checkDisk, SilentDevices } from './notice-monitors.ts'
import { MOST_ROWS, readNotices } from './notice-reader.ts'
import type { Parts } from './parts.ts'
import { weeklyReport } from './weekly-report.ts'

const MONITOR_MS = 60_000
/** An alarm that stood at the last end and does not come within it is over. */
const INHERITED_MS = 600_000
/** A stop waits so long for messages on their way. */
const STOP_WAIT_MS = 3000
/** A SIEM that takes rows slowly slows the reading down to so many a second, and no further. */
const LEAST_ROWS = 200
const CURSOR_KIND = 'notify-cursor'
const CURSOR_ID = 'all'
const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const

const cursorBody = z.object({
  /** Row of the audit log up to which all is told. */
  sequence: z.int().nullable(),
  certificate: z.object({ notAfterMs: z.number(), days: z.number() }).nullable(),
  /** Day of the last weekly report, in time.zone. */
  reportDay: z.string().nullable(),
  /** Alarms that were told, with their severity: after a restart they are not told again. */
  alarms: z.record(z.string(), z.enum(SEVERITIES)).default({}),
})
type Cursor = z.infer<typeof cursorBody>

export interface NotificationOptions {
  readonly parts: Parts
  readonly state: StateStore
  readonly settings: () => Settings
  readonly box: SecretBox
  /** Address of the pages; empty while there is none. */
  readonly pageUrl: () => string
  /** Of AbuseIPDB; tests have their own. */
  readonly abuseUrl?: string
}

export class Notifications {
  readonly outbox: Outbox
  readonly #options: NotificationOptions
  readonly #silent: SilentDevices
  readonly #reportLimits = new Map<string, ReportLimits>()
  #cursor: Cursor = { sequence: null, certificate: null, reportDay: null, alarms: {} }
  #savedCursor = ''
  #recipients: readonly Recipient[] = []
  #versions: ReadonlyMap<string, number> = new Map()
  #monitoredAtMs = Number.NEGATIVE_INFINITY
  #working: Promise<void> | null = null
  /** Alarms of the time before the start that have not come again yet. */
  #inherited = new Set<string>()

  private constructor(options: NotificationOptions) {
    const { parts, state, settings } = options
    this.#options = options
    this.#silent = new SilentDevices(parts.alarms)
    this.outbox = new Outbox({
      clock: parts.clock,
      store: state,
      send: (recipient, batch) => this.#send(recipient, batch),
      timeZone: () => settings()['time.zone'],
      onHealth: (recipient, reason) => this.#healthChanged(recipient, reason),
      report: (what, error) => parts.events.partFailed('notify', what, error),
    })
  }

  /** Loads recipients and what waited. Rejects with AppError `state-unavailable`. */
  static async open(options: NotificationOptions): Promise<Notifications> {
    const notifications = new Notifications(options)
    await notifications.reloadRecipients()
    await notifications.outbox.load()
    const stored = await options.state.object(CURSOR_KIND, CURSOR_ID)
    const read = cursorBody.safeParse(stored?.body)
    if (read.success) notifications.#cursor = read.data
    // At the very first start nothing of the past is told, and everything from here on.
    if (notifications.#cursor.sequence === null)
      notifications.#cursor.sequence = (await options.state.audit({ limit: 1 }))[0]?.sequence ?? 0
    notifications.#inherited = new Set(Object.keys(notifications.#cursor.alarms))
    for (const alarm of options.parts.alarms.active()) notifications.alarmChanged('raised', alarm)
    return notifications
  }

  get recipients(): readonly Recipient[] {
    return this.#recipients
  }

  /** Of a recipient's object, for edits; 0: there is none. */
  versionOf(id: string): number {
    return this.#versions.get(id) ?? 0
  }

  /** Takes over a changed list; entries that cannot be read are reported and left alone. */
  async reloadRecipients(): Promise<void> {
    const { state, parts } = this.#options
    const recipients: Recipient[] = []
    const versions = new Map<string, number>()
    for (const { id, body, version } of await state.objects(RECIPIENT_KIND)) {
      versions.set(id, version)
      const read = storedRecipient.safeParse(body)
      if (read.success) recipients.push({ id, ...read.data })
      else parts.events.partFailed('notify', `read the recipient ${id}`, read.error)
    }
    await this.#loadReportLimits(recipients)
    this.#recipients = recipients
    this.#versions = versions
    this.outbox.setRecipients(recipients)
  }

  /** For `Alarms`: a renewed one is not told again. */
  alarmChanged(change: AlarmChange, { code, severity, message, mend, sinceMs }: Alarm): void {
    if (change === 'renewed') return
    const { parts, settings } = this.#options
    const isRaised = change === 'raised'
    const isKnown = isRaised && this.#cursor.alarms[code] === severity
    const { [code]: _, ...others } = this.#cursor.alarms
    this.#cursor.alarms = isRaised ? { ...others, [code]: severity } : others
    this.#inherited.delete(code)
    if (isKnown || !this.outbox.wants('alarm')) return
    const notice = this.#notice('alarm', isRaised ? severity : quieter(severity), code, {
      title: isRaised ? message.replace(/\.$/, '') : `No longer: ${message.replace(/\.$/, '')}`,
      sentences: isRaised ? [mend] : [],
      facts: [
        ['Severity', severity],
        ['Since', formatInstant(sinceMs, settings()['time.zone'])],
        ['Alarm', code],
      ],
      link: this.#link(''),
    })
    // That a recipient cannot be reached is told to the others.
    const failing = code.startsWith(FAILING) ? code.slice(FAILING.length) : null
    if (failing === null || this.#recipients.some(({ id }) => id !== failing)) this.outbox.offer(notice)
    else parts.events.partFailed('notify', 'tell that nobody can be told', message)
  }

  /** To be called about every second; does not wait. */
  tick(): void {
    this.#working ??= this.#work()
      .catch((error: unknown) =>
        this.#options.parts.events.partFailed('notify', 'find what is to be told', error),
      )
      .finally(() => {
        this.#working = null
      })
  }

  /** Everything that happened up to now is with the outbox, and what was due has been tried. For tests and the end. */
  async settle(): Promise<void> {
    await this.#working
    this.tick()
    await this.#working
    await this.outbox.idle()
  }

  /** Waits a moment for what is on its way; the rest is kept and goes out after the start. */
  async stop(): Promise<void> {
    await this.#working
    const ending = new AbortController()
    const { signal } = ending
    const limit = sleep(STOP_WAIT_MS, undefined, { signal, ref: false }).catch(() => {}) // aborted: idle came first
    await Promise.race([this.outbox.idle(), limit])
    ending.abort()
    await this.outbox.save()
    await this.#saveCursor()
  }

  /** A secret of a recipient, to be kept. */
  seal(id: string, secret: string): string {
    return this.#options.box.seal(secret, purposeOf(id))
  }

  /** Sends a test to one recipient now. Throws AppError `not-found`. */
  test(id: string, by: string): ReturnType<Outbox['sendNow']> {
    const notice = this.#notice('test', 'info', id, {
      title: `Test message to ${id}`,
      sentences: [`${by} asked for it. If you read this, mails or messages of Active Defense reach you.`],
      facts: [['Version', this.#options.parts.version]],
      link: this.#link(''),
    })
    return this.outbox.sendNow(id, [notice], 'test')
  }

  async #work(): Promise<void> {
    const { parts, settings } = this.#options
    await this.#readAudit()
    const nowMs = parts.clock.nowMs()
    if (parts.clock.monotonicMs() - this.#monitoredAtMs >= MONITOR_MS) {
      this.#monitoredAtMs = parts.clock.monotonicMs()
      this.#silent.check(parts.pipeline?.status?.devices ?? [], settings()['notify.silentMinutes'], nowMs)
      this.#certificate(nowMs)
      this.#endInherited(nowMs)
      const report = (error: unknown): void => parts.events.partFailed('notify', 'ask the disk', error)
      await checkDisk(parts.dataFolder, settings()['notify.diskPercent'], parts.alarms, report)
      await this.#weekly(nowMs)
    }
    this.outbox.tick()
    await this.#saveCursor()
  }

  async #readAudit(): Promise<void> {
    const { state, parts, settings } = this.#options
    const sources = {
      state,
      geo: () => parts.geo,
      timeZone: () => settings()['time.zone'],
      linkOf: (target: string) => this.#link(`ip/${encodeURIComponent(target)}`),
      wants: (topic: Notice['topic']) => this.outbox.wants(topic),
    }
    const most = Math.max(LEAST_ROWS, Math.min(MOST_ROWS, this.outbox.roomFor('audit')))
    const { notices, sequence } = await readNotices(sources, this.#cursor.sequence ?? 0, most)
    for (const notice of notices) this.outbox.offer(notice)
    // First what is to be told, then how far: a crash in between tells twice rather than never.
    if (notices.length > 0) await this.outbox.save()
    this.#cursor.sequence = sequence
  }

  /** What stood before the restart and has not come again is over. */
  #endInherited(nowMs: number): void {
    const { parts } = this.#options
    if (this.#inherited.size === 0 || nowMs - parts.startedAtMs < INHERITED_MS) return
    for (const code of this.#inherited) {
      const { [code]: severity, ...others } = this.#cursor.alarms
      this.#cursor.alarms = others
      if (severity === undefined || !this.outbox.wants('alarm')) continue
      const title = `No longer, since the restart: ${boundedText(code, 100)}`
      const text = { title, sentences: [], facts: [], link: this.#link('') }
      this.outbox.offer(this.#notice('alarm', quieter(severity), code, text))
    }
    this.#inherited.clear()
  }

  #certificate(nowMs: number): void {
    const { notAfterMs } = this.#options.parts.certificate.served
    const stage: CertificateStage | null = certificateStage(notAfterMs, this.#cursor.certificate, nowMs)
    if (stage === null) return
    this.#cursor.certificate = stage
    const leftMs = notAfterMs - nowMs
    const when = leftMs <= 0 ? 'has ended' : `ends in ${stage.days === 1 ? 'one day' : `${stage.days} days`}`
    const severity = stage.days <= 7 ? 'critical' : 'warning'
    this.outbox.offer(
      this.#notice('alarm', severity, 'certificate-days', {
        title: `The certificate of the list ${when}`,
        sentences: [
          'Firewalls stop enforcing the list when it has ended. Renew it, or look why it was not renewed.',
        ],
        facts: [['Ends', formatInstant(notAfterMs, this.#options.settings()['time.zone'])]],
        link: this.#link('settings'),
      }),
    )
  }

  async #weekly(nowMs: number): Promise<void> {
    const { parts, state, settings } = this.#options
    const zone = settings()['time.zone']
    const day = formatInstant(nowMs, zone).slice(0, 10)
    const isDay = DAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] === settings()['notify.reportDay']
    const hour = Number(formatInstant(nowMs, zone).slice(11, 13))
    if (!isDay || hour < settings()['notify.reportHour'] || this.#cursor.reportDay === day) return
    this.#cursor.reportDay = day
    if (!this.outbox.wants('report')) return
    const sources = {
      state,
      fetchers: () => parts.fetches.fetchers(),
      active: () => parts.decider?.active() ?? [],
      countryOf: (address: string) => parts.geo?.countryOf(address) ?? null,
      timeZone: zone,
      link: this.#link(''),
    }
    this.outbox.offer(await weeklyReport(sources, nowMs))
  }

  async #send(recipient: Recipient, batch: Batch): Promise<SendResult> {
    try {
      return await this.#sendBy(recipient, batch)
    } catch (error) {
      return { ok: false, isPermanent: false, reason: boundedText(messageOf(error), 300) }
    }
  }

  #sendBy({ id, to, lines }: Recipient, batch: Batch): SendResult | Promise<SendResult> {
    const { settings, box, parts } = this.#options
    const timeZone = settings()['time.zone']
    const targets = new WebTargets(settings()['notify.privateTargets'])
    const open = (sealed: string): string | null => box.unseal(sealed, purposeOf(id))
    switch (to.channel) {
      case 'mail':
        return sendMail(mailServer(settings()), { address: to.address, lines, timeZone }, batch)
      case 'webhook': {
        const url = open(to.sealedUrl)
        const secret = to.sealedSecret === null ? null : open(to.sealedSecret)
        if (url === null || (to.sealedSecret !== null && secret === null)) return UNSEALED
        return sendWebhook({ url, secret, format: to.format, lines, targets }, batch)
      }
      case 'siem':
        return sendSiem({ ...to, lines, hostName: hostname(), version: parts.version }, batch)
      case 'abuseipdb': {
        const key = open(to.sealedKey)
        const [notice] = batch.notices
        if (key === null) return UNSEALED
        if (notice === undefined || notice.topic === 'test')
          return { ok: false, isPermanent: true, reason: 'a report is public: there is no test of it' }
        return this.#report(id, { key, proof: to.proof, dailyLimit: to.dailyLimit }, notice, targets)
      }
    }
  }

  async #report(
    id: string,
    { key, proof, dailyLimit }: { key: string; proof: 'handshake' | 'any'; dailyLimit: number },
    notice: Notice,
    targets: WebTargets,
  ): Promise<SendResult> {
    const nowMs = this.#options.parts.clock.nowMs()
    const limits = this.#reportLimits.get(id) ?? new ReportLimits()
    this.#reportLimits.set(id, limits)
    const found = reportable(notice, proof)
    const why = 'why' in found ? found.why : limits.refusal(found.address, dailyLimit, nowMs)
    if (why !== null || 'why' in found) return { ok: true, isSkipped: true, detail: `not reported: ${why}` }
    const result = await sendAbuseReport(
      { key, url: this.#options.abuseUrl ?? ABUSEIPDB_URL, proof, targets },
      notice,
    )
    if (result.ok) limits.note(found.address, nowMs)
    return result
  }

  /** From the delivery log of the last day. */
  async #loadReportLimits(recipients: readonly Recipient[]): Promise<void> {
    const { state, parts } = this.#options
    for (const { id, to } of recipients) {
      if (to.channel !== 'abuseipdb' || this.#reportLimits.has(id)) continue
      const sinceMs = parts.clock.nowMs() - 86_400_000
      const entries = await state.journal({ kind: DELIVERY_KIND, subject: id, sinceMs, limit: to.dailyLimit })
      const limits = new ReportLimits()
      for (const entry of entries.reverse())
        for (const address of deliveryOf(entry)?.reported ?? []) limits.note(address, entry.atMs)
      this.#reportLimits.set(id, limits)
    }
  }

  #healthChanged({ id, to }: Recipient, reason: string | null): void {
    const { alarms } = this.#options.parts
    const code = `${FAILING}${id}`
    if (reason === null) alarms.clear(code)
    else
      alarms.raise({
        code,
        severity: 'warning',
        message: `${to.channel === 'mail' ? 'Mails' : 'Messages'} to the recipient ${id} are not delivered: ${boundedText(reason, 200)}.`,
        mend: `See active-defense notify log --recipient ${id}; after mending it, active-defense notify test ${id}.`,
      })
  }

  #notice(
    topic: Notice['topic'],
    severity: Severity,
    subject: string,
    text: Pick<Notice, 'title' | 'sentences' | 'facts' | 'link'>,
  ): Notice {
    const atMs = this.#options.parts.clock.nowMs()
    return { id: randomUUIDv7(), topic, severity, atMs, subject, lines: [], block: null, ...text }
  }

  #link(path: string): string | null {
    const page = this.#options.pageUrl()
    return page === '' ? null : `${page}${path}`
  }

  async #saveCursor(): Promise<void> {
    const text = JSON.stringify(this.#cursor)
    if (text === this.#savedCursor) return
    const body = JSON.parse(text) as Json
    const change = { kind: CURSOR_KIND, id: CURSOR_ID, body, onVersion: null, by: 'system' }
    await this.#options.state.changeObject(change, null)
    this.#savedCursor = text
  }
}

const FAILING = 'notify-failing:'
const UNSEALED: SendResult = {
  ok: false,
  isPermanent: false,
  reason: 'its secret cannot be opened: secrets.key is another one; enter the secret anew',
}

/** What a recipient's secrets are sealed for. */
const purposeOf = (id: string): string => `recipient:${id}`

/** The end of a critical alarm must not wake anybody. */
const quieter = (severity: Severity): Severity => (severity === 'critical' ? 'warning' : severity)

function mailServer(settings: Settings): Parameters<typeof sendMail>[0] {
  return {
    host: settings['smtp.host'],
    port: settings['smtp.port'],
    security: settings['smtp.security'],
    user: settings['smtp.user'],
    password: settings['smtp.password'],
    from: settings['smtp.from'],
    caPath: settings['smtp.ca'],
    timeoutMs: settings['smtp.timeoutSeconds'] * 1000,
  }
}
