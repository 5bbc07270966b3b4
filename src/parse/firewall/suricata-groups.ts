/**
 * What the values of an EVE line fill, group by group (shape.ts), with the setters of the long way. Registers that are in
 * no group for a kind of event decide what the line means: they are never holes.
 */
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../../model/record-batch.ts'
import { ascii } from '../bytes.ts'
import { setClientAddress, setCounter, setDeviceFromHeader } from '../fields.ts'
import type { Line } from '../line.ts'
import { setProtocol } from '../value-fields.ts'
import type { ValueGroup } from './shape.ts'
import { R } from './suricata-keys.ts'
import { dispositionOfFlow, readDirection } from './suricata-meaning.ts'
import { endOf, isValue, numberOf, portOf, setPeer, setString, startOf, timeOf } from './suricata-values.ts'
import { severityOfPriority } from './suricata-fast.ts'

/** A bit each. */
export const EVENT_KIND = { alert: 1, flow: 2, drop: 4, other: 8 } as const
const ALL = 15
const FAILED = ascii('failed')

type Read = (line: Line, into: RecordBatch, row: number) => boolean | void

function group(
  registers: readonly number[],
  kinds: number,
  read: Read,
  more: Partial<ValueGroup> = {},
): ValueGroup {
  return { registers, kinds, ...more, read: (line, into, row) => read(line, into, row) !== false }
}

const string = (register: number, slot: number, kinds: number): ValueGroup =>
  group([register], kinds, (line, into, row) => setString(line, into, row, slot, register), { texts: [slot] })

/** An address that is one; others the long way looks at. */
const peer = (register: number, slot: number): ValueGroup =>
  group(
    [register],
    ALL,
    (line, into, row) =>
      setPeer(line, into, row, slot, register) && into.addresses[row * ADDRESS_STRIDE + slot + 3] !== 0,
    { addresses: [slot] },
  )

const unused = (kinds: number, registers: readonly number[]): ValueGroup => ({
  registers,
  kinds,
  read: () => true,
})

const QUANTITIES = [R.bytesSent, R.bytesReceived, R.packetsSent, R.packetsReceived]
const FLOW_ONLY = [...QUANTITIES, R.flowState, R.flowReason, R.flowAction, R.flagsToServer, R.flagsToClient]
const ALERT_ONLY = [R.direction, R.flowSource, R.flowSourcePort, R.ruleText, R.target]

export const GROUPS: readonly ValueGroup[] = [
  peer(R.sourceAddress, ADDRESS_SLOT.sourceAddress),
  peer(R.destinationAddress, ADDRESS_SLOT.destinationAddress),
  group([R.sourcePort], ALL, (line, into, row) => {
    into.sourcePort[row] = portOf(line.bytes, R.sourcePort)
  }),
  group([R.destinationPort], ALL, (line, into, row) => {
    into.destinationPort[row] = portOf(line.bytes, R.destinationPort)
  }),
  group(
    [R.protocol],
    ALL & ~EVENT_KIND.flow,
    (line, into, row) => setProtocol(into, row, line, startOf(R.protocol), endOf(R.protocol)),
    { texts: [TEXT_SLOT.protocol] },
  ),
  group(
    [R.application],
    ALL,
    (line, into, row) => {
      if (!isValue(line.bytes, R.application, FAILED)) {
        setString(line, into, row, TEXT_SLOT.application, R.application)
      }
    },
    { texts: [TEXT_SLOT.application] },
  ),
  group(
    [R.flowId],
    ALL,
    (line, into, row) =>
      setCounter(into, row, TEXT_SLOT.sessionId, line.bytes, startOf(R.flowId), endOf(R.flowId)),
    { texts: [TEXT_SLOT.sessionId] },
  ),
  group(
    [R.client],
    ALL,
    (line, into, row) => setClientAddress(into, row, line.bytes, startOf(R.client), endOf(R.client)),
    { addresses: [ADDRESS_SLOT.clientAddress] },
  ),
  string(R.url, TEXT_SLOT.url, ALL),
  group([R.signatureId], EVENT_KIND.alert, (line, into, row) => {
    const id = numberOf(line.bytes, R.signatureId)
    into.threatId[row] = id > 0 ? id : 0
  }),
  string(R.signature, TEXT_SLOT.threatName, EVENT_KIND.alert | EVENT_KIND.drop),
  string(R.category, TEXT_SLOT.threatCategory, EVENT_KIND.alert),
  group([R.severity], EVENT_KIND.alert, (line, into, row) => {
    into.severity[row] = severityOfPriority(numberOf(line.bytes, R.severity))
  }),
  group(
    [R.sourceAddress, R.sourcePort, R.destinationAddress, R.destinationPort, R.flowSource, R.flowSourcePort],
    EVENT_KIND.alert,
    readDirection,
    { needs: [R.direction, R.ruleText, R.target], texts: [TEXT_SLOT.direction] },
  ),
  string(R.dropReason, TEXT_SLOT.sessionEndReason, EVENT_KIND.drop),
  group(
    [...QUANTITIES, R.flagsToServer, R.flagsToClient],
    EVENT_KIND.flow,
    (line, into, row) => {
      const { bytes } = line
      into.bytesSent[row] = numberOf(bytes, R.bytesSent)
      into.bytesReceived[row] = numberOf(bytes, R.bytesReceived)
      into.packetsSent[row] = numberOf(bytes, R.packetsSent)
      into.packetsReceived[row] = numberOf(bytes, R.packetsReceived)
      into.disposition[row] = dispositionOfFlow(bytes, into, row)
    },
    { needs: [R.flowAction, R.protocol, R.flowState] },
  ),
  unused(EVENT_KIND.alert, [...FLOW_ONLY, R.dropReason]),
  unused(EVENT_KIND.flow, [
    ...ALERT_ONLY,
    R.signature,
    R.signatureId,
    R.category,
    R.severity,
    R.action,
    R.dropReason,
  ]),
  unused(EVENT_KIND.drop, [...FLOW_ONLY, ...ALERT_ONLY, R.signatureId, R.category, R.severity, R.action]),
  unused(EVENT_KIND.other, [
    ...FLOW_ONLY,
    ...ALERT_ONLY,
    R.signature,
    R.signatureId,
    R.category,
    R.severity,
    R.action,
    R.dropReason,
  ]),
  group(
    [R.host, R.timestamp],
    ALL,
    (line, into, row) => {
      setString(line, into, row, TEXT_SLOT.device, R.host)
      setDeviceFromHeader(into, row, line)
      const device = row * TEXT_STRIDE + TEXT_SLOT.device
      line.chooseZone(into.text[device] as number, into.text[device + 1] as number)
      into.eventTimeMs[row] = timeOf(line)
    },
    { texts: [TEXT_SLOT.device, TEXT_SLOT.relay], isAlways: true },
  ),
]
