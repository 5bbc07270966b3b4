/**
 * What firewalls depend on, and nothing else: the list with its last good copy, the certificate and the HTTPS server.
 * Started first and stopped last, so the list is served while state, pipeline and log store come and go.
 */
import { tellFeedAuthorities } from './feed-authorities.ts'
import { addApi } from './api-routes.ts'
import { CrowdsecServer } from '../api/crowdsec-server.ts'
import { join } from 'node:path'
import { authenticator } from '../api/accounts/account-routes.ts'
import { HttpsServer } from '../api/server.ts'
import { readWebFiles } from '../api/web-routes.ts'
import { MetricsServer } from '../api/metrics-server.ts'
import type { Settings } from '../config/schema.ts'
import { senderAddress } from '../input/sender-address.ts'
import type { Network } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { AppError } from '../lib/errors.ts'
import { type ListenAddress, parseListen } from '../lib/listen-address.ts'
import type { BlockList } from '../publish/block-list.ts'
import { ServerCertificate } from '../publish/certificate.ts'
import { FeedDesk } from '../publish/feeds/feed-desk.ts'
import { FeedService } from '../publish/feeds/feed-service.ts'
import { FetchLog } from '../publish/fetch-log.ts'
import { ListFile } from '../publish/list-file.ts'
import type { ServedCertificate } from '../publish/own-certificate.ts'
import type { StateStore } from '../store/state/state-store.ts'
import type { Alarms } from '../telemetry/alarms.ts'
import type { Events } from '../telemetry/events.ts'
import { type Metrics, metricsText } from '../telemetry/metrics.ts'
import { crowdsecApi } from './crowdsec.ts'
import type { Parts } from './parts.ts'
import { componentsOf, serviceStatus } from './status.ts'

/** Where `scripts/launch.mjs` builds the page. */
const WEB_FOLDER = join(import.meta.dirname, '../../web/dist')

export interface ServingOptions {
  readonly dataFolder: string
  readonly settings: () => Settings
  readonly clock: Clock
  readonly alarms: Alarms
  readonly events: Events
  readonly metrics: Metrics
  /** The last filter: why a target must never be on the list, or null. */
  readonly refuse: (target: Network) => string | null
  /** Networks over which no feed merges. */
  readonly never: () => readonly Network[]
  /** Peers with completed sessions, over which no feed merges with collateral; null: they cannot be told now. */
  readonly spared: () => Promise<readonly Network[] | null>
  readonly state: StateStore
}

export class Serving {
  readonly fetches = new FetchLog()
  /** All that firewalls fetch; the first feed is the list. */
  readonly feeds: FeedService
  readonly feedDesk: FeedDesk
  readonly certificate: ServerCertificate
  /** Told of every certificate that is served from now on. */
  onCertificate: (certificate: ServedCertificate) => void = () => {}
  readonly #options: ServingOptions
  readonly #file: ListFile
  #server: HttpsServer | null = null
  #metricsServer: MetricsServer | null = null
  #crowdsecServer: CrowdsecServer | null = null
  #parts: Parts | null = null

  private constructor(options: ServingOptions, file: ListFile, feeds: FeedService) {
    const { clock, alarms, events, dataFolder, state } = options
    const settings = options.settings()
    this.#options = options
    this.#file = file
    this.feeds = feeds
    this.feedDesk = new FeedDesk({ service: feeds, state, clock, onChange: () => this.askForCertificates() })
    this.certificate = new ServerCertificate({
      folder: `${dataFolder}/certificates`,
      names: settings['web.names'],
      certPath: settings['web.tls.cert'],
      keyPath: settings['web.tls.key'],
      clock,
      alarms,
      onChange: (served) => {
        events.certificateServed(served)
        this.#server?.setCertificate(served)
        this.onCertificate(served)
      },
    })
  }

  /** Reads the last good copies and the feeds; never rejects for their sake. */
  static async open(options: ServingOptions): Promise<Serving> {
    const { dataFolder, clock, alarms, events, settings, refuse, never, spared, state } = options
    const folder = `${dataFolder}/lists`
    const file = new ListFile({ folder, clock, alarms })
    const { snapshot, findings } = await file.load()
    events.listLoaded({ revision: snapshot?.revision ?? null, entries: snapshot?.entries ?? 0, findings })
    if (snapshot !== null) events.listServed(snapshot)
    const feeds = await FeedService.open({
      folder,
      clock,
      alarms,
      sentinel: () => settings()['list.sentinel'],
      refuse,
      never,
      spared,
      initialList: snapshot,
      onListRendered: (report) => {
        events.listRendered(report)
        file.save(report.snapshot)
      },
      onFailure: (what, error) => events.partFailed('feeds', what, error),
    })
    try {
      await feeds.takeState(state, state.openedFresh)
    } catch (error) {
      // The copies from disk are served; nothing can be changed until the state is back.
      events.partFailed('feeds', 'read the feeds from the state', error)
    }
    return new Serving(options, file, feeds)
  }

  /** The whole list, which the first feed serves. */
  get list(): BlockList {
    return this.feeds.whole.list
  }

  /** Where it listens; null before it does. */
  get address(): ListenAddress | null {
    return this.#server?.address ?? null
  }

  /** Where bouncers are answered over plain HTTP; null: nowhere. */
  get crowdsecAddress(): ListenAddress | null {
    return this.#crowdsecServer?.address ?? null
  }

  /** Rejects with AppError `port-unavailable` or `bad-configuration`. */
  async start(parts: Parts, redeem: (setupCode: string) => boolean): Promise<void> {
    const { events, metrics, settings } = this.#options
    const listen = parseListen(settings()['web.listen'])
    if (listen === null)
      throw new AppError('bad-configuration', 'web.listen is empty: firewalls could not fetch the list')
    await this.certificate.start()
    const onFailure = (what: string, error: unknown): void => events.partFailed('web', what, error)
    const callers = authenticator(() => parts.accounts)
    this.#server = new HttpsServer({
      listen,
      certificate: this.certificate.served,
      sources: {
        list: () => this.list.snapshot,
        feeds: {
          counter: this.feeds.counter,
          onFetch: (fetch) => {
            this.feeds.noteFetch(fetch)
            if (fetch.status === 0) return
            this.fetches.record(fetch)
            events.listFetched(fetch)
          },
        },
        components: () => componentsOf(parts),
        status: () => serviceStatus(parts),
        metrics: () => metricsText(metrics),
        authorityPem: () => this.certificate.authorityPem(),
        metricsToken: () => settings()['metrics.token'],
        lines: {
          token: () => settings()['input.http.token'],
          submit: async (peer, lines) =>
            (await parts.pipeline?.postLines({ sender: senderAddress(peer), ...lines })) ?? 'away',
        },
      },
      clock: this.#options.clock,
      sentinel: settings()['list.sentinel'],
      onFetch: (fetch) => {
        this.fetches.record(fetch)
        events.listFetched(fetch)
      },
      onFailure,
      onAnswer: (route, status) => events.httpAnswered(route, status),
      mayReadStatus: async (request) => {
        if (settings()['web.plainPage'] === 'open') return true
        const caller = await callers.callerOf(request, senderAddress(request.socket.remoteAddress ?? ''))
        return caller !== null && caller.mustChange !== true
      },
      web: readWebFiles(WEB_FOLDER),
      addRoutes: (app) => addApi(app, parts, redeem, onFailure),
    })
    this.#parts = parts
    this.askForCertificates()
    await this.#server.start()
    const crowdsecListen = parseListen(settings()['crowdsec.listen'])
    if (crowdsecListen !== null) {
      this.#crowdsecServer = new CrowdsecServer(crowdsecListen, crowdsecApi(parts, onFailure), onFailure)
      await this.#crowdsecServer.start()
    }
    const metricsListen = parseListen(settings()['metrics.listen'])
    if (metricsListen === null) return
    this.#metricsServer = new MetricsServer({
      listen: metricsListen,
      metrics: () => metricsText(metrics),
      onFailure,
    })
    await this.#metricsServer.start()
  }

  /** Clients are asked for a certificate only while a feed or a bouncer has one. */
  askForCertificates(): void {
    const feeds = this.feeds.all()
    tellFeedAuthorities(feeds, this.#options.alarms, this.#options.clock.nowMs())
    const isWanted = feeds.some(
      ({ definition: { access } }) =>
        access.certificates != null || access.credentials.some(({ kind }) => kind === 'client-certificate'),
    )
    const bouncers = this.#parts?.crowdsec?.bouncers.all() ?? []
    const hasBouncer = bouncers.some(({ certificate }) => certificate !== null)
    this.#server?.askForCertificates(isWanted || hasBouncer)
  }

  /** The last revision is on disk when it resolves. */
  async stop(): Promise<void> {
    await this.#metricsServer?.stop()
    await this.#crowdsecServer?.stop()
    if (this.#server?.address != null) await this.#server.stop()
    await this.certificate.stop()
    await this.feeds.close()
    await this.feeds.closeJournal()
    await this.#file.close()
  }
}
