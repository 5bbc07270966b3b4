/**
 * Splits a syslog byte stream (TCP, TLS) into messages, whatever the chunks it arrives in. RFC 6587: a frame is either
 * octet-counted, `LENGTH SP MESSAGE`, or ends with LF, CRLF or NUL. Senders mix both, so each frame is judged where it
 * begins, and only there:
 *
 *   [1-9] [0-9]{0,6} " <"     octet count (a syslog message begins with "<"); "1,2025/..." and "535 items" are lines
 *   [1-9] [0-9]{7,} " <"      a length nobody means: framing error, the connection must be closed
 *   anything else             a line
 *
 * Limits: a message keeps 65,536 bytes; the rest of a longer line or frame is skipped and the message is flagged
 * truncated, and the next frame stays aligned. A declared length over 1 MiB is a framing error. What is held between
 * chunks grows with bytes that came, never with a length that was announced (rsyslog CVE-2022-24903).
 */
import { MESSAGE_LIMIT_BYTES } from '../model/raw-batch.ts'

export interface MessageSink {
  /** Takes `source[from, to)`, which is valid during the call only; false: no room now, offer it again later. */
  add(source: Uint8Array, from: number, to: number, wasTruncated: boolean): boolean
}

const LF = 10
const CR = 13
const NUL = 0
const SPACE = 32
const LESS_THAN = 60

/** A count has at most so many digits (RELIABILITY.md, octet-count framing overflow). */
const COUNT_DIGITS_LIMIT = 7
/** Digits looked at before " <" must follow; a longer run of digits is text. */
const DIGITS_LOOKED_AT = 32
/** A frame that announces more is not skipped but refused: nothing sane sends it and it would eat other frames. */
const FRAME_LIMIT_BYTES = 1 << 20
/** A buffer for a message in pieces is kept for the next one up to this size, so idle connections stay small. */
const KEEP_HELD_BYTES = 4096

type State = 'border' | 'count' | 'line' | 'octets' | 'skip-line' | 'skip-octets' | 'failed'

export class FrameSplitter {
  /** Messages given to the sink. */
  messageCount = 0
  /** Lines and frames without content, skipped. */
  emptyCount = 0
  truncatedCount = 0
  /** Why the stream cannot be understood any more; close the connection. Null while all is well. */
  framingError: string | null = null
  #state: State = 'border'
  /** The part of the current message that came in earlier chunks, or a whole message that the sink refused. */
  #held: Buffer | null = null
  #heldLength = 0
  /** A whole message lies in `#held` and waits for the sink. */
  #isReady = false
  #readyTruncated = false
  #digits = 0
  #value = 0
  #sawSpace = false
  /** Octets of the current counted frame that are still to come, the held ones not counted. */
  #octetsLeft = 0
  #nextNul = -1

  /** True while the sink refuses a message: push again, from where the last push ended, once there is room. */
  get isBlocked(): boolean {
    return this.#isReady
  }

  /** True when a message has begun and not ended. */
  get isMidFrame(): boolean {
    return this.#state !== 'border' && this.#state !== 'failed'
  }

  /** Bytes of the current message that are held. */
  get heldBytes(): number {
    return this.#heldLength
  }

  /**
   * Takes `chunk` from index `from` and returns the index up to which it was taken: the chunk's length, or less when
   * the sink refused (`isBlocked`) or the stream failed (`framingError`). Allocates only for messages in pieces.
   */
  push(chunk: Buffer, from: number, sink: MessageSink): number {
    if (this.#isReady && !this.#offerHeld(sink)) return from
    let at = from
    this.#nextNul = from - 1
    while (at < chunk.length && !this.#isReady && this.#state !== 'failed') at = this.#step(chunk, at, sink)
    return at
  }

  /**
   * The stream has ended: delivers the unterminated last message. `wasCut` when the end was not the sender's wish
   * (reset, time-out): the message is then flagged truncated. False when the sink refused; call again.
   */
  end(sink: MessageSink, wasCut: boolean): boolean {
    if (this.#isReady && !this.#offerHeld(sink)) return false
    const state = this.#state
    if (this.#heldLength > 0 && state !== 'failed') {
      this.#state = 'border'
      this.#finishHeld(sink, wasCut || state === 'octets')
    }
    return !this.#isReady
  }

  #step(chunk: Buffer, at: number, sink: MessageSink): number {
    switch (this.#state) {
      case 'border': {
        const first = chunk[at] as number
        if (first > 48 && first <= 57) {
          this.#state = 'count'
          this.#digits = 0
          this.#value = 0
          this.#sawSpace = false
        } else this.#state = 'line'
        return at
      }
      case 'count':
        return this.#readCount(chunk, at)
      case 'line':
        return this.#readLine(chunk, at, sink)
      case 'octets':
        return this.#readOctets(chunk, at, sink)
      case 'skip-line': {
        const end = this.#lineEnd(chunk, at)
        if (end === -1) return chunk.length
        this.#state = 'border'
        return end + 1
      }
      case 'skip-octets': {
        const skipped = Math.min(this.#octetsLeft, chunk.length - at)
        this.#octetsLeft -= skipped
        if (this.#octetsLeft === 0) this.#state = 'border'
        return at + skipped
      }
      case 'failed':
        return at
    }
  }

  /** Reads the digits and the blank of what may be an octet count, and decides what the frame is. */
  #readCount(chunk: Buffer, start: number): number {
    let at = start
    for (; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (this.#sawSpace) {
        if (byte !== LESS_THAN) return this.#itIsALine(chunk, start, at)
        return this.#itIsACount(at)
      }
      if (byte >= 48 && byte <= 57 && this.#digits < DIGITS_LOOKED_AT) {
        this.#digits++
        this.#value = this.#value * 10 + byte - 48
      } else if (byte === SPACE) this.#sawSpace = true
      else return this.#itIsALine(chunk, start, at)
    }
    this.#hold(chunk, start, at)
    return at
  }

  #itIsALine(chunk: Buffer, start: number, at: number): number {
    this.#state = 'line'
    if (this.#heldLength === 0) return start
    this.#hold(chunk, start, at)
    return at
  }

  #itIsACount(at: number): number {
    this.#heldLength = 0
    if (this.#digits > COUNT_DIGITS_LIMIT || this.#value > FRAME_LIMIT_BYTES) {
      this.#state = 'failed'
      this.#held = null
      this.framingError = `a frame of ${this.#value} bytes was announced, ${FRAME_LIMIT_BYTES} is the most`
      return at
    }
    this.#state = 'octets'
    this.#octetsLeft = this.#value
    return at
  }

  #readLine(chunk: Buffer, at: number, sink: MessageSink): number {
    const end = this.#lineEnd(chunk, at)
    if (end !== -1 && this.#heldLength === 0) {
      this.#state = 'border'
      const to = end > at && chunk[end - 1] === CR ? end - 1 : end
      if (to === at) this.emptyCount++
      else
        this.#deliver(chunk, at, Math.min(to, at + MESSAGE_LIMIT_BYTES), to - at > MESSAGE_LIMIT_BYTES, sink)
      return end + 1
    }
    // One byte over the limit may be held: it may be the CR of a CRLF.
    const stop = end === -1 ? chunk.length : end
    if (this.#heldLength + stop - at > MESSAGE_LIMIT_BYTES + 1) {
      const taken = Math.max(0, MESSAGE_LIMIT_BYTES - this.#heldLength)
      this.#hold(chunk, at, at + taken)
      this.#heldLength = MESSAGE_LIMIT_BYTES
      this.#state = end === -1 ? 'skip-line' : 'border'
      this.#deliverHeld(MESSAGE_LIMIT_BYTES, true, sink)
      return end === -1 ? at + taken : end + 1
    }
    this.#hold(chunk, at, stop)
    if (end === -1) return stop
    this.#state = 'border'
    this.#finishHeld(sink, false)
    return end + 1
  }

  /** Delivers the held line without its CR, or counts it as empty. */
  #finishHeld(sink: MessageSink, wasTruncated: boolean): void {
    const held = this.#held as Buffer
    const length = held[this.#heldLength - 1] === CR ? this.#heldLength - 1 : this.#heldLength
    if (length === 0) {
      this.#heldLength = 0
      this.emptyCount++
    } else {
      const kept = Math.min(length, MESSAGE_LIMIT_BYTES)
      this.#deliverHeld(kept, wasTruncated || kept < length, sink)
    }
  }

  #readOctets(chunk: Buffer, at: number, sink: MessageSink): number {
    const wanted = Math.min(this.#heldLength + this.#octetsLeft, MESSAGE_LIMIT_BYTES) - this.#heldLength
    const taken = Math.min(wanted, chunk.length - at)
    this.#octetsLeft -= taken
    if (taken < wanted) {
      this.#hold(chunk, at, at + taken)
      return at + taken
    }
    const isTruncated = this.#octetsLeft > 0
    this.#state = isTruncated ? 'skip-octets' : 'border'
    let source = chunk
    let from = at
    let to = at + taken
    if (this.#heldLength > 0) {
      this.#hold(chunk, at, to)
      source = this.#held as Buffer
      from = 0
      to = this.#heldLength
    }
    // Many senders count a line end too.
    if (!isTruncated) while (to > from && isLineEnd(source[to - 1] as number)) to--
    if (to === from) {
      this.#heldLength = 0
      this.emptyCount++
    } else if (source === chunk) this.#deliver(chunk, from, to, isTruncated, sink)
    else this.#deliverHeld(to, isTruncated, sink)
    return at + taken
  }

  /** Index of the LF or NUL that ends the line, or -1. The next NUL is remembered, so a chunk is searched once. */
  #lineEnd(chunk: Buffer, at: number): number {
    const lf = chunk.indexOf(LF, at)
    if (this.#nextNul < at) {
      const nul = chunk.indexOf(NUL, at)
      this.#nextNul = nul === -1 ? chunk.length : nul
    }
    if (this.#nextNul < chunk.length && (lf === -1 || this.#nextNul < lf)) return this.#nextNul
    return lf
  }

  #deliver(source: Buffer, from: number, to: number, wasTruncated: boolean, sink: MessageSink): void {
    if (sink.add(source, from, to, wasTruncated)) {
      this.#count(wasTruncated)
      return
    }
    this.#hold(source, from, to)
    this.#isReady = true
    this.#readyTruncated = wasTruncated
  }

  #deliverHeld(length: number, wasTruncated: boolean, sink: MessageSink): void {
    this.#heldLength = length
    this.#isReady = true
    this.#readyTruncated = wasTruncated
    this.#offerHeld(sink)
  }

  #offerHeld(sink: MessageSink): boolean {
    const held = this.#held as Buffer
    if (!sink.add(held, 0, this.#heldLength, this.#readyTruncated)) return false
    this.#count(this.#readyTruncated)
    this.#isReady = false
    this.#heldLength = 0
    if (held.length > KEEP_HELD_BYTES) this.#held = null
    return true
  }

  #count(wasTruncated: boolean): void {
    this.messageCount++
    if (wasTruncated) this.truncatedCount++
  }

  #hold(chunk: Buffer, from: number, to: number): void {
    const needed = this.#heldLength + to - from
    if (this.#held === null || this.#held.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(256, 2 ** Math.ceil(Math.log2(needed + 1))))
      this.#held?.copy(grown, 0, 0, this.#heldLength)
      this.#held = grown
    }
    chunk.copy(this.#held, this.#heldLength, from, to)
    this.#heldLength = needed
  }
}

function isLineEnd(byte: number): boolean {
  return byte === LF || byte === NUL || byte === CR
}
