/**
 * What PAN-OS calls the values of its logs, and what they are to us. The same value has a variable (`$src`, custom
 * formats), a name in Strata's JSON and e-mail forms (`SourceAddress`), and often one of the administrator's own
 * (`src_ip`); all lead to one target. The readers of CSV, key=value, JSON and templates say where the targets' values
 * lie in a line; paloalto-meaning.ts makes the record of them.
 *
 * Sources: "Custom Log/Event Format" and the field descriptions of PAN-OS 11.1, Strata Logging Service log reference.
 */
import { WORD_SLACK_BYTES } from '../bytes.ts'
import { WordTable } from '../word-table.ts'

const TARGET_NAMES = [
  'ignored',
  'ignoredNumber', // not kept, but its value is one word
  'type',
  'subtype',
  'source',
  'destination',
  'natSource',
  'natDestination',
  'configHost', // where an administrator sat
  'publicAddress', // GlobalProtect
  'publicAddress6',
  'clientAddress',
  'forwardedFor',
  'sourcePort',
  'destinationPort',
  'natDestinationPort',
  'action',
  'event', // event id or command: stands for the action where there is none
  'status',
  'stage',
  'description',
  'reason',
  'error',
  'severity',
  'severityNumber',
  'direction',
  'threat',
  'threatName',
  'threatCategory',
  'protocol',
  'application',
  'rule',
  'ruleId',
  'sourceUser',
  'destinationUser',
  'sourceZone',
  'destinationZone',
  'sourceCountry',
  'destinationCountry',
  'sourceEdl',
  'url',
  'fileName',
  'sessionEndReason',
  'sessionId',
  'sequenceNumber',
  'repeatCount',
  'bytesSent',
  'bytesReceived',
  'packetsSent',
  'packetsReceived',
  'serial',
  'device',
  'highResolutionTime',
  'generatedTime',
  'receivedTime',
] as const

export type TargetName = (typeof TARGET_NAMES)[number]
export const TARGET = Object.fromEntries(TARGET_NAMES.map((name, i) => [name, i])) as Record<
  TargetName,
  number
>
const TARGET_COUNT = TARGET_NAMES.length

/** Names of each target, in lower case: PAN-OS's variable first, then Strata's, then what administrators write. */
const NAMES: Readonly<Partial<Record<TargetName, string>>> = {
  type: 'type logtype log_type log_type.value',
  subtype: 'subtype sub_type logsubtype log_subtype sub_type.value',
  source:
    'src ip sourceaddress sourceip source_ip source_address src_ip srcip source_ip.value network.client.ip',
  destination:
    'dst destinationaddress destinationip destination_ip destination_address dest_ip dst_ip dstip dest_ip.value network.destination.ip',
  natSource: 'natsrc natsource nat_source nat_src natsourceip',
  natDestination: 'natdst natdestination nat_destination nat_dst natdestinationip',
  configHost: 'host ipaddress',
  publicAddress: 'public_ip publicipv4 publicip',
  publicAddress6: 'public_ipv6 publicipv6',
  clientAddress: 'xff_ip x-forwarded-forip xffip',
  forwardedFor: 'xff x-forwarded-for',
  sourcePort: 'sport sourceport source_port src_port srcport spt network.client.port',
  destinationPort:
    'dport destinationport destination_port dest_port dst_port dstport dpt network.destination.port',
  natDestinationPort: 'natdport natdestinationport nat_destination_port nat_dport',
  ignoredNumber:
    'natsport natsourceport sessionduration elapsed packets bytes bytestotal packetstotal chunks chunks_sent chunks_received url_idx pcap_id vsys_id',
  action: 'action act evt.name action.value',
  event: 'eventid event_id eventidvalue eventname event authevent cmd',
  status: 'status eventstatus event_status',
  stage: 'stage',
  description: 'opaque eventdescription event_description',
  reason: 'reason',
  error: 'error connectionerror',
  severity: 'severity vendorseverity vendor_severity vendor_severity.value sev',
  severityNumber: 'number-of-severity cef-number-of-severity',
  direction: 'direction directionofattack direction_of_attack direction_of_attack.value',
  threat: 'threatid threat_id',
  threatName: 'threat_name threatname',
  threatCategory: 'thr_category threatcategory threat_category threat_category.value',
  protocol: 'proto protocol ip_protocol protocol.value',
  application: 'app application',
  rule: 'rule rulename rule_name rulematched rule_matched matchname hipmatchname',
  ruleId: 'rule_uuid ruleuuid rule_id ruleid rulematcheduuid rule_matched_uuid',
  sourceUser: 'srcuser sourceuser source_user src_user suser usr.id user sourceusername admin adminusername',
  destinationUser: 'dstuser destinationuser destination_user dest_user dst_user duser',
  sourceZone: 'from fromzone from_zone srczone src_zone source_zone szone',
  destinationZone: 'to tozone to_zone dstzone dst_zone dest_zone destination_zone dzone',
  sourceCountry:
    'srcloc sourcelocation source_location src_location sourceregion srcregion source_region sloc network.client.geoip.country.name',
  destinationCountry:
    'dstloc destinationlocation destination_location dest_location dst_location dloc network.destination.geoip.country.name',
  sourceEdl: 'src_edl sourceedl source_edl',
  url: 'misc url',
  fileName: 'filename file_name',
  sessionEndReason: 'session_end_reason sessionendreason session_end_reason.value',
  sessionId: 'sessionid session_id',
  sequenceNumber: 'seqno sequenceno sequence_no sequence_number seq',
  repeatCount: 'repeatcnt repeatcount repeat_count countofrepeats count_of_repeats',
  bytesSent: 'bytes_sent bytessent network.bytes_read',
  bytesReceived: 'bytes_received bytesreceived network.bytes_written',
  packetsSent: 'pkts_sent packetssent packets_sent',
  packetsReceived: 'pkts_received packetsreceived packets_received',
  serial: 'serial devicesn device_sn logsourceid log_source_id serial_number',
  device: 'device_name devicename logsourcename log_source_name',
  highResolutionTime: 'high_res_timestamp timegeneratedhighresolution time_generated_high_res',
  generatedTime:
    'time_generated timegenerated eventtime event_time generated_time cef-formatted-time_generated generate_time',
  receivedTime:
    'receive_time time_received timereceived logtime log_time cef-formatted-receive_time timestamp',
}

/** Names that are no targets, but show that a line is PAN-OS's. */
const IGNORED =
  'vsys vsys_name vsys_id configversion config_version inbound_if outbound_if logset actionflags flags category virtuallocation dghierarchylevel1 dghierarchylevel2 actionsource chunkstotal chunkssent chunksreceived containerid containername applianceorcloud inboundinterface outboundinterface logsetting virtualsystemname virtualsystem authmethod endpointosversion attemptedgateways accesspointname devicegroup aitraffic clienttype authfactorno authenticationdescription authcompletiontime'

const ENTRIES: readonly (readonly [string, number])[] = [
  ...IGNORED.split(' ').map((name) => [name, TARGET.ignored] as const),
  ...Object.entries(NAMES).flatMap(([target, names]) =>
    names.split(' ').map((name) => [name, TARGET[target as TargetName]] as const),
  ),
]

/** Targets by name, in any case. */
export const NAME_TARGETS = new WordTable(Object.fromEntries(ENTRIES))

/** Target of a variable or key by name, -1 when it is none of ours. */
export function targetOfName(name: string): number {
  const bytes = Buffer.alloc(name.length + WORD_SLACK_BYTES)
  const end = bytes.write(name, 'latin1')
  return NAME_TARGETS.find(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, end)
}

/** Where the values of a line lie, by target. Positions are absolute; used again for every line. */
export class Values {
  /** Start of a value, -1 when the line has none. */
  readonly start = new Int32Array(TARGET_COUNT)
  readonly end = new Int32Array(TARGET_COUNT)
  /** True when a target was given twice with different values: the first is kept, and not to be trusted. */
  isDoubled = false

  clear(): void {
    this.start.fill(-1)
    this.isDoubled = false
  }

  set(bytes: Uint8Array, target: number, from: number, to: number): void {
    if (target <= TARGET.ignoredNumber) return
    const start = this.start[target] as number
    if (start < 0 || this.end[target] === start) {
      this.start[target] = from
      this.end[target] = to
    } else if (to > from && !this.#isSame(bytes, target, from, to)) this.isDoubled = true
  }

  has(target: number): boolean {
    return (this.start[target] as number) >= 0
  }

  /** Whether there is a value that is not empty. */
  isGiven(target: number): boolean {
    const start = this.start[target] as number
    return start >= 0 && (this.end[target] as number) > start
  }

  #isSame(bytes: Uint8Array, target: number, from: number, to: number): boolean {
    const start = this.start[target] as number
    if ((this.end[target] as number) - start !== to - from) return false
    for (let i = 0; i < to - from; i++) if (bytes[start + i] !== bytes[from + i]) return false
    return true
  }
}

/** What each column of a CSV form is. */
export type Layout = Readonly<Record<number, TargetName>>

/** Columns and targets, flat: column, target, column, target, ... */
export function flat(layout: Layout): readonly number[] {
  return Object.entries(layout).flatMap(([column, target]) => [Number(column), TARGET[target]])
}
