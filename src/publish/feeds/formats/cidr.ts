/** CIDR only: one network a line, single addresses as /32 and /128, for consumers that want a prefix length always. */
import { cidrText, linesFormat } from './text-lines.ts'

export const cidr = linesFormat({ name: 'cidr', title: 'CIDR only' }, cidrText)
