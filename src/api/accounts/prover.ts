/**
 * Whether somebody is who he says: name, password, and the code where a second factor is set. Failures are counted against
 * whoever guesses, at sign-in and when the password is asked once more alike. Used codes are kept in memory: each opens once.
 */
import type { Clock } from '../../lib/clock.ts'
import type { SecretBox } from '../../lib/secret-box.ts'
import { digest, type User } from './account.ts'
import { Busy, type PasswordHasher } from './password.ts'
import { stepOf } from './second-factor.ts'
import { SignInThrottle } from './sign-in-throttle.ts'

export interface NotProved {
  readonly ok: false
  /** `factor`: the password was right and the second factor is wanted. */
  readonly why: 'wrong' | 'factor' | 'wait' | 'busy'
  readonly waitSeconds: number
}

type Proof = { readonly ok: true; readonly user: User } | NotProved

interface ProverOptions {
  readonly clock: Clock
  readonly box: SecretBox
  readonly hasher: PasswordHasher
  readonly userByName: (name: string) => User | undefined
  /** Takes the recovery code of that hash away, for good. */
  readonly useRecovery: (user: User, hash: string) => Promise<void>
}

export class Prover {
  readonly throttle: SignInThrottle
  readonly #options: ProverOptions
  /** User -> the last time step whose code was used: a code opens once. */
  readonly #usedSteps = new Map<string, number>()

  constructor(options: ProverOptions) {
    this.#options = options
    this.throttle = new SignInThrottle(options.clock)
  }

  /** `address` as the socket tells it. An unknown name takes as long as a wrong password. */
  async prove(
    given: { name: string; password: string; code: string | null },
    address: string,
  ): Promise<Proof> {
    const { hasher, userByName } = this.#options
    const waitSeconds = this.throttle.waitSeconds(given.name, address)
    if (waitSeconds > 0) return { ok: false, why: 'wait', waitSeconds }
    const user = userByName(given.name)
    try {
      if (user === undefined || user.passwordHash === null || user.isDisabled) {
        await hasher.pretend(given.password)
        return this.#refused(given.name, address)
      }
      if (!(await hasher.verify(given.password, user.passwordHash))) return this.#refused(given.name, address)
    } catch (error) {
      if (error instanceof Busy) return { ok: false, why: 'busy', waitSeconds: 5 }
      throw error
    }
    if (user.totp !== null) {
      if (given.code === null) return { ok: false, why: 'factor', waitSeconds: 0 }
      if (!(await this.#takeCode(user, given.code))) return this.#refused(given.name, address)
    }
    this.throttle.succeeded(user.name, address)
    return { ok: true, user }
  }

  #refused(name: string, address: string): NotProved {
    this.throttle.failed(name, address)
    return { ok: false, why: 'wrong', waitSeconds: 0 }
  }

  /** Whether the code is a fresh one of the second factor, or an unused recovery code, which is then used. */
  async #takeCode(user: User, code: string): Promise<boolean> {
    const { box, clock, useRecovery } = this.#options
    const plain = code.replaceAll(/[\s-]/g, '').toLowerCase()
    const seed = box.unseal(user.totp ?? '', `totp:${user.id}`)
    const step = seed === null ? null : stepOf(seed, plain, clock.nowMs())
    if (step !== null) {
      if (step <= (this.#usedSteps.get(user.id) ?? -1)) return false
      this.#usedSteps.set(user.id, step)
      return true
    }
    const hash = digest(plain)
    if (!user.recovery.includes(hash)) return false
    await useRecovery(user, hash)
    return true
  }
}
