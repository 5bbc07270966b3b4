/**
 * What an EVE line means: which way an alert's packet went, so who attacked, and whether a flow was allowed. The rules
 * stand in suricata-eve.ts.
 */
import { ATTACKER, DISPOSITION } from '../../model/log-record.ts'
import { type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { ascii, isWord, startsWith } from '../bytes.ts'
import type { Line } from '../line.ts'
import { attackerByPorts } from './suricata-fast.ts'
import { R, spans } from './suricata-keys.ts'
import { endOf, hexOf, isSame, startOf } from './suricata-values.ts'

const WORD = {
  drop: ascii('drop'),
  tcp: ascii('tcp'),
  toClient: ascii('to_client'),
  toServer: ascii('to_server'),
  fromServer: ascii('from_server'),
  fromClient: ascii('from_client'),
  established: ascii('established'),
  flowOption: ascii('flow:'),
  client: ascii('client'),
  server: ascii('server'),
} as const
const CLIENT_TO_SERVER = ascii('client-to-server')
const SERVER_TO_CLIENT = ascii('server-to-client')
const SYN = 0x02
const ACK = 0x10

const WAY = { unknown: 0, toServer: 1, toClient: 2 } as const

export function readDirection(line: Line, into: RecordBatch, row: number): void {
  const way = wayOf(line.bytes)
  if (way === WAY.unknown) {
    into.attacker[row] = attackerByPorts(into, row)
    return
  }
  const isToServer = way === WAY.toServer
  into.attacker[row] = isToServer || isClientTarget(line.bytes) ? ATTACKER.source : ATTACKER.destination
  into.setDecodedText(row, TEXT_SLOT.direction, isToServer ? CLIENT_TO_SERVER : SERVER_TO_CLIENT)
  line.refresh()
}

/** Which way the packet went: Suricata 7 says it, or who began the flow; else the rule's `flow` option. */
function wayOf(bytes: Uint8Array): number {
  if (spans.has(R.direction)) {
    const start = startOf(R.direction)
    if (isWord(bytes, start, endOf(R.direction), WORD.toClient)) return WAY.toClient
    if (isWord(bytes, start, endOf(R.direction), WORD.toServer)) return WAY.toServer
  }
  if (spans.has(R.flowSource)) {
    const isSender =
      isSame(bytes, R.flowSource, R.sourceAddress) &&
      (!spans.has(R.flowSourcePort) || isSame(bytes, R.flowSourcePort, R.sourcePort))
    if (isSender) return WAY.toServer
    if (isSame(bytes, R.flowSource, R.destinationAddress)) return WAY.toClient
  }
  return spans.has(R.ruleText) ? wayOfRule(bytes, startOf(R.ruleText), endOf(R.ruleText)) : WAY.unknown
}

/** `... flow:established,to_client; ...` */
function wayOfRule(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== 0x66 || !startsWith(bytes, at, end, WORD.flowOption)) continue
    for (let to = at; to < end && bytes[to] !== 0x3b; to++) {
      if (bytes[to] !== 0x74 && bytes[to] !== 0x66) continue
      if (startsWith(bytes, to, end, WORD.toClient) || startsWith(bytes, to, end, WORD.fromServer))
        return WAY.toClient
      if (startsWith(bytes, to, end, WORD.toServer) || startsWith(bytes, to, end, WORD.fromClient))
        return WAY.toServer
    }
    return WAY.unknown
  }
  return WAY.unknown
}

/** `"attack_target":["Client_Endpoint"]`, and no server among them. */
function isClientTarget(bytes: Uint8Array): boolean {
  if (!spans.has(R.target)) return false
  return holds(bytes, R.target, WORD.client) && !holds(bytes, R.target, WORD.server)
}

function holds(bytes: Uint8Array, register: number, word: Uint8Array): boolean {
  for (let at = startOf(register); at + word.length <= endOf(register); at++) {
    if (isWord(bytes, at, at + word.length, word)) return true
  }
  return false
}

export function dispositionOfFlow(bytes: Uint8Array, into: RecordBatch, row: number): number {
  if (spans.has(R.flowAction) && isWord(bytes, startOf(R.flowAction), endOf(R.flowAction), WORD.drop)) {
    return DISPOSITION.blocked
  }
  const isTcp = spans.has(R.protocol) && isWord(bytes, startOf(R.protocol), endOf(R.protocol), WORD.tcp)
  if (!isTcp) return (into.bytesReceived[row] as number) > 0 ? DISPOSITION.allowed : DISPOSITION.unknown
  if (spans.has(R.flagsToClient)) {
    // A closed port answers too, with a reset: only SYN from the server and ACK from the client are a session.
    const isAnswered = (hexOf(bytes, R.flagsToClient) & SYN) !== 0
    return isAnswered && (hexOf(bytes, R.flagsToServer) & ACK) !== 0
      ? DISPOSITION.allowed
      : DISPOSITION.unknown
  }
  const isEstablished =
    spans.has(R.flowState) && isWord(bytes, startOf(R.flowState), endOf(R.flowState), WORD.established)
  return isEstablished ? DISPOSITION.allowed : DISPOSITION.unknown
}
