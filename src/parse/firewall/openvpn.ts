/**
 * OpenVPN servers, as pfSense, OPNsense and others log them: `openvpn[66026]: 198.51.100.7:37849 text`,
 * `bob/198.51.100.7:37849 text`, and pfSense's own `user 'bob' could not authenticate.`. Logins are read (who, whence,
 * with what result); all else is `other` with its peer.
 *
 * type OPENVPN, action authenticated, authentication-failed, certificate-refused or connected. The peer at the front is
 * OpenVPN's own; names are what the peer typed and end nothing.
 */
import { CATEGORY, FLAG, FORMAT, OUTCOME } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { ascii, lowerByte, readPort, skipBlanks, startsWith } from '../bytes.ts'
import { setAddress, setDeviceFromHeader, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { Program } from '../program.ts'
import type { LineFormat } from '../registry.ts'
import { endOfToken, findBytes, findLastBytes } from '../search-bytes.ts'

const OK = -1
const NAMES = ['openvpn', 'ovpn'].map(ascii)
const TYPE = ascii('OPENVPN')
const AUTH_ERROR = ascii('TLS Auth Error:')
const VERIFY_ERROR = ascii('VERIFY ERROR:')
const INITIATED = ascii('] Peer Connection Initiated with ')
const USER = ascii("user '")
const AUTHENTICATED = ascii("' authenticated")
const NOT_AUTHENTICATED = ascii("' could not authenticate")
const AF_INET = ascii('[AF_INET')
const LAST_FROM = ascii(' from [AF_INET')
const ACTIONS = {
  authenticated: ascii('authenticated'),
  failed: ascii('authentication-failed'),
  refused: ascii('certificate-refused'),
  connected: ascii('connected'),
}

const program = new Program()

/** `openvpn`, `openvpn_server1`, `ovpn-server`. */
function recognise(line: Line): boolean {
  const first = lowerByte(line.bytes[line.programEnd > 0 ? line.programStart : line.at] as number)
  if (first !== 0x6f && line.hostEnd === line.hostStart) return false
  program.read(line)
  if (!program.isNamed) return false
  for (const name of NAMES) {
    const end = program.start + name.length
    if (end > program.end || (end < program.end && line.bytes[end] !== 0x5f && line.bytes[end] !== 0x2d))
      continue
    if (isName(line.bytes, program.start, name)) return true
  }
  return false
}

function isName(bytes: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (lowerByte(bytes[at + i] as number) !== name[i]) return false
  return true
}

function read(line: Line, into: RecordBatch, row: number): number {
  program.read(line)
  const from = readPeer(line, into, row, program.textAt)
  into.category[row] = CATEGORY.other
  if (!readLogin(line, into, row, from)) readPeerAtEnd(line, into, row, from)
  into.setDecodedText(row, TEXT_SLOT.type, TYPE)
  line.refresh()
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  const headerMs = line.headerMs()
  into.eventTimeMs[row] = Number.isNaN(headerMs) ? line.arrivalMs : headerMs
  return OK
}

/** `198.51.100.7:37849 `, `bob/198.51.100.7:37849 `, `udp4:198.51.100.7:37849 `; returns where the text begins. */
function readPeer(line: Line, into: RecordBatch, row: number, from: number): number {
  const { bytes, end } = line
  const tokenEnd = endOfToken(bytes, from, end)
  let slash = tokenEnd - 1
  while (slash >= from && bytes[slash] !== 0x2f) slash--
  let start = slash + 1
  const first = bytes[start] as number
  if (slash < from && (first === 0x75 || first === 0x74)) {
    // `udp4:`, `tcp6-server:` of OpenVPN 2.6 and later
    while (start < tokenEnd && bytes[start] !== 0x3a) start++
    start++
  }
  if (!readAddressAndPort(line, into, row, start, tokenEnd)) return from
  if (slash > from) setText(into, row, TEXT_SLOT.sourceUser, bytes, from, slash)
  return skipBlanks(bytes, tokenEnd, end)
}

/** `ADDRESS:PORT`; the last colon is the port's, also behind IPv6. */
function readAddressAndPort(line: Line, into: RecordBatch, row: number, from: number, to: number): boolean {
  const { bytes } = line
  let colon = to - 1
  while (colon > from && bytes[colon] !== 0x3a) colon--
  if (colon <= from) return false
  const port = readPort(bytes, colon + 1, to)
  if (port < 0 || !setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, from, colon)) return false
  into.sourcePort[row] = port
  return true
}

function readLogin(line: Line, into: RecordBatch, row: number, from: number): boolean {
  const { bytes, end } = line
  if (startsWith(bytes, from, end, AUTH_ERROR)) return take(line, into, row, OUTCOME.failure, ACTIONS.failed)
  if (startsWith(bytes, from, end, VERIFY_ERROR))
    return take(line, into, row, OUTCOME.failure, ACTIONS.refused)
  if (bytes[from] === 0x5b) {
    const close = findLastBytes(bytes, INITIATED, from, end)
    if (close < 0) return false
    setText(into, row, TEXT_SLOT.sourceUser, bytes, from + 1, close)
    return take(line, into, row, OUTCOME.success, ACTIONS.connected)
  }
  if (!startsWith(bytes, from, end, USER)) return false
  const name = from + USER.length
  const failed = findLastBytes(bytes, NOT_AUTHENTICATED, name, end)
  const close = failed >= 0 ? failed : findLastBytes(bytes, AUTHENTICATED, name, end)
  if (close < 0) return false
  setText(into, row, TEXT_SLOT.sourceUser, bytes, name, close)
  if (findBytes(bytes, AUTHENTICATED, name, close) >= 0) line.flags |= FLAG.ambiguous
  return failed >= 0
    ? take(line, into, row, OUTCOME.failure, ACTIONS.failed)
    : take(line, into, row, OUTCOME.success, ACTIONS.authenticated)
}

function take(line: Line, into: RecordBatch, row: number, outcome: number, action: Uint8Array): true {
  into.category[row] = CATEGORY.login
  into.outcome[row] = outcome
  into.setDecodedText(row, TEXT_SLOT.action, action)
  line.refresh()
  return true
}

/** `TLS Error: ... from [AF_INET]198.51.100.7:34745`, where no peer stands in front. */
function readPeerAtEnd(line: Line, into: RecordBatch, row: number, from: number): void {
  if (from !== program.textAt) return
  const { bytes, end } = line
  const at = findLastBytes(bytes, LAST_FROM, from, end)
  if (at < 0) return
  let start = at + LAST_FROM.length - AF_INET.length
  while (start < end && bytes[start] !== 0x5d) start++
  readAddressAndPort(line, into, row, start + 1, endOfToken(bytes, start, end))
}

export const openvpn: LineFormat = {
  code: FORMAT.openvpn,
  name: 'openvpn',
  reasons: [],
  isService: true,
  recognise,
  read,
}
