/**
 * OpenSSH's sshd on a firewall (UniFi, pfSense, OPNsense, VyOS): `Failed password for invalid user bob from
 * 198.51.100.7 port 5454 ssh2`, `Accepted publickey for bob from ...`. Those two are logins; all else is `other`, since
 * sshd says of one attempt several things.
 *
 * type SSHD, subtype the method. The user is what the peer typed, so address and port are read from the end of the line,
 * and more than one ` from ` in it is ambiguous.
 */
import { CATEGORY, FLAG, FORMAT, OUTCOME } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { ascii, readPort, startsWith } from '../bytes.ts'
import { setAddress, setDeviceFromHeader, setLowerWord, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { Program } from '../program.ts'
import type { LineFormat } from '../registry.ts'
import { endOfToken, findBytes, findLastBytes } from '../search-bytes.ts'

const OK = -1
const NAMES = ['sshd', 'sshd-session', 'sshd-auth'].map(ascii)
const TYPE = ascii('SSHD')
const FAILED = ascii('Failed ')
const ACCEPTED = ascii('Accepted ')
const PUBLIC_KEY = ascii('publickey')
const FOR = ascii(' for ')
const INVALID_USER = ascii('invalid user ')
const FROM = ascii(' from ')
const PORT = ascii(' port ')

const program = new Program()

function recognise(line: Line): boolean {
  program.read(line)
  if (!program.isNamed) return false
  for (const name of NAMES) if (program.is(line.bytes, name)) return true
  return false
}

function read(line: Line, into: RecordBatch, row: number): number {
  program.read(line)
  into.category[row] = CATEGORY.other
  const { bytes, end } = line
  const from = program.textAt
  if (startsWith(bytes, from, end, FAILED)) readLogin(line, into, row, from + FAILED.length, OUTCOME.failure)
  else if (startsWith(bytes, from, end, ACCEPTED)) {
    readLogin(line, into, row, from + ACCEPTED.length, OUTCOME.success)
  }
  into.setDecodedText(row, TEXT_SLOT.type, TYPE)
  line.refresh()
  setDeviceFromHeader(into, row, line)
  line.chooseZone(line.hostStart, line.hostEnd)
  const headerMs = line.headerMs()
  into.eventTimeMs[row] = Number.isNaN(headerMs) ? line.arrivalMs : headerMs
  return OK
}

/** `METHOD for [invalid user ]NAME from ADDRESS port N ...`. */
function readLogin(line: Line, into: RecordBatch, row: number, from: number, outcome: number): void {
  const { bytes, end } = line
  const methodEnd = endOfToken(bytes, from, end)
  if (!startsWith(bytes, methodEnd, end, FOR)) return
  let user = methodEnd + FOR.length
  if (startsWith(bytes, user, end, INVALID_USER)) user += INVALID_USER.length
  const fromAt = findLastBytes(bytes, FROM, user - 1, end)
  if (fromAt < 0) return
  const address = fromAt + FROM.length
  const addressEnd = endOfToken(bytes, address, end)
  if (!startsWith(bytes, addressEnd, end, PORT)) return
  const isFailure = outcome === OUTCOME.failure
  // Clients offer one key after the other: a refused key is no failed login.
  const isKeyOffer = isFailure && startsWith(bytes, from, methodEnd, PUBLIC_KEY)
  into.category[row] = isKeyOffer ? CATEGORY.other : CATEGORY.login
  into.outcome[row] = isKeyOffer ? OUTCOME.none : outcome
  setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, address, addressEnd)
  const port = addressEnd + PORT.length
  into.sourcePort[row] = Math.max(0, readPort(bytes, port, endOfToken(bytes, port, end)))
  if (fromAt > user) setText(into, row, TEXT_SLOT.sourceUser, bytes, user, fromAt)
  if (findBytes(bytes, FROM, user - 1, fromAt) >= 0) line.flags |= FLAG.ambiguous
  setLowerWord(into, row, TEXT_SLOT.subtype, line, from, methodEnd)
  const word = isFailure ? from - FAILED.length : from - ACCEPTED.length
  setLowerWord(into, row, TEXT_SLOT.action, line, word, from - 1)
}

export const openssh: LineFormat = {
  code: FORMAT.openssh,
  name: 'openssh',
  reasons: [],
  isService: true,
  recognise,
  read,
}
