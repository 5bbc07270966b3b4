/**
 * What to change on the firewall or the relay when its lines are not understood: by where they fail, and by the vendor
 * whose format was closest. For people; nothing is decided by it.
 */

/** By the front of a format's name: where the vendor's syslog format is set. */
const WHERE: readonly (readonly [string, string])[] = [
  [
    'paloalto',
    'PAN-OS: Device > Server Profiles > Syslog > Custom Log Format: leave it empty (the default CSV), or paste the template of docs/firewalls/paloalto.md.',
  ],
  [
    'fortigate',
    'FortiOS: config log syslogd setting, set format default (or cef), set mode udp or reliable.',
  ],
  [
    'checkpoint',
    'Check Point: cp_log_export set name NAME format syslog (or cef) and cp_log_export restart.',
  ],
  ['cisco', 'Cisco: logging trap informational, and leave the message identifiers (%ASA-6-302013) in.'],
  ['netfilter', 'Linux: log with iptables -j LOG, nft log or ulogd in its LOGEMU form.'],
  ['filterlog', 'pfSense, OPNsense: send the firewall events only, in BSD or RFC 5424 form.'],
  ['mikrotik', 'RouterOS: /system logging action, bsd-syslog as you like, topics firewall.'],
  ['suricata', 'Suricata: outputs, eve-log, filetype syslog or regular; or fast.'],
  ['cef', 'Send ArcSight CEF as it is: CEF:0|vendor|product|version|id|name|severity|key=value ...'],
  ['leef', 'Send QRadar LEEF as it is: LEEF:1.0|vendor|product|version|id| and tab or the named delimiter.'],
]

const CUT =
  'The line looks cut, or was made with another template. Send by TCP or TLS, and raise the message size of relays (rsyslog: global(maxMessageSize="64k")).'
const ADDRESS =
  'Something else than an address stands there. Switch off name resolution and masking in the log, and see that no relay changes the text.'
const MOVED = 'The values do not stand where they should. Leave the log format as the vendor ships it.'

/** What to do about a reason that a format gave. */
export function adviceFor(format: string, reason: string): string {
  const what = /not an address|no address|is an address/.test(reason)
    ? ADDRESS
    : /ends before|missing|cut|short/.test(reason)
      ? CUT
      : /program/.test(reason)
        ? 'These are no packets or threats: send the firewall log alone, or leave them: they are stored and do no harm. Where a relay has put a name of its own in front of firewall lines, add that name to parse.programs.'
        : MOVED
  const where = whereOf(format)
  return where === '' ? what : `${what} ${where}`
}

export function whereOf(format: string): string {
  return WHERE.find(([front]) => format.startsWith(front))?.[1] ?? ''
}

/** Words that give a format away wherever they stand, in the order of trial. */
export const HINTS: readonly (readonly [RegExp, string])[] = [
  [/\bSrcIP=.*\bDstIP=/i, 'paloalto-custom'],
  [
    /,(?:TRAFFIC|THREAT|SYSTEM|CONFIG|GLOBALPROTECT|HIPMATCH|USERID|DECRYPTION|AUTHENTICATION),/,
    'paloalto-csv',
  ],
  [/\bCEF:\s?\d\|/, 'cef'],
  [/\bLEEF:\s?[12]\.0\|/, 'leef'],
  [/%(?:ASA|FTD|PIX|FWSM)-/, 'cisco'],
  [/\b(?:devid|devname|logid|vd)="?\w.*\b(?:type|subtype)=/, 'fortigate-kv'],
  [/\bloguid:|\bproduct:"|\borigin=[\d.]+.*\|/, 'checkpoint'],
  [/\bfilterlog\b/, 'filterlog'],
  [/\bIN=\S*.*\bSRC=/, 'netfilter'],
  [/\b(?:forward|input|srcnat|dstnat): .*\bin:\S+ out:/, 'mikrotik'],
  [/"event_type"\s*:/, 'suricata-eve'],
  [/\[\*\*\] \[\d+:\d+:\d+\]/, 'suricata-fast'],
]
