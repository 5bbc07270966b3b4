/**
 * Services that firewalls send lines of beside their packet log: the administration pages of pfSense and OPNsense, whose
 * logins are read, and DHCP, DNS and time services, which are known by their program and stored as `other`. None of them
 * says anything about a packet, so they never count; the vendor is unknown, as these programs run anywhere.
 *
 * type = the program in upper case; DHCP: subtype = the protocol (as filterlog's), action = the message, source = the
 * client's address, destination = the server asked; DNS: source = the asker.
 */
import { CATEGORY, FLAG, FORMAT, OUTCOME } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { ascii, COMMA, isDigit, readPort, skipBlanks, startsWith } from '../bytes.ts'
import { setAddress, setDeviceFromHeader, setLowerWord, setText, setUpperWord } from '../fields.ts'
import type { Line } from '../line.ts'
import { Program } from '../program.ts'
import type { LineFormat } from '../registry.ts'
import { endOfToken, findBytes, findLastBytes } from '../search-bytes.ts'

const OK = -1
/** Programs with administration pages. */
const PAGES = ['php-fpm', 'php', 'audit', 'php-cgi'].map(ascii)
const DHCP_PROGRAMS = [
  'dhcpd',
  'dhclient',
  'dhcp6c',
  'dhcrelay',
  'kea-dhcp4',
  'kea-dhcp6',
  'dnsmasq-dhcp',
].map(ascii)
const OTHERS = (
  'dhcpleases rtsold radvd unbound dnsmasq filterdns syslogd syslog-ng rsyslogd ntpd chronyd ' +
  'check_reload_status dpinger miniupnpd configd.py rc.gateway_alarm'
)
  .split(' ')
  .map(ascii)
const UNBOUND = ascii('unbound')

const GUI_FAILURE = ascii(' authentication error for ')
const GUI_SUCCESS = ascii('Successful login for user ')
const GUI_LOGGED_IN = ascii('User logged in for user ')
const USER = ascii('user ')
const FROM = ascii(' from')
const PATH_END = ascii('.php: ')
const ACTIONS = { failure: ascii('authentication-error'), success: ascii('login') }
const DHCP = ascii('DHCP')
const MESSAGE = ascii(' message')
const UDP = ascii('udp')
/** What the DHCPv6 services of ISC and WIDE write in front of a client's address. */
const PHRASES = [
  'Advertise NA',
  'Reply NA',
  'Sending Advertise',
  'Sending Reply',
  'Picking pool address',
  'Reusing lease',
  'add an address',
  'remove an address',
  'Listening on BPF',
  'Sending on BPF',
].map(ascii)
const PORT = ascii(' port ')
const INFO = ascii('] info: ')

const program = new Program()

function recognise(line: Line): boolean {
  program.read(line)
  return program.isNamed && (isOneOf(line, PAGES) || isOneOf(line, DHCP_PROGRAMS) || isOneOf(line, OTHERS))
}

function isOneOf(line: Line, names: readonly Uint8Array[]): boolean {
  const length = program.end - program.start
  for (const name of names) if (name.length === length && program.is(line.bytes, name)) return true
  return false
}

function read(line: Line, into: RecordBatch, row: number): number {
  program.read(line)
  const { start, end, textAt } = program
  into.category[row] = CATEGORY.other
  setUpperWord(into, row, TEXT_SLOT.type, line, start, end)
  if (isOneOf(line, PAGES)) readPage(line, into, row, textAt)
  else if (program.is(line.bytes, UNBOUND)) readQuestion(line, into, row, textAt)
  else if (isOneOf(line, DHCP_PROGRAMS)) readDhcp(line, into, row, textAt)
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  const headerMs = line.headerMs()
  into.eventTimeMs[row] = Number.isNaN(headerMs) ? line.arrivalMs : headerMs
  return OK
}

/**
 * `/index.php: webConfigurator authentication error for user 'admin' from: 198.51.100.7`, `/index.php: Successful login
 * for user 'admin' from: 192.0.2.1 (Local Database)`. The name is what the peer typed: the address is the last one.
 */
function readPage(line: Line, into: RecordBatch, row: number, textAt: number): void {
  const { bytes, end } = line
  const path = bytes[textAt] === 0x2f ? findBytes(bytes, PATH_END, textAt, Math.min(end, textAt + 64)) : -1
  const from = path < 0 ? textAt : path + PATH_END.length
  const outcome = outcomeOf(bytes, from, end)
  if (outcome === OUTCOME.none) return
  const fromAt = findLastBytes(bytes, FROM, from, end)
  if (fromAt < 0) return
  let address = fromAt + FROM.length
  if (bytes[address] === 0x3a) address++
  if (bytes[address] !== 0x20) return
  address++
  into.category[row] = CATEGORY.login
  into.outcome[row] = outcome
  setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, address, endOfToken(bytes, address, end))
  const open = findQuote(bytes, from, fromAt)
  if (open < fromAt - 2 && bytes[fromAt - 1] === 0x27) {
    setText(into, row, TEXT_SLOT.sourceUser, bytes, open + 1, fromAt - 1)
  }
  if (findBytes(bytes, FROM, from, fromAt) >= 0) line.flags |= FLAG.ambiguous
  into.setDecodedText(row, TEXT_SLOT.action, outcome === OUTCOME.failure ? ACTIONS.failure : ACTIONS.success)
  line.refresh()
}

function outcomeOf(bytes: Uint8Array, from: number, end: number): number {
  if (startsWith(bytes, from, end, GUI_SUCCESS) || startsWith(bytes, from, end, GUI_LOGGED_IN)) {
    return OUTCOME.success
  }
  // `webConfigurator` or `Web GUI` stands in front
  const at = findBytes(bytes, GUI_FAILURE, from, Math.min(end, from + 64))
  if (at < 0) return OUTCOME.none
  const behind = at + GUI_FAILURE.length
  return bytes[behind] === 0x27 || startsWith(bytes, behind, end, USER) ? OUTCOME.failure : OUTCOME.none
}

function findQuote(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== 0x27) at++
  return at
}

/**
 * `DHCPACK on 192.0.2.8 to ...`, `DHCPREQUEST for 192.0.2.8 (192.0.2.1) from ...`, `Solicit message from fe80::1 port
 * 546, ...`, `Reply NA: address 2001:db8::8 to client ...`. Names of clients stand further back and are not read.
 */
function readDhcp(line: Line, into: RecordBatch, row: number, from: number): void {
  const { bytes, end } = line
  into.setDecodedText(row, TEXT_SLOT.protocol, UDP)
  into.setDecodedText(row, TEXT_SLOT.subtype, UDP)
  line.refresh()
  let actionEnd = endOfToken(bytes, from, end)
  const isMessage = startsWith(bytes, from, end, DHCP)
  if (!isMessage && startsWith(bytes, actionEnd, end, MESSAGE)) actionEnd += MESSAGE.length
  else if (!isMessage) {
    const phrase = PHRASES.find((text) => startsWith(bytes, from, end, text))
    if (phrase === undefined) return
    actionEnd = from + phrase.length
  }
  readClient(line, into, row, actionEnd)
  setLowerWord(into, row, TEXT_SLOT.action, line, from, actionEnd)
}

/** The address behind `on`, `for`, `from`, `to` or `address`: at once or not at all. */
function readClient(line: Line, into: RecordBatch, row: number, from: number): void {
  const { bytes, end } = line
  let at = bytes[from] === 0x3a ? from + 1 : from
  for (let tokens = 0; tokens < 2; tokens++) {
    const start = skipBlanks(bytes, at, end)
    const tokenEnd = endOfToken(bytes, start, end)
    let addressEnd = start
    while (addressEnd < tokenEnd && bytes[addressEnd] !== 0x2f && bytes[addressEnd] !== COMMA) addressEnd++
    if (setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, start, addressEnd) && start < addressEnd) {
      readBehindClient(line, into, row, addressEnd)
      return
    }
    at = tokenEnd
  }
}

/** ` (192.0.2.1)`, the server that was asked; ` port 546`. */
function readBehindClient(line: Line, into: RecordBatch, row: number, from: number): void {
  const { bytes, end } = line
  if (bytes[from] === 0x20 && bytes[from + 1] === 0x28) {
    const close = endOfToken(bytes, from + 1, end) - 1
    if (bytes[close] === 0x29) {
      setAddress(into, row, ADDRESS_SLOT.destinationAddress, bytes, from + 2, close)
    }
  } else if (startsWith(bytes, from, end, PORT)) {
    const port = from + PORT.length
    let portEnd = port
    while (portEnd < end && isDigit(bytes[portEnd] as number)) portEnd++
    into.sourcePort[row] = Math.max(0, readPort(bytes, port, portEnd))
  }
}

/** `[26931:0] info: 192.0.2.8 www.example.com. A IN`. */
function readQuestion(line: Line, into: RecordBatch, row: number, from: number): void {
  const { bytes, end } = line
  const at = bytes[from] === 0x5b ? findBytes(bytes, INFO, from, Math.min(end, from + 32)) : -1
  if (at < 0) return
  const asker = at + INFO.length
  setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, asker, endOfToken(bytes, asker, end))
}

export const service: LineFormat = {
  code: FORMAT.service,
  name: 'service',
  reasons: [],
  isService: true,
  recognise,
  read,
}
