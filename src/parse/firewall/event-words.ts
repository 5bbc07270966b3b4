/**
 * Words of CEF and LEEF events, of any vendor, to our closed sets: what was done with the packet, how a login ended, how
 * bad it was, and which kind of event a name speaks of. What is not listed is unknown, never guessed.
 */
import { CATEGORY, DISPOSITION, OUTCOME, SEVERITY } from '../../model/log-record.ts'
import { readDecimal } from '../bytes.ts'
import type { Line } from '../line.ts'
import { WordTable } from '../word-table.ts'

function wordsOf(lists: readonly (readonly [number, string])[]): WordTable {
  return new WordTable(
    Object.fromEntries(
      lists.flatMap(([value, words]) => words.split(' ').map((word) => [word, value] as const)),
    ),
  )
}

const { allowed, blocked, alerted } = DISPOSITION
const DISPOSITION_WORDS = wordsOf([
  [
    allowed,
    'accept accepted allow allowed permit permitted pass passed passthrough close closed start exempt bypass',
  ],
  [
    allowed,
    'client-rst server-rst timeout ip-conn built teardown encrypt decrypt forward forwarded success vpn-routing',
  ],
  [
    blocked,
    'deny denied drop dropped block blocked reject rejected prevent prevented discard discarded reset refused',
  ],
  [
    blocked,
    'reset-both reset-client reset-server reset_both reset_client reset_server drop-packet drop-all drop-icmp',
  ],
  [
    blocked,
    'drop_session clear_session clear-session quarantine quarantined sinkhole block-url block-ip drop-all-packets',
  ],
  [
    blocked,
    'block-continue block-override random-drop syncookie-sent drop-reset filtered banned ban terminated tcp-reset',
  ],
  [
    alerted,
    'alert alerted detect detected monitor monitored log log-only log_only logged pass_session inform warn',
  ],
])

/** Disposition of an action in lower case with hyphens, of a firewall of no known vendor. */
export function dispositionOfAction(line: Line, start: number, end: number): number {
  const found = DISPOSITION_WORDS.find(line.bytes, line.view, start, end)
  return found < 0 ? DISPOSITION.unknown : found
}

const OUTCOME_WORDS = wordsOf([
  [
    OUTCOME.success,
    'success successful succeeded successfully ok pass passed accepted granted login-success',
  ],
  [
    OUTCOME.failure,
    'fail failed failure failures denied deny error rejected invalid refused unsuccessful timeout',
  ],
])

/** How a login ended, by a word of its status; OUTCOME.none when it does not say. */
export function outcomeOf(line: Line, start: number, end: number): number {
  const found = OUTCOME_WORDS.find(line.bytes, line.view, start, end)
  return found < 0 ? OUTCOME.none : found
}

/** How a login ended, by any word of a text: a failure wins over a success. */
export function outcomeInText(line: Line, start: number, end: number): number {
  let outcome: number = OUTCOME.none
  for (let at = start; at < end; ) {
    const to = endOfWord(line.bytes, at, end)
    const found = to > at ? outcomeOf(line, at, to) : OUTCOME.none
    if (found === OUTCOME.failure) return found
    if (found !== OUTCOME.none) outcome = found
    at = to + 1
  }
  return outcome
}

const SEVERITY_WORDS = wordsOf([
  [SEVERITY.critical, 'critical very-high emergency alert fatal crit'],
  [SEVERITY.high, 'high error major severe err'],
  [SEVERITY.medium, 'medium warning moderate warn'],
  [SEVERITY.low, 'low notice minor notification'],
  [SEVERITY.informational, 'informational information info debug none'],
])

/** Severity of CEF and LEEF: a number of 0 to 10 (CEF: 0-3 low, 4-6 medium, 7-8 high, 9-10 very high), or a word. */
export function severityOfText(line: Line, start: number, end: number): number {
  const number = readDecimal(line.bytes, start, end)
  if (!Number.isNaN(number)) return severityOfTen(number)
  const found = SEVERITY_WORDS.find(line.bytes, line.view, start, end)
  return found < 0 ? SEVERITY.none : found
}

export function severityOfTen(number: number): number {
  if (!(number <= 10)) return SEVERITY.none
  if (number >= 9) return SEVERITY.critical
  if (number >= 7) return SEVERITY.high
  if (number >= 4) return SEVERITY.medium
  return number >= 1 ? SEVERITY.low : SEVERITY.informational
}

const KIND_WORDS = wordsOf([
  [
    CATEGORY.threat,
    'attack attacks intrusion exploit exploits exploitation malware virus trojan worm threat botnet spyware',
  ],
  [
    CATEGORY.threat,
    'ransomware vulnerability ips ids backdoor injection phishing shellcode antivirus flood overflow traversal',
  ],
  [CATEGORY.login, 'login logon authentication signin logins sslvpn-login'],
])

/** What kind of event a name speaks of, by its words: threat wins over login; CATEGORY.other when by none. */
export function kindInText(line: Line, start: number, end: number): number {
  let kind: number = CATEGORY.other
  for (let at = start; at < end; ) {
    const to = endOfWord(line.bytes, at, end)
    const found = to > at ? KIND_WORDS.find(line.bytes, line.view, at, to) : -1
    if (found === CATEGORY.threat) return found
    if (found === CATEGORY.login) kind = found
    at = to + 1
  }
  return kind
}

function endOfWord(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end) {
    const lower = (bytes[at] as number) | 0x20
    if (lower < 0x61 || lower > 0x7a) break
    at++
  }
  return at
}
