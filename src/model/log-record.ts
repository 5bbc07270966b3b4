/**
 * The log record: one flat record per log line, whatever firewall wrote it (DESIGN.md section 5). This file is the one
 * place where its fields are written down. The columns of a record batch, the log table, the JSON form and the query
 * language are all made from these lists, so a field is added here and nowhere else.
 *
 * Unknown is null in JSON and never a guess. Addresses are never swapped; `attacker` says which side it is.
 */

/** Text fields, in the order of their slots in a record batch. */
export const TEXT_FIELDS = [
  'device', // the firewall: its own name or serial if the line has it, else header host, else sender
  'deviceSerial', // the firewall's serial number
  'relay', // the outer header's host when the line went through another syslog server or Panorama
  'type', // the firewall's own log type, upper case: TRAFFIC, THREAT, SYSTEM, ...
  'subtype', // lower case: start, end, drop, deny, vulnerability, ...
  'sourceCountry', // as the firewall says it: a name, a code, a region or a numeric range; never used to decide
  'sourceUser', // account name, chosen by the peer
  'sourceZone',
  'destinationCountry',
  'destinationUser',
  'destinationZone',
  'protocol', // IP protocol, lower case: tcp, udp, icmp, ...
  'application',
  'action', // the firewall's own word, lower case, blanks as hyphens: drop, reset-both, ...
  'rule', // name of the security rule that matched
  'ruleId', // its UUID or number
  'threatName', // text before the last brackets of the threat id
  'threatCategory',
  'direction', // client-to-server or server-to-client
  'sessionEndReason',
  'sessionId', // digits; text because counters pass 2^53
  'sequenceNumber', // digits; a 64-bit counter per log type and device
  'sourceEdl', // external dynamic list that matched the source
  'url', // URL or file name, chosen by the peer
  'unparsedReason', // why a line could not be read; only with the flag `unparsed`
] as const

/** Addresses, 16 bytes each, IPv4 as mapped; all zero is null. */
export const ADDRESS_FIELDS = [
  'sourceAddress',
  'destinationAddress',
  'natSourceAddress',
  'natDestinationAddress',
  'clientAddress', // a forwarded-for value: never trusted for blocking
] as const

/** Ports, 0 is "no port" and null in JSON. */
export const PORT_FIELDS = ['sourcePort', 'destinationPort', 'natDestinationPort'] as const

/** Quantities that may be unknown (NaN in a batch, null in JSON). */
export const QUANTITY_FIELDS = [
  'bytesSent', // bytes, client to server
  'bytesReceived', // bytes, server to client
  'packetsSent',
  'packetsReceived',
] as const

export type TextField = (typeof TEXT_FIELDS)[number]
export type AddressField = (typeof ADDRESS_FIELDS)[number]
export type PortField = (typeof PORT_FIELDS)[number]
export type QuantityField = (typeof QUANTITY_FIELDS)[number]

/** Closed sets. A batch holds the index; index 0 is the unknown (null) where there is one. */
export const DISPOSITIONS = ['unknown', 'allowed', 'blocked', 'alerted'] as const
export const ATTACKERS = [null, 'source', 'destination'] as const
export const SEVERITIES = [null, 'informational', 'low', 'medium', 'high', 'critical'] as const
export const OUTCOMES = [null, 'success', 'failure'] as const
/** What kind of event it is, whatever the vendor calls its type; detectors go by it. Not part of the JSON form. */
export const CATEGORIES = ['other', 'traffic', 'threat', 'login'] as const
/** What shape the line had. A new firewall format adds its name and vendor here. */
export const FORMATS = [
  { name: 'unknown', vendor: null },
  { name: 'paloalto-custom', vendor: 'Palo Alto Networks' },
  { name: 'paloalto-csv', vendor: 'Palo Alto Networks' },
  { name: 'fortigate-kv', vendor: 'Fortinet' },
  { name: 'checkpoint', vendor: 'Check Point' },
  { name: 'cisco', vendor: 'Cisco' },
  { name: 'paloalto-cef', vendor: 'Palo Alto Networks' },
  { name: 'fortigate-cef', vendor: 'Fortinet' },
  { name: 'checkpoint-cef', vendor: 'Check Point' },
  { name: 'cef', vendor: null },
  { name: 'paloalto-leef', vendor: 'Palo Alto Networks' },
  { name: 'leef', vendor: null },
  { name: 'suricata-eve', vendor: 'Suricata' },
  { name: 'suricata-fast', vendor: 'Suricata' },
  { name: 'netfilter', vendor: 'Linux' },
  { name: 'filterlog', vendor: 'pfSense, OPNsense' },
  { name: 'mikrotik', vendor: 'MikroTik' },
  { name: 'openvpn', vendor: 'OpenVPN' },
  { name: 'openssh', vendor: 'OpenSSH' },
  { name: 'service', vendor: null },
  { name: 'paloalto-keyvalue', vendor: 'Palo Alto Networks' },
  { name: 'paloalto-json', vendor: 'Palo Alto Networks' },
  { name: 'paloalto-template', vendor: 'Palo Alto Networks' },
  { name: 'pf-text', vendor: 'OpenBSD' },
] as const
/** Bit `1 << index`. */
export const FLAGS = [
  'ambiguous', // keys twice or out of template order: stored, never convicts
  'truncated', // longer than the message limit, or cut by a relay
  'invalid-utf8', // bytes that are not UTF-8; kept, shown as U+FFFD
  'duplicate', // seen before (same device, type and sequence number)
  'skewed', // event time far from arrival, beyond what the device's learned clock offset explains
  'unparsed', // not understood; `raw` and `unparsedReason` only
  'repeated', // rsyslog "message repeated N times"; `repeatCount` says how often
  'untrusted', // its sender is not among the known ones (`senders.known`); set while those are told apart
] as const

export type Disposition = (typeof DISPOSITIONS)[number]
export type Attacker = (typeof ATTACKERS)[number]
export type Severity = (typeof SEVERITIES)[number]
export type Outcome = (typeof OUTCOMES)[number]
export type Category = (typeof CATEGORIES)[number]
export type Flag = (typeof FLAGS)[number]
export type FormatName = (typeof FORMATS)[number]['name']

export const FLAG = {
  ambiguous: 1,
  truncated: 2,
  invalidUtf8: 4,
  duplicate: 8,
  skewed: 16,
  unparsed: 32,
  repeated: 64,
  untrusted: 128,
} as const

export const CATEGORY = { other: 0, traffic: 1, threat: 2, login: 3 } as const
export const DISPOSITION = { unknown: 0, allowed: 1, blocked: 2, alerted: 3 } as const
export const ATTACKER = { none: 0, source: 1, destination: 2 } as const
export const SEVERITY = { none: 0, informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const
export const OUTCOME = { none: 0, success: 1, failure: 2 } as const
export const FORMAT = {
  unknown: 0,
  paloaltoCustom: 1,
  paloaltoCsv: 2,
  fortigateKv: 3,
  checkpoint: 4,
  cisco: 5,
  paloaltoCef: 6,
  fortigateCef: 7,
  checkpointCef: 8,
  cef: 9,
  paloaltoLeef: 10,
  leef: 11,
  suricataEve: 12,
  suricataFast: 13,
  netfilter: 14,
  filterlog: 15,
  mikrotik: 16,
  openvpn: 17,
  openssh: 18,
  service: 19,
  paloaltoKeyvalue: 20,
  paloaltoJson: 21,
  paloaltoTemplate: 22,
  pfText: 23,
} as const

/** One record as an object: the JSON form, for people, tests and the API. Instants are ISO 8601 UTC with ms. */
export type LogRecord = { [Field in Exclude<TextField, 'unparsedReason'>]: string | null } & {
  [Field in AddressField]: string | null
} & { [Field in PortField]: number | null } & { [Field in QuantityField]: number | null } & {
  /** Arrival; null in `parse` and `replay`, which have none. */
  receivedAt: string | null
  eventTime: string | null
  /** The peer that sent the line to us, or the file it lay in. */
  sender: string | null
  format: FormatName
  vendor: string | null
  outcome: Outcome
  disposition: Disposition
  attacker: Attacker
  severity: Severity
  /** The number in the last brackets of the firewall's threat id. */
  threatId: number | null
  /** How many like events the line stands for; 1 for most. */
  repeatCount: number
  flags: Flag[]
  /** The line as it came, without framing; bytes that are not UTF-8 show as U+FFFD. */
  raw: string
}
