/**
 * What the values of PAN-OS's logs fill, group by group (shape.ts), as paloalto-meaning.ts does. A value that it would
 * have doubts about (a port that is no number, escapes) sends the line the long way. Registers that are in
 * no group for a kind of line decide what the line means: they are never holes.
 */
import { CATEGORY } from '../../model/log-record.ts'
import { ADDRESS_SLOT, ADDRESS_STRIDE, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { looksLikeAddress, readAddress } from '../address-bytes.ts'
import { readDecimal, readPort } from '../bytes.ts'
import { setClientAddress, setLowerWord, setNatAddress, setSerial, setText } from '../fields.ts'
import { decoded, decodeString } from '../json-members.ts'
import type { Line } from '../line.ts'
import { isPlainWord } from '../words.ts'
import { counterGroup } from './pair-groups.ts'
import { clearNoNat, clearUnset } from './pair-record.ts'
import type { Pairs } from './pair-scan.ts'
import type { ValueGroup } from './shape.ts'
import { setKnownWord, settleDevice, TEXT_TARGETS } from './paloalto-meaning.ts'
import { ownTimeOf, PAIR_TARGET } from './paloalto-pairs.ts'
import { timeOf } from './paloalto-time.ts'
import { TYPE } from './paloalto-types.ts'
import type { Values } from './paloalto-variables.ts'
import type { Registers } from './shape-places.ts'

const T = PAIR_TARGET
/** A bit each. */
const KIND = { traffic: 1, threat: 2, session: 4, globalProtect: 8, authentication: 16, other: 32 } as const
const ALL = 63
/** Logs of sessions, whose source and destination are just that. */
const SESSIONS = KIND.traffic | KIND.threat | KIND.session
/** Logs whose other fields are what their keys say. */
const PLAIN = SESSIONS | KIND.globalProtect | KIND.authentication
const BACKSLASH = 0x5c

/** The kind of a log type. */
export function kindOfType(type: number): number {
  if (type === TYPE.traffic) return KIND.traffic
  if (type === TYPE.threat) return KIND.threat
  if (type === TYPE.session) return KIND.session
  if (type === TYPE.globalProtect) return KIND.globalProtect
  return type === TYPE.authentication ? KIND.authentication : KIND.other
}

type Read = (line: Line, into: RecordBatch, row: number, start: number, end: number) => boolean

/** What differs between the forms of PAN-OS's logs. */
interface Form {
  /** A backslash in a value means something. */
  readonly hasEscapes: boolean
  /** Texts are strings of JSON, with its escapes. */
  readonly isJson: boolean
  /** CEF and LEEF, where more values say that there is none (paloalto-pairs.ts). */
  readonly isPairs: boolean
  /** Unix ms of the line, NaN when there is none. */
  readonly timeOf: (line: Line) => number
}

/** The groups of CEF or LEEF. */
export function paloaltoPairGroups(pairs: Pairs, hasEscapes: boolean): readonly ValueGroup[] {
  return groupsOf(pairs, {
    hasEscapes,
    isJson: false,
    isPairs: true,
    timeOf: (line) => ownTimeOf(line, pairs),
  })
}

/** The groups of the forms whose values are read by paloalto-meaning.ts alone; only those of JSON have escapes. */
export function paloaltoValueGroups(values: Values, isJson: boolean): readonly ValueGroup[] {
  const form: Form = { hasEscapes: isJson, isJson, isPairs: false, timeOf: (line) => timeOf(values, line) }
  return groupsOf(values, form)
}

function groupsOf(pairs: Registers, form: Form): readonly ValueGroup[] {
  const { hasEscapes } = form
  const one = (register: number, kinds: number, read: Read, more: Partial<ValueGroup> = {}): ValueGroup => ({
    registers: [register],
    kinds,
    ...more,
    read: (line, into, row) =>
      read(line, into, row, pairs.start[register] as number, pairs.end[register] as number),
  })
  const text = (register: number, slot: number): ValueGroup =>
    one(register, PLAIN, (line, into, row, start, end) => setPlain(line, into, row, slot, start, end, form), {
      texts: [slot],
    })
  return [
    ...addressGroups(pairs, one, form),
    ...numberGroups(pairs, one, form),
    ...[...TEXT_TARGETS].map(([register, slot]) => text(register, slot)),
    one(T.protocol, PLAIN, readProtocol, { texts: [TEXT_SLOT.protocol] }),
    one(
      T.threatCategory,
      PLAIN,
      (line, into, row, start, end) =>
        setKnown(line, into, row, TEXT_SLOT.threatCategory, start, end, hasEscapes),
      { texts: [TEXT_SLOT.threatCategory] },
    ),
    one(
      T.sessionEndReason,
      KIND.traffic,
      (line, into, row, start, end) =>
        setKnown(line, into, row, TEXT_SLOT.sessionEndReason, start, end, hasEscapes),
      { texts: [TEXT_SLOT.sessionEndReason] },
    ),
    one(
      T.url,
      KIND.threat,
      (line, into, row, start, end) => {
        const isQuoted =
          !hasEscapes && end - start >= 2 && line.bytes[start] === 0x22 && line.bytes[end - 1] === 0x22
        const inner = isQuoted ? 1 : 0
        return setPlain(line, into, row, TEXT_SLOT.url, start + inner, end - inner, form)
      },
      { texts: [TEXT_SLOT.url] },
    ),
    ...unusedGroups(form),
    deviceAndTimeGroup(pairs, form),
  ]
}

type One = (register: number, kinds: number, read: Read, more?: Partial<ValueGroup>) => ValueGroup

function addressGroups(pairs: Registers, one: One, { isPairs }: Form): readonly ValueGroup[] {
  const { sourceAddress, destinationAddress, natSourceAddress, natDestinationAddress, clientAddress } =
    ADDRESS_SLOT
  const side = (register: number, slot: number, kinds: number): ValueGroup =>
    one(register, kinds, (line, into, row, start, end) => setSide(line, into, row, slot, start, end), {
      addresses: [slot],
    })
  const nat = (register: number, slot: number): ValueGroup =>
    one(
      register,
      PLAIN,
      (line, into, row, start, end) => {
        setNatAddress(into, row, slot, line.bytes, start, end)
        if (isPairs) clearNoNat(into, row, slot)
        return true
      },
      { addresses: [slot] },
    )
  return [
    side(T.source, sourceAddress, SESSIONS | KIND.authentication),
    // of a login through GlobalProtect
    side(T.publicAddress, sourceAddress, KIND.globalProtect),
    side(T.destination, destinationAddress, PLAIN),
    nat(T.natSource, natSourceAddress),
    nat(T.natDestination, natDestinationAddress),
    {
      registers: [T.forwardedFor, T.clientAddress],
      addresses: [clientAddress],
      kinds: PLAIN,
      read(line, into, row) {
        for (const register of [T.forwardedFor, T.clientAddress]) {
          const start = pairs.start[register] as number
          if (start >= 0) setClientAddress(into, row, line.bytes, start, pairs.end[register] as number)
        }
        return true
      },
    },
  ]
}

/** An address that is one and not `0.0.0.0`, or is masked, which leaves it unknown. */
function setSide(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  start: number,
  end: number,
): boolean {
  const at = row * ADDRESS_STRIDE + slot
  const words = into.addresses
  if (!readAddress(line.bytes, start, end, words, at)) return looksLikeAddress(line.bytes, start, end)
  clearUnset(into, row, slot)
  return words[at + 3] !== 0
}

function numberGroups(pairs: Registers, one: One, { isPairs }: Form): readonly ValueGroup[] {
  const port = (register: number, set: (into: RecordBatch, row: number, port: number) => void): ValueGroup =>
    one(register, PLAIN, (line, into, row, start, end) => {
      const found = readPort(line.bytes, start, end)
      if (found >= 0) set(into, row, found)
      return found >= 0
    })
  const quantity = (register: number, set: (into: RecordBatch, row: number, n: number) => void): ValueGroup =>
    one(register, PLAIN, (line, into, row, start, end) => {
      const found = readDecimal(line.bytes, start, end)
      if (!Number.isNaN(found)) set(into, row, found)
      return !Number.isNaN(found)
    })
  return [
    port(T.sourcePort, (into, row, found) => {
      into.sourcePort[row] = found
    }),
    port(T.destinationPort, (into, row, found) => {
      into.destinationPort[row] = found
    }),
    port(T.natDestinationPort, (into, row, found) => {
      into.natDestinationPort[row] = found
    }),
    quantity(T.bytesSent, (into, row, found) => {
      into.bytesSent[row] = found
    }),
    quantity(T.bytesReceived, (into, row, found) => {
      into.bytesReceived[row] = found
    }),
    quantity(T.packetsSent, (into, row, found) => {
      into.packetsSent[row] = found
    }),
    quantity(T.packetsReceived, (into, row, found) => {
      into.packetsReceived[row] = found
    }),
    quantity(T.repeatCount, (into, row, found) => {
      const category = into.category[row]
      const isCounted = !isPairs || category === CATEGORY.traffic || category === CATEGORY.threat
      into.repeatCount[row] = isCounted && found >= 1 && found <= 0xffffffff ? found : 1
    }),
    { ...counterGroup(pairs, T.sessionId, TEXT_SLOT.sessionId), kinds: ALL },
    { ...counterGroup(pairs, T.sequenceNumber, TEXT_SLOT.sequenceNumber), kinds: ALL },
  ]
}

/** Keys that say nothing in logs of some kinds. */
function unusedGroups({ isPairs }: Form): readonly ValueGroup[] {
  const unused = (kinds: number, registers: readonly number[]): ValueGroup => ({
    registers,
    kinds,
    read: () => true,
  })
  return [
    unused(KIND.traffic | KIND.threat, [T.description, T.event, T.stage, T.status, T.error, T.reason]),
    unused(KIND.traffic, [T.direction, T.url, T.fileName]),
    unused(isPairs ? KIND.traffic : 0, isPairs ? [T.severity, T.severityNumber, T.category] : []),
    unused(KIND.threat, [T.sessionEndReason]),
  ]
}

function hasBackslash(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true
  return false
}

function setPlain(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  start: number,
  end: number,
  { hasEscapes, isJson }: Form,
): boolean {
  if (!hasEscapes || !hasBackslash(line.bytes, start, end)) {
    setText(into, row, slot, line.bytes, start, end)
    return true
  }
  if (!isJson) return false
  decodeString(line, start, end)
  setText(into, row, slot, line.bytes, decoded.start, decoded.end)
  return true
}

/** A word in lower case, unless it says that there is none. */
function setKnown(
  line: Line,
  into: RecordBatch,
  row: number,
  slot: number,
  start: number,
  end: number,
  hasEscapes: boolean,
): boolean {
  if (hasEscapes && hasBackslash(line.bytes, start, end)) return false
  setKnownWord(line, into, row, slot, start, end)
  return true
}

function readProtocol(line: Line, into: RecordBatch, row: number, start: number, end: number): boolean {
  if (!isPlainWord(line.bytes, start, end)) return false
  setLowerWord(into, row, TEXT_SLOT.protocol, line, start, end)
  return true
}

/** As PAN-OS's device is read: its name, else its serial, else the header's host; then the time in its zone. */
function deviceAndTimeGroup(pairs: Registers, { hasEscapes, isPairs, timeOf }: Form): ValueGroup {
  const registers = [T.serial, T.device, T.highResolutionTime, T.generatedTime, T.receivedTime]
  return {
    registers: isPairs ? [...registers, T.timeZone, T.timeFormat] : registers,
    texts: [TEXT_SLOT.device, TEXT_SLOT.deviceSerial, TEXT_SLOT.relay],
    kinds: ALL,
    isAlways: true,
    read(line, into, row) {
      const { bytes } = line
      const { start, end } = pairs
      for (const register of [T.serial, T.device]) {
        const from = start[register] as number
        const to = end[register] as number
        if (from < 0) continue
        if (hasEscapes && hasBackslash(bytes, from, to)) return false
        if (register === T.serial) setSerial(into, row, bytes, from, to)
        else setText(into, row, TEXT_SLOT.device, bytes, from, to)
      }
      settleDevice(line, into, row)
      const unixMs = timeOf(line)
      into.eventTimeMs[row] = unixMs
      return !Number.isNaN(unixMs)
    },
  }
}
