/**
 * Events of the synthetic month as columns: many actors write theirs in any order, then they are played in order of time
 * as record batches, without text lines, so that millions of them fit and only detection is measured.
 */
import { ATTACKER, CATEGORY, DISPOSITION, OUTCOME, SEVERITY } from '../../../src/model/log-record.ts'
import { BATCH_MESSAGES, RawBatch } from '../../../src/model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch, TEXT_SLOT } from '../../../src/model/record-batch.ts'

/** The four words of an address, IPv4 as mapped. */
export type Words = readonly [number, number, number, number]

/** What happened, as the firewall would say it. */
export const KINDS = [
  'denied',
  'session',
  'udp-denied',
  'failed-login',
  'scan-threat',
  'critical-threat',
] as const
export type Kind = (typeof KINDS)[number]

const V4_MARK = 0xffff
/** Names of users who try to log in. */
const USERS = 1000

export class Events {
  #count = 0
  #times = new Float64Array(1 << 16)
  /** Source (4 words), destination (4 words), ports (sport << 16 | dport), kind and user. */
  #words = new Uint32Array((1 << 16) * STRIDE)

  get count(): number {
    return this.#count
  }

  add(
    atMs: number,
    source: Words,
    destination: Words,
    sourcePort: number,
    port: number,
    kind: Kind,
    user = 0,
  ): void {
    if (this.#count === this.#times.length) this.#grow()
    const at = this.#count * STRIDE
    this.#times[this.#count++] = atMs
    this.#words.set(source, at)
    this.#words.set(destination, at + 4)
    this.#words[at + 8] = sourcePort * 65_536 + port
    this.#words[at + 9] = KINDS.indexOf(kind) * USERS + (user % USERS)
  }

  /** Batches in order of time; a batch is valid until the next. */
  *batches(): Generator<RecordBatch> {
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i).sort(
      (a, b) => (this.#times[a] as number) - (this.#times[b] as number) || a - b,
    )
    let sequence = 0
    let records = new RecordBatch(new RawBatch())
    for (let from = 0; from < order.length; from += BATCH_MESSAGES) {
      const rows = order.subarray(from, from + BATCH_MESSAGES)
      const raw = new RawBatch()
      raw.senders = ['192.0.2.1']
      for (let row = 0; row < rows.length; row++) raw.mark(0, 0, 0, false)
      records = new RecordBatch(raw)
      records.reset(raw, ++sequence)
      const texts = this.#textsOf(records)
      for (let row = 0; row < rows.length; row++) this.#fill(records, row, rows[row] as number, texts)
      yield records
    }
  }

  #fill(records: RecordBatch, row: number, event: number, texts: Texts): void {
    const at = event * STRIDE
    const words = this.#words
    records.eventTimeMs[row] = this.#times[event] as number
    const source = words.subarray(at, at + 4) as unknown as Words
    const destination = words.subarray(at + 4, at + 8) as unknown as Words
    records.setAddress(row, ADDRESS_SLOT.sourceAddress, ...copy(source))
    const ports = words[at + 8] as number
    records.sourcePort[row] = ports >>> 16
    records.destinationPort[row] = ports & 65_535
    const kindAndUser = words[at + 9] as number
    const kind = KINDS[Math.floor(kindAndUser / USERS)] as Kind
    if (kind !== 'failed-login')
      records.setAddress(row, ADDRESS_SLOT.destinationAddress, ...copy(destination))
    records.disposition[row] = kind === 'session' ? DISPOSITION.allowed : DISPOSITION.blocked
    switch (kind) {
      case 'denied':
      case 'udp-denied':
      case 'session':
        records.category[row] = CATEGORY.traffic
        setText(records, row, TEXT_SLOT.protocol, kind === 'udp-denied' ? texts.udp : texts.tcp)
        if (kind === 'session') {
          records.bytesSent[row] = 1500
          records.bytesReceived[row] = 24_000
        }
        return
      case 'failed-login':
        records.category[row] = CATEGORY.login
        records.outcome[row] = OUTCOME.failure
        setText(records, row, TEXT_SLOT.type, texts.login)
        setText(records, row, TEXT_SLOT.sourceUser, texts.users[kindAndUser % USERS] as Slice)
        return
      case 'scan-threat':
      case 'critical-threat':
        records.category[row] = CATEGORY.threat
        records.attacker[row] = ATTACKER.source
        records.severity[row] = kind === 'scan-threat' ? SEVERITY.low : SEVERITY.critical
        records.threatId[row] = kind === 'scan-threat' ? 8001 : 30_845
        setText(records, row, TEXT_SLOT.protocol, texts.tcp)
        setText(records, row, TEXT_SLOT.subtype, kind === 'scan-threat' ? texts.scan : texts.vulnerability)
    }
  }

  #textsOf(records: RecordBatch): Texts {
    const slice = (text: string): Slice => {
      const bytes = Buffer.from(text)
      const start = records.raw.append(bytes)
      return [start, start + bytes.length]
    }
    return {
      tcp: slice('tcp'),
      udp: slice('udp'),
      login: slice('GLOBALPROTECT'),
      scan: slice('scan'),
      vulnerability: slice('vulnerability'),
      users: Array.from({ length: USERS }, (_, i) => slice(`user${i}`)),
    }
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2)
    times.set(this.#times)
    this.#times = times
    const words = new Uint32Array(this.#words.length * 2)
    words.set(this.#words)
    this.#words = words
  }
}

const STRIDE = 10
type Slice = readonly [number, number]
interface Texts {
  readonly tcp: Slice
  readonly udp: Slice
  readonly login: Slice
  readonly scan: Slice
  readonly vulnerability: Slice
  readonly users: readonly Slice[]
}

function setText(records: RecordBatch, row: number, slot: number, [start, end]: Slice): void {
  records.setText(row, slot, start, end)
}

function copy(words: Words): [number, number, number, number] {
  return [words[0], words[1], words[2], words[3]]
}

/** `a.b.c.d` by its 32-bit number. */
export function v4(number: number): Words {
  return [0, 0, V4_MARK, number >>> 0]
}
