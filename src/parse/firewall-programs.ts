/**
 * Programs whose text may be a firewall's. The text behind any other program's tag or APP-NAME is never read as a
 * firewall line: many programs log what a stranger typed at the very front of their text (`sshd[1]: `, a web server's
 * user agent), so a stranger could write records of his own.
 *
 * Log relays that put their own name in the place of the firewall's are in the list, and `parse.programs` adds more.
 *
 * A lone `: ` and an APP-NAME that repeats the host name no program. Formats whose firewalls put other words in front
 * (the host as Cisco's tag, an administrator's prefix of netfilter) look at them themselves.
 */
import { ascii, lowerByte, startsWith } from './bytes.ts'

const words = (text: string): readonly Uint8Array[] => text.trim().split(/\s+/).map(ascii)
/** In lower case; the whole name. */
const NAMES = words(`
  logforwarder kernel klogd firewall fw pf cef leef asa ftd ips ids utm pan sfims nft ufw udm usg ubnt cp traffic threat
  syslog syslogd rsyslog rsyslogd syslog-ng nxlog axosyslog axorouter sc4s fluentd fluent-bit td-agent vector logstash cribl
  splunk graylog`)
/** In lower case; the front of a name. */
const FRONTS = words(`
  pan- pan_ pan. panos panorama palo pa- prisma strata cortex forti fgt checkpoint cp- cplog check_point cisco firepower filterlog
  opnsense pfsense netfilter iptables ip6tables nftables ulogd shorewall suricata snort mikrotik routeros unifi
  pve-firewall ngfw sonicwall sophos watchguard firewalld`)
const LONGEST_BYTES = 32

let given: readonly Uint8Array[] = []

/** Names in lower case for `useFirewallPrograms`. */
export function firewallPrograms(names: readonly string[]): readonly Uint8Array[] {
  return names.map((name) => ascii(name.toLowerCase()))
}

/** Names that count besides the list, until the next call: a parser says its own before each batch. */
export function useFirewallPrograms(names: readonly Uint8Array[]): void {
  given = names
}

const folded = new Uint8Array(LONGEST_BYTES)

/** Whether the range is the name of a program that writes firewall lines. About 0.1 us. */
export function isFirewallProgram(bytes: Uint8Array, start: number, end: number): boolean {
  const length = Math.min(end - start, LONGEST_BYTES)
  for (let i = 0; i < length; i++) folded[i] = lowerByte(bytes[start + i] as number)
  for (const name of NAMES) {
    if (name.length === end - start && startsWith(folded, 0, length, name)) return true
  }
  for (const name of given) {
    if (name.length === end - start && startsWith(folded, 0, length, name)) return true
  }
  for (const front of FRONTS) if (startsWith(folded, 0, length, front)) return true
  return false
}
