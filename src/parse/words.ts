/**
 * Words of firewalls to our closed sets: dispositions, severities, directions, categories. They fold ASCII case and
 * know the blank and the hyphen as one. What is not listed is unknown, never guessed.
 */
import { ATTACKER, CATEGORY, DISPOSITION, SEVERITY } from '../model/log-record.ts'
import { ascii, isDigit, isWord, startsWith } from './bytes.ts'

const WORDS = {
  allow: ascii('allow'),
  alert: ascii('alert'),
  continue: ascii('continue'),
  deny: ascii('deny'),
  drop: ascii('drop'),
  reset: ascii('reset'),
  block: ascii('block'),
  sinkhole: ascii('sinkhole'),
  randomDrop: ascii('random-drop'),
  syncookieSent: ascii('syncookie-sent'),
  traffic: ascii('traffic'),
  threat: ascii('threat'),
  clientToServer: ascii('client-to-server'),
  serverToClient: ascii('server-to-client'),
} as const

/**
 * Disposition of a PAN-OS action in lower case with hyphens: `deny`, `drop...`, `reset...`, `block...`, `sinkhole`,
 * `random-drop` and `syncookie-sent` stopped it; `alert` and `continue` let it pass and told.
 */
export function dispositionOf(bytes: Uint8Array, start: number, end: number): number {
  switch (bytes[start] as number) {
    case 0x61: // a
      if (isWord(bytes, start, end, WORDS.allow)) return DISPOSITION.allowed
      return isWord(bytes, start, end, WORDS.alert) ? DISPOSITION.alerted : DISPOSITION.unknown
    case 0x62: // b
      return blockedIf(startsWith(bytes, start, end, WORDS.block))
    case 0x63: // c
      return isWord(bytes, start, end, WORDS.continue) ? DISPOSITION.alerted : DISPOSITION.unknown
    case 0x64: // d
      return blockedIf(startsWith(bytes, start, end, WORDS.drop) || isWord(bytes, start, end, WORDS.deny))
    case 0x72: // r
      return blockedIf(
        startsWith(bytes, start, end, WORDS.reset) || isWord(bytes, start, end, WORDS.randomDrop),
      )
    case 0x73: // s
      return blockedIf(
        isWord(bytes, start, end, WORDS.sinkhole) || isWord(bytes, start, end, WORDS.syncookieSent),
      )
    default:
      return DISPOSITION.unknown
  }
}

function blockedIf(blocked: boolean): number {
  return blocked ? DISPOSITION.blocked : DISPOSITION.unknown
}

const SEVERITIES: readonly (readonly [Uint8Array, number])[] = [
  [ascii('informational'), SEVERITY.informational],
  [ascii('critical'), SEVERITY.critical],
  [ascii('high'), SEVERITY.high],
  [ascii('medium'), SEVERITY.medium],
  [ascii('low'), SEVERITY.low],
]

/** Code of a severity word, SEVERITY.none when it is not one. */
export function severityOf(bytes: Uint8Array, start: number, end: number): number {
  for (const [word, severity] of SEVERITIES) if (isWord(bytes, start, end, word)) return severity
  return SEVERITY.none
}

/** Which side attacks by the direction of a threat: words, or PAN-OS's own `0` and `1`. */
export function attackerOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start === 1) {
    if (bytes[start] === 0x30) return ATTACKER.source
    return bytes[start] === 0x31 ? ATTACKER.destination : ATTACKER.none
  }
  if (isWord(bytes, start, end, WORDS.clientToServer)) return ATTACKER.source
  return isWord(bytes, start, end, WORDS.serverToClient) ? ATTACKER.destination : ATTACKER.none
}

/** What kind of event a PAN-OS log type is. */
export function categoryOf(bytes: Uint8Array, start: number, end: number): number {
  if (isWord(bytes, start, end, WORDS.traffic)) return CATEGORY.traffic
  return isWord(bytes, start, end, WORDS.threat) ? CATEGORY.threat : CATEGORY.other
}

/** Letters, digits, blanks and hyphens, as protocols and actions are written. Empty is one too. */
export function isPlainWord(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > 40) return false
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    const lower = byte | 0x20
    const isPlain =
      (lower >= 0x61 && lower <= 0x7a) ||
      isDigit(byte) ||
      byte === 0x2d ||
      byte === 0x20 ||
      byte === 0x2f ||
      byte === 0x5f
    if (!isPlain && !(i === from && byte === 0x24)) return false
  }
  return true
}
