/** Juniper dynamic-address feed: one prefix a line, single addresses as /32 and /128 (FIELD.md B.12). */
import { cidrText, linesFormat } from './text-lines.ts'

export const juniper = linesFormat({ name: 'juniper', title: 'Juniper dynamic address' }, cidrText)
