/**
 * Every setting, written once: key, type, default, unit and meaning. The YAML file, `--set KEY=VALUE`, `ADS__` names
 * in the environment, the settings kept in the state database, their types and docs/config.md all come from this
 * table. DESIGN.md section 9 names the keys.
 */
import { z } from 'zod'
import { parseNetwork } from '../lib/address.ts'
import { FITTING_SETTINGS } from './detection-fitting.ts'
import { DETECTION_SETTINGS } from './detection-table.ts'
import { OIDC_SECRETS, OIDC_SETTINGS } from './oidc-table.ts'
import { NOTIFY_SECRETS, NOTIFY_SETTINGS } from './notify-table.ts'
import { RECORDS_SETTINGS } from './records-table.ts'
import { listen, mode, networks, type SettingDefinition, setting, templates, whole, zone } from './setting.ts'

/** Settings whose values are never shown, and which may be given as `<key>File` or `..._FILE`: a file that holds them. */
export const SECRET_KEYS: readonly string[] = [
  'metrics.token',
  'input.http.token',
  'logs.url',
  'state.url',
  ...NOTIFY_SECRETS,
  ...OIDC_SECRETS,
]

/** Settings that say where the state lies, or what may be set from the page: they cannot be kept in the state. */
export const BOOTSTRAP_KEYS: readonly string[] = ['data.dir', 'state.url', 'files.folders', 'import.folders']

/** Defaults that depend on the machine, as the documents say them. */
export const DEFAULT_NOTES: Readonly<Record<string, string>> = { 'time.zone': "the server's zone" }

export const SETTINGS = {
  'data.dir': setting(z.string().min(1), './data', 'path', 'Folder that holds all data of the service.'),
  'syslog.udp.listen': setting(listen, ':5514', 'HOST:PORT', 'Syslog over UDP; empty switches it off.'),
  'syslog.udp.receiveBuffer': setting(
    whole(65_536, 1 << 30),
    16_777_216,
    'bytes',
    'Socket buffer asked of the kernel; it grants at most net.core.rmem_max.',
  ),
  'syslog.tcp.listen': setting(listen, ':5514', 'HOST:PORT', 'Syslog over TCP; empty switches it off.'),
  'syslog.tcp.maxConnections': setting(
    whole(1, 100_000),
    1000,
    'connections',
    'TCP connections kept open at once; 100 of them from one address.',
  ),
  'syslog.tcp.idleSeconds': setting(
    whole(5, 86_400),
    600,
    's',
    'A TCP connection without a complete message for this long is closed.',
  ),
  'syslog.tls.listen': setting(listen, ':6514', 'HOST:PORT', 'Syslog over TLS; empty switches it off.'),
  'syslog.tls.clientCa': setting(
    z.string(),
    '',
    'path',
    'PEM file of the authorities whose client certificates syslog over TLS asks for, with their revocation lists if there are any; empty asks for none. Read again when the file changes.',
  ),
  'input.http.token': setting(
    z.string().regex(/^$|^[\x21-\x7e]{16,256}$/, 'expected 16 to 256 characters without blanks, or nothing'),
    '',
    'secret',
    'Bearer token for log lines by POST /api/v1/lines on web.listen; empty switches that off.',
    true,
  ),
  'senders.known': setting(
    z.array(
      z
        .string()
        .refine(
          (text) => parseNetwork(text) !== null || /^(?:\*|(?=.*[a-z])[\w.*@ -]{1,128})$/i.test(text),
          'expected an address, a network such as 192.0.2.0/24, or a name from client certificates such as *.fw.example.net',
        ),
    ),
    [],
    'list of networks and names',
    'Who may send log lines: addresses, networks, and names in client certificates (`*` stands for any text). Followed files and holders of input.http.token are always known.',
    true,
  ),
  'senders.unknown': setting(
    z.enum(['use', 'store']),
    'use',
    'use | store',
    'Lines of other senders: used for detection and shown as untrusted, or stored only, so that they convict nobody.',
    true,
  ),
  'relay.to': setting(
    z
      .string()
      .regex(
        /^$|^(?:udp|tcp):\/\/(?:\[[0-9a-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/i,
        'expected udp://HOST:PORT, tcp://HOST:PORT or nothing',
      )
      .refine((text) => {
        const port = Number(text.slice(text.lastIndexOf(':') + 1))
        return text === '' || (port >= 1 && port <= 65_535)
      }, 'expected a port from 1 to 65535'),
    '',
    'udp://HOST:PORT or tcp://HOST:PORT',
    'Another syslog server that is sent every line as it came, by TCP with octet counting; empty switches it off.',
    true,
  ),
  'relay.files': setting(z.boolean(), false, 'true | false', 'Relay the lines of followed files too.', true),
  'files.watch': setting(
    z.array(z.string().min(1)),
    ['/var/log/Firewall/*.log'],
    'list of globs',
    'Log files to follow; a new file is a new device.',
  ),
  'files.folders': setting(
    z.array(z.string().min(1)),
    ['/var/log'],
    'list of paths',
    'Folders in which log files may be followed that are registered while the service runs, on the page or by command. What the configuration file itself names in files.watch is not bound to them.',
  ),
  'files.afterRead': setting(
    z.enum(['keep', 'truncate']),
    'keep',
    'keep | truncate',
    'What to do with a log file once every line of it is stored.',
  ),
  'web.listen': setting(listen, ':8443', 'HOST:PORT', 'HTTPS: block list, API and pages.'),
  'web.tls.cert': setting(
    z.string(),
    '',
    'path',
    'PEM certificate chain of your own; empty uses the one made on first start. Read again when the file changes.',
  ),
  'web.tls.key': setting(z.string(), '', 'path', 'PEM private key of your own certificate.'),
  'web.names': setting(
    z.array(z.string().min(1)),
    [],
    'list of names and addresses',
    'Names and addresses to put into the made certificate, beside those of this machine.',
  ),
  'web.plainPage': setting(
    z.enum(['signed-in', 'open']),
    'signed-in',
    'signed-in | open',
    'Who may read the plain status page at /plain: who has signed in (or sends a token), or anybody, for a screen on the wall.',
    true,
  ),
  'crowdsec.listen': setting(
    listen,
    '',
    'HOST:PORT',
    "Plain HTTP bind for CrowdSec bouncers, which ask http://127.0.0.1:8080 unless told otherwise; empty leaves CrowdSec's API on web.listen.",
  ),
  'import.privateTargets': setting(
    networks,
    [],
    'list of networks',
    'Private and other special networks from which lists of others may be read, also by plain HTTP; else only public addresses by HTTPS.',
    true,
  ),
  'import.folders': setting(
    z.array(z.string().min(1)),
    ['/etc/active-defense/lists', '/var/lib/active-defense/import'],
    'list of paths',
    'Folders on the server from which lists of others may be read, wherever links in them lead; a list by URL needs none.',
  ),
  'metrics.listen': setting(
    listen,
    '',
    'HOST:PORT',
    'Plain HTTP bind for /metrics alone; empty leaves it on web.listen behind metrics.token.',
  ),
  'metrics.token': setting(
    z.string(),
    '',
    'secret',
    'Bearer token for /metrics on web.listen; empty refuses it there.',
  ),
  'logs.url': setting(
    z.string(),
    '',
    'URL',
    'A ClickHouse server for the logs; empty uses the embedded engine.',
  ),
  'logs.keepRaw': setting(
    z.boolean(),
    true,
    'true | false',
    'Store the text of every line beside its fields.',
  ),
  'logs.memory': setting(
    whole(268_435_456, 2 ** 40),
    1_073_741_824,
    'bytes',
    'Memory the embedded engine may take.',
  ),
  'state.url': setting(
    z.string(),
    '',
    'URL',
    'A PostgreSQL server for the state; empty uses SQLite in the data folder.',
  ),
  'parse.paloaltoTemplates': setting(
    templates,
    [],
    'list of formats',
    "Custom log formats of PAN-OS as it shows them, as a YAML list: `['src=$src|dst=$dst|...']`. With escaping: `{template: '...', escapedCharacters: '|', escapeCharacter: '#'}`. The original system's format is built in.",
    true,
  ),
  'parse.programs': setting(
    z
      .array(
        z
          .string()
          .regex(/^[\w./-]{1,32}$/, 'expected a name of letters, digits and ._/- of at most 32 bytes'),
      )
      .max(64),
    [],
    'list of names',
    'Programs (the tag or APP-NAME in the syslog header) whose text is read as a firewall line besides those that are known: for a relay that puts a name of its own there. Text of other programs is never read, since strangers can write in it.',
    true,
  ),
  'networks.own': setting(
    networks,
    [],
    'list of networks',
    'Your own public networks: never blocked, and only traffic to them counts as inbound. Empty: any destination.',
    true,
  ),
  'networks.public': setting(
    networks,
    [],
    'list of networks',
    'Special-purpose networks to treat as public all the same (tests and the demo name the documentation ranges).',
    true,
  ),
  'geo.country': setting(
    z.string(),
    '',
    'path',
    'A country or city database in MaxMind format (.mmdb), for countries that firewalls do not send. Read again when it changes.',
  ),
  'geo.owner': setting(
    z.string(),
    '',
    'path',
    'An ASN database in MaxMind format (.mmdb): who announces an address, told by explain. Read again when it changes.',
  ),
  'time.zone': setting(
    zone,
    Intl.DateTimeFormat().resolvedOptions().timeZone,
    'IANA zone',
    'Zone of nightly jobs, and of firewalls that send local times and have no zone of their own.',
  ),
  'time.deviceZones': setting(
    z.record(z.string(), zone),
    {},
    'device: zone',
    'Time zone per device, for firewalls elsewhere.',
    true,
  ),
  ...DETECTION_SETTINGS,
  ...FITTING_SETTINGS,
  'decisions.maxPerMinute': setting(
    whole(1, 1_000_000),
    100,
    'blocks/min',
    'More new detector blocks than this are held for review.',
    true,
  ),
  'decisions.graceHours': setting(
    whole(0, 8760),
    24,
    'h',
    'After a person lifts a block, detectors leave the address alone this long.',
    true,
  ),
  'decisions.briefHours': setting(
    whole(1, 8760),
    24,
    'h',
    'A block on evidence that could be forged lasts so long where a rule says `brief`; further lines do not prolong it.',
    true,
  ),
  'decisions.repeatOffender.mode': mode('off', 'Longer blocks for those who come back'),
  'decisions.repeatOffender.withinDays': setting(
    whole(1, 3650),
    90,
    'days',
    'Earlier blocks count that ran out within so many days (as long as retention.logMonths keeps them).',
    true,
  ),
  'decisions.repeatOffender.factor': setting(
    whole(1, 100),
    2,
    'times',
    'Each further block lasts so many times as long as the one before.',
    true,
  ),
  'decisions.repeatOffender.maxMonths': setting(
    whole(1, 120),
    12,
    'months of 30 days',
    'Longest block of a repeat offender.',
    true,
  ),
  'decisions.protected': setting(
    networks,
    [],
    'list of networks',
    'Further networks that are never blocked (partners, monitoring, resolvers).',
    true,
  ),
  'list.sentinel': setting(
    z.string().refine((text) => parseNetwork(text) !== null, 'expected an address'),
    '192.0.2.255',
    'address',
    'The one line of the list when nothing is blocked.',
    true,
  ),
  ...NOTIFY_SETTINGS,
  ...OIDC_SETTINGS,
  ...RECORDS_SETTINGS,
  'retention.logMonths': setting(
    whole(1, 120),
    3,
    'months of 30 days',
    'Log records are kept so long.',
    true,
  ),
  'retention.inactiveMonths': setting(
    whole(1, 120),
    1,
    'months of 30 days',
    'A blocked address not seen for so long is taken off the list.',
    true,
  ),
  'retention.hour': setting(
    whole(0, 23),
    1,
    'hour of the day',
    'When the nightly clean-up runs, in time.zone.',
    true,
  ),
  'log.level': setting(
    z.enum(['debug', 'info', 'warn', 'error']),
    'info',
    'debug | info | warn | error',
    "The service's own log.",
  ),
} as const satisfies Record<string, SettingDefinition>

export type SettingKey = keyof typeof SETTINGS
export type Settings = { readonly [Key in SettingKey]: z.infer<(typeof SETTINGS)[Key]['schema']> }

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[]

export function defaultSettings(): Settings {
  return Object.fromEntries(SETTING_KEYS.map((key) => [key, SETTINGS[key].default])) as unknown as Settings
}
