/**
 * The keys of Suricata's EVE JSON that we read, by the object they stand in ("Eve JSON Format", Suricata 4 to 8).
 */
import { JsonSpans, NESTED } from '../json-spans.ts'
import { WordTable } from '../word-table.ts'
import { PlaceNotes } from './shape-places.ts'

const NAMES = [
  'timestamp',
  'eventType',
  'sourceAddress',
  'sourcePort',
  'destinationAddress',
  'destinationPort',
  'protocol',
  'application',
  'flowId',
  'host',
  'direction',
  'client',
  'ruleText',
  'action',
  'signature',
  'signatureId',
  'category',
  'severity',
  'target',
  'packetsSent',
  'packetsReceived',
  'bytesSent',
  'bytesReceived',
  'flowState',
  'flowReason',
  'flowAction',
  'flowSource',
  'flowSourcePort',
  'flagsToServer',
  'flagsToClient',
  'url',
  'dropReason',
] as const
/** Register of each value. */
export const R = Object.fromEntries(NAMES.map((name, i) => [name, i])) as Record<
  (typeof NAMES)[number],
  number
>

const OBJECT = { top: 0, alert: 1, metadata: 2, flow: 3, tcp: 4, http: 5, drop: 6 } as const
const TABLES = [
  new WordTable({
    timestamp: R.timestamp,
    event_type: R.eventType,
    src_ip: R.sourceAddress,
    src_port: R.sourcePort,
    dest_ip: R.destinationAddress,
    dest_port: R.destinationPort,
    proto: R.protocol,
    app_proto: R.application,
    flow_id: R.flowId,
    host: R.host,
    direction: R.direction,
    xff: R.client,
    rule: R.ruleText,
    alert: NESTED + OBJECT.alert,
    flow: NESTED + OBJECT.flow,
    tcp: NESTED + OBJECT.tcp,
    http: NESTED + OBJECT.http,
    drop: NESTED + OBJECT.drop,
  }),
  new WordTable({
    action: R.action,
    signature: R.signature,
    signature_id: R.signatureId,
    category: R.category,
    severity: R.severity,
    xff: R.client,
    rule: R.ruleText,
    metadata: NESTED + OBJECT.metadata,
  }),
  new WordTable({ attack_target: R.target }),
  new WordTable({
    pkts_toserver: R.packetsSent,
    pkts_toclient: R.packetsReceived,
    bytes_toserver: R.bytesSent,
    bytes_toclient: R.bytesReceived,
    state: R.flowState,
    reason: R.flowReason,
    action: R.flowAction,
    src_ip: R.flowSource,
    src_port: R.flowSourcePort,
  }),
  new WordTable({ tcp_flags_ts: R.flagsToServer, tcp_flags_tc: R.flagsToClient }),
  new WordTable({ url: R.url, xff: R.client }),
  new WordTable({ reason: R.dropReason }),
] as const

export const notes = new PlaceNotes()
/** Where the values of the line in hand lie; one serves all lines. */
export const spans = new JsonSpans(NAMES.length, TABLES, notes)
