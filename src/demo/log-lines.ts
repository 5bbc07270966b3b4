/**
 * Writes log lines as a PAN-OS firewall does, for the demo, the benchmark and tests: one event in, one line out, in the
 * older system's custom format or in default CSV (PAN-OS 11.1: TRAFFIC 117 columns, THREAT 123), with a BSD header.
 * Column positions are those of FIELD.md B.5. Values are written as they are: a comma in a CSV value is quoted, a `;` in
 * a custom value is not escaped, because the firewall does not either.
 */

export interface DeviceIdentity {
  readonly name: string
  /** Serial number; CSV only. */
  readonly serial: string
}

export interface Threat {
  readonly name: string
  readonly id: number
  readonly severity: 'informational' | 'low' | 'medium' | 'high' | 'critical'
  readonly direction: 'client-to-server' | 'server-to-client'
  readonly category: string
  readonly url: string
}

export interface FirewallEvent {
  readonly subtype: string
  readonly sourceAddress: string
  readonly sourcePort: number
  readonly sourceCountry: string
  readonly sourceUser: string
  readonly sourceZone: string
  readonly destinationAddress: string
  readonly destinationPort: number
  readonly destinationCountry: string
  readonly destinationZone: string
  readonly protocol: 'tcp' | 'udp' | 'icmp'
  readonly application: string
  readonly action: string
  readonly rule: string
  readonly ruleId: string
  readonly sessionEndReason: string
  readonly sessionId: number
  readonly sequenceNumber: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly packetsSent: number
  readonly packetsReceived: number
  /** Null for TRAFFIC. */
  readonly threat: Threat | null
}

/** The forms of one instant that a line needs, in the firewall's local time. */
export interface LineTime {
  /** `Feb 20 11:49:43`, day padded with a blank. */
  readonly header: string
  /** `2025/02/20 11:49:43`, no zone. */
  readonly local: string
  /** `2025-02-20T11:49:43.288+11:00`. */
  readonly highResolution: string
}

export const TRAFFIC_COLUMNS = 117
export const THREAT_COLUMNS = 123

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Minutes to add to UTC for the zone at that instant. `timeZone` must be an IANA name. */
export function zoneOffsetMinutes(timeZone: string, atMs: number): number {
  const name = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
    .formatToParts(atMs)
    .find((part) => part.type === 'timeZoneName')?.value
  const match = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(name ?? '')
  if (match?.[1] === undefined) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]))
}

/** The three written forms of an instant (Unix ms) at an offset from UTC in minutes. */
export function lineTime(atMs: number, offsetMinutes: number): LineTime {
  const local = new Date(atMs + offsetMinutes * 60_000)
  const iso = local.toISOString()
  const clock = iso.slice(11, 19)
  const sign = offsetMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(offsetMinutes)
  return {
    header: `${MONTHS[local.getUTCMonth()]} ${String(local.getUTCDate()).padStart(2, ' ')} ${clock}`,
    local: `${iso.slice(0, 10).replaceAll('-', '/')} ${clock}`,
    highResolution: `${iso.slice(0, 23)}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`,
  }
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** Columns 105-113 of an identified application: subcategory to sanctioned state. */
const APPLICATION_FACTS = [
  'encrypted-tunnel',
  'networking',
  'browser-based',
  '4',
  '"able-to-transfer-file,has-known-vulnerability,pervasive-use"',
  '',
  'untunneled',
  'no',
  'no',
] as const

/** `<14>Mmm dd hh:mm:ss HOST `: PAN-OS's default header. */
export function bsdHeader(device: DeviceIdentity, time: LineTime): string {
  return `<14>${time.header} ${device.name} `
}

/** The body of the older system's format; TRAFFIC lines carry the threat variables unexpanded, as the firewall does. */
export function customBody(event: FirewallEvent, time: LineTime): string {
  const { threat } = event
  const name = threat === null ? '$threat_name' : threat.name
  const id = threat === null ? '$threatid' : `${threat.name}(${threat.id})`
  return (
    `SrcLocation=${event.sourceCountry}; SrcIP=${event.sourceAddress}; SrcPort=${event.sourcePort}; ` +
    `SrcUser=${event.sourceUser}; DstLocation=${event.destinationCountry}; DstIP=${event.destinationAddress}; ` +
    `DstPort=${event.destinationPort}; Action=${event.action}; RuleName=${event.rule}; RuleID=${event.ruleId}; ` +
    `TimeReceived=${time.local}; ThreatName=${name}; ThreatID=${id}; ` +
    `Severity=${threat === null ? '$severity' : threat.severity}; Subtype=${event.subtype}; ` +
    `Type= ${threat === null ? 'TRAFFIC' : 'THREAT'};`
  )
}

/** The body in default CSV, by the event's kind. */
export function csvBody(event: FirewallEvent, device: DeviceIdentity, time: LineTime): string {
  return event.threat === null
    ? trafficCsv(event, device, time)
    : threatCsv(event, event.threat, device, time)
}

/** Columns 0-30, the same in both kinds. */
function leadingColumns(
  event: FirewallEvent,
  type: string,
  device: DeviceIdentity,
  time: LineTime,
  columns: number,
): string[] {
  const row = Array<string>(columns).fill('')
  const none = event.sourceAddress.includes(':') ? '' : '0.0.0.0'
  const leading = [
    '1',
    time.local,
    device.serial,
    type,
    event.subtype,
    '2817',
    time.local,
    event.sourceAddress,
    event.destinationAddress,
    none,
    none,
    quoted(event.rule),
    quoted(event.sourceUser),
    '',
    event.application,
    'vsys1',
    event.sourceZone,
    event.destinationZone,
    'ethernet1/1',
    event.action === 'allow' ? 'ethernet1/2' : '',
    'ActiveDefense',
    time.local,
    String(event.sessionId),
    '1',
    String(event.sourcePort),
    String(event.destinationPort),
    '0',
    '0',
    event.sourceAddress.includes(':') ? '0x2000000' : '0x0',
    event.protocol,
    event.action,
  ]
  for (let i = 0; i < leading.length; i++) row[i] = leading[i] as string
  return row
}

function trafficCsv(event: FirewallEvent, device: DeviceIdentity, time: LineTime): string {
  const row = leadingColumns(event, 'TRAFFIC', device, time, TRAFFIC_COLUMNS)
  row[31] = String(event.bytesSent + event.bytesReceived)
  row[32] = String(event.bytesSent)
  row[33] = String(event.bytesReceived)
  row[34] = String(event.packetsSent + event.packetsReceived)
  row[35] = time.local
  row[36] = event.action === 'allow' ? '12' : '0'
  row[37] = 'any'
  row[39] = String(event.sequenceNumber)
  row[40] = '0x8000000000000000'
  row[41] = quoted(event.sourceCountry)
  row[42] = quoted(event.destinationCountry)
  row[44] = String(event.packetsSent)
  row[45] = String(event.packetsReceived)
  row[46] = event.sessionEndReason
  for (const column of [47, 48, 49, 50, 56, 58, 61, 62, 63, 64, 66, 67]) row[column] = '0'
  row[52] = device.name
  row[53] = 'from-policy'
  row[60] = 'N/A'
  row[65] = event.ruleId
  row[102] = time.highResolution
  if (event.action === 'allow') {
    for (let i = 0; i < APPLICATION_FACTS.length; i++) row[105 + i] = APPLICATION_FACTS[i] as string
  }
  row[114] = 'no'
  row[115] = 'NonProxyTraffic'
  return row.join(',')
}

function threatCsv(event: FirewallEvent, threat: Threat, device: DeviceIdentity, time: LineTime): string {
  const row = leadingColumns(event, 'THREAT', device, time, THREAT_COLUMNS)
  row[31] = `"${threat.url.replaceAll('"', '""')}"`
  row[32] = quoted(`${threat.name}(${threat.id})`)
  row[33] = 'any'
  row[34] = threat.severity
  row[35] = threat.direction
  row[36] = String(event.sequenceNumber)
  row[37] = '0x8000000000000000'
  row[38] = quoted(event.sourceCountry)
  row[39] = quoted(event.destinationCountry)
  for (const column of [54, 55, 56, 57, 64, 66, 72, 73, 77]) row[column] = '0'
  row[59] = device.name
  row[69] = threat.category
  row[70] = 'AppThreat-9001-9500'
  row[76] = event.ruleId
  row[107] = time.highResolution
  row[121] = 'NonProxyTraffic'
  return row.join(',')
}

function quoted(value: string): string {
  return /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
