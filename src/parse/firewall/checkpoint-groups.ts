/**
 * What the values of a Check Point line fill, group by group (shape.ts), with the setters of the long way. Registers that
 * are in no group for a kind of line decide what the line means: they are never holes.
 */
import { CATEGORY } from '../../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../../model/record-batch.ts'
import type { Line } from '../line.ts'
import { setProtocol } from '../value-fields.ts'
import { KEY, spans } from './checkpoint-keys.ts'
import {
  address,
  natAddress,
  port,
  quantity,
  readApplication,
  readDevice,
  readRule,
  readThreatName,
  readUser,
  text,
  timeOf,
} from './checkpoint-values.ts'
import type { ValueGroup } from './shape.ts'

const ALL = 0xff
const THREAT = 1 << CATEGORY.threat
const LOGIN = 1 << CATEGORY.login

type Read = (line: Line, into: RecordBatch, row: number) => void

function group(registers: readonly number[], read: Read, more: Partial<ValueGroup> = {}): ValueGroup {
  return {
    registers,
    kinds: ALL,
    ...more,
    read(line, into, row) {
      read(line, into, row)
      return true
    },
  }
}

const string = (register: number, slot: number): ValueGroup =>
  group([register], (line, into, row) => text(line, into, row, register, slot), { texts: [slot] })

/** An address that is one; others the long way looks at. */
const side = (register: number, slot: number): ValueGroup => ({
  registers: [register],
  addresses: [slot],
  kinds: ALL,
  read: (line, into, row) => address(into, row, line, register, slot),
})

const nat = (register: number, slot: number): ValueGroup =>
  group([register], (line, into, row) => natAddress(into, row, line, register, slot), { addresses: [slot] })

export const GROUPS: readonly ValueGroup[] = [
  side(KEY.source, ADDRESS_SLOT.sourceAddress),
  {
    // they stand in for the source
    registers: [KEY.clientAddress, KEY.endpointAddress],
    needs: [KEY.source],
    addresses: [ADDRESS_SLOT.sourceAddress],
    kinds: ALL,
    read(line, into, row) {
      const slot = ADDRESS_SLOT.sourceAddress
      if (spans.isFilled(KEY.source)) return address(into, row, line, KEY.source, slot)
      return (
        address(into, row, line, KEY.clientAddress, slot) ||
        address(into, row, line, KEY.endpointAddress, slot)
      )
    },
  },
  side(KEY.destination, ADDRESS_SLOT.destinationAddress),
  nat(KEY.natSource, ADDRESS_SLOT.natSourceAddress),
  nat(KEY.natDestination, ADDRESS_SLOT.natDestinationAddress),
  side(KEY.forwardedFor, ADDRESS_SLOT.clientAddress),
  group(
    [KEY.protocol],
    (line, into, row) =>
      setProtocol(into, row, line, spans.start[KEY.protocol] as number, spans.end[KEY.protocol] as number),
    { texts: [TEXT_SLOT.protocol] },
  ),
  group([KEY.sourcePort], (line, into, row) => {
    into.sourcePort[row] = port(line.bytes, KEY.sourcePort)
  }),
  group([KEY.service], (line, into, row) => {
    into.destinationPort[row] = port(line.bytes, KEY.service)
  }),
  group([KEY.natPort], (line, into, row) => {
    into.natDestinationPort[row] = port(line.bytes, KEY.natPort)
  }),
  group([KEY.bytesSent], (line, into, row) => {
    into.bytesSent[row] = quantity(line.bytes, KEY.bytesSent)
  }),
  group([KEY.bytesReceived], (line, into, row) => {
    into.bytesReceived[row] = quantity(line.bytes, KEY.bytesReceived)
  }),
  group([KEY.packetsSent], (line, into, row) => {
    into.packetsSent[row] = quantity(line.bytes, KEY.packetsSent)
  }),
  group([KEY.packetsReceived], (line, into, row) => {
    into.packetsReceived[row] = quantity(line.bytes, KEY.packetsReceived)
  }),
  string(KEY.sourceCountry, TEXT_SLOT.sourceCountry),
  string(KEY.destinationCountry, TEXT_SLOT.destinationCountry),
  string(KEY.inZone, TEXT_SLOT.sourceZone),
  string(KEY.outZone, TEXT_SLOT.destinationZone),
  group([KEY.sourceUser, KEY.user, KEY.administrator], readUser, { texts: [TEXT_SLOT.sourceUser] }),
  string(KEY.destinationUser, TEXT_SLOT.destinationUser),
  group([KEY.ruleName, KEY.rule, KEY.objectName], readRule, {
    needs: [KEY.objectType],
    texts: [TEXT_SLOT.rule],
  }),
  string(KEY.ruleUid, TEXT_SLOT.ruleId),
  group([KEY.application, KEY.serviceId], readApplication, { texts: [TEXT_SLOT.application] }),
  string(KEY.resource, TEXT_SLOT.url),
  group([KEY.attack, KEY.protectionName], readThreatName, {
    kinds: THREAT,
    texts: [TEXT_SLOT.threatName, TEXT_SLOT.threatCategory],
  }),
  group([KEY.info], () => {}, { kinds: ALL & ~LOGIN }),
  group([KEY.category], () => {}),
  group(
    [KEY.time, KEY.originName, KEY.origin],
    (line, into, row) => {
      readDevice(line, into, row)
      into.eventTimeMs[row] = timeOf(line)
    },
    { texts: [TEXT_SLOT.device, TEXT_SLOT.relay], isAlways: true },
  ),
]
