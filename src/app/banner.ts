/** What a person reads when the service has started: where it listens, where data lies, and what to do next. */
import type { Alarm } from '../telemetry/alarms.ts'
import type { InputStatus } from '../pipeline-messages.ts'

export interface BannerFacts {
  readonly version: string
  readonly dataFolder: string
  readonly inputs: readonly InputStatus[]
  /** Addresses under which other machines reach this one, the likeliest first. */
  readonly pageUrl: string
  readonly listUrl: string
  readonly listEntries: number
  /** Null once somebody has an account. */
  readonly setupCode: string | null
  readonly findings: readonly Pick<Alarm, 'message' | 'mend'>[]
  readonly isDemo: boolean
}

const LABELS: Readonly<Record<string, string>> = {
  udp: 'Syslog over UDP',
  tcp: 'Syslog over TCP',
  tls: 'Syslog over TLS',
  http: 'Lines over HTTPS',
  file: 'Log files',
}
const LABEL_WIDTH = 17

export function bannerLines(facts: BannerFacts): string[] {
  const line = (label: string, text: string): string => `  ${label.padEnd(LABEL_WIDTH)} ${text}`
  return [
    '',
    `Active Defense Syslog ${facts.version} is running.`,
    '',
    ...facts.inputs.map(({ name, address }) => line(LABELS[name] ?? name, address ?? 'off')),
    line(
      'Block list',
      `${facts.listUrl}  (${facts.listEntries === 1 ? '1 entry' : `${facts.listEntries} entries`})`,
    ),
    line('Page', facts.pageUrl),
    line('Data', facts.dataFolder),
    ...(facts.setupCode === null
      ? []
      : [line('Setup code', `${facts.setupCode}  (once, within 30 minutes, to make the first account)`)]),
    '',
    ...facts.findings.flatMap(({ message, mend }) => [`  ! ${message}`, `    Mend: ${mend}`]),
    ...(facts.findings.length > 0 ? [''] : []),
    ...(facts.isDemo
      ? [
          '  Demo: two made-up firewalls send lines here. The first block appears within a minute; open the page.',
          '',
        ]
      : [
          '  Next, on the Palo Alto firewall (docs/firewalls/paloalto.md has every step):',
          `    1. Device > Server Profiles > Syslog: this machine, ${transportOf(facts.inputs)}, default format.`,
          '    2. Objects > Log Forwarding: send traffic and threat logs to it; use it in every internet-facing rule.',
          `    3. Objects > External Dynamic Lists: type IP List, source ${facts.listUrl}, every five minutes.`,
          '    4. A deny rule on top for that list, and a deny rule at the bottom as the sensor, both with log forwarding.',
          '',
        ]),
    '  Ctrl-C stops it.',
  ]
}

/** What the firewall is to send by: the first that listens. */
function transportOf(inputs: readonly InputStatus[]): string {
  const transports = [
    ['udp', 'UDP'],
    ['tcp', 'TCP'],
    ['tls', 'SSL'],
  ] as const
  for (const [name, label] of transports) {
    const port = inputs
      .find((input) => input.name === name)
      ?.address?.split(':')
      .at(-1)
    if (port !== undefined) return `${label}, port ${port}`
  }
  return 'once a syslog listener is switched on (syslog.udp.listen)'
}
