/** The second factor: time-based codes (RFC 6238) and recovery codes for a lost phone. */
import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'

const STEP_SECONDS = 30
const ISSUER = 'Active Defense Syslog'
const RECOVERY_CODES = 10

/** A new seed in base32, and the URI that phones read as a QR code. */
export function newSeed(userName: string): { seed: string; uri: string } {
  const secret = new Secret({ size: 20 })
  const totp = new TOTP({ issuer: ISSUER, label: userName, secret, period: STEP_SECONDS })
  return { seed: secret.base32, uri: totp.toString() }
}

/** Each opens once; shown when they are made and never again. */
export function recoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => randomBytes(5).toString('hex'))
}

/** The time step whose code it is, one step of clock difference allowed either way; null when of none. */
export function stepOf(seed: string, code: string, nowMs: number): number | null {
  if (!/^\d{6}$/.test(code)) return null
  const delta = TOTP.validate({
    token: code,
    secret: Secret.fromBase32(seed),
    period: STEP_SECONDS,
    timestamp: nowMs,
    window: 1,
  })
  return delta === null ? null : Math.floor(nowMs / 1000 / STEP_SECONDS) + delta
}
