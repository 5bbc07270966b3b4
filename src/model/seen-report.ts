/**
 * What one firewall did with the lines of one blocked target within a batch: let through, or denied. It goes from the
 * pipeline to the proof of enforcement. Times are when the packet was, as well as it is known: the earlier of arrival and
 * the line's own time by the device's learned clock, so that a line read late from a file is no news.
 */
export interface SeenReport {
  /** As the line names the firewall; null when it names none. Hostile text. */
  readonly device: string | null
  /** The peer that sent the line, or the file it lay in. */
  readonly sender: string | null
  /** Lines that were let through, threats that only raised an alarm among them; those of ended sessions count below. */
  readonly allowed: number
  readonly lastAllowedAtMs: number | null
  /** Lines that tell the end of an allowed session, which may have begun before the block. */
  readonly ended: number
  readonly lastEndedAtMs: number | null
  readonly denied: number
  readonly firstDeniedAtMs: number | null
  readonly lastDeniedAtMs: number | null
  /** Denied lines that name an external dynamic list as the reason. */
  readonly deniedByList: number
  /** The security rule of the first denied line, of an allowed one when none was denied. Hostile text. */
  readonly rule: string | null
  /** The external dynamic list that a line names for its source, as the firewall calls it. Hostile text. */
  readonly sourceEdl: string | null
}
