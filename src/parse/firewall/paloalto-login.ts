/**
 * Logins in PAN-OS logs: GLOBALPROTECT and AUTHENTICATION, where columns say all, and SYSTEM, where they are told in a
 * sentence. A sentence is only read where the event id (the firewall's own column) says what it is and the address stands
 * where the firewall puts it, behind or in front of all that the peer wrote:
 *
 *   auth-fail     failed authentication for user 'U'.  Reason: R. auth profile 'P', vsys 'V', ..., From: A.
 *   auth-success  authenticated for user 'U'.   auth profile 'P', ..., From: A.
 *   globalprotect(portal|gateway)-(auth|regist)-(succ|fail)   GlobalProtect portal user ... failed. Login from: A, ...
 *   general       User U logged in via Web from A using https
 *
 * `server address 'S'` in such a sentence is the server that judged the login: the destination, as in Cisco's messages.
 *
 * Sentences are cut at 512 bytes; one that long may end inside what the peer wrote and is not read. The reason of a
 * login goes to `sessionEndReason`.
 */
import { CATEGORY, FLAG, OUTCOME } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../../model/record-batch.ts'
import { ascii, isBlank, isWord, startsWith, trimEnd } from '../bytes.ts'
import { setAddress, setText } from '../fields.ts'
import type { Line } from '../line.ts'
import { begins, endOfValue, find, readOwnConnection } from './paloalto-sentence.ts'
import { TYPE } from './paloalto-types.ts'
import { TARGET, type Values } from './paloalto-variables.ts'

/** A sentence of this many bytes may have been cut. */
const CUT_BYTES = 500

const STAGES = [ascii('login'), ascii('before-login')]
const LOGIN_EVENTS = [ascii('auth'), ascii('login'), ascii('regist')]
const SUCCESS = ascii('succ')
const FAILURES = [ascii('fail'), ascii('den'), ascii('reject'), ascii('invalid'), ascii('timeout')]

function outcomeOf(bytes: Uint8Array, from: number, to: number): number {
  if (FAILURES.some((word) => find(bytes, from, to, word) >= 0)) return OUTCOME.failure
  return find(bytes, from, to, SUCCESS) >= 0 ? OUTCOME.success : OUTCOME.none
}

/** GLOBALPROTECT and AUTHENTICATION. The action is set. Only what is about signing in is a login; a tunnel is none. */
export function readLogin(values: Values, line: Line, into: RecordBatch, row: number, type: number): void {
  const { bytes } = line
  const { start, end } = values
  const action = row * TEXT_STRIDE + TEXT_SLOT.action
  const from = into.text[action] as number
  const to = into.text[action + 1] as number
  if (type === TYPE.globalProtect) {
    const stage = start[TARGET.stage] as number
    const isLogin =
      STAGES.some((word) => isWord(bytes, stage, end[TARGET.stage] as number, word)) ||
      LOGIN_EVENTS.some((word) => find(bytes, from, to, word) >= 0)
    if (isLogin) into.category[row] = CATEGORY.login
  } else into.category[row] = CATEGORY.login
  if (values.isGiven(TARGET.status)) {
    into.outcome[row] = outcomeOf(bytes, start[TARGET.status] as number, end[TARGET.status] as number)
  } else if (type === TYPE.authentication) into.outcome[row] = outcomeOf(bytes, from, to)
  for (const target of [TARGET.error, TARGET.reason, TARGET.description]) {
    if (target === TARGET.description && type !== TYPE.authentication) continue
    if (!values.isGiven(target)) continue
    setText(into, row, TEXT_SLOT.sessionEndReason, bytes, start[target] as number, end[target] as number)
    return
  }
}

const EVENT = {
  fail: ascii('auth-fail'),
  success: ascii('auth-success'),
  general: ascii('general'),
  globalProtect: ascii('globalprotect'),
} as const
const TEXT = {
  failed: ascii('failed authentication for user '),
  authenticated: ascii('authenticated for user '),
  kerberos: ascii('kerberos sso authenticated for user '),
  when: ascii('when authenticating user '),
  user: ascii('user '),
  from: ascii('from: '),
  fromBlank: ascii(' from '),
  reason: ascii('reason: '),
  server: ascii('server address '),
  loggedIn: ascii(' logged in via '),
  loginFrom: ascii('. login from: '),
  userName: ascii(', user name: '),
} as const

/** SYSTEM: a login where it is sure, and the firewall's own connections. */
export function readSystem(values: Values, line: Line, into: RecordBatch, row: number): void {
  if (!values.isGiven(TARGET.description) || !values.isGiven(TARGET.event)) return
  const { bytes } = line
  const event = values.start[TARGET.event] as number
  const eventEnd = values.end[TARGET.event] as number
  const from = values.start[TARGET.description] as number
  let to = values.end[TARGET.description] as number
  if (to - from >= CUT_BYTES || (line.flags & FLAG.truncated) !== 0) return
  while (to > from && (bytes[to - 1] === 0x2e || isBlank(bytes[to - 1] as number))) to--
  if (readOwnConnection(line, into, row, from, to)) return
  if (isWord(bytes, event, eventEnd, EVENT.fail)) {
    readAuthentication(line, into, row, from, to, OUTCOME.failure)
  } else if (isWord(bytes, event, eventEnd, EVENT.success)) {
    readAuthentication(line, into, row, from, to, OUTCOME.success)
  } else if (isWord(bytes, event, eventEnd, EVENT.general)) readWebLogin(line, into, row, from, to)
  else if (
    startsWith(bytes, event, eventEnd, EVENT.globalProtect) &&
    LOGIN_EVENTS.some((word) => find(bytes, event, eventEnd, word) >= 0)
  ) {
    readPortalLogin(line, into, row, from, to, outcomeOf(bytes, event, eventEnd))
  }
}

function readAuthentication(
  line: Line,
  into: RecordBatch,
  row: number,
  from: number,
  to: number,
  outcome: number,
): void {
  const { bytes } = line
  const failed = begins(bytes, from, to, TEXT.failed)
  const succeeded = begins(bytes, from, to, TEXT.authenticated) || begins(bytes, from, to, TEXT.kerberos)
  const when = begins(bytes, from, to, TEXT.when)
  const user = from + failed + succeeded + when
  if (user === from) return
  // Both the event id and the sentence must say it.
  const isSaid = when > 0 || (outcome === OUTCOME.failure) === failed > 0
  const userEnd = setUser(line, into, row, user, to, when > 0)
  const isRead =
    when > 0 ? readFromIn(line, into, row, userEnd, to) : readFromAtEnd(line, into, row, userEnd, to)
  if (isRead || into.text[row * TEXT_STRIDE + TEXT_SLOT.sourceUser] !== 0) into.category[row] = CATEGORY.login
  if (isSaid) into.outcome[row] = outcome
  readServer(line, into, row, userEnd, to)
  const reason = find(bytes, userEnd, to, TEXT.reason)
  if (reason < 0) return
  let reasonEnd = reason + TEXT.reason.length
  while (reasonEnd < to && !(bytes[reasonEnd] === 0x2e && isBlank(bytes[reasonEnd + 1] as number)))
    reasonEnd++
  setText(into, row, TEXT_SLOT.sessionEndReason, bytes, reason + TEXT.reason.length, reasonEnd)
}

/** `server address 'S'` behind the user. Twice means that one of them is somebody's text: then neither is read. */
function readServer(line: Line, into: RecordBatch, row: number, from: number, to: number): void {
  const { bytes } = line
  const at = find(bytes, from, to, TEXT.server)
  if (at < 0 || find(bytes, at + 1, to, TEXT.server) >= 0) return
  let start = at + TEXT.server.length
  let end = endOfValue(bytes, start, to)
  if (bytes[start] === 0x27 && bytes[end - 1] === 0x27 && end - start > 1) {
    start++
    end--
  }
  setAddress(into, row, ADDRESS_SLOT.destinationAddress, bytes, start, end)
}

/** Sets the user, in quotes or up to `. ` (or ` from ` where that follows); returns where it ends. */
function setUser(
  line: Line,
  into: RecordBatch,
  row: number,
  from: number,
  to: number,
  isFromBehind: boolean,
): number {
  const { bytes } = line
  const isQuoted = bytes[from] === 0x27
  const start = isQuoted ? from + 1 : from
  let end = start
  while (end < to) {
    const isEnd = isQuoted
      ? bytes[end] === 0x27 && (end + 1 >= to || bytes[end + 1] === 0x2e || isBlank(bytes[end + 1] as number))
      : (bytes[end] === 0x2e && isBlank(bytes[end + 1] as number)) ||
        (isFromBehind && isBlank(bytes[end] as number))
    if (isEnd) break
    end++
  }
  setText(into, row, TEXT_SLOT.sourceUser, bytes, start, end)
  return end
}

/** `From: A` at the very end. A second one in front of it is somebody's text: then nobody is convicted. */
function readFromAtEnd(line: Line, into: RecordBatch, row: number, from: number, to: number): boolean {
  const { bytes } = line
  const first = find(bytes, from, to, TEXT.from)
  if (first < 0) return false
  let last = first
  for (let at = first; at >= 0; at = find(bytes, at + 1, to, TEXT.from)) last = at
  const text = last + TEXT.from.length
  if (!setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, text, trimEnd(bytes, text, to))) return false
  if (first !== last) line.flags |= FLAG.ambiguous
  return true
}

/** ` from A` behind the user. */
function readFromIn(line: Line, into: RecordBatch, row: number, at: number, to: number): boolean {
  const { bytes } = line
  const length = begins(bytes, at, to, TEXT.fromBlank)
  if (length === 0) return false
  let end = at + length
  while (end < to && !isBlank(bytes[end] as number) && bytes[end] !== 0x2c) end++
  return setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, at + length, end)
}

/** `User admin logged in via Web from A using https`: only an account that exists is told of. */
function readWebLogin(line: Line, into: RecordBatch, row: number, from: number, to: number): void {
  const { bytes } = line
  const user = begins(bytes, from, to, TEXT.user)
  const logged = user === 0 ? -1 : find(bytes, from, to, TEXT.loggedIn)
  if (logged < 0) return
  let at = logged + TEXT.loggedIn.length
  while (at < to && !isBlank(bytes[at] as number)) at++
  if (!readFromIn(line, into, row, at, to)) return
  setText(into, row, TEXT_SLOT.sourceUser, bytes, from + user, logged)
  into.category[row] = CATEGORY.login
  into.outcome[row] = OUTCOME.success
}

/** `GlobalProtect portal user authentication failed. Login from: A, ..., User name: U, ...`: the address comes first. */
function readPortalLogin(
  line: Line,
  into: RecordBatch,
  row: number,
  from: number,
  to: number,
  outcome: number,
): void {
  const { bytes } = line
  const login = find(bytes, from, Math.min(to, from + 128), TEXT.loginFrom)
  if (login < 0) return
  const address = login + TEXT.loginFrom.length
  let end = address
  while (end < to && bytes[end] !== 0x2c) end++
  if (!setAddress(into, row, ADDRESS_SLOT.sourceAddress, bytes, address, end)) return
  const user = find(bytes, end, to, TEXT.userName)
  if (user >= 0) {
    let userEnd = user + TEXT.userName.length
    while (userEnd < to && bytes[userEnd] !== 0x2c) userEnd++
    setText(into, row, TEXT_SLOT.sourceUser, bytes, user + TEXT.userName.length, userEnd)
  }
  into.category[row] = CATEGORY.login
  into.outcome[row] = outcome
}
