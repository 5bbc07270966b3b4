/**
 * Until when a bouncer is told to block a value, and durations as Go writes them.
 *
 * A bouncer puts the duration on its entry once and takes no longer one for an entry that it has (nftables), or none
 * above 24.8 days (ipset). Blocks that live on by being seen, and those without an end, are therefore told until the next
 * of fixed instants that follow from their creation alone, so that every bouncer and every process of ours means the same
 * one; when it has passed they are told again. Their real end is told as an end.
 */
import type { Decision } from '../../model/decision.ts'

/** Below the 2,147,483 s that ipset takes. */
const TERM_MS = 20 * 24 * 3_600_000

/** Unix ms, later than now unless the decision is over. */
export function toldUntilMs(decision: Decision, nowMs: number): number {
  const { createdAtMs, expiresAtMs, origin, lifetimeMs } = decision
  const terms = Math.max(1, Math.floor((nowMs - createdAtMs) / TERM_MS) + 1)
  const termEndMs = createdAtMs + terms * TERM_MS
  const livesOn = origin === 'detector' && (lifetimeMs === null || lifetimeMs >= TERM_MS)
  return livesOn || expiresAtMs === null ? termEndMs : Math.min(termEndMs, expiresAtMs)
}

/** `3h59m49s` as Go's time.Duration prints it, in whole seconds, rounded up; negative for what is over. */
export function goDuration(ms: number): string {
  const seconds = Math.ceil(Math.abs(ms) / 1000)
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const text = hours > 0 ? `${hours}h${minutes}m${rest}s` : minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`
  return ms < 0 ? `-${text}` : text
}
