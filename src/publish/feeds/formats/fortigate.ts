/**
 * FortiGate external resource (threat feed) of type address: one address or network a line, lines below 4 KB, without
 * comments. Limits before 7.4.4: 131,072 lines or 10 MB (FIELD.md B.12).
 */
import { linesFormat, networkText } from './text-lines.ts'

export const fortigate = linesFormat({ name: 'fortigate', title: 'FortiGate external resource' }, networkText)
