/**
 * Slows down who guesses passwords, and cannot be used to lock people out: failures are counted per network of the
 * guesser (/24, /64), and per user only for addresses from which that user has never signed in. Whoever knows the
 * password and comes from where he came before is let in while strangers guess.
 */
import type { Clock } from '../../lib/clock.ts'

const WINDOW_MS = 15 * 60_000
const FAILURES_PER_NETWORK = 10
const FAILURES_PER_USER = 30
const FAMILIAR_MS = 30 * 24 * 3_600_000
const ENTRIES_MOST = 20_000

interface Count {
  failures: number
  sinceMs: number
}

export class SignInThrottle {
  readonly #clock: Clock
  readonly #networks = new Map<string, Count>()
  readonly #users = new Map<string, Count>()
  /** `user network` -> when the user signed in from there last. */
  readonly #familiar = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Seconds to wait before another try may be made; 0: now. */
  waitSeconds(user: string, address: string): number {
    const network = networkOf(address)
    const nowMs = this.#clock.nowMs()
    const seenMs = this.#familiar.get(keyOf(user, network))
    if (seenMs !== undefined && nowMs - seenMs < FAMILIAR_MS)
      return waitOf(this.#networks.get(network), FAILURES_PER_NETWORK * 5, nowMs)
    return Math.max(
      waitOf(this.#networks.get(network), FAILURES_PER_NETWORK, nowMs),
      waitOf(this.#users.get(user.toLowerCase()), FAILURES_PER_USER, nowMs),
    )
  }

  /** Networks and users over their limit now. Looks at all counts: for every few seconds. */
  guessing(): { networks: number; users: number } {
    const nowMs = this.#clock.nowMs()
    const over = (counts: Map<string, Count>, limit: number): number =>
      [...counts.values()].filter((count) => waitOf(count, limit, nowMs) > 0).length
    return {
      networks: over(this.#networks, FAILURES_PER_NETWORK),
      users: over(this.#users, FAILURES_PER_USER),
    }
  }

  failed(user: string, address: string): void {
    const network = networkOf(address)
    this.#count(this.#networks, network)
    if (!this.#familiar.has(keyOf(user, network))) this.#count(this.#users, user.toLowerCase())
  }

  succeeded(user: string, address: string): void {
    this.#networks.delete(networkOf(address))
    this.remember(user, address, this.#clock.nowMs())
  }

  /** The user has signed in from there: now, or before a restart. */
  remember(user: string, address: string, atMs: number): void {
    const key = keyOf(user, networkOf(address))
    this.#familiar.delete(key)
    this.#familiar.set(key, atMs)
    bound(this.#familiar)
  }

  #count(counts: Map<string, Count>, key: string): void {
    const nowMs = this.#clock.nowMs()
    const known = counts.get(key)
    counts.delete(key)
    const isOver = known === undefined || nowMs - known.sinceMs >= WINDOW_MS
    counts.set(key, isOver ? { failures: 1, sinceMs: nowMs } : { ...known, failures: known.failures + 1 })
    bound(counts)
  }
}

function waitOf(count: Count | undefined, limit: number, nowMs: number): number {
  if (count === undefined || count.failures < limit) return 0
  return Math.max(0, Math.ceil((count.sinceMs + WINDOW_MS - nowMs) / 1000))
}

function keyOf(user: string, network: string): string {
  return `${user.toLowerCase()} ${network}`
}

/** The /24 or /64 of an address as the socket tells it. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:/i, '')
  if (!plain.includes(':')) return plain.split('.').slice(0, 3).join('.')
  const [head = '', tail = ''] = plain.split('::')
  const groups = head.split(':').filter((group) => group !== '')
  const rest = tail.split(':').filter((group) => group !== '')
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0')
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':').toLowerCase()
}

function bound(entries: Map<string, unknown>): void {
  if (entries.size <= ENTRIES_MOST) return
  const oldest = entries.keys().next()
  if (oldest.done !== true) entries.delete(oldest.value)
}
