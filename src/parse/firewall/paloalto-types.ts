/**
 * The log types of PAN-OS and Strata, and what they are to us. `START` and `END` are tunnel inspection logs: the firewall
 * keeps tunnel sessions there and only there ("to prevent double counting", PAN-OS 11.0), so they are traffic. A
 * DECRYPTION, GTP or SCTP log tells more of a session that TRAFFIC reports too: addresses, but no traffic.
 */
import { CATEGORY } from '../../model/log-record.ts'
import { WordTable } from '../word-table.ts'

export const TYPE = {
  traffic: 0,
  threat: 1,
  session: 2,
  globalProtect: 3,
  authentication: 4,
  system: 5,
  config: 6,
  hipMatch: 7,
  other: 8,
} as const

const WORDS: readonly (readonly [string, number])[] = [
  ['traffic start end', TYPE.traffic],
  ['threat url data file wildfire', TYPE.threat],
  ['decryption gtp sctp tunnel', TYPE.session],
  ['globalprotect', TYPE.globalProtect],
  ['authentication auth', TYPE.authentication],
  ['system', TYPE.system],
  ['config', TYPE.config],
  ['hipmatch hip-match hip_match', TYPE.hipMatch],
  ['userid user-id correlation iptag ip-tag ip_tag audit dns_security sdwan', TYPE.other],
]

export const TYPES = new WordTable(
  Object.fromEntries(WORDS.flatMap(([words, type]) => words.split(' ').map((word) => [word, type] as const))),
)

/** Category of a type whose records all have one. */
export function categoryOfType(type: number): number {
  if (type === TYPE.traffic) return CATEGORY.traffic
  return type === TYPE.threat ? CATEGORY.threat : CATEGORY.other
}

/** Whether the range is a log type as PAN-OS and Strata write it: in upper case. Others write `traffic` too. */
export function isTypeWord(bytes: Uint8Array, view: DataView, from: number, to: number): boolean {
  const first = bytes[from] as number
  return first >= 0x41 && first <= 0x5a && TYPES.find(bytes, view, from, to) >= 0
}
