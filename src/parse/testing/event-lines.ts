/** Synthetic CEF, LEEF and Suricata lines, documentation addresses only: one of each form, for the tests of each. */

export const FORTIGATE_CEF =
  'CEF:0|Fortinet|Fortigate|v7.2.8|00013|traffic:forward close|3|deviceExternalId=FGT60E0000000001 FTNTFGTeventtime=1740014900123456789 FTNTFGTtz=+1100 FTNTFGTlogid=0000000013 cat=traffic:forward FTNTFGTsubtype=forward FTNTFGTlevel=notice FTNTFGTvd=root src=198.51.100.7 spt=45719 deviceInboundInterface=wan1 FTNTFGTsrcintfrole=wan dst=203.0.113.10 dpt=443 deviceOutboundInterface=port19 FTNTFGTsrccountry=Germany FTNTFGTdstcountry=Reserved externalId=56633 proto=6 act=close FTNTFGTpolicyid=12 FTNTFGTpolicytype=policy FTNTFGTpolicyname=Web servers app=HTTPS FTNTFGTapp=HTTPS.BROWSER FTNTFGTtrandisp=snat sourceTranslatedAddress=203.0.113.1 sourceTranslatedPort=45719 FTNTFGTduration=7 out=398 in=1605 FTNTFGTsentpkt=5 FTNTFGTrcvdpkt=6'

export const FORTIGATE_IPS =
  'CEF:0|Fortinet|Fortigate|v7.2.8|16384|utm:ips signature dropped|7|deviceExternalId=FGT60E0000000001 FTNTFGTeventtime=1740014900 cat=utm:ips FTNTFGTsubtype=ips FTNTFGTeventtype=signature FTNTFGTlevel=alert FTNTFGTseverity=critical src=198.51.100.7 FTNTFGTsrccountry=Germany dst=203.0.113.10 deviceInboundInterface=wan1 deviceOutboundInterface=dmz externalId=901 act=dropped proto=6 app=HTTP FTNTFGTpolicyid=1 FTNTFGTattack=Some.Web.Server.Code.Execution spt=40001 dpt=80 request=/cgi-bin/x?a\\=b deviceDirection=1 FTNTFGTattackid=29844 duser=N/A msg=web: Some.Web.Server.Code.Execution,'

export const CHECKPOINT_CEF =
  'CEF:0|Check Point|VPN-1 & FireWall-1|Check Point|Log|https|Unknown|act=Drop destinationTranslatedAddress=0.0.0.0 destinationTranslatedPort=0 deviceDirection=0 rt=1740014900000 sourceTranslatedAddress=0.0.0.0 spt=53782 dpt=443 cs2Label=Rule Name cs2=Clean up layer_name=Network layer_name=Application rule_uid=37c21d26-f155-407a-9958-8584c1fd3320 rule_uid=aaaaaaaa-f155-407a-9958-8584c1fd3320 ifname=eth1 loguid={0x5ef37610,0x8,0x4d3c03bf,0xf33d4984} origin=192.0.2.1 originsicname=CN\\=fw01,O\\=example.org.zazgch sequencenum=133 version=5 version=5 dst=203.0.113.10 inzone=External outzone=Internal product=VPN-1 & FireWall-1 proto=6 service_id=https src=198.51.100.7'

export const CHECKPOINT_IPS =
  "CEF:0|Check Point|SmartDefense|Check Point|IPS|Web Server Information Disclosure|Very-High|act=Prevent cp_severity=High cnt=3 cs1Label=Threat Prevention Rule Name cs2Label=Protection ID cs2=asm_x cs4Label=Protection Name cs4=Web Server Information Disclosure cs4Label=Threat Prevention Rule ID cs4={115C1043-DF8A-48D4-96CB-0200C1F1499A} deviceDirection=1 flexNumber1Label=Confidence flexNumber1=5 in=52 msg=Web Server Enforcement Violation out=0 request=http://203.0.113.10/.git/config requestMethod=GET rt=1740014900000 spt=51451 dpt=80 cs1Label=Threat Prevention Rule Name cs1=Web servers dst=203.0.113.10 product=SmartDefense proto=6 src=198.51.100.7 tcp_flags=isn't SYN"

export const STRATA_CEF =
  'CEF:0|Palo Alto Networks|LF|2.0|THREAT|vulnerability|9|ProfileToken=x dtz=UTC rt=Feb 20 2025 01:28:21 deviceExternalId=013201001234 PanOSConfigVersion= start=Feb 20 2025 01:28:20 src=198.51.100.7 dst=203.0.113.10 sourceTranslatedAddress=0.0.0.0 destinationTranslatedAddress=203.0.113.77 cs1=Web servers cs1Label=Rule suser=bob suser0=lab\\\\bob duser= app=web-browsing cs3=vsys1 cs3Label=VirtualLocation cs4=untrust cs4Label=FromZone cs5=dmz cs5Label=ToZone cn1=980296 cn1Label=SessionID cnt=1 spt=32350 dpt=80 destinationTranslatedPort=8080 proto=tcp act=reset-both request=/a?x\\=1 cs2=unknown cs2Label=URLCategory flexString2=client to server flexString2Label=DirectionOfAttack externalId=7204134051344758260 PanOSSeverity=Critical cat=OS Command Injection PanOSThreatID=OS Command Injection(95187) PanOSThreatCategory=code-execution PanOSSourceLocation=US PanOSDestinationLocation=AU dvchost=LAB-FW-01 PanOSRuleUUID=ace432fe-a9f2-5a1e-327a-91fdce0077da PanOSX-Forwarded-ForIP=192.0.2.9 PanOSSourceEDL= PanOSTimeGeneratedHighResolution=Feb 20 2025 01:28:20'

export const FIREWALL_CEF =
  'CEF:0|Palo Alto Networks|PAN-OS|11.1.0|drop|TRAFFIC|1|rt=Feb 20 2025 01:28:21 GMT deviceExternalId=013201001234 src=198.51.100.7 dst=203.0.113.10 sourceTranslatedAddress=0.0.0.0 destinationTranslatedAddress=0.0.0.0 cs1Label=Rule cs1=Sensor suser= duser= app=not-applicable cs3Label=Virtual System cs3=vsys1 cs4Label=Source Zone cs4=untrust cs5Label=Destination Zone cs5=untrust cn1Label=SessionID cn1=0 cnt=1 spt=51514 dpt=8060 sourceTranslatedPort=0 destinationTranslatedPort=0 flexString1Label=Flags flexString1=0x0 proto=tcp act=drop flexNumber1Label=Total bytes flexNumber1=60 in=60 out=0 cn2Label=Packets cn2=1 PanOSPacketsReceived=0 PanOSPacketsSent=1 start=Feb 20 2025 01:28:20 GMT cs2Label=URL Category cs2=any externalId=7204134051344758261 reason=policy-deny dvchost=LAB-FW-01 cat=from-policy'

export const PALOALTO_LEEF =
  'LEEF:1.0|Palo Alto Networks|PAN-OS Syslog Integration|11.1.0|drop|cat=TRAFFIC|ReceiveTime=2025/02/20 12:28:21|SerialNumber=013201001234|Type=TRAFFIC|Subtype=drop|devTime=Feb 20 2025 01:28:20 GMT|src=198.51.100.7|dst=203.0.113.10|srcPostNAT=0.0.0.157|dstPostNAT=0.0.0.0|RuleName=Sensor|usrName=|SourceUser=|DestinationUser=|Application=not-applicable|VirtualSystem=vsys1|SourceZone=untrust|DestinationZone=untrust|SessionID=0|RepeatCount=1|srcPort=51514|dstPort=8060|proto=tcp|action=drop|totalBytes=60|dstBytes=0|srcBytes=60|URLCategory=any|sequence=7204134051344758261|SourceLocation=Singapore|DestinationLocation=Australia|dstPackets=0|srcPackets=1|SessionEndReason=policy-deny|DeviceName=LAB-FW-01'

export const GENERIC_CEF =
  'CEF:0|Example|Firewall|1.0|deny|Denied by policy|5|src=198.51.100.7 spt=4000 dst=203.0.113.10 dpt=22 act=Deny proto=6 deviceInboundInterface=ge-0/0/0 in=60 out=0 rt=1740014900000'

export const GENERIC_LEEF =
  'LEEF:2.0|Example|Firewall|1.0|41|^|src=198.51.100.7^dst=203.0.113.10^sev=5^srcPort=4000^dstPort=22^usrName=joe^action=deny^proto=TCP^devTime=20/02/2025 01:28:20^devTimeFormat=dd/MM/yyyy HH:mm:ss'

export const EVE_ALERT =
  '{"timestamp":"2025-02-20T01:28:20.533101+0000","flow_id":1258832998001901,"in_iface":"bond0","event_type":"alert","src_ip":"198.51.100.7","src_port":52812,"dest_ip":"203.0.113.10","dest_port":80,"proto":"TCP","metadata":{"flowbits":["x"]},"alert":{"action":"allowed","gid":1,"signature_id":2024468,"rev":3,"signature":"EXAMPLE \\"OGNL\\" Expression Injection","category":"Attempted User Privilege Gain","severity":1,"metadata":{"attack_target":["Web_Server"]}},"http":{"hostname":"203.0.113.10","url":"\\/a?b=1","status":200},"app_proto":"http","flow":{"pkts_toserver":4,"pkts_toclient":2,"bytes_toserver":455,"bytes_toclient":971,"start":"2025-02-20T01:28:19.667442+0000"}}'

export const EVE_FLOW =
  '{"timestamp":"2025-02-20T01:28:20.378379+0000","flow_id":883709815679084,"event_type":"flow","src_ip":"198.51.100.7","src_port":56814,"dest_ip":"203.0.113.10","dest_port":2352,"proto":"TCP","flow":{"pkts_toserver":2,"pkts_toclient":1,"bytes_toserver":108,"bytes_toclient":54,"start":"2025-02-20T01:27:21.714860+0000","age":0,"state":"closed","reason":"timeout","alerted":false},"tcp":{"tcp_flags":"16","tcp_flags_ts":"06","tcp_flags_tc":"14","syn":true,"rst":true,"ack":true,"state":"closed"}}'

export const FAST_LOG =
  '02/20/2025-12:28:20.251216  [**] [1:2008578:4] EXAMPLE SCAN [x] Scan [**] [Classification: Attempted Information Leak] [Priority: 2] {UDP} 198.51.100.7:5116 -> 203.0.113.10:5060'

export const EVENT_LINES: readonly string[] = [
  FORTIGATE_CEF,
  FORTIGATE_IPS,
  CHECKPOINT_CEF,
  CHECKPOINT_IPS,
  STRATA_CEF,
  FIREWALL_CEF,
  PALOALTO_LEEF,
  GENERIC_CEF,
  GENERIC_LEEF,
  `<135>Feb 20 12:28:20 ids suricata[5885]: ${EVE_ALERT}`,
  EVE_FLOW,
  FAST_LOG,
]

/** The line with another value of a key, or with null without the key; in CEF, where keys stand behind blanks. */
export function withKey(line: string, key: string, value: string | null): string {
  const start = line.search(new RegExp(`[ |]${key}=`))
  if (start < 0) throw new Error(`no key ${key}`)
  const from = start + 1
  const rest = line.slice(from + key.length + 1)
  const next = rest.search(/ [A-Za-z][\w.-]*=/)
  const tail = next < 0 ? '' : rest.slice(next + 1)
  return value === null
    ? line.slice(0, from) + tail
    : `${line.slice(0, from)}${key}=${value} ${tail}`.trimEnd()
}
