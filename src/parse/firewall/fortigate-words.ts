/**
 * FortiGate's words to our closed sets. Sources: FortiOS Log Message Reference (fields `action`, `utmaction`, `level`,
 * `severity`, `status` of the log types), FIELD.md C. What is not listed is unknown.
 */
import { ATTACKER, DISPOSITION, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import { WordCodes } from '../key-table.ts'

const { allowed, blocked, alerted } = DISPOSITION

/** What became of the traffic. In traffic logs all words but deny mean that the policy let it pass. */
export const ACTIONS = new WordCodes({
  accept: allowed,
  start: allowed,
  close: allowed,
  timeout: allowed,
  'client-rst': allowed,
  'server-rst': allowed,
  'ip-conn': allowed, // let through, but nobody answered
  dns: allowed,
  allow: allowed,
  allowed: allowed,
  pass: allowed,
  passed: allowed,
  passthrough: allowed,
  permit: allowed,
  exempt: allowed,
  bypass: allowed,
  'pass-session': allowed,
  detected: alerted,
  monitored: alerted,
  monitor: alerted,
  'log-only': alerted,
  log: alerted,
  analytics: alerted,
  warning: alerted,
  deny: blocked,
  denied: blocked,
  block: blocked,
  blocked: blocked,
  drop: blocked,
  dropped: blocked,
  'drop-session': blocked,
  reset: blocked,
  'reset-client': blocked,
  'reset-server': blocked,
  'clear-session': blocked,
  quarantine: blocked,
  quarantined: blocked,
  redirect: blocked, // of a DNS filter: to a page that says no
  violation: blocked,
})

/** Actions of traffic logs that say how a session ended. */
export const SESSION_ENDS = new WordCodes({
  close: 1,
  timeout: 1,
  'client-rst': 1,
  'server-rst': 1,
  'ip-conn': 1,
})

export const SEVERITIES = new WordCodes({
  critical: SEVERITY.critical,
  high: SEVERITY.high,
  medium: SEVERITY.medium,
  low: SEVERITY.low,
  info: SEVERITY.informational,
  information: SEVERITY.informational,
  informational: SEVERITY.informational,
})

/** Level 0 to 7 of syslog. */
export const LEVELS = new WordCodes({
  emergency: 0,
  alert: 1,
  critical: 2,
  error: 3,
  warning: 4,
  notice: 5,
  notification: 5,
  information: 6,
  info: 6,
  debug: 7,
})

export const KIND = { none: 0, traffic: 1, threat: 2, event: 3 } as const

/** Log types: those of FortiOS 5 and later, and of FortiOS 4, where a threat's kind was the type. */
export const TYPES = new WordCodes({
  traffic: KIND.traffic,
  utm: KIND.threat,
  anomaly: KIND.threat,
  ips: KIND.threat,
  attack: KIND.threat,
  virus: KIND.threat,
  waf: KIND.threat,
  event: KIND.event,
})

/** Kinds of security log that report attacks, when they name one. The rest (URL filter, applications) report visits. */
export const ATTACK_SUBTYPES = new WordCodes({
  ips: 1,
  anomaly: 1,
  virus: 1,
  waf: 1,
  dns: 1,
  signature: 1,
  attack: 1,
  infected: 1,
})

/** Attacks that the session's client did not make: he went to a place that is known to be bad. */
export const VISITS = new WordCodes({ 'malicious-url': 1, botnet: 1, 'botnet-ip': 1, 'botnet-domain': 1 })

/** In mail the client of the session is a relay, not the one who made the virus. */
export const MAIL_SERVICES = new WordCodes({
  smtp: 1,
  smtps: 1,
  imap: 1,
  imaps: 1,
  pop3: 1,
  pop3s: 1,
  mapi: 1,
})

/** `action` of event logs that is an attempt to log in. */
export const LOGINS = new WordCodes({
  login: OUTCOME.none,
  authentication: OUTCOME.none,
  'auth-logon': OUTCOME.success,
  'ssl-login-fail': OUTCOME.failure,
  'ssl-login': OUTCOME.none,
  'fsso-logon': OUTCOME.success,
})

/** `status` of an attempt. */
export const OUTCOMES = new WordCodes({
  success: OUTCOME.success,
  succeeded: OUTCOME.success,
  successful: OUTCOME.success,
  logon: OUTCOME.success,
  ok: OUTCOME.success,
  fail: OUTCOME.failure,
  failed: OUTCOME.failure,
  failure: OUTCOME.failure,
  denied: OUTCOME.failure,
  error: OUTCOME.failure,
  'timed-out': OUTCOME.failure,
  timeout: OUTCOME.failure,
})

/** A tunnel that came up is a login when a user of SSL VPN made it. */
export const TUNNEL_UP = new WordCodes({ 'tunnel-up': 1 })
export const SSL_TUNNELS = new WordCodes({ 'ssl-web': 1, 'ssl-tunnel': 1 })

/** Direction of a security log relative to the session: outgoing is from its client to its server. */
export const DIRECTION = { none: 0, toServer: 1, toClient: 2 } as const
export const DIRECTIONS = new WordCodes({
  outgoing: DIRECTION.toServer,
  request: DIRECTION.toServer,
  incoming: DIRECTION.toClient,
  response: DIRECTION.toClient,
})

/** Servers have ports below, clients above. */
const FIRST_CLIENT_PORT = 1024

/**
 * Who attacked by a security log's direction (DIRECTION), the same for all forms of FortiGate's logs. Outgoing: the
 * session's client, the source. Incoming: its server, the destination; but IPS of FortiOS 6.0 logs the server's answer as
 * it went, which the ports (0 is unknown) tell: then the source. Without a direction a flood or a sweep (`isAttack`) is
 * its source's, and a virus may be of either side: ATTACKER.none.
 */
export function attackerByDirection(
  direction: number,
  sourcePort: number,
  destinationPort: number,
  isAttack: boolean,
): number {
  if (direction === DIRECTION.none) return isAttack ? ATTACKER.source : ATTACKER.none
  if (direction === DIRECTION.toServer) return ATTACKER.source
  const isAnswer = sourcePort > 0 && sourcePort < FIRST_CLIENT_PORT && destinationPort >= FIRST_CLIENT_PORT
  return isAnswer ? ATTACKER.source : ATTACKER.destination
}

/** `dir` of a key exchange: this device sent the message. */
export const OUTBOUND = new WordCodes({ outbound: 1 })
