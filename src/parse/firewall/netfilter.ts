/**
 * Linux packet filter log lines (iptables, nftables, UFW, firewalld, Shorewall, SuSEfirewall2, UniFi, VyOS, ulogd) and
 * Proxmox's own log of them: a free prefix, then `IN=eth0 OUT= MAC=... SRC=... DST=... LEN=... PROTO=TCP SPT=... DPT=...`
 * as the kernel's nf_log_syslog.c writes it. Keys are read in that order at the outer level: what stands in `[...]` is a
 * packet quoted by an ICMP error. A key twice, out of order, or in the prefix makes the line ambiguous.
 *
 * type TRAFFIC (AUDIT for UFW's AUDIT lines, which log a packet once more and so never count), subtype input, output or
 * forward, zones = interfaces, rule = the prefix or the rule set, action from the prefix alone. One line is one packet,
 * so there are no bytes both ways and nothing proves the source.
 */
import { CATEGORY, FLAG, FORMAT } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { looksLikeAddress } from '../address-bytes.ts'
import { ascii, BLANK, isBlank, isDigit, readPort, skipBlanks, startsWith } from '../bytes.ts'
import { dayMs, isDate } from '../calendar.ts'
import { isFirewallProgram } from '../firewall-programs.ts'
import { setAddress, setDeviceFromHeader, setLowerWord, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { PrefixAction } from '../prefix-action.ts'
import { Program } from '../program.ts'
import type { LineFormat } from '../registry.ts'
import { endOfToken } from '../search-bytes.ts'
import { isSane, readClock, readMonth } from '../stamp.ts'
import { setProtocol } from '../value-fields.ts'

const REASONS = [
  'netfilter: the text is of another program than the kernel, which only quotes a packet',
  'netfilter: SRC= is missing or not an address',
  'netfilter: DST= is missing or not an address',
] as const
const REASON = { program: 0, source: 1, destination: 2 } as const
const OK = -1

/** Longest text in front of `IN=`: uptime, a prefix of 128 bytes (nftables), UniFi's rule name. */
const PREFIX_LIMIT_BYTES = 320
/** An interface name has at most 15 bytes. */
const INTERFACE_LIMIT_BYTES = 32

const KERN = ascii('kern.')
const OUT = ascii(' OUT=')
const DESCRIPTION = ascii('DESCR="')
const SUBTYPES = { input: ascii('input'), output: ascii('output'), forward: ascii('forward') }
const TYPES = { traffic: ascii('TRAFFIC'), audit: ascii('AUDIT') }
/** Programs that write the kernel's lines as they are. */
const KERNEL_NAMES = ['kernel', 'ulogd', 'ulogd2', 'klogd', 'pve-firewall'].map(ascii)

const program = new Program()
const prefixAction = new PrefixAction()

/** Position of the `IN=` that ` OUT=` follows, or -1. */
function findIn(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end - OUT.length, at + PREFIX_LIMIT_BYTES)
  for (let i = at + 2; i < limit; i++) {
    if (bytes[i] !== 0x3d || bytes[i - 1] !== 0x4e || bytes[i - 2] !== 0x49) continue
    const behind = endOfToken(bytes, i + 1, Math.min(end, i + INTERFACE_LIMIT_BYTES))
    if (startsWith(bytes, behind, end, OUT)) return i - 2
  }
  return -1
}

function recognise(line: Line): boolean {
  return findIn(line.bytes, line.at, line.end) >= 0
}

function read(line: Line, into: RecordBatch, row: number): number {
  const inAt = findIn(line.bytes, line.at, line.end)
  const prefixStart = readFront(line, inAt)
  if (prefixStart < 0) return REASON.program
  const ownTimeMs = readPrefix(line, into, row, prefixStart, inAt)
  const failed = readPacket(line, into, row, readInterfaces(line, into, row, inAt))
  if (failed !== OK) return failed
  into.category[row] = prefixAction.isAudit ? CATEGORY.other : CATEGORY.traffic
  into.setDecodedText(row, TEXT_SLOT.type, prefixAction.isAudit ? TYPES.audit : TYPES.traffic)
  line.refresh()
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  const headerMs = line.headerMs()
  into.eventTimeMs[row] = Number.isNaN(ownTimeMs)
    ? Number.isNaN(headerMs)
      ? line.arrivalMs
      : headerMs
    : ownTimeMs
  return OK
}

/** Behind host, tag and uptime: where the prefix begins; -1 when another program wrote the line. */
function readFront(line: Line, inAt: number): number {
  const { bytes } = line
  program.read(line)
  if (startsWith(bytes, program.textAt, inAt, KERN)) {
    // busybox and OpenWrt write facility and level in front of the tag
    program.readTag(line, skipBlanks(bytes, endOfToken(bytes, program.textAt, inAt), inAt))
  }
  if (!program.isNamed || program.isOfHeader) return skipUptime(bytes, program.textAt, inAt)
  for (const name of KERNEL_NAMES) {
    if (program.is(bytes, name)) return skipUptime(bytes, program.textAt, inAt)
  }
  const isKnown = isFirewallProgram(bytes, program.start, program.end)
  if (!program.isLoose) return isKnown ? skipUptime(bytes, program.textAt, inAt) : -1
  // `IPTABLES-DROP: IN=`: the word is the prefix. With more text between it may be any program's.
  if (!isKnown && program.textAt !== inAt) line.flags |= FLAG.ambiguous
  return program.start
}

/** Behind `[12345.678901]`, `[  203.842973]` and blanks. */
function skipUptime(bytes: Uint8Array, from: number, end: number): number {
  const at = skipBlanks(bytes, from, end)
  if (bytes[at] !== 0x5b) return at
  let i = skipBlanks(bytes, at + 1, end)
  const digits = i
  while (i < end && (isDigit(bytes[i] as number) || bytes[i] === 0x2e)) i++
  return i > digits && bytes[i] === 0x5d ? skipBlanks(bytes, i + 1, end) : at
}

/** Action, rule and what the prefix says else; returns the line's own time, NaN when it has none. */
function readPrefix(line: Line, into: RecordBatch, row: number, from: number, inAt: number): number {
  const { bytes } = line
  if (hasKey(bytes, from, inAt)) line.flags |= FLAG.ambiguous
  const chain = readProxmox(line, into, row, from, inAt)
  const start = chain < 0 ? from : chain
  const ruleStart = skipBlanks(bytes, start, inAt)
  const ruleEnd = endOfPrefix(bytes, ruleStart, inAt)
  prefixAction.read(bytes, ruleStart, inAt)
  into.disposition[row] = prefixAction.disposition
  const { action } = prefixAction
  if (action !== null) into.setDecodedText(row, TEXT_SLOT.action, action)
  else if (prefixAction.end > prefixAction.start) {
    setLowerWord(into, row, TEXT_SLOT.action, line, prefixAction.start, prefixAction.end)
  }
  line.refresh()
  if (chain >= 0) return proxmoxMs
  setRule(line, into, row, ruleStart, ruleEnd)
  return Number.NaN
}

function setRule(line: Line, into: RecordBatch, row: number, start: number, end: number): void {
  const { bytes } = line
  const { rulesetStart, rulesetEnd, numberStart, numberEnd } = prefixAction
  if (rulesetEnd === rulesetStart) {
    const isBracketed = bytes[start] === 0x5b && bytes[end - 1] === 0x5d
    setText(into, row, TEXT_SLOT.rule, bytes, isBracketed ? start + 1 : start, isBracketed ? end - 1 : end)
    return
  }
  setText(into, row, TEXT_SLOT.ruleId, bytes, numberStart, numberEnd)
  for (let at = rulesetEnd; at < end; at++) {
    if (bytes[at] !== 0x44 || !startsWith(bytes, at, end, DESCRIPTION)) continue
    const close = end > at + DESCRIPTION.length && bytes[end - 1] === 0x22 ? end - 1 : end
    setText(into, row, TEXT_SLOT.rule, bytes, at + DESCRIPTION.length, close)
    return
  }
  setText(into, row, TEXT_SLOT.rule, bytes, rulesetStart, rulesetEnd)
}

/** Where the prefix ends without blanks and colons. */
function endOfPrefix(bytes: Uint8Array, from: number, to: number): number {
  let end = to
  while (end > from && (isBlank(bytes[end - 1] as number) || bytes[end - 1] === 0x3a)) end--
  return end
}

/** Whether a key of the packet stands in the prefix: somebody tries to be read there. */
function hasKey(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 3; at < to; at++) {
    if (bytes[at] !== 0x3d) continue
    const code =
      ((bytes[at - 3] as number) << 16) | ((bytes[at - 2] as number) << 8) | (bytes[at - 1] as number)
    if (code === KEY_SRC || code === KEY_DST || code === KEY_SPT || code === KEY_DPT) return true
  }
  return false
}
const codeOf = (key: string): number =>
  (key.charCodeAt(0) << 16) | (key.charCodeAt(1) << 8) | key.charCodeAt(2)
const KEY_SRC = codeOf('SRC')
const KEY_DST = codeOf('DST')
const KEY_SPT = codeOf('SPT')
const KEY_DPT = codeOf('DPT')

let proxmoxMs = Number.NaN

/**
 * Proxmox: `100 7 tap100i0-IN 20/Jun/2022:13:09:14 +0200 policy DROP: IN=`: guest, level, chain, time, prefix. Returns
 * where the prefix begins and keeps the time; -1 when the text has another form.
 */
function readProxmox(line: Line, into: RecordBatch, row: number, from: number, end: number): number {
  const { bytes } = line
  if (!isDigit(bytes[from] as number)) return -1
  const level = skipNumber(bytes, from, end)
  const chain = level < 0 ? -1 : skipNumber(bytes, level, end)
  if (chain < 0) return -1
  const chainEnd = endOfToken(bytes, chain, end)
  const at = chainEnd + 1
  // 20/Jun/2022:13:09:14 +0200
  if (end - at < 26 || bytes[at + 2] !== 0x2f || bytes[at + 6] !== 0x2f || bytes[at + 11] !== 0x3a) return -1
  const day = readNumber(bytes, at, 2)
  const month = readMonth(bytes, at + 3)
  const year = readNumber(bytes, at + 7, 4)
  const seconds = readClock(bytes, at + 12)
  const offset = readNumber(bytes, at + 22, 2) * 60 + readNumber(bytes, at + 24, 2)
  const sign = bytes[at + 21]
  if (seconds < 0 || bytes[at + 20] !== BLANK || (sign !== 0x2b && sign !== 0x2d)) return -1
  setText(into, row, TEXT_SLOT.rule, bytes, chain, chainEnd)
  proxmoxMs = Number.NaN
  if (!(day > 0 && year > 0) || !isDate(year, month, day)) return at + 26
  const unixMs = dayMs(year, month, day) + seconds * 1000 - (sign === 0x2b ? offset : -offset) * 60_000
  if (isSane(unixMs)) proxmoxMs = unixMs
  return at + 26
}

/** Behind a number and one blank, or -1. */
function skipNumber(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && isDigit(bytes[at] as number)) at++
  return at > from && bytes[at] === BLANK ? at + 1 : -1
}

/** The number in so many digits, NaN when others are there. */
function readNumber(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0
  for (let i = at; i < at + digits; i++) {
    if (!isDigit(bytes[i] as number)) return Number.NaN
    value = value * 10 + (bytes[i] as number) - 0x30
  }
  return value
}

/** `IN=... OUT=...`; returns where the packet's own keys begin. */
function readInterfaces(line: Line, into: RecordBatch, row: number, inAt: number): number {
  const { bytes, end } = line
  const inStart = inAt + 3
  const inEnd = endOfToken(bytes, inStart, end)
  const outStart = inEnd + OUT.length
  const outEnd = endOfToken(bytes, outStart, end)
  setText(into, row, TEXT_SLOT.sourceZone, bytes, inStart, inEnd)
  setText(into, row, TEXT_SLOT.destinationZone, bytes, outStart, outEnd)
  if (inEnd === inStart && outEnd === outStart) return outEnd
  const subtype =
    inEnd === inStart ? SUBTYPES.output : outEnd === outStart ? SUBTYPES.input : SUBTYPES.forward
  into.setDecodedText(row, TEXT_SLOT.subtype, subtype)
  line.refresh()
  return outEnd
}

/** The order of the keys that are read; each may come once. */
const STAGE = { start: 0, source: 1, destination: 2, protocol: 3, sourcePort: 4, destinationPort: 5 } as const

/** Walks the tokens behind `OUT=`. */
function readPacket(line: Line, into: RecordBatch, row: number, from: number): number {
  const { bytes, end } = line
  let stage: number = STAGE.start
  let depth = 0
  let hasPorts = true
  let at = from
  while (at < end) {
    const start = skipBlanks(bytes, at, end)
    at = endOfToken(bytes, start, end)
    if (at === start) break
    if (bytes[start] === 0x5b) depth++
    if (depth > 0) {
      if (bytes[at - 1] === 0x5d) depth--
      continue
    }
    const reached = stageOf(bytes, start, at)
    if (reached === 0) {
      if (startsWith(bytes, start, at, FRAGMENT) || startsWith(bytes, start, at, INCOMPLETE)) hasPorts = false
      continue
    }
    if (reached === STAGE.protocol) {
      // More is written behind a protocol known by name, but for later fragments: the word may be cut.
      if (at === end && hasPorts && !isDigit(bytes[start + PROTO.length] as number)) break
      if (!isPortProtocol(bytes, start + PROTO.length, at)) hasPorts = false
    }
    if (reached <= stage || (reached > STAGE.protocol && reached !== stage + 1)) {
      line.flags |= FLAG.ambiguous
      if (reached <= stage) continue // the first one stands at its place
    }
    const failed = readKey(line, into, row, reached, start, at)
    if (failed !== OK) return failed
    stage = reached
  }
  if (stage < (hasPorts ? STAGE.destinationPort : STAGE.protocol)) line.flags |= FLAG.truncated
  if (stage < STAGE.source) return REASON.source
  return stage < STAGE.destination && (line.flags & FLAG.truncated) === 0 ? REASON.destination : OK
}

/** Which of our keys the token is, 0 for all others. */
function stageOf(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 4) return 0
  switch (bytes[start] as number) {
    case 0x53: // S
      if (bytes[start + 3] !== 0x3d) return 0
      if (bytes[start + 1] === 0x52 && bytes[start + 2] === 0x43) return STAGE.source
      return bytes[start + 1] === 0x50 && bytes[start + 2] === 0x54 ? STAGE.sourcePort : 0
    case 0x44: // D
      if (bytes[start + 3] !== 0x3d) return 0
      if (bytes[start + 1] === 0x53 && bytes[start + 2] === 0x54) return STAGE.destination
      return bytes[start + 1] === 0x50 && bytes[start + 2] === 0x54 ? STAGE.destinationPort : 0
    case 0x50: // P
      return startsWith(bytes, start, end, PROTO) ? STAGE.protocol : 0
    default:
      return 0
  }
}
const PROTO = ascii('PROTO=')
/** Later fragments and headers that are too short have no ports. */
const FRAGMENT = ascii('FRAG:')
const INCOMPLETE = ascii('INCOMPLETE')
const TCP = ascii('TCP')
const UDP = ascii('UDP')

function isPortProtocol(bytes: Uint8Array, start: number, end: number): boolean {
  return startsWith(bytes, start, end, TCP) || startsWith(bytes, start, end, UDP)
}

/**
 * One key. A value that ends the line may be cut: the kernel writes more behind every key but `PROTO=` of a protocol
 * that it knows by number only.
 */
function readKey(
  line: Line,
  into: RecordBatch,
  row: number,
  stage: number,
  start: number,
  end: number,
): number {
  const { bytes } = line
  const value = start + (stage === STAGE.protocol ? PROTO.length : 4)
  const isLast = end === line.end
  if (stage === STAGE.protocol) {
    if (isDigit(bytes[value] as number)) setProtocol(into, row, line, value, end)
    else setLowerWord(into, row, TEXT_SLOT.protocol, line, value, end)
    return OK
  }
  if (isLast) {
    line.flags |= FLAG.truncated
    return OK
  }
  if (stage <= STAGE.destination) {
    const slot = stage === STAGE.source ? ADDRESS_SLOT.sourceAddress : ADDRESS_SLOT.destinationAddress
    if (value < end && setAddress(into, row, slot, bytes, value, end)) return OK
    if (looksLikeAddress(bytes, value, end)) return OK
    return stage === STAGE.source ? REASON.source : REASON.destination
  }
  const port = readPort(bytes, value, end)
  if (port < 0) line.flags |= FLAG.ambiguous
  else if (stage === STAGE.sourcePort) into.sourcePort[row] = port
  else into.destinationPort[row] = port
  return OK
}

export const netfilter: LineFormat = {
  code: FORMAT.netfilter,
  name: 'netfilter',
  reasons: REASONS,
  isSearching: true,
  recognise,
  read,
}
