/**
 * What the registers of CEF and LEEF lines fill, group by group (shape.ts): the same setters as pair-record.ts, so
 * that a value in a hole gives what the long way gives. Registers that are in no group decide what a line means: they
 * are never holes.
 */
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import { setClientAddress, setCounter } from '../fields.ts'
import type { Line } from '../line.ts'
import {
  numberOf,
  portOf,
  setDeviceAndTime,
  setEither,
  setNat,
  setProtocolOf,
  setValue,
} from './pair-record.ts'
import { REGISTER, type RegisterName } from './pair-registers.ts'
import type { Pairs } from './pair-scan.ts'
import type { ValueGroup } from './shape.ts'
import type { Registers } from './shape-places.ts'

const R = REGISTER
/** Lines of every kind. */
export const ALL_KINDS = 0xff

/** A text field from the first of the registers that has a value. */
export function textGroup(
  pairs: Pairs,
  escapes: number,
  slot: number,
  registers: readonly number[],
  isUser = false,
): ValueGroup {
  return {
    registers,
    texts: [slot],
    kinds: ALL_KINDS,
    read(line, into, row) {
      const register = registers.find((one) => pairs.has(one)) ?? (registers[0] as number)
      setValue(line, into, row, slot, pairs, register, escapes, isUser)
      return true
    },
  }
}

/** The group that is read of every line: device, serial and time, which depend on the header and the zone. */
export function deviceAndTimeGroup(pairs: Pairs, escapes: number): ValueGroup {
  return {
    registers: [R.device, R.serial, R.exactTime, R.eventTime, R.receiveTime, R.timeZone, R.timeFormat],
    texts: [TEXT_SLOT.device, TEXT_SLOT.deviceSerial, TEXT_SLOT.relay],
    kinds: ALL_KINDS,
    isAlways: true,
    read(line, into, row) {
      setValue(line, into, row, TEXT_SLOT.device, pairs, R.device, escapes)
      setDeviceAndTime(line, into, row, pairs)
      return true
    },
  }
}

type Read = (line: Line, into: RecordBatch, row: number) => void

/** Addresses, ports, quantities, counters and protocol. */
export function numberGroups(pairs: Pairs): readonly ValueGroup[] {
  const group = (names: readonly RegisterName[], read: Read, more: Partial<ValueGroup> = {}): ValueGroup => ({
    registers: names.map((name) => R[name]),
    kinds: ALL_KINDS,
    ...more,
    read(line, into, row) {
      read(line, into, row)
      return true
    },
  })
  const { sourceAddress, destinationAddress, natSourceAddress, natDestinationAddress, clientAddress } =
    ADDRESS_SLOT
  return [
    group(
      ['source', 'source6'],
      (line, into, row) => setEither(line, into, row, pairs, sourceAddress, R.source, R.source6),
      { addresses: [sourceAddress] },
    ),
    group(
      ['destination', 'destination6'],
      (line, into, row) =>
        setEither(line, into, row, pairs, destinationAddress, R.destination, R.destination6),
      { addresses: [destinationAddress] },
    ),
    group(['natSource'], (line, into, row) => setNat(line, into, row, pairs, natSourceAddress, R.natSource), {
      addresses: [natSourceAddress],
    }),
    group(
      ['natDestination'],
      (line, into, row) => setNat(line, into, row, pairs, natDestinationAddress, R.natDestination),
      { addresses: [natDestinationAddress] },
    ),
    group(
      ['client'],
      (line, into, row) =>
        setClientAddress(
          into,
          row,
          line.bytes,
          pairs.start[R.client] as number,
          pairs.end[R.client] as number,
        ),
      { addresses: [clientAddress] },
    ),
    group(['sourcePort'], (line, into, row) => {
      into.sourcePort[row] = portOf(line, pairs, R.sourcePort)
    }),
    group(['destinationPort'], (line, into, row) => {
      into.destinationPort[row] = portOf(line, pairs, R.destinationPort)
    }),
    group(['natDestinationPort'], (line, into, row) => {
      into.natDestinationPort[row] = portOf(line, pairs, R.natDestinationPort)
    }),
    group(['sent'], (line, into, row) => {
      into.bytesSent[row] = numberOf(line, pairs, R.sent)
    }),
    group(['received'], (line, into, row) => {
      into.bytesReceived[row] = numberOf(line, pairs, R.received)
    }),
    group(['packetsSent'], (line, into, row) => {
      into.packetsSent[row] = numberOf(line, pairs, R.packetsSent)
    }),
    group(['packetsReceived'], (line, into, row) => {
      into.packetsReceived[row] = numberOf(line, pairs, R.packetsReceived)
    }),
    group(['count'], (line, into, row) => {
      const repeats = numberOf(line, pairs, R.count)
      into.repeatCount[row] = repeats >= 1 && repeats <= 0xffffffff ? repeats : 1
    }),
    counterGroup(pairs, R.session, TEXT_SLOT.sessionId),
    counterGroup(pairs, R.sequence, TEXT_SLOT.sequenceNumber),
    group(['protocol'], (line, into, row) => setProtocolOf(line, into, row, pairs), {
      texts: [TEXT_SLOT.protocol],
    }),
  ]
}

/** A number that is kept as text. */
export function counterGroup(pairs: Registers, register: number, slot: number): ValueGroup {
  return {
    registers: [register],
    texts: [slot],
    kinds: ALL_KINDS,
    read(line, into, row) {
      setCounter(into, row, slot, line.bytes, pairs.start[register] as number, pairs.end[register] as number)
      return true
    },
  }
}

/** The groups of a format that reads lines with `setCommon` and adds nothing to these fields. */
export function commonGroups(pairs: Pairs, escapes: number): readonly ValueGroup[] {
  const text = (slot: number, register: number, isUser = false): ValueGroup =>
    textGroup(pairs, escapes, slot, [register], isUser)
  return [
    ...numberGroups(pairs),
    text(TEXT_SLOT.rule, R.rule),
    text(TEXT_SLOT.ruleId, R.ruleId),
    text(TEXT_SLOT.sourceUser, R.sourceUser, true),
    text(TEXT_SLOT.destinationUser, R.destinationUser, true),
    text(TEXT_SLOT.application, R.application),
    ...placeGroups(pairs, escapes),
    deviceAndTimeGroup(pairs, escapes),
  ]
}

/** Zones, countries, lists, URLs and why a session ended. */
export function placeGroups(pairs: Pairs, escapes: number): readonly ValueGroup[] {
  const text = (slot: number, register: number): ValueGroup => textGroup(pairs, escapes, slot, [register])
  return [
    text(TEXT_SLOT.sourceZone, R.sourceZone),
    text(TEXT_SLOT.destinationZone, R.destinationZone),
    text(TEXT_SLOT.sourceCountry, R.sourceCountry),
    text(TEXT_SLOT.destinationCountry, R.destinationCountry),
    text(TEXT_SLOT.sourceEdl, R.sourceEdl),
    text(TEXT_SLOT.url, R.url),
    text(TEXT_SLOT.sessionEndReason, R.reason),
  ]
}
