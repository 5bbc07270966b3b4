/**
 * The messages of Cisco's firewalls (ASA, FTD, PIX, FWSM) that say something about traffic, attacks or logins, in their
 * documented forms (Cisco Secure Firewall ASA Series Syslog Messages, 9.x; FWSM and PIX manuals for the older ones).
 * Messages that are not in the table are understood by level and id alone.
 */
import { compileTemplate, type Template } from './cisco-form.ts'
import { MAPPED, MEANING, type Message, type Row } from './cisco-meaning.ts'
import { TRAFFIC_ROWS } from './cisco-traffic-messages.ts'

const { loginSuccess, loginFailure, aaa, threat, attack, other, stopped, login, visit } = MEANING

const SESSION = [
  'Group <{skip}> User <{name}> IP <{a}> {*}',
  'Group = {skip}, Username = {user}, IP = {a}, {*}',
  'Group = {skip}, IP = {a}, {*}',
  'Group {w} User {user} IP {a} {*}',
  'User <{name}> IP <{a}> {*}',
  'IP = {a}, {*}',
]

function lastingSession(what: string): string[] {
  return [
    `Group <{skip}> User <{name}> IP <{a}> AnyConnect session ${what}`,
    `Group {w} User {user} IP {a} AnyConnect session ${what}`,
  ]
}

const THREATS: readonly Row[] = [
  [
    [338001, 338002, 338003, 338004, 338005, 338006, 338007, 338008],
    visit,
    '',
    'dynamic-filter',
    [
      `Dynamic Filter {action} [blacklisted ][black listed ]{proto} traffic from ${MAPPED}, {side} {w} resolved from {rule} list: {threat}, threat-level: {level}, category: {class}`,
      `Dynamic Filter {action} [blacklisted ][black listed ]{proto} traffic from ${MAPPED}, {side} {w} resolved from {rule} list: {threat}`,
      `Dynamic Filter {action} [blacklisted ][black listed ]{proto} traffic from ${MAPPED}, {side} {*}`,
    ],
  ],
  [
    [338101, 338102, 338103, 338104, 338201, 338202, 338203, 338204],
    other,
    '',
    'dynamic-filter',
    [
      `Dynamic Filter {action} [whitelisted ][greylisted ][white listed ][grey listed ]{proto} traffic from ${MAPPED}, {*}`,
    ],
  ],
  [
    Array.from({ length: 52 }, (_, i) => 400_000 + i),
    threat,
    '',
    'ids',
    [
      'IPS:{id} {threat} from {a} to {b} on interface {iface}',
      'IDS:{id} {threat} from {a} to {b} on interface {iface}',
    ],
  ],
  [[401002], other, 'shun-added', 'shun', ['Shun added: {a} {*}']],
  [[401003], other, 'shun-deleted', 'shun', ['Shun deleted: {a}']],
  [[733100], threat, '', 'threat-detection', ['{[}{object}{]} drop {*}', '{object} drop rate {*}']],
  [
    [733101],
    attack,
    '',
    'threat-detection',
    [
      '{w} {a} is attacking{*}',
      '{w} {b} is targeted{*}',
      '{w} {a} (is attacking){*}',
      '{w} {b} (is targeted){*}',
    ],
  ],
  [[733102], attack, 'shunned', 'threat-detection', ['Threat-detection adds host {a} to shun list']],
  [[733103], other, 'shun-deleted', 'threat-detection', ['Threat-detection removes host {a} from shun list']],
  [
    [108003],
    threat,
    'terminating',
    'mail',
    ['Terminating {w} connection; {threat} in the mail address from {a} to {b}{*}'],
  ],
]

const LOGINS: readonly Row[] = [
  [[605004], loginFailure, 'denied', 'login', ['Login denied from {a} to {b} for user {user}']],
  [[605005], loginSuccess, 'permitted', 'login', ['Login permitted from {a} to {b} for user {user}']],
  [
    [611101],
    loginSuccess,
    'succeeded',
    'login',
    ['User authentication succeeded: [IP address: {a}, ]Uname: {user}'],
  ],
  [
    [611102],
    loginFailure,
    'failed',
    'login',
    ['User authentication failed: [IP address: {a}, ]Uname: {user}'],
  ],
  [[611103], other, 'logged-out', 'login', ['User logged out: Uname: {user}']],
  [
    [308001],
    loginFailure,
    'incorrect',
    'enable',
    ['[PIX ]console enable password incorrect for {w} tries (from {a})'],
  ],
  [[109001], other, 'start', 'auth', ['Auth start for user {user} from {a} to {b}']],
  [
    [109005],
    loginSuccess,
    'succeeded',
    'auth',
    ['Authentication succeeded for user {user} from {a} to {b} on interface {iface}'],
  ],
  [
    [109006],
    loginFailure,
    'failed',
    'auth',
    ['Authentication failed for user {user} from {a} to {b} on interface {iface}'],
  ],
  [
    [109007],
    other,
    'permitted',
    'authorization',
    ['Authorization permitted for user {user} from {a} to {b} on interface {iface}'],
  ],
  [
    [109008],
    stopped,
    'denied',
    'authorization',
    ['Authorization denied for user {user} from {a} to {b} on interface {iface}'],
  ],
  [[109002, 109010], login, 'failed', 'auth', ['Auth from {a} to {b} failed ({skip}) on interface {iface}']],
  [[109017], stopped, 'limit-exceeded', 'auth', ['User at {a} exceeded auth proxy connection limit{*}']],
  [
    [109031],
    loginFailure,
    'failed',
    'auth',
    ['NT Domain Authentication Failed: rejecting guest login for {user}'],
  ],
  [[113004], aaa, 'successful', 'aaa', ['AAA user {w} Successful[ :] server = {b}[ :][ ,] user = {user*}']],
  [
    [113005, 113015, 113016, 113017],
    loginFailure,
    'rejected',
    'aaa',
    [
      'AAA user authentication Rejected : reason = {skip}: server = {b}[ :][ ,] user = {name}: user IP = {a}',
      'AAA user authentication Rejected : reason = {skip}: server = {b}[ :][ ,] user = {user*}',
      'AAA user authentication Rejected : reason = {skip}: local database [:][ ,] user = {name}: user IP = {a}',
      'AAA user authentication Rejected : reason = {skip}: local database [:][ ,] user = {user*}',
      'AAA credentials rejected : reason = {skip}: server = {b}[ :][ ,] user = {name}: user IP = {a}',
      'AAA credentials rejected : reason = {skip}: server = {b}[ :][ ,] user = {user*}',
      'AAA credentials rejected : reason = {skip}: local database [:][ ,] user = {name}: user IP = {a}',
      'AAA credentials rejected : reason = {skip}: local database [:][ ,] user = {user*}',
    ],
  ],
  [[113006], loginFailure, 'locked-out', 'aaa', ['User {user} locked out on exceeding {*}']],
  [
    [113012],
    loginSuccess,
    'successful',
    'aaa',
    ['AAA user authentication Successful : local database [:][ ,] user = {user*}'],
  ],
  [
    [113014],
    login,
    'not-accessible',
    'aaa',
    ['AAA authentication server not accessible : server = {b}[ :][ ,] user = {user*}'],
  ],
  [
    [113019],
    other,
    'disconnected',
    'session',
    [
      'Group = {skip}, Username = {user}, IP = {a}, Session disconnected. Session Type: {skip}, Duration: {w} Bytes xmt: {received}, Bytes rcv: {sent}, Reason: {reason}',
    ],
  ],
  [
    [113021],
    loginFailure,
    'failed',
    'console',
    ['Attempted console login failed. User {user} did NOT have appropriate Admin Rights.'],
  ],
  [[113039, 716001, 722051], loginSuccess, '', 'session', SESSION],
  [[722022], loginSuccess, 'svc-connection-established', 'session', SESSION],
  [[722023], other, 'svc-connection-terminated', 'session', SESSION],
  [[722028], other, 'connection-closed', 'session', SESSION],
  [[722032], other, 'connection-replacing-old-connection', 'session', SESSION],
  [[722033], other, 'connection-established-for-svc-session', 'session', SESSION],
  [[722037], other, 'closing-connection', 'session', SESSION],
  [[716058], other, 'anyconnect-session-lost-connection', 'session', lastingSession('lost connection{*}')],
  [[716059], other, 'anyconnect-session-resumed', 'session', lastingSession('resumed{*}')],
  [
    [721016],
    other,
    'created',
    'session',
    ['({skip}) WebVPN session for client user {user}, IP {a} has been {*}'],
  ],
  [
    [721018],
    other,
    'deleted',
    'session',
    ['({skip}) WebVPN session for client user {user}, IP {a} has been {*}'],
  ],
  [
    [315011],
    other,
    'disconnected',
    'session',
    ['SSH session from {a} on interface {iface} for user {user} disconnected by SSH server{*}'],
  ],
  [[737016], other, 'freeing-local-pool-address', 'pool', ['IPAA: [Session={w}, ]Freeing local pool {*}']],
  [[113022, 113023], other, 'marking', 'aaa', ['AAA Marking {w} server {b} in aaa-server group {*}']],
  [[111004], other, 'end-configuration', 'command', ['{a} end configuration: {*}']],
  [[111007], other, 'begin-configuration', 'command', ['Begin configuration: {a} reading from {*}']],
  [[716038], loginSuccess, 'successful', 'session', SESSION],
  [
    [716039],
    loginFailure,
    'rejected',
    'session',
    [...SESSION, 'Authentication: rejected, group = {w} user = {user}[ ], Session Type: {*}'],
  ],
  [[111008, 111009], other, 'executed', 'command', ['User {user} executed {*}']],
  [[111010], other, 'executed', 'command', ['User {user}, running {w} from IP {a}, executed {*}']],
  [[502101], other, 'added', 'user', ['New user added to local dbase: Uname: {user} {*}']],
  [[502102], other, 'deleted', 'user', ['User deleted from local dbase: Uname: {user} {*}']],
  [[502103], other, 'changed', 'user', ['User priv level changed: Uname: {user} {*}']],
  [[734001], other, 'selected', 'dap', ['DAP: User {user}, Addr {a}, Connection {skip}: {*}']],
  [
    [750001, 750002, 750003, 750004, 750005, 750006, 750007, 750008, 750009, 750010, 751002],
    other,
    '',
    'ikev2',
    ['Local:{a:} Remote:{b:} Username:{user} {*}'],
  ],
]

/** Forms that messages without a row of their own share: those of VPN sessions. */
export const SESSION_FORMS: readonly Template[] = SESSION.map(compileTemplate)

const ROWS: readonly Row[] = [...TRAFFIC_ROWS, ...THREATS, ...LOGINS]

export const MESSAGES: ReadonlyMap<number, Message> = new Map(
  ROWS.flatMap(([ids, meaning, action, subtype, forms]) => {
    const templates = forms.map(compileTemplate)
    return ids.map((id): [number, Message] => [id, { id, meaning, action, subtype, forms: templates }])
  }),
)

/**
 * Messages that are recognised by their text alone, where a relay took the number away. Only forms that begin with words
 * of their own; their number is not known then. By their first word.
 */
const BARE_IDS = [
  106_001, 106_006, 106_010, 106_014, 106_015, 106_021, 106_023, 106_100, 302_013, 302_014, 302_020, 302_021,
  305_011, 305_012, 313_001, 313_004, 313_005, 605_004, 605_005, 113_004, 113_005, 113_012, 113_015, 113_019,
  716_058, 716_059,
]
export const BARE_MESSAGES: ReadonlyMap<string, readonly Message[]> = Map.groupBy(
  [
    ...BARE_IDS.flatMap((id) => MESSAGES.get(id) ?? []),
    { id: 0, meaning: other, action: '', subtype: 'session', forms: SESSION_FORMS.slice(0, 2) },
  ].flatMap((message) => message.forms.map((form): Message => ({ ...message, id: 0, forms: [form] }))),
  ({ forms }) => firstWordOf(forms[0] as Template),
)

function firstWordOf(form: Template): string {
  return String.fromCharCode(...(form[0]?.literal ?? [])).split(' ')[0] ?? ''
}
