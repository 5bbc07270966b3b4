/**
 * OpenBSD's and FreeBSD's pf log as tcpdump prints it (pflog(4), tcpdump(8)), behind `pf: ` or alone:
 *   rule 5/(match) block in on em0: 198.51.100.7.51514 > 203.0.113.10.22: S 1:1(0) win 65535
 *   rule 5/0(match): block in on em0: (tos 0x0, ttl 64, id 1, proto TCP (6), length 60) 198.51.100.7.51514 > ...: Flags [S]
 * Read by position; nothing of a peer's text stands in front of the addresses.
 *
 * type PF, subtype the direction, zones = the interface by direction, ruleId = the rule's number.
 */
import { CATEGORY, DISPOSITION, FORMAT } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { ascii, BLANK, isDigit, isWord, readPort, skipBlanks } from '../bytes.ts'
import { setAddress, setDeviceFromHeader, setLowerWord, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { Program } from '../program.ts'
import type { LineFormat } from '../registry.ts'
import { endOfToken, findBytes } from '../search-bytes.ts'

const REASONS = [
  'pf-text: the words behind the rule are not ACTION in|out on INTERFACE:',
  'pf-text: source > destination: is missing or not two addresses',
] as const
const REASON = { words: 0, flow: 1 } as const
const OK = -1

const RULE = ascii('rule ')
const PF = ascii('pf')
const PFLOGD = ascii('pflogd')
const TYPE = ascii('PF')
const IN = ascii('in')
const OUT = ascii('out')
const ON = ascii('on')
const PASS = ascii('pass')
const BLOCK = ascii('block')
const PROTO = ascii('proto ')
const PROTOCOLS = { tcp: ascii('tcp'), udp: ascii('udp'), icmp: ascii('icmp'), icmp6: ascii('icmp6') }
const FLAGS = ascii('flags')
/** Longest text in front of `rule`: tcpdump's own time. */
const TIME_LIMIT_BYTES = 36

const program = new Program()

/** `rule 5/(match)`, `rule 5.anchor.0/0(match)`: the number, and the slash within the same word. */
function findRule(bytes: Uint8Array, from: number, end: number): number {
  const at = findBytes(bytes, RULE, from, Math.min(end, from + TIME_LIMIT_BYTES))
  if (at < 0 || at + RULE.length >= end || !isDigit(bytes[at + RULE.length] as number)) return -1
  const word = at + RULE.length
  const wordEnd = endOfToken(bytes, word, end)
  for (let i = word; i + 1 < wordEnd; i++) {
    if (bytes[i] === 0x2f) return bytes[i + 1] === 0x28 || isDigit(bytes[i + 1] as number) ? at : -1
  }
  return -1
}

function recognise(line: Line): boolean {
  const { bytes, end } = line
  program.read(line)
  const isPf = program.isOfHeader || program.is(bytes, PF) || program.is(bytes, PFLOGD)
  return (!program.isNamed || isPf) && findRule(bytes, program.textAt, end) >= 0
}

function read(line: Line, into: RecordBatch, row: number): number {
  const { bytes, end } = line
  program.read(line)
  const rule = findRule(bytes, program.textAt, end) + RULE.length
  let ruleEnd = rule
  while (bytes[ruleEnd] !== 0x2f) ruleEnd++
  let at = skipBlanks(bytes, endOfToken(bytes, rule, end), end)
  if (bytes[at] === 0x5b) at = skipBlanks(bytes, endOfGroup(bytes, at, end, 0x5b, 0x5d), end)
  at = readWords(line, into, row, at)
  if (at < 0) return REASON.words
  setText(into, row, TEXT_SLOT.ruleId, bytes, rule, ruleEnd)
  if (bytes[at] === 0x28) {
    const close = endOfGroup(bytes, at, end, 0x28, 0x29)
    const proto = findBytes(bytes, PROTO, at, close)
    if (proto >= 0) {
      const word = proto + PROTO.length
      let wordEnd = word
      while (
        wordEnd < close &&
        bytes[wordEnd] !== BLANK &&
        bytes[wordEnd] !== 0x2c &&
        bytes[wordEnd] !== 0x29
      )
        wordEnd++
      setLowerWord(into, row, TEXT_SLOT.protocol, line, word, wordEnd)
    }
    at = skipBlanks(bytes, close, end)
  }
  if (!readFlow(line, into, row, at)) return REASON.flow
  into.category[row] = CATEGORY.traffic
  into.setDecodedText(row, TEXT_SLOT.type, TYPE)
  line.refresh()
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  const headerMs = line.headerMs()
  into.eventTimeMs[row] = Number.isNaN(headerMs) ? line.arrivalMs : headerMs
  return OK
}

/** Behind the bracket that closes the one at `from`. */
function endOfGroup(bytes: Uint8Array, from: number, end: number, open: number, close: number): number {
  let depth = 0
  for (let at = from; at < end; at++) {
    if (bytes[at] === open) depth++
    else if (bytes[at] === close && --depth === 0) return at + 1
  }
  return end
}

/** `block in on em0: `; returns the place behind it, or -1. */
function readWords(line: Line, into: RecordBatch, row: number, action: number): number {
  const { bytes, end } = line
  const actionEnd = endOfToken(bytes, action, end)
  const direction = actionEnd + 1
  const directionEnd = endOfToken(bytes, direction, end)
  const on = directionEnd + 1
  const onEnd = endOfToken(bytes, on, end)
  const zone = onEnd + 1
  const zoneEnd = endOfToken(bytes, zone, end)
  const isIn = isWord(bytes, direction, directionEnd, IN)
  if (!isIn && !isWord(bytes, direction, directionEnd, OUT)) return -1
  if (!isWord(bytes, on, onEnd, ON) || zoneEnd >= end || bytes[zoneEnd - 1] !== 0x3a) return -1
  setText(into, row, isIn ? TEXT_SLOT.sourceZone : TEXT_SLOT.destinationZone, bytes, zone, zoneEnd - 1)
  setText(into, row, TEXT_SLOT.subtype, bytes, direction, directionEnd)
  if (isWord(bytes, action, actionEnd, PASS)) into.disposition[row] = DISPOSITION.allowed
  else if (isWord(bytes, action, actionEnd, BLOCK)) into.disposition[row] = DISPOSITION.blocked
  setLowerWord(into, row, TEXT_SLOT.action, line, action, actionEnd)
  return skipBlanks(bytes, zoneEnd, end)
}

/** `198.51.100.7.51514 > 203.0.113.10.22: ` and what tells the protocol. */
function readFlow(line: Line, into: RecordBatch, row: number, source: number): boolean {
  const { bytes, end } = line
  const sourceEnd = endOfToken(bytes, source, end)
  if (bytes[sourceEnd + 1] !== 0x3e || bytes[sourceEnd + 2] !== BLANK) return false
  const destination = sourceEnd + 3
  const destinationEnd = endOfToken(bytes, destination, end)
  // Text follows the colon always: without, the line was cut within the address.
  if (destinationEnd >= end || bytes[destinationEnd - 1] !== 0x3a) return false
  const sourcePort = readSide(line, into, row, ADDRESS_SLOT.sourceAddress, source, sourceEnd)
  const destinationPort = readSide(
    line,
    into,
    row,
    ADDRESS_SLOT.destinationAddress,
    destination,
    destinationEnd - 1,
  )
  if (sourcePort < 0 || destinationPort < 0) return false
  into.sourcePort[row] = sourcePort
  into.destinationPort[row] = destinationPort
  readProtocol(line, into, row, skipBlanks(bytes, destinationEnd, end))
  return true
}

/** An address and perhaps `.PORT`; returns the port, 0 for none, -1 when it is no address. */
function readSide(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  from: number,
  to: number,
): number {
  const { bytes } = line
  let dots = 0
  let last = to
  let isV6 = false
  for (let at = from; at < to; at++) {
    if (bytes[at] === 0x3a) isV6 = true
    else if (bytes[at] === 0x2e) {
      dots++
      last = at
    }
  }
  const hasPort = isV6 ? dots === 1 : dots === 4
  const end = hasPort ? last : to
  if (from >= end || !setAddress(into, row, slot, bytes, from, end)) return -1
  return hasPort ? readPort(bytes, last + 1, to) : 0
}

/** `Flags [S]`, `S 1:1(0)`, `udp 12`, `UDP, length 12`, `icmp: echo request`, where no `proto` told. */
function readProtocol(line: Line, into: RecordBatch, row: number, from: number): void {
  const { bytes, end } = line
  let wordEnd = from
  while (wordEnd < end && isLetter(bytes[wordEnd] as number)) wordEnd++
  if (isWord(bytes, from, wordEnd, FLAGS) || isTcpFlags(bytes, from, wordEnd, end))
    take(into, row, PROTOCOLS.tcp)
  else if (isWord(bytes, from, wordEnd, PROTOCOLS.udp)) take(into, row, PROTOCOLS.udp)
  else if (isWord(bytes, from, wordEnd, PROTOCOLS.icmp)) {
    take(into, row, bytes[wordEnd] === 0x36 ? PROTOCOLS.icmp6 : PROTOCOLS.icmp)
  }
  line.refresh()
}

/** Where `(... proto TCP (6) ...)` did not say it already. */
function take(into: RecordBatch, row: number, name: Uint8Array): void {
  const slot = row * TEXT_STRIDE + TEXT_SLOT.protocol
  if (into.text[slot] === into.text[slot + 1]) into.setDecodedText(row, TEXT_SLOT.protocol, name)
}

/** OpenBSD's `S 1:1(0)`, `P 5:10(5)`: flags of TCP, a blank, a number. */
function isTcpFlags(bytes: Uint8Array, from: number, wordEnd: number, end: number): boolean {
  if (wordEnd === from || wordEnd - from > 8) return false
  for (let at = from; at < wordEnd; at++) {
    const byte = bytes[at]
    if (byte !== 0x53 && byte !== 0x46 && byte !== 0x52 && byte !== 0x50 && byte !== 0x57 && byte !== 0x45)
      return false
  }
  return wordEnd + 1 < end && bytes[wordEnd] === BLANK && isDigit(bytes[wordEnd + 1] as number)
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

export const pfText: LineFormat = { code: FORMAT.pfText, name: 'pf-text', reasons: REASONS, recognise, read }
