/**
 * A raw batch: syslog messages as they came, before anybody knows what they say. The texts of all messages lie in one
 * buffer, one after another; message `i` is `bytes[start[i], end[i])` without its framing and line end. Inputs fill
 * it, parse reads it, and the record batch made of it points into the same bytes. Nobody copies.
 *
 * A batch comes from one input, so what is true of the input is said once. It is reused: a slice of it is valid until
 * `reset()`.
 */

export type Transport = 'udp' | 'tcp' | 'tls' | 'http' | 'file'

/** How far a followed file has been taken over once every record of the batch is stored. */
export interface FilePosition {
  /** Identity that survives rename: device and inode number, and a hash of the file's first bytes. */
  readonly fileId: string
  /** The path when it was last seen, for people. */
  readonly path: string
  /** Bytes from the start of the file; the next unread byte. */
  readonly offset: number
}

/** Messages per batch. (m) batches of 512 and more pass 15 M events/s between stages; 4096 keeps tables cache-warm. */
export const BATCH_MESSAGES = 4096
/** Text per batch in bytes when it is made; it grows for what decoding adds. */
export const BATCH_BYTES = 1 << 20
/** Longest message kept whole, in bytes; the rest of a longer one is cut and the record is flagged `truncated`. */
export const MESSAGE_LIMIT_BYTES = 65_536

let fillings = 0

export class RawBatch {
  /** What the bytes may be known by that were read into them: another number after `reset` and after `add`, never one twice. */
  filling = ++fillings
  bytes: Buffer
  /** Bytes of `bytes` that are taken. */
  used = 0
  count = 0
  readonly start = new Uint32Array(BATCH_MESSAGES)
  readonly end = new Uint32Array(BATCH_MESSAGES)
  /** Index into `senders`, per message. */
  readonly sender = new Uint16Array(BATCH_MESSAGES)
  /** 1 where the message was cut at MESSAGE_LIMIT_BYTES. */
  readonly truncated = new Uint8Array(BATCH_MESSAGES)
  /** Who sent the messages: the peer's address (IPv4-mapped shown as IPv4), or for a file its base name without `.log`. */
  senders: string[] = []
  /** The name in the client certificate of a sender, beside `senders`; empty or missing where it showed none. */
  identities: string[] = []
  transport: Transport = 'udp'
  /** Arrival of the batch, Unix ms. Live inputs take one stamp per batch; `replay` has none (NaN). */
  receivedAtMs = Number.NaN
  /** False while a file's backlog is being read: such lines say nothing about a device's clock. */
  live = true
  /** Files only: where reading resumes once this batch is stored. */
  positions: FilePosition[] = []
  /** Files by `parse` and `replay` only: line number of each message, from 1; else unused. */
  readonly line = new Float64Array(BATCH_MESSAGES)

  constructor(bytes = BATCH_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(bytes)
  }

  reset(): void {
    this.filling = ++fillings
    this.used = 0
    this.count = 0
    this.senders = []
    this.identities = []
    this.positions = []
    this.live = true
    this.receivedAtMs = Number.NaN
  }

  get isEmpty(): boolean {
    return this.count === 0
  }

  /** Whether one more message of this many bytes fits without growing. */
  hasRoom(bytes: number): boolean {
    return this.count < BATCH_MESSAGES && this.used + bytes <= this.bytes.length
  }

  /** Copies a message in and cuts it at MESSAGE_LIMIT_BYTES. Call `hasRoom` first. */
  add(source: Uint8Array, from: number, to: number, sender: number, wasTruncated = false): void {
    const end = Math.min(to, from + MESSAGE_LIMIT_BYTES)
    const at = this.used
    this.filling = ++fillings
    this.bytes.set(source.subarray(from, end), at)
    this.used = at + end - from
    this.mark(at, this.used, sender, wasTruncated || end < to)
  }

  /** Declares a message whose bytes already lie in `bytes`. */
  mark(start: number, end: number, sender: number, wasTruncated: boolean): void {
    const i = this.count++
    this.start[i] = start
    this.end[i] = end
    this.sender[i] = sender
    this.truncated[i] = wasTruncated ? 1 : 0
  }

  /** Puts decoded text behind the messages and returns where it starts; grows the buffer when it must. */
  append(text: Uint8Array): number {
    const at = this.used
    this.reserve(text.length)
    this.bytes.set(text, at)
    this.used = at + text.length
    return at
  }

  /** Makes room for so many more bytes. `bytes` may be another buffer afterwards. */
  reserve(more: number): void {
    const needed = this.used + more
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2))
    this.bytes.copy(grown, 0, 0, this.used)
    this.bytes = grown
  }
}
