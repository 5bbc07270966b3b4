/**
 * Cisco Firewall Management Center, Security Intelligence feed: one address or block a line, 500 MB at most. It would take
 * `#` comment lines, which are not needed and not written. One address that it understands keeps the feed valid, so the
 * sentinel does (FIELD.md B.12).
 */
import { linesFormat, networkText } from './text-lines.ts'

export const ciscoFmc = linesFormat(
  { name: 'cisco-fmc', title: 'Cisco FMC Security Intelligence' },
  networkText,
)
