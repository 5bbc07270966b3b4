/**
 * PAN-OS logs as JSON: Strata Logging Service (`{"TimeReceived":"...","LogType":"THREAT","SourceAddress":...}`), its
 * query names (`{"source_ip":{"value":"..."}}`), and bodies of HTTP server profiles that name PAN-OS's variables
 * (`{"type":"TRAFFIC","src":"..."}`), also inside an `event` (Splunk) or in an array of one. Names in any case; a value
 * may be null, a number, or an array of one. The same name twice with different values is `ambiguous`. Names of vendor
 * fields: paloalto-variables.ts.
 */
import { FLAG, FORMAT } from '../../model/log-record.ts'
import type { RecordBatch } from '../../model/record-batch.ts'
import { ascii, isWord, skipBlanks, trimEnd } from '../bytes.ts'
import { decoded, decodeString, JSON_KIND, JsonMembers, skipSpace } from '../json-members.ts'
import type { Line } from '../line.ts'
import type { LineFormat } from '../registry.ts'
import { WordTable } from '../word-table.ts'
import { MEANING, meaningReasons, readValues, TEXT_TARGETS } from './paloalto-meaning.ts'
import { kindOfType, paloaltoValueGroups } from './paloalto-pair-groups.ts'
import { isTypeWord, TYPES } from './paloalto-types.ts'
import { NAME_TARGETS, TARGET, Values } from './paloalto-variables.ts'
import { ShapeMemory } from './shape-memory.ts'
import { END, NO_REGISTER, PlaceNotes } from './shape-places.ts'

const NAME = 'paloalto-json'
const MEANINGS = meaningReasons(NAME)
const REASONS = [
  ...MEANINGS,
  `${NAME}: the text is not a JSON object`,
  `${NAME}: the line holds more than one record`,
] as const
const NOT_JSON = MEANINGS.length
const MORE_THAN_ONE = NOT_JSON + 1

/** Members looked at for the log type that tells whose line it is; Strata sends up to 130, in any order. */
const RECOGNISED_OF = 160
/** Names that only Strata uses; one of the first members of its objects is one of them, in either order it has. */
const SIGNED_OF = 3
const SIGNATURES = new WordTable({
  timereceived: 1,
  logtime: 1,
  devicesn: 1,
  logsourceid: 1,
  configversion: 1,
  actionsource: 1,
  dghierarchylevel1: 1,
})
const EVENT = ascii('event')
const VALUE = ascii('value')

const values = new Values()
const notes = new PlaceNotes()
const shapes = new ShapeMemory(values, paloaltoValueGroups(values, true))
const members = new JsonMembers(NAME_TARGETS)
const inner = new JsonMembers(NAME_TARGETS)

/** Where the object begins: at `{`, or behind `[` where that follows, or inside `"event":`; -1 when there is none. */
function objectAt(line: Line): number {
  const { bytes, end } = line
  let at = skipBlanks(bytes, line.at, end)
  if (bytes[at] === 0x5b) at = skipSpace(bytes, at + 1, end)
  return at + 1 < end && bytes[at] === 0x7b ? at : -1
}

function recognise(line: Line): boolean {
  const first = line.bytes[line.at]
  if (first !== 0x7b && first !== 0x5b && first !== 0x20) return false
  if (shapes.knows(line)) return true
  const at = objectAt(line)
  return at >= 0 && isOurs(line, at, true)
}

/** Whether one of the first members has a name of Strata's own, or a later one is a log type of PAN-OS. */
function isOurs(line: Line, at: number, mayNest: boolean): boolean {
  const { bytes, view } = line
  const walk = mayNest ? members : inner
  walk.open(at, line.end)
  for (let i = 0; i < RECOGNISED_OF && walk.next(bytes, view); i++) {
    if (i < SIGNED_OF && SIGNATURES.find(bytes, view, walk.keyStart, walk.keyEnd) === 1) return true
    if (walk.target === TARGET.type) {
      if (isType(line, walk)) return true
    } else if (mayNest && isEvent(bytes, walk) && isOurs(line, walk.start, false)) return true
  }
  return false
}

function isType(line: Line, walk: JsonMembers): boolean {
  if (walk.kind === JSON_KIND.string) return isTypeWord(line.bytes, line.view, walk.start, walk.end)
  return walk.kind === JSON_KIND.object // `{"value": "TRAFFIC"}`, read later
}

function isEvent(bytes: Uint8Array, walk: JsonMembers): boolean {
  return walk.kind === JSON_KIND.object && isWord(bytes, walk.keyStart, walk.keyEnd, EVENT)
}

function read(line: Line, into: RecordBatch, row: number): number {
  if (shapes.read(line, into, row)) return -1
  const failed = readLong(line, into, row)
  if (failed < 0 && !values.isDoubled) {
    const type = values.start[TARGET.type] as number
    const kind = kindOfType(TYPES.find(line.bytes, line.view, type, values.end[TARGET.type] as number))
    shapes.learnNoted(line, into, row, notes, kind)
  }
  return failed
}

function readLong(line: Line, into: RecordBatch, row: number): number {
  values.clear()
  notes.clear()
  const at = objectAt(line)
  if (at < 0) return NOT_JSON
  const isArray = line.bytes[skipBlanks(line.bytes, line.at, line.end)] === 0x5b
  members.open(at, line.end)
  while (members.next(line.bytes, line.view)) {
    if (isEvent(line.bytes, members)) readEvent(line)
    else takeMember(line, members)
  }
  if (members.isBroken) {
    // A line that was cut keeps what stands in front of the cut.
    if ((line.flags & FLAG.truncated) === 0) return NOT_JSON
  } else {
    const behind = skipSpace(line.bytes, members.behind, line.end)
    if (isArray && line.bytes[behind] === 0x2c) return MORE_THAN_ONE
    if (!isArray && behind < line.end) return NOT_JSON
  }
  const type = values.start[TARGET.type] as number
  if (type < 0 || !isTypeWord(line.bytes, line.view, type, values.end[TARGET.type] as number))
    return MEANING.type
  return readValues(values, line, into, row, false)
}

function readEvent(line: Line): void {
  inner.open(members.start, members.end)
  while (inner.next(line.bytes, line.view)) takeMember(line, inner)
}

function takeMember(line: Line, walk: JsonMembers): void {
  const { bytes } = line
  const { target } = walk
  note(line, walk)
  if (target <= TARGET.ignoredNumber) return
  switch (walk.kind) {
    case JSON_KIND.string:
      takeString(line, target, walk.start, walk.end)
      return
    case JSON_KIND.scalar:
      values.set(bytes, target, walk.start, walk.end)
      return
    case JSON_KIND.array:
      takeArray(line, target, walk.start, walk.end)
      return
    case JSON_KIND.object:
      if (walk === members) takeObject(line, target, walk.start, walk.end)
      return
    default:
      values.set(bytes, target, walk.start, walk.start) // null: the name is there, its value unknown
  }
}

/** Notes a member's value; one that is an array or an object may not differ. */
function note({ bytes, view }: Line, walk: JsonMembers): void {
  const register = walk.target <= TARGET.ignoredNumber ? NO_REGISTER : walk.target
  if (walk.kind === JSON_KIND.string) {
    const mayEscape = register === NO_REGISTER || register === TARGET.url || TEXT_TARGETS.has(register)
    if (mayEscape) notes.add(walk.start, walk.end, register, END.escaped)
    else notes.addString(bytes, view, walk.start, walk.end, register)
  } else if (walk.kind === JSON_KIND.scalar) notes.addWord(bytes, walk.start, walk.end, register)
  else notes.add(walk.start, walk.end, register, END.fixed)
}

function takeString(line: Line, target: number, from: number, to: number): void {
  decodeString(line, from, to)
  const start = skipBlanks(line.bytes, decoded.start, decoded.end)
  values.set(line.bytes, target, start, trimEnd(line.bytes, start, decoded.end))
}

/** An array of one string or number is that; of more it is nobody's one value. */
function takeArray(line: Line, target: number, from: number, to: number): void {
  const { bytes } = line
  const at = skipSpace(bytes, from + 1, to)
  let last = to - 1
  while (last > at && (bytes[last - 1] as number) <= 0x20) last--
  for (let i = at; i < last; i++) {
    const byte = bytes[i]
    if (byte === 0x2c || byte === 0x7b || byte === 0x5b || byte === 0x5c) return
  }
  if (bytes[at] === 0x22 && last - at >= 2) takeString(line, target, at + 1, last - 1)
  else if (last > at) values.set(bytes, target, at, last)
}

/** `{"value": x}`. */
function takeObject(line: Line, target: number, from: number, to: number): void {
  inner.open(from, to)
  while (inner.next(line.bytes, line.view)) {
    if (!isWord(line.bytes, inner.keyStart, inner.keyEnd, VALUE)) continue
    if (inner.kind === JSON_KIND.string) takeString(line, target, inner.start, inner.end)
    else if (inner.kind === JSON_KIND.scalar) values.set(line.bytes, target, inner.start, inner.end)
    return
  }
}

export const paloaltoJson: LineFormat = {
  code: FORMAT.paloaltoJson,
  name: NAME,
  reasons: REASONS,
  recognise,
  read,
}
