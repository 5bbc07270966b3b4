/** Synthetic lines for the tests of this folder (documentation addresses only) and short ways to parse them. */
import type { LogRecord } from '../model/log-record.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch } from '../model/record-batch.ts'
import { Parser, type ParserOptions } from './parser.ts'

export const BSD_HEADER = '<14>Feb 20 12:28:20 LAB-FW-01 '

/** A PAN-OS 11 TRAFFIC line of 115 columns, without a header. */
export const TRAFFIC =
  '1,2025/02/20 12:28:20,013201001234,TRAFFIC,drop,2561,2025/02/20 12:28:20,198.51.100.77,203.0.113.10,0.0.0.0,0.0.0.0,Active Defense sensor,,,not-applicable,vsys1,UNTRUST,UNTRUST,ethernet1/1,,ActiveDefense,2025/02/20 12:28:20,0,1,51514,8060,0,0,0x0,tcp,reset-both,60,60,0,1,2025/02/20 12:28:20,0,any,,7204134051344758261,0x8000000000000000,Singapore,Australia,,1,0,policy-deny,0,0,0,0,,LAB-FW-01,from-policy,,,0,,0,,N/A,0,0,0,0,ace432fe-a9f2-5a1e-327a-91fdce0077da,0,0,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,2025-02-20T12:28:20.113+11:00,,,,,,,,,,,no,0'

/** A PAN-OS 10 THREAT line of 120 columns, with doubled quotes in the URL. */
export const THREAT =
  '1,2025/02/20 11:49:43,013201001234,THREAT,vulnerability,2561,2025/02/20 11:49:43,198.51.100.252,203.0.113.10,0.0.0.0,0.0.0.0,GlobalProtect_Portal,,,web-browsing,vsys1,UNTRUST,UNTRUST,ethernet1/1,,ActiveDefense,2025/02/20 11:49:43,238810,1,41890,443,0,0,0x402000,tcp,reset-both,"203.0.113.10/ssl-vpn/hipreport.esp?q={""a"":1,""b"":2}",Palo Alto Networks GlobalProtect OS Command Injection Vulnerability(95187),any,critical,client-to-server,7204134051344758260,0x8000000000000000,United States,Australia,,,,,,,,,,,,,,,0,0,0,0,,LAB-FW-01,,,,,,,,,,code-execution,AppThreat-8950-9270,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,2025-02-20T11:49:43.288+11:00,,,,,,,,,,,,no'

const CUSTOM_VALUES: Readonly<Record<string, string>> = {
  SrcLocation: 'United States',
  SrcIP: '198.51.100.252',
  SrcPort: '41890',
  SrcUser: '',
  DstLocation: 'Australia',
  DstIP: '203.0.113.10',
  DstPort: '443',
  Action: 'reset-both',
  RuleName: 'GlobalProtect_Portal',
  RuleID: 'ace432fe-a9f2-5a1e-327a-91fdce0077da',
  TimeReceived: '2025/02/20 11:49:43',
  ThreatName: 'OS Command Injection Vulnerability',
  ThreatID: 'OS Command Injection Vulnerability(95187)',
  Severity: 'critical',
  Subtype: 'vulnerability',
  Type: ' THREAT',
}

/** A line of the original's custom format; null leaves a key out. */
export function custom(values: Readonly<Record<string, string | null>> = {}): string {
  return Object.entries({ ...CUSTOM_VALUES, ...values })
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${key}=${value};`)
    .join(' ')
}

/** A copy of a CSV line with some columns replaced (0-based; the line must have no quoted commas in front of them). */
export function withColumns(line: string, values: Readonly<Record<number, string>>): string {
  const columns = line.split(',')
  for (const [index, value] of Object.entries(values)) columns[Number(index)] = value
  return columns.join(',')
}

export const SYDNEY: ParserOptions = {
  timeZone: 'Australia/Sydney',
  deviceZones: {},
  referenceMs: Date.UTC(2025, 2, 1),
}

/** The record of a line; throws when it was not understood. */
export function recordOf(line: string, options: ParserOptions = SYDNEY): LogRecord {
  const parsed = new Parser(options).parseLine(line)
  if (!parsed.ok) throw new Error(`not understood: ${parsed.reason}: ${line}`)
  return parsed.record
}

/** Why a line was not understood; throws when it was. */
export function reasonOf(line: string): string {
  const parsed = new Parser(SYDNEY).parseLine(line)
  if (parsed.ok) throw new Error(`understood: ${line}`)
  return parsed.reason
}

/** Parses lines as one batch of one sender. */
export function parseBatch(
  parser: Parser,
  lines: readonly (string | Uint8Array)[],
  receivedAtMs = Number.NaN,
): RecordBatch {
  const raw = new RawBatch(1 << 16)
  raw.senders = ['198.51.100.1']
  raw.receivedAtMs = receivedAtMs
  for (const line of lines) {
    const bytes = typeof line === 'string' ? Buffer.from(line, 'utf8') : line
    raw.reserve(bytes.length)
    raw.add(bytes, 0, bytes.length, 0)
  }
  const records = new RecordBatch(raw)
  parser.parse(raw, records)
  return records
}
