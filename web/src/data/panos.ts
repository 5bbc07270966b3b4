/** The PAN-OS lines of docs/firewalls/paloalto.md, with this machine's address and ports filled in. */
export const CUSTOM_FORMAT =
  'SrcLocation=$srcloc; SrcIP=$src; SrcPort=$sport; SrcUser=$srcuser; DstLocation=$dstloc; DstIP=$dst; DstPort=$dport; Action=$action; RuleName=$rule; RuleID=$rule_uuid; TimeReceived=$time_received; ThreatName=$threat_name; ThreatID=$threatid; Severity=$severity; Subtype=$subtype; Type= $type;'

/** Text in a `set` line: quoted where PAN-OS needs it. */
const word = (text: string): string => (/^[\w.:/@-]+$/.test(text) ? text : `"${text.replaceAll('"', '')}"`)

export function syslogLines(host: string, port: number, transport: 'UDP' | 'TCP' | 'SSL'): string {
  const server = 'set shared log-settings syslog ActiveDefense server ads'
  const match = 'set shared log-settings profiles ActiveDefense match-list'
  return [
    `${server} server ${word(host)}`,
    `${server} transport ${transport}`,
    `${server} port ${port}`,
    `${server} format BSD`,
    `${server} facility LOG_USER`,
    ...['traffic', 'threat'].flatMap((type) => [
      `${match} ${type} log-type ${type}`,
      `${match} ${type} filter "All Logs"`,
      `${match} ${type} send-syslog ActiveDefense`,
    ]),
  ].join('\n')
}

/** `name`: of the list on the firewall, 32 characters at most. */
export function listLines(name: string, url: string): string {
  const list = `set external-list ${word(name)}`
  return [
    'set shared certificate-profile ActiveDefense CA ActiveDefense-CA',
    `${list} type ip url ${word(url)}`,
    `${list} type ip certificate-profile ActiveDefense`,
    `${list} type ip recurring five-minute`,
    `${list} type ip description "Active Defense Syslog"`,
  ].join('\n')
}

export function ruleLines(list: string, zone: string): string {
  const rule = (name: string, source: string, place: string) => {
    const begin = `set rulebase security rules "${name}"`
    return [
      `${begin} from ${word(zone)} to any`,
      `${begin} source ${word(source)} destination any`,
      `${begin} application any service any`,
      `${begin} action drop`,
      `${begin} log-start no log-end yes`,
      `${begin} log-setting ActiveDefense`,
      `move rulebase security rules "${name}" ${place}`,
    ]
  }
  return [
    ...rule('Active Defense Deny', list, 'top'),
    ...rule('Active Defense sensor', 'any', 'bottom'),
  ].join('\n')
}

/** Name of a feed's list on the firewall. */
export function listName(feed: string): string {
  const plain = feed.replace(/[^\w-]/g, '-')
  return `ActiveDefense-${plain === 'blacklist' || plain === 'default' ? 'Blacklist' : plain}`.slice(0, 32)
}
