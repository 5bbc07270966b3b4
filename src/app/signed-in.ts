/**
 * From where administrators are signed in: those addresses are never blocked while the sign-in lasts (Protection in
 * decide/). Only our own sign-ins count, told by whoever checks passwords; names in log lines never do, since anybody
 * can write those. The control socket has no address and adds none.
 */
import type { StateStore } from '../store/state/state-store.ts'

/** Rows of the audit log that are looked through for places. */
const PLACES_READ = 1000
const PLACES_MS = 30 * 86_400_000

/** From where users have signed in lately, as the audit log tells it, the oldest first: so that a restart forgets no place. */
export async function signInPlaces(
  state: Pick<StateStore, 'audit'>,
  nowMs: number,
): Promise<{ user: string; address: string; atMs: number }[]> {
  const rows = await state.audit({ action: 'session.begin', limit: PLACES_READ })
  return rows
    .filter(({ atMs }) => nowMs - atMs < PLACES_MS)
    .flatMap(({ subject, details, atMs }) => {
      const address =
        typeof details === 'object' && details !== null && 'address' in details ? details['address'] : null
      return typeof address === 'string' ? [{ user: subject, address, atMs }] : []
    })
    .toReversed()
}

/** Sign-ins at most; beyond, the one that has stood longest is forgotten, and its session ends by its own time. */
const MAX_SIGN_INS = 10_000

export class SignedIn {
  /** Address by session. */
  readonly #sessions = new Map<string, string>()
  /** Told that an address came or went. */
  onChange: () => void = () => {}
  /** Detections that were refused because of it. */
  spared = 0
  /** False: `detection.guards.administrators` is off, and no address is told. */
  isOn = true

  /** `session`: any text that names the sign-in and is not told further. Adding it again moves it to the address. */
  add(session: string, address: string): void {
    if (this.#sessions.get(session) === address) return
    this.#sessions.delete(session)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= MAX_SIGN_INS && oldest !== undefined) this.#sessions.delete(oldest)
    this.#sessions.set(session, address)
    this.onChange()
  }

  /** The sign-in has ended: by sign-out, by time, or because an administrator ended it. */
  remove(session: string): void {
    if (this.#sessions.delete(session)) this.onChange()
  }

  /** Addresses to be protected now. */
  addresses(): Set<string> {
    return new Set(this.isOn ? this.#sessions.values() : [])
  }
}
