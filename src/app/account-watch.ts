/**
 * Looks after accounts and the audit log by the clock: sessions that are over are forgotten, with the protection of the
 * address they came from; many failed sign-ins are an alarm while they last; and the hash chain of the audit log is
 * checked at the start and every night.
 */
import type { Parts } from './parts.ts'

const EVERY_TICKS = 10

export class AccountWatch {
  readonly #parts: Parts
  #ticks = 0
  #isStopped = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Every second; never rejects. */
  async tick(): Promise<void> {
    const { accounts, events, alarms } = this.#parts
    if (accounts === null || this.#ticks++ % EVERY_TICKS !== 0) return
    const { networks, users } = accounts.guessing()
    if (networks === 0 && users === 0) alarms.clear('sign-in-guessed')
    else
      alarms.raise({
        code: 'sign-in-guessed',
        severity: 'warning',
        message: `Passwords are being guessed: ${networks} networks must wait before their next try, and ${users} users are tried from where they never signed in.`,
        mend: 'Nobody is locked out. Let only your own networks reach the page, and have people use a second factor.',
      })
    try {
      await accounts.dropOld()
    } catch (error) {
      events.partFailed('accounts', 'forget sessions that are over', error)
    }
  }

  /** A few microseconds per row, in pages between which all else goes on; never rejects. */
  async checkAudit(): Promise<void> {
    const { state, events, alarms } = this.#parts
    if (state === null) return
    try {
      const check = await state.verifyAudit()
      if (check.ok) alarms.clear('audit-broken')
      else
        alarms.raise({
          code: 'audit-broken',
          severity: 'critical',
          message: `The audit log was changed from outside: ${check.problem}.`,
          mend: 'Compare state.sqlite with a backup, and ask who may write in the data folder.',
        })
    } catch (error) {
      // The state may be closed by a stop while pages are read.
      if (!this.#isStopped) events.partFailed('accounts', 'check the audit log', error)
    }
  }

  stop(): void {
    this.#isStopped = true
  }
}
