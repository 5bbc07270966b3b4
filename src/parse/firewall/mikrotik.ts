/**
 * MikroTik RouterOS: `topics text`, as its remote log action sends it, behind a BSD or RFC 3339 header or alone.
 *   firewall,info drop-in input: in:ether1 out:(unknown 0), connection-state:new src-mac 00:.., proto TCP (SYN),
 *     198.51.100.1:1234->203.0.113.1:80, NAT 198.51.100.1:1234->(203.0.113.1:80->192.0.2.8:8080), len 52
 *   system,error,critical login failure for user admin from 198.51.100.1 via ssh
 * RouterOS documentation, "Log" and "Filter" (action log). Other topics are recognised and stored as `other`.
 *
 * type = the first topic in upper case; packets: subtype = the chain, rule = the log prefix, action from the prefix
 * alone, zones = interfaces; logins: subtype and application = the service, user as typed by the peer.
 */
import { CATEGORY, FLAG, FORMAT, OUTCOME } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { looksLikeAddress } from '../address-bytes.ts'
import { ascii, BLANK, COMMA, isDigit, readPort, skipBlanks, startsWith } from '../bytes.ts'
import { setAddress, setDeviceFromHeader, setLowerWord, setText, setUpperWord } from '../fields.ts'
import type { Line } from '../line.ts'
import { PrefixAction } from '../prefix-action.ts'
import { Program } from '../program.ts'
import type { LineFormat } from '../registry.ts'
import { findBytes, findLastBytes } from '../search-bytes.ts'
import { WordTable } from '../word-table.ts'

const REASONS = [
  'mikrotik: a firewall line without the flow, address:port->address:port, behind proto',
  'mikrotik: the source of the flow is not an address',
  'mikrotik: the destination of the flow is not an address',
] as const
const REASON = { flow: 0, source: 1, destination: 2 } as const
const OK = -1

const tableOf = (words: string): WordTable => {
  return new WordTable(Object.fromEntries(words.split(' ').map((word) => [word, 1])))
}
/** First topics of RouterOS (documentation, "Log", topics). */
const TOPICS = tableOf(
  'account async backup bfd bgp bridge calc caps certificate container dde ddns dhcp dns dot1x dude e-mail event ' +
    'fetch firewall gps gsm health hotspot igmp-proxy interface ipsec iscsi isdn kvm l2tp ldp lora lte manager mme ' +
    'mpls mqtt mvrp natpmp netinstall netwatch ntp ospf ovpn pim poe-out ppp pppoe pptp ptp queue radius radvd ' +
    'raw read rip route rpki rsvp script sertcp simulator smb snmp ssh sstp stp system telephony tftp timer tr069 ' +
    'tunnel ups upnp vpls vrrp watchdog web-proxy wireguard wireless write zerotier',
)
/** Further topics that say how grave it is; every line has one, behind the first topic. */
const LEVELS = tableOf('critical debug error info warning packet account')
const FIREWALL_TOPIC = ascii('firewall,')
const LOGIN_FAILURE = ascii('login failure for user ')
const AUTHENTICATION_FAILED = ascii(' authentication failed')
const USER = ascii('user ')
const LOGGED_IN = ascii(' logged in ')
const FROM = ascii(' from ')
const VIA = ascii(' via ')
const IN = ascii(': in:')
const OUT = ascii(' out:')
const PROTO = ascii(' proto ')
const NAT = ascii(', NAT ')
const BEHIND_TUNNEL = ascii('>: user ')
const ACTIONS = {
  failure: ascii('login-failure'),
  success: ascii('logged-in'),
  ppp: ascii('authentication-failed'),
}
const FIREWALL = ascii('FIREWALL')
/** Longest topics, prefix and chain in front of `in:`. */
const HEAD_LIMIT_BYTES = 192

const prefixAction = new PrefixAction()
const program = new Program()

/** `topic,topic text`: a topic of RouterOS, a comma, and a level among the next; or the packet alone. */
function recognise(line: Line): boolean {
  if (endOfTopics(line) > 0) return true
  const inAt = findIn(line, line.at)
  if (inAt < 0 || findBytes(line.bytes, PROTO, inAt, line.end) < 0) return false
  program.read(line)
  // `input: in:` looks like a tag; a process number or a header says that another program wrote the text.
  return !program.isNamed || program.isOfHeader || (program.isLoose && program.textAt === inAt + 2)
}

/** Where the topics end, or -1 when there are none. */
function endOfTopics(line: Line): number {
  const { bytes, view, at, end } = line
  const limit = Math.min(end, at + 64)
  let wordStart = at
  let hasLevel = false
  for (let i = at; i < limit; i++) {
    const byte = bytes[i] as number
    if ((byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || byte === 0x21 || isDigit(byte)) continue
    if (byte !== COMMA && byte !== BLANK && byte !== 0x3a) return -1
    if (wordStart === at) {
      const isTopic = byte === COMMA && TOPICS.find(bytes, view, at, i) > 0
      if (!isTopic) return -1
    } else if (!hasLevel) hasLevel = LEVELS.find(bytes, view, wordStart, i) > 0
    if (byte !== COMMA) return hasLevel ? i : -1
    wordStart = i + 1
  }
  return -1
}

/** The colon of `: in:` that ` out:` follows, or -1. */
function findIn(line: Line, from: number): number {
  const { bytes, end } = line
  const at = findBytes(bytes, IN, from, Math.min(end, from + HEAD_LIMIT_BYTES))
  return at >= 0 && findBytes(bytes, OUT, at, end) >= 0 ? at : -1
}

function read(line: Line, into: RecordBatch, row: number): number {
  const topicsEnd = endOfTopics(line)
  const { bytes, end } = line
  const from =
    topicsEnd < 0 ? line.at : skipBlanks(bytes, bytes[topicsEnd] === 0x3a ? topicsEnd + 1 : topicsEnd, end)
  const isFirewall = topicsEnd < 0 || startsWith(bytes, line.at, end, FIREWALL_TOPIC)
  const inAt = isFirewall ? findIn(line, from) : -1
  let failed: number = OK
  if (inAt >= 0) failed = readPacket(line, into, row, from, inAt)
  else readEvent(line, into, row, from, topicsEnd)
  if (failed !== OK) return failed
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  const headerMs = line.headerMs()
  into.eventTimeMs[row] = Number.isNaN(headerMs) ? line.arrivalMs : headerMs
  return OK
}

/** `PREFIX CHAIN: in:A out:B, ..., proto P (...), FLOW, ...`. */
function readPacket(line: Line, into: RecordBatch, row: number, from: number, inAt: number): number {
  const { bytes, end } = line
  const outAt = findBytes(bytes, OUT, inAt, end)
  const protoAt = findBytes(bytes, PROTO, outAt, end)
  if (protoAt < 0) return REASON.flow
  const flowStart = readProtocol(line, into, row, protoAt + PROTO.length)
  const failed = flowStart < 0 ? REASON.flow : readFlow(line, into, row, flowStart)
  if (failed !== OK) return failed
  const zoneEnd = endOfZone(bytes, outAt + OUT.length, protoAt)
  setZone(line, into, row, TEXT_SLOT.sourceZone, inAt + IN.length, outAt)
  setZone(line, into, row, TEXT_SLOT.destinationZone, outAt + OUT.length, zoneEnd)
  let chain = inAt
  while (chain > from && bytes[chain - 1] !== BLANK) chain--
  prefixAction.read(bytes, from, chain)
  into.category[row] = CATEGORY.traffic
  into.disposition[row] = prefixAction.disposition
  setText(into, row, TEXT_SLOT.rule, bytes, from, chain)
  setLowerWord(into, row, TEXT_SLOT.subtype, line, chain, inAt)
  const { action } = prefixAction
  if (action !== null) into.setDecodedText(row, TEXT_SLOT.action, action)
  else if (prefixAction.end > prefixAction.start) {
    setLowerWord(into, row, TEXT_SLOT.action, line, prefixAction.start, prefixAction.end)
  }
  into.setDecodedText(row, TEXT_SLOT.type, FIREWALL)
  line.refresh()
  return OK
}

/** `out:` ends at the comma in front of the packet's own words. */
function endOfZone(bytes: Uint8Array, from: number, end: number): number {
  for (let at = from; at < end; at++) if (bytes[at] === COMMA && bytes[at + 1] === BLANK) return at
  return end
}

/** An interface; `(unknown 0)` and `(none)` are none. */
function setZone(line: Line, into: RecordBatch, row: number, slot: number, start: number, end: number): void {
  if (end > start && line.bytes[start] !== 0x28) setText(into, row, slot, line.bytes, start, end)
}

/** `TCP (SYN), `, `ICMP (type 8, code 0), `, `UDP, `, `47, `; returns where the flow begins, or -1. */
function readProtocol(line: Line, into: RecordBatch, row: number, from: number): number {
  const { bytes, end } = line
  let at = from
  while (at < end && bytes[at] !== COMMA && bytes[at] !== BLANK) at++
  setLowerWord(into, row, TEXT_SLOT.protocol, line, from, at)
  if (bytes[at] === BLANK && bytes[at + 1] === 0x28) {
    while (at < end && bytes[at] !== 0x29) at++
    at++
  }
  return at + 2 < end && bytes[at] === COMMA && bytes[at + 1] === BLANK ? at + 2 : -1
}

/** `a:1->b:2`, then perhaps `, NAT ...`. */
function readFlow(line: Line, into: RecordBatch, row: number, from: number): number {
  const { bytes, end } = line
  const to = endOfFlow(bytes, from, end)
  const arrow = findArrow(bytes, from, to)
  if (arrow < 0) return REASON.flow
  endpoint.read(bytes, from, arrow)
  if (!takeAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes)) return REASON.source
  into.sourcePort[row] = takePort(line)
  endpoint.read(bytes, arrow + 2, to)
  if (to === end) {
    // A length always follows: the line was cut here.
    line.flags |= FLAG.truncated
    return OK
  }
  if (!takeAddress(into, row, ADDRESS_SLOT.destinationAddress, bytes)) return REASON.destination
  into.destinationPort[row] = takePort(line)
  if (startsWith(bytes, to, end, NAT)) readNat(line, into, row, to + NAT.length)
  // Names of interfaces of dial-in users are chosen by them: a second packet behind the first is not the router's.
  if (findBytes(bytes, PROTO, to, end) >= 0 || findBytes(bytes, OUT, to, end) >= 0)
    line.flags |= FLAG.ambiguous
  return OK
}

function endOfFlow(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== COMMA && bytes[at] !== BLANK) at++
  return at
}

function findArrow(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + 1 < to; at++) if (bytes[at] === 0x2d && bytes[at + 1] === 0x3e) return at
  return -1
}

/** Address and port of one side; one serves a whole parser. */
const endpoint = {
  start: 0,
  end: 0,
  portStart: 0,
  portEnd: 0,
  /** `198.51.100.1:80`, `198.51.100.1`, `[2001:db8::1]:80`, `2001:db8::1`. */
  read(bytes: Uint8Array, from: number, to: number): void {
    this.start = from
    this.end = to
    this.portStart = to
    this.portEnd = to
    if (bytes[from] === 0x5b) {
      let close = from
      while (close < to && bytes[close] !== 0x5d) close++
      this.start = from + 1
      this.end = close
      if (bytes[close + 1] === 0x3a && close + 1 < to) this.portStart = close + 2
      return
    }
    let colons = 0
    let last = to
    for (let at = from; at < to; at++) {
      if (bytes[at] !== 0x3a) continue
      colons++
      last = at
    }
    if (colons !== 1) return
    this.end = last
    this.portStart = last + 1
  },
}

function takeAddress(into: RecordBatch, row: number, slot: number, bytes: Uint8Array): boolean {
  const { start, end } = endpoint
  if (end <= start) return false
  return setAddress(into, row, slot, bytes, start, end) || looksLikeAddress(bytes, start, end)
}

/** The port, 0 when there is none. */
function takePort(line: Line): number {
  const { portStart, portEnd } = endpoint
  if (portStart >= portEnd) return 0
  const port = readPort(line.bytes, portStart, portEnd)
  if (port >= 0) return port
  line.flags |= FLAG.ambiguous
  return 0
}

/** `(a->b)->c`, `a->(b->c)`, `(a->b)->(c->d)`: what stands in brackets was translated. */
function readNat(line: Line, into: RecordBatch, row: number, from: number): void {
  const { bytes } = line
  const to = endOfFlow(bytes, from, line.end)
  if (to === line.end) return
  const sourceEnd = readTranslated(bytes, from, to)
  if (sourceEnd > 0) takeAddress(into, row, ADDRESS_SLOT.natSourceAddress, bytes)
  const arrow = findArrow(bytes, sourceEnd > 0 ? sourceEnd : from, to)
  if (arrow < 0 || readTranslated(bytes, arrow + 2, to) < 0) return
  if (takeAddress(into, row, ADDRESS_SLOT.natDestinationAddress, bytes))
    into.natDestinationPort[row] = takePort(line)
}

/** Reads the second side of `(x->y)` into the endpoint; returns the place behind it, or -1 when there are no brackets. */
function readTranslated(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== 0x28) return -1
  let close = from
  while (close < to && bytes[close] !== 0x29) close++
  const arrow = findArrow(bytes, from, close)
  if (arrow < 0) return -1
  endpoint.read(bytes, arrow + 2, close)
  return close
}

/** What is no packet: logins by their text, all else by its topics. */
function readEvent(line: Line, into: RecordBatch, row: number, from: number, topicsEnd: number): void {
  const { bytes, at } = line
  let comma = at
  while (comma < topicsEnd && bytes[comma] !== COMMA) comma++
  let last = topicsEnd
  while (last > at && bytes[last - 1] !== COMMA) last--
  setUpperWord(into, row, TEXT_SLOT.type, line, at, comma)
  if (readLogin(line, into, row, from)) return
  into.category[row] = CATEGORY.other
  setLowerWord(into, row, TEXT_SLOT.subtype, line, last, topicsEnd)
}

function readLogin(line: Line, into: RecordBatch, row: number, from: number): boolean {
  const { bytes, end } = line
  if (startsWith(bytes, from, end, LOGIN_FAILURE)) {
    return readLoginTail(line, into, row, from + LOGIN_FAILURE.length, OUTCOME.failure)
  }
  if (startsWith(bytes, from, end, USER)) {
    const at = findBytes(bytes, LOGGED_IN, from, end)
    return at >= 0 && readLoginTail(line, into, row, from + USER.length, OUTCOME.success)
  }
  return bytes[from] === 0x3c && readTunnelLogin(line, into, row, from)
}

/**
 * `NAME from ADDRESS via SERVICE`, `NAME logged in via local`. The name is what the peer typed, so address and service
 * are taken from the end, and more than one `from` is ambiguous.
 */
function readLoginTail(line: Line, into: RecordBatch, row: number, from: number, outcome: number): boolean {
  const { bytes, end } = line
  const via = findLastBytes(bytes, VIA, from, end)
  if (via < 0) return false
  const fromAt = findLastBytes(bytes, FROM, from - 1, via)
  let userEnd = fromAt < 0 ? via : fromAt
  if (outcome === OUTCOME.success) {
    userEnd = findLastBytes(bytes, LOGGED_IN, from, via + 1)
    if (userEnd < 0) return false
  }
  into.category[row] = CATEGORY.login
  into.outcome[row] = outcome
  if (userEnd > from) setText(into, row, TEXT_SLOT.sourceUser, bytes, from, userEnd)
  if (fromAt >= 0) {
    const { sourceAddress } = ADDRESS_SLOT
    const isKnown = setAddress(into, row, sourceAddress, bytes, fromAt + FROM.length, via)
    if (!isKnown && !looksLikeAddress(bytes, fromAt + FROM.length, via)) line.flags |= FLAG.ambiguous
    if (findBytes(bytes, FROM, from - 1, fromAt) >= 0) line.flags |= FLAG.ambiguous
  }
  setLowerWord(into, row, TEXT_SLOT.subtype, line, via + VIA.length, end)
  setLowerWord(into, row, TEXT_SLOT.application, line, via + VIA.length, end)
  into.setDecodedText(row, TEXT_SLOT.action, outcome === OUTCOME.failure ? ACTIONS.failure : ACTIONS.success)
  line.refresh()
  return true
}

/** `<198.51.100.7>: user NAME authentication failed` of PPP tunnels. */
function readTunnelLogin(line: Line, into: RecordBatch, row: number, from: number): boolean {
  const { bytes, end } = line
  const close = findBytes(bytes, BEHIND_TUNNEL, from, end)
  const failed = findLastBytes(bytes, AUTHENTICATION_FAILED, from, end)
  if (close < 0 || failed < close + BEHIND_TUNNEL.length) return false
  into.category[row] = CATEGORY.login
  into.outcome[row] = OUTCOME.failure
  setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, from + 1, close)
  setText(into, row, TEXT_SLOT.sourceUser, bytes, close + BEHIND_TUNNEL.length, failed)
  into.setDecodedText(row, TEXT_SLOT.action, ACTIONS.ppp)
  line.refresh()
  return true
}

export const mikrotik: LineFormat = {
  code: FORMAT.mikrotik,
  name: 'mikrotik',
  reasons: REASONS,
  isSearching: true,
  recognise,
  read,
}
