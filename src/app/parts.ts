/** The built parts of a running service, as status, actions and jobs are given them. Null: not there yet. */
import type { Accounts } from '../api/accounts/accounts.ts'
import type { ServiceActions } from '../api/control-contract.ts'
import type { Settings } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import type { Decider } from '../decide/decider.ts'
import type { BlockList } from '../publish/block-list.ts'
import type { ServerCertificate } from '../publish/certificate.ts'
import type { FeedDesk } from '../publish/feeds/feed-desk.ts'
import type { FeedService } from '../publish/feeds/feed-service.ts'
import type { FetchLog } from '../publish/fetch-log.ts'
import type { Enforcement } from './enforcement.ts'
import type { FirewallPushes } from './firewall-pushes.ts'
import type { Firewalls } from './firewalls.ts'
import type { GeoDatabase } from '../parse/geo-database.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Alarms } from '../telemetry/alarms.ts'
import type { Events } from '../telemetry/events.ts'
import type { LiveHub } from './live-hub.ts'
import type { LogStoreKeeper } from './log-store-keeper.ts'
import type { Notifications } from './notifications.ts'
import type { KnownPeers } from './known-peers.ts'
import type { PipelineThread } from './pipeline-thread.ts'
import type { Crowdsec } from './crowdsec.ts'
import type { Importer } from './import/importer.ts'
import type { Rates } from './rates.ts'
import type { SignedIn } from './signed-in.ts'

export interface Parts {
  readonly version: string
  readonly dataFolder: string
  /** In force now. */
  readonly settings: () => Settings
  readonly clock: Clock
  readonly startedAtMs: number
  readonly alarms: Alarms
  readonly events: Events
  readonly list: BlockList
  /** All lists that firewalls fetch, and where people change them. */
  readonly feeds: FeedService
  readonly feedDesk: FeedDesk
  readonly certificate: ServerCertificate
  readonly fetches: FetchLog
  readonly rates: Rates
  /** Where firewalls fetch the list, the likeliest first. */
  readonly listUrls: () => string[]
  /** Sessions of administrators, told by whoever signs them in. */
  readonly signedIn: SignedIn
  readonly peers: KnownPeers
  decider: Decider | null
  state: StateStore | null
  pipeline: PipelineThread | null
  logs: LogStoreKeeper | null
  accounts: Accounts | null
  /** Who is told what happens. */
  notifications: Notifications | null
  /** What CrowdSec bouncers are told. */
  crowdsec: Crowdsec | null
  /** Reads lists of others. */
  importer: Importer | null
  /** The proof that blocks bite. */
  enforcement: Enforcement | null
  firewalls: Firewalls | null
  firewallPushes: FirewallPushes | null
  /** Live views; made when the first is opened. */
  live?: LiveHub | null
  /** What the API does; null until every part is there. */
  actions: ServiceActions | null
  /** Tests alone: an identity provider on this machine may be asked by plain HTTP. */
  isPlainOidcAllowed?: boolean
  /** Null without an address database. */
  geo: GeoDatabase | null
}

/** What the parts do each second, apart from their own timers. */
export function tickParts(parts: Parts): void {
  parts.crowdsec?.tick()
  parts.importer?.tick()
  parts.enforcement?.tick()
  parts.firewallPushes?.tick()
  parts.notifications?.tick()
}
