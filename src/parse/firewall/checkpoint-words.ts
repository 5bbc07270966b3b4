/**
 * Check Point's words to our closed sets. Sources: sk144192 (log fields; action, severity), R81 Logging and Monitoring,
 * FIELD.md C. What is not listed is unknown.
 */
import { DISPOSITION, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import { WordCodes } from '../key-table.ts'

const { allowed, blocked, alerted } = DISPOSITION

export const ACTIONS = new WordCodes({
  accept: allowed,
  allow: allowed,
  allowed: allowed,
  bypass: allowed,
  encrypt: allowed,
  decrypt: allowed,
  authorize: allowed,
  authcrypt: allowed,
  'vpn-routing': allowed,
  drop: blocked,
  reject: blocked,
  block: blocked,
  prevent: blocked,
  quarantine: blocked,
  deauthorize: blocked,
  redirect: blocked, // to a page that says no
  extract: blocked, // the active content of a file
  'replace-malicious-code': blocked,
  deny: blocked,
  detect: alerted,
  monitor: alerted,
  monitored: alerted,
  inspect: alerted,
  flag: alerted,
  alert: alerted,
  'ask-user': alerted,
  'inform-user': alerted,
})

export const SEVERITIES = new WordCodes({
  '0': SEVERITY.informational,
  '1': SEVERITY.low,
  '2': SEVERITY.medium,
  '3': SEVERITY.high,
  '4': SEVERITY.critical,
  informational: SEVERITY.informational,
  info: SEVERITY.informational,
  low: SEVERITY.low,
  medium: SEVERITY.medium,
  high: SEVERITY.high,
  critical: SEVERITY.critical,
})

/** `action`, or the operation of an administrator, that is an attempt to log in. */
export const LOGINS = new WordCodes({
  'log-in': OUTCOME.none,
  login: OUTCOME.none,
  'failed-log-in': OUTCOME.failure,
  'failed-login': OUTCOME.failure,
})

/** `audit_status` and `auth_status`. */
export const OUTCOMES = new WordCodes({
  success: OUTCOME.success,
  successful: OUTCOME.success,
  'successful-login': OUTCOME.success,
  failure: OUTCOME.failure,
  failed: OUTCOME.failure,
  'failed-login': OUTCOME.failure,
  'failed-log-in': OUTCOME.failure,
})

/** Types of an administrator's objects that are rules, or exceptions to them. */
export const RULE_OBJECTS = new WordCodes({
  'access-control-rule': 1,
  'access-rule': 1,
  'nat-rule': 1,
  'https-inspection-rule': 1,
  'https-rule': 1,
  'threat-prevention-rule': 1,
  'threat-rule': 1,
  'threat-exception': 1,
  'threat-exception-rule': 1,
  threatipsprotectionoverride: 1,
})

/** Products that judge what clients send: the source of the connection is the attacker. */
export const INTRUSION_PRODUCTS = new WordCodes({
  ips: 1,
  smartdefense: 1,
  'ddos-protector': 1,
  ddos: 1,
  waf: 1,
})
