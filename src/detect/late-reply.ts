/**
 * Late replies of servers. A firewall forgets a session, the server's answer comes all the same and is logged as a new
 * session from the server to one of our hosts, each to another high port: it looks like a scan of ports, or of hosts
 * behind one port (FIELD.md B.10). The mark is a well-known port at the *source* and an ephemeral one at the
 * destination: from 1024 for UDP, from 32768 for TCP.
 *
 * A scanner may choose its source port too. One who uses 53 to pass filters is still found at every port below 1024
 * (and over TCP below 32768); above, the guard takes him for a server, which is its price. A line that does not say
 * its protocol (the old custom format) is skipped when it would be skipped for either. Ports whose scanners use the
 * same port at both ends (SIP 5060) are not in the list.
 */
export const LATE_REPLY = { none: 0, udp: 1, tcp: 2, either: 3 } as const
/** Of a record: TCP, UDP, not said, or another one. */
export const PROTOCOL = { unknown: 0, tcp: 1, udp: 2, other: 3 } as const

/** DNS, NTP, SNMP, QUIC, IKE, DNS over QUIC, OpenVPN, L2TP, STUN and TURN, NAT-T, Zoom, STUN of Google, WireGuard. */
const UDP_SERVER_PORTS = [
  53, 123, 161, 443, 500, 853, 1194, 1701, 3478, 3479, 3480, 3481, 4500, 5349, 8801, 19302, 51820,
]
/** FTP, SSH, SMTP, DNS, HTTP, POP3, IMAP, HTTPS, SMTPS, submission, DNS over TLS, IMAPS, POP3S, XMPP, Google and Apple push, HTTP proxies. */
const TCP_SERVER_PORTS = [
  20, 21, 22, 25, 53, 80, 110, 143, 443, 465, 587, 853, 993, 995, 5222, 5223, 5228, 5229, 5230, 8080, 8443,
]
const UDP_EPHEMERAL_FROM = 1024 // source translation of firewalls gives out ports from here on
const TCP_EPHEMERAL_FROM = 32_768 // Linux from 32768, Windows and others from 49152
const UDP = 1
const TCP = 2

const SERVER_PORTS = new Uint8Array(65_536)
for (const port of UDP_SERVER_PORTS) SERVER_PORTS[port] = UDP
for (const port of TCP_SERVER_PORTS) SERVER_PORTS[port] = (SERVER_PORTS[port] as number) | TCP

/** Whether the ports alone could be those of a late reply: asked first, before the protocol's text is read. */
export function mayBeLateReply(sourcePort: number, destinationPort: number): boolean {
  return destinationPort >= UDP_EPHEMERAL_FROM && SERVER_PORTS[sourcePort] !== 0
}

/** Which kind of late reply it is (LATE_REPLY), `either` where the protocol is not said. */
export function lateReplyOf(protocol: number, sourcePort: number, destinationPort: number): number {
  const server = SERVER_PORTS[sourcePort] as number
  const isUdp = (server & UDP) !== 0 && destinationPort >= UDP_EPHEMERAL_FROM
  const isTcp = (server & TCP) !== 0 && destinationPort >= TCP_EPHEMERAL_FROM
  if (protocol === PROTOCOL.unknown) return isUdp || isTcp ? LATE_REPLY.either : LATE_REPLY.none
  if (protocol === PROTOCOL.udp && isUdp) return LATE_REPLY.udp
  return protocol === PROTOCOL.tcp && isTcp ? LATE_REPLY.tcp : LATE_REPLY.none
}
