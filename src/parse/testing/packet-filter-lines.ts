/** Lines of our own in the forms of netfilter, filterlog, RouterOS and the services beside them (documentation addresses). */

const KERNEL = 'Jun  8 14:34:33 gw kernel: [50028442.088484] '
export const TCP_PACKET =
  'IN=eth0 OUT= MAC=00:00:5e:00:53:01:00:00:5e:00:53:02:08:00 SRC=198.51.100.7 DST=203.0.113.10 LEN=40 TOS=0x00 PREC=0x00 TTL=245 ID=37308 PROTO=TCP SPT=51514 DPT=8123 WINDOW=1024 RES=0x00 SYN URGP=0'
export const UDP_PACKET =
  'IN=ppp0 OUT= MAC= SRC=198.51.100.7 DST=203.0.113.10 LEN=512 TOS=00 PREC=0x00 TTL=70 ID=55012 PROTO=UDP SPT=24128 DPT=1026 LEN=492 MARK=1a0000'

/** A kernel line with a log prefix. */
export function kernelLine(prefix: string, packet = TCP_PACKET): string {
  return KERNEL + prefix + packet
}

export const FILTERLOG_V4 =
  '146,,,1535324496,igb1.12,match,block,in,4,0x0,,63,12617,0,DF,6,tcp,60,198.51.100.7,203.0.113.10,49724,853,0,S,1891286705,,64240,,mss;sackOK;TS;nop;wscale'
export const FILTERLOG_V6 =
  '6,,,1000000105,igb1.27,match,pass,out,6,0x00,0xf6279,1,UDP,17,32,2001:db8::7,2001:db8:1::10,546,547,32'
export const PFSENSE_HEADER = '<134>Jul  3 19:10:30 filterlog[72237]: '
export const OPNSENSE_HEADER =
  '<134>1 2024-09-06T18:37:34+02:00 opnsense filterlog 69805 - [meta sequenceId="2633353"] '

export const PF_TEXT =
  'rule 5/0(match): block in on em0: (tos 0x0, ttl 64, id 1, offset 0, flags [DF], proto TCP (6), length 60) 198.51.100.7.51514 > 203.0.113.10.22: Flags [S], seq 1'

export const ROUTEROS_HEADER = '2024-03-18T20:35:05.734637+01:00 gw '
export const ROUTEROS_TCP =
  'firewall,info drop-in input: in:ether1-WAN out:(unknown 0), connection-state:new src-mac 00:00:5e:00:53:02, proto TCP (SYN), 198.51.100.7:59388->203.0.113.10:23, len 40'
export const ROUTEROS_NAT =
  'firewall,info forward: in:ether1 out:bridge, connection-state:new,dnat src-mac 00:00:5e:00:53:02, proto TCP (SYN), 198.51.100.7:1234->203.0.113.10:80, NAT 198.51.100.7:1234->(203.0.113.10:80->192.0.2.8:8080), len 52'
export const ROUTEROS_LOGIN = 'system,error,critical login failure for user admin from 198.51.100.7 via ssh'

/** One line of each form, for tests that change lines at random. */
export const PACKET_FILTER_LINES: readonly string[] = [
  kernelLine('[UFW BLOCK] '),
  kernelLine('[WAN_LOCAL-default-D]', UDP_PACKET),
  `100 7 tap100i0-IN 20/Jun/2024:13:09:14 +0200 policy DROP: ${TCP_PACKET}`,
  PFSENSE_HEADER + FILTERLOG_V4,
  OPNSENSE_HEADER + FILTERLOG_V6,
  `Feb 20 11:49:43 gw pf: ${PF_TEXT}`,
  ROUTEROS_HEADER + ROUTEROS_TCP,
  ROUTEROS_HEADER + ROUTEROS_NAT,
  ROUTEROS_HEADER + ROUTEROS_LOGIN,
  '<29>Jul  3 21:42:57 openvpn[66026]: bob/198.51.100.7:37849 TLS Auth Error: Auth Username/Password verification failed for peer',
  "<36>1 2024-07-03T22:40:38.477134-05:00 gw openvpn 68813 - - user 'bob' could not authenticate.",
  'Jun 27 09:02:22 gw gw sshd[454008]: Failed keyboard-interactive/pam for invalid user bob from 198.51.100.7 port 5454 ssh2',
  "Jun 27 09:02:22 gw php-fpm[1234]: /index.php: webConfigurator authentication error for user 'bob' from: 198.51.100.7",
  '<190>Jul  4 09:39:41 dhcpd[64305]: DHCPREQUEST for 192.0.2.8 (192.0.2.1) from 00:00:5e:00:53:02 (pc) via eth0.60',
  '<30>Aug 15 16:19:02 unbound[26931]: [26931:0] info: 192.0.2.8 www.example.com. A IN',
]
