/** Decisions as CrowdSec's local API writes them, in pieces, so that a long answer neither stops the loop nor fills memory. */
import type { Told } from './decision-board.ts'
import { originOf, scenarioOf, scopeOf } from './decision-query.ts'
import { goDuration } from './told-until.ts'

/** Characters of one piece: about 350 decisions. */
const PIECE_CHARACTERS = 65_536
/** Hexadecimal digits of a UUID's end, of which all but two bits are random: a number that JSON and Go hold. */
const ID_DIGITS = 13

/** One decision. Every text in it is a word of ours or a canonical address, so nothing has to be escaped. */
export function decisionJson({ value, decision, atMs }: Told, nowMs: number, isEnded: boolean): string {
  const id = Number.parseInt(decision.id.replaceAll('-', '').slice(-ID_DIGITS), 16)
  const duration = isEnded ? goDuration(Math.min(atMs - nowMs, -1)) : goDuration(Math.max(atMs - nowMs, 1))
  return (
    `{"id":${Number.isSafeInteger(id) ? id : 0},"origin":"${originOf(decision)}","type":"ban",` +
    `"scope":"${scopeOf(decision)}","value":"${value}","duration":"${duration}",` +
    `"scenario":"${scenarioOf(decision)}","uuid":"${decision.id}"}`
  )
}

export interface StreamCounts {
  began: number
  ended: number
}

/** The answer of `decisions/stream`; `counts` says afterwards how many were told. */
export function* streamJson(
  began: Iterable<Told>,
  ended: Iterable<Told>,
  nowMs: number,
  counts: StreamCounts,
): Generator<string, void, undefined> {
  let piece = '{"new":['
  for (const told of began) {
    piece += (counts.began++ === 0 ? '' : ',') + decisionJson(told, nowMs, false)
    if (piece.length < PIECE_CHARACTERS) continue
    yield piece
    piece = ''
  }
  piece += '],"deleted":['
  for (const told of ended) {
    piece += (counts.ended++ === 0 ? '' : ',') + decisionJson(told, nowMs, true)
    if (piece.length < PIECE_CHARACTERS) continue
    yield piece
    piece = ''
  }
  yield `${piece}]}`
}

/** The answer of `decisions`: an array, or the word `null` when there is none. */
export function* listJson(found: readonly Told[], nowMs: number): Generator<string, void, undefined> {
  if (found.length === 0) {
    yield 'null'
    return
  }
  let piece = '['
  for (const [i, told] of found.entries()) {
    piece += (i === 0 ? '' : ',') + decisionJson(told, nowMs, false)
    if (piece.length < PIECE_CHARACTERS) continue
    yield piece
    piece = ''
  }
  yield `${piece}]`
}
