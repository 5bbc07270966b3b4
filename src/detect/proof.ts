/**
 * Whether a record proves that its source address is real: a TCP session was established, so the source answered. All
 * else can be forged by whoever sends packets (`spoofable`), and must not convict a bystander too hard.
 *
 * Proof is, for an allowed session over TCP (or where the protocol is not said): bytes both ways, of those received more
 * than packets without data can be (a forged SYN is answered too, by a reset or by SYN+ACK several times), or an end that only an
 * established session has (`tcp-fin`, `threat`, and `tcp-rst-from-server` where an application was seen: a closed port
 * answers a forged SYN with a reset too). Never where the firewall itself says that the handshake was not completed
 * (application `incomplete`, `not-applicable`), and never UDP, where a forged question gets its answer all the same.
 */
import { DISPOSITION } from '../model/log-record.ts'
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'
import { PROTOCOL } from './late-reply.ts'

/**
 * Largest packet without data: 18 bytes of Ethernet with a VLAN tag, which PAN-OS counts in, 40 of IPv6, 40 of TCP with the
 * 20 bytes of options that answers to a SYN usually have. A server sends data only when the source has acknowledged its sequence
 * number, which a forger never saw; so a received packet that is greater proves the source.
 */
const EMPTY_PACKET_BYTES = 98
/** Answers to one SYN that nobody acknowledges, where the packets are not told: the first and five again (Linux). */
const ANSWERS = 6

const latin = (text: string): Buffer => Buffer.from(text, 'latin1')
const TCP_FIN = latin('tcp-fin')
const THREAT = latin('threat')
const RESET_BY_SERVER = latin('tcp-rst-from-server')
const INCOMPLETE = latin('incomplete')
const NOT_APPLICABLE = latin('not-applicable')
const PACKET_SUBTYPES = [
  'scan',
  'flood',
  'packet',
  'anomaly',
  'ids',
  'dynamic-filter',
  'threat-detection',
].map(latin)

/** Services that speak TCP alone, or whose threats are seen in TCP alone: for threat lines without a protocol. */
const TCP_SERVICES = new Set([
  21, 22, 23, 25, 80, 110, 111, 135, 139, 143, 389, 443, 445, 465, 587, 636, 993, 995, 1433, 1521, 2375, 3128,
  3306, 3389, 5432, 5900, 5985, 6379, 7001, 8000, 8080, 8081, 8443, 8888, 9200, 10443, 27017,
])

function textIs(batch: RecordBatch, row: number, slot: number, wanted: Buffer): boolean {
  const at = row * TEXT_STRIDE + slot
  const start = batch.text[at] as number
  if ((batch.text[at + 1] as number) - start !== wanted.length) return false
  const bytes = batch.raw.bytes
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false
  return true
}

function isEmpty(batch: RecordBatch, row: number, slot: number): boolean {
  const at = row * TEXT_STRIDE + slot
  return batch.text[at] === batch.text[at + 1]
}

const T = 116
const U = 117

/** The protocol of a record (PROTOCOL), from its text. */
export function protocolOf(batch: RecordBatch, row: number): number {
  const at = row * TEXT_STRIDE + TEXT_SLOT.protocol
  const start = batch.text[at] as number
  const length = (batch.text[at + 1] as number) - start
  if (length === 0) return PROTOCOL.unknown
  const bytes = batch.raw.bytes
  if (length !== 3 || bytes[start + 2] !== 112) return PROTOCOL.other
  if (bytes[start] === T && bytes[start + 1] === 99) return PROTOCOL.tcp
  return bytes[start] === U && bytes[start + 1] === 100 ? PROTOCOL.udp : PROTOCOL.other
}

/** Whether bytes went both ways, and data among those that the source received. */
function hasData(batch: RecordBatch, row: number): boolean {
  const received = batch.bytesReceived[row] as number
  if (!(received > EMPTY_PACKET_BYTES) || !((batch.bytesSent[row] as number) > 0)) return false
  const packets = batch.packetsReceived[row] as number
  return received > EMPTY_PACKET_BYTES * (packets > 0 ? packets : ANSWERS)
}

/** Whether a traffic record proves its source. One load for blocked records, three for most others. */
export function provesSource(batch: RecordBatch, row: number): boolean {
  if (batch.disposition[row] !== DISPOSITION.allowed) return false
  const hasBytes = hasData(batch, row)
  if (!hasBytes && isEmpty(batch, row, TEXT_SLOT.sessionEndReason)) return false
  const protocol = protocolOf(batch, row)
  if (protocol !== PROTOCOL.tcp && protocol !== PROTOCOL.unknown) return false
  if (textIs(batch, row, TEXT_SLOT.application, INCOMPLETE)) return false
  if (textIs(batch, row, TEXT_SLOT.application, NOT_APPLICABLE)) return false
  if (hasBytes) return true
  const slot = TEXT_SLOT.sessionEndReason
  if (textIs(batch, row, slot, TCP_FIN) || textIs(batch, row, slot, THREAT)) return true
  return textIs(batch, row, slot, RESET_BY_SERVER) && !isEmpty(batch, row, TEXT_SLOT.application)
}

/**
 * Whether a threat record proves its source: a threat is found in what a session carries, and over TCP that takes a
 * handshake. Not so where single packets are judged (subtypes scan, flood, packet; FortiGate's anomaly, Cisco's ids,
 * dynamic-filter and threat-detection), nor over UDP. A line without a
 * protocol is taken for TCP when its destination port is a TCP service.
 */
export function threatProvesSource(batch: RecordBatch, row: number): boolean {
  if (PACKET_SUBTYPES.some((subtype) => textIs(batch, row, TEXT_SLOT.subtype, subtype))) return false
  const protocol = protocolOf(batch, row)
  if (protocol === PROTOCOL.unknown) return TCP_SERVICES.has(batch.destinationPort[row] as number)
  return protocol === PROTOCOL.tcp
}
