/**
 * Record batches for the tests of the log store: records written down as objects become the typed arrays that the
 * parser would fill. Only for tests.
 */
import { parseAddress } from '../../lib/address.ts'
import {
  ADDRESS_FIELDS,
  type AddressField,
  FLAG,
  PORT_FIELDS,
  type PortField,
  QUANTITY_FIELDS,
  type QuantityField,
  TEXT_FIELDS,
  type TextField,
} from '../../model/log-record.ts'
import { type FilePosition, RawBatch } from '../../model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { CODE_COLUMNS } from './log-table.ts'

export type CodeField = keyof typeof CODE_COLUMNS

export type TestRecord = { [Field in TextField]?: string | Uint8Array } & {
  [Field in AddressField]?: string
} & {
  [Field in PortField | QuantityField | CodeField]?: number
} & {
  raw: string | Uint8Array
  eventTimeMs?: number
  threatId?: number
  repeatCount?: number
  flags?: number
}

export interface TestBatchOptions {
  readonly receivedAtMs: number
  readonly sender?: string
  readonly positions?: FilePosition[]
}

/** A filled batch. */
export function batchOf(records: readonly TestRecord[], options: TestBatchOptions): RecordBatch {
  const raw = new RawBatch()
  raw.receivedAtMs = options.receivedAtMs
  raw.senders = [options.sender ?? '192.0.2.1']
  raw.positions = options.positions ?? []
  for (const record of records) {
    const line = Buffer.from(record.raw)
    raw.reserve(line.length)
    raw.add(line, 0, line.length, 0)
  }
  const batch = new RecordBatch(raw)
  batch.reset(raw, 1)
  records.forEach((record, row) => fillRow(batch, row, record))
  return batch
}

function fillRow(batch: RecordBatch, row: number, record: TestRecord): void {
  batch.eventTimeMs[row] = record.eventTimeMs ?? Number.NaN
  for (const field of TEXT_FIELDS) {
    const value = record[field]
    if (value !== undefined) batch.setDecodedText(row, TEXT_SLOT[field], Buffer.from(value))
  }
  for (const field of ADDRESS_FIELDS) {
    const words = parseAddress(record[field] ?? '')
    if (words !== null) batch.setAddress(row, ADDRESS_SLOT[field], ...words)
  }
  for (const field of PORT_FIELDS) batch[field][row] = record[field] ?? 0
  for (const field of QUANTITY_FIELDS) batch[field][row] = record[field] ?? Number.NaN
  for (const field of Object.keys(CODE_COLUMNS) as CodeField[]) batch[field][row] = record[field] ?? 0
  batch.threatId[row] = record.threatId ?? 0
  batch.repeatCount[row] = record.repeatCount ?? 1
  batch.flags[row] = record.flags ?? 0
}

/** Records that differ by a number in `raw` and in the source port. */
export function numbered(count: number, first = 0): TestRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    raw: `line ${first + i}`,
    sourceAddress: '198.51.100.7',
    destinationAddress: '203.0.113.9',
    sourcePort: (first + i) % 65_536,
    type: 'TRAFFIC',
    device: 'fw-1',
  }))
}

/** A record with every field known, at its limits: odd bytes, quotes, the largest numbers. */
export function everyField(nowMs: number): TestRecord {
  return {
    raw: Buffer.from([0x3c, 0x31, 0x34, 0x3e, 0xff, 0xfe, 0x00, 0x0a, 0xc3, 0xa4]),
    eventTimeMs: nowMs - 1234,
    device: 'fw-1',
    deviceSerial: '007200001056',
    relay: 'panorama',
    type: 'THREAT',
    subtype: 'vulnerability',
    sourceCountry: 'Österreich',
    sourceUser: Buffer.from([0x61, 0xff, 0x62]),
    sourceZone: 'untrust',
    destinationCountry: "Côte d'Ivoire",
    destinationUser: 'back\\slash',
    destinationZone: 'trust',
    protocol: 'tcp',
    application: 'web-browsing',
    action: 'reset-both',
    rule: 'deny "all"',
    ruleId: '6a1f2c4e-1111-4222-8333-444455556666',
    threatName: 'x'.repeat(300),
    threatCategory: 'code-execution',
    direction: 'client-to-server',
    sessionEndReason: 'threat',
    sessionId: '18446744073709551615',
    sequenceNumber: '9007199254740993',
    sourceEdl: 'edl-1',
    url: 'example.com/\u{1f600}?a=1',
    unparsedReason: 'none',
    sourceAddress: '198.51.100.7',
    destinationAddress: '2001:db8::1:2',
    natSourceAddress: '203.0.113.1',
    natDestinationAddress: '2001:db8:ffff:ffff:ffff:ffff:ffff:fffe',
    clientAddress: '192.0.2.77',
    sourcePort: 65_535,
    destinationPort: 1,
    natDestinationPort: 8443,
    bytesSent: 0,
    bytesReceived: 9_007_199_254_740_991,
    packetsSent: 4_294_967_296,
    packetsReceived: 1,
    threatId: 4_294_967_297,
    repeatCount: 4_294_967_295,
    format: 1,
    category: 2,
    disposition: 2,
    attacker: 1,
    severity: 5,
    outcome: 2,
    flags: FLAG.ambiguous | FLAG.invalidUtf8 | FLAG.repeated,
  }
}
