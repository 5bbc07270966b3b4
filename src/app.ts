/**
 * Builds the parts of the service, starts them in an order that serves the list first, and stops them in the reverse.
 * Tests run the whole of it in-process on free ports. What each part does is in its own folder; this file only joins.
 */
import { randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { serviceActions } from './app/actions.ts'
import { bannerLines } from './app/banner.ts'
import { openCrowdsec } from './app/crowdsec.ts'
import { openImporter } from './app/import/open-importer.ts'
import { inputWithDemoNetworks, playDemoInto } from './app/demo.ts'
import { openEnforcement } from './app/enforcement-start.ts'
import { Jobs } from './app/jobs.ts'
import { KnownPeers } from './app/known-peers.ts'
import { Notifications } from './app/notifications.ts'
import { LogStoreKeeper } from './app/log-store-keeper.ts'
import { readMachine } from './app/machine.ts'
import { type Parts, tickParts } from './app/parts.ts'
import { pipelineFindings } from './app/pipeline-findings.ts'
import { pipelineMetrics } from './app/pipeline-metrics.ts'
import { PipelineReports } from './app/pipeline-reports.ts'
import { PipelineThread } from './app/pipeline-thread.ts'
import { Rates } from './app/rates.ts'
import { recoverFromList } from './app/recovery.ts'
import { Serving } from './app/serving.ts'
import { SettingsDesk } from './app/settings-desk.ts'
import { sparedPeers } from './app/spared-peers.ts'
import { SignedIn, signInPlaces } from './app/signed-in.ts'
import { componentsOf } from './app/status.ts'
import { listUrls, pageUrl } from './app/urls.ts'
import { Accounts } from './api/accounts/accounts.ts'
import { ControlServer } from './api/control-server.ts'
import type { RunningApp, StartOptions } from './cli/run.ts'
import type { Settings } from './config/schema.ts'
import { Decider } from './decide/decider.ts'
import { RESET_ACTION } from './decide/engine-desk.ts'
import { decisionRules } from './decide/decision-rules.ts'
import { formatNetwork } from './lib/address.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { SecretBox } from './lib/secret-box.ts'
import { DataFolderLock } from './lib/lock.ts'
import { GeoDatabase } from './parse/geo-database.ts'
import { SetupCode } from './setup-code.ts'
import { StateStore } from './store/state/state-store.ts'
import { Alarms } from './telemetry/alarms.ts'
import { Events } from './telemetry/events.ts'
import { createLog } from './telemetry/log.ts'
import { createMetrics, type Metrics } from './telemetry/metrics.ts'
import { VERSION } from './version.ts'

export interface AppOptions extends StartOptions {
  readonly clock?: Clock
  /** Tests alone: an identity provider on this machine may be asked by plain HTTP. */
  readonly isPlainOidcAllowed?: boolean
  /** Where the service's own log goes; stderr when absent. */
  readonly logStream?: { write(text: string): unknown; readonly isTTY?: boolean }
}

/** What tests and benches look at, beside what `run` needs. */
export interface App extends RunningApp {
  readonly parts: Parts
  readonly settings: Settings
  readonly urls: { readonly page: string; readonly list: string }
  readonly jobs: Jobs
}

/** Starts everything; resolves when lines are taken in. Rejects with an AppError that names the mend, nothing running. */
export async function startApp(options: AppOptions): Promise<App> {
  const builder = new Builder(options)
  try {
    return await builder.start()
  } catch (error) {
    await builder.stop('it could not start')
    throw error
  }
}

const STATE_MEND =
  'The list goes on from memory. Look at the disk and the data folder; restart the service when they are whole.'

const GEO_CHECK_MS = 60_000

class Builder {
  readonly #options: AppOptions
  readonly #clock: Clock
  readonly #dataFolder: string
  readonly #metrics: Metrics = createMetrics({ withProcess: true })
  readonly #events: Events
  readonly #alarms: Alarms
  readonly #ended = Promise.withResolvers<void>()
  /** What to do at the end, last first. */
  readonly #undo: (() => Promise<void> | void)[] = []
  readonly #setupCode: SetupCode
  #stopping: Promise<void> | null = null
  #notifications: Notifications | null = null
  /** Told of changed settings once every part is there. */
  #apply: (settings: Settings) => void = () => {}

  constructor(options: AppOptions) {
    const { settings } = options.configuration
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#setupCode = new SetupCode(this.#clock)
    this.#dataFolder = resolve(options.input.workingDirectory, settings['data.dir'])
    const log = createLog({ level: settings['log.level'], stream: options.logStream ?? process.stderr })
    this.#events = new Events(log, this.#metrics)
    this.#alarms = new Alarms({
      clock: this.#clock,
      onChange: (change, alarm) => {
        this.#events.alarmChanged(change, alarm, this.#alarms.counts())
        this.#notifications?.alarmChanged(change, alarm)
      },
    })
  }

  async start(): Promise<App> {
    const announce = this.#options.announce
    announce('Opening the state ...')
    const state = await this.#openState()
    const desk = await this.#openSettings(state)
    announce('Serving the block list ...')
    const { parts, serving } = await this.#serveList(state, desk)
    announce('Loading the decisions ...')
    const decider = await this.#openDecisions(parts, state, desk)
    await this.#openAccounts(parts, state)
    await this.#openNotifications(parts, state, desk, serving)
    this.#undo.push(await openCrowdsec(parts, state, decider, () => serving.askForCertificates()))
    this.#undo.push(await openImporter(parts, state, decider, () => desk.settings))
    this.#undo.push(await openEnforcement(parts, state, decider))
    announce('Starting the log store ...')
    this.#startLogs(parts, desk)
    announce('Opening the syslog ports ...')
    const { thread, reports } = await this.#startPipeline(parts, serving, desk, decider)
    const jobs = this.#startJobs(parts, desk, thread, reports)
    await this.#openGeo(parts, desk)
    this.#apply = (settings) => {
      parts.signedIn.isOn = settings['detection.guards.administrators']
      decider.configure(decisionRules(settings))
      serving.feeds.recheck()
      thread.changeSettings(settings)
      jobs.plan()
    }
    await this.#startControl(parts, desk)
    if (this.#options.demo) this.#undo.push(playDemoInto(thread, this.#clock, this.#events))
    reports.raiseFindings(thread.inputs)
    const page = pageUrl(serving.address, serving.certificate.served, desk.settings['web.names'])
    const urls = { page, list: parts.listUrls()[0] ?? '' }
    this.#announceReady(parts, thread, urls)
    return {
      parts,
      jobs,
      urls,
      ended: this.#ended.promise,
      get settings() {
        return desk.settings
      },
      stop: () => this.stop('asked to stop'),
      reload: async () => {
        await desk.reload()
      },
    }
  }

  /** Undoes what was started, in reverse; what fails is told and the rest goes on. Runs once. */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason)
    return this.#stopping
  }

  async #stop(reason: string): Promise<void> {
    const beganMs = this.#clock.monotonicMs()
    for (const undo of this.#undo.reverse()) {
      try {
        await undo()
      } catch (error) {
        this.#events.partFailed('stop', 'stop a part', error)
      }
    }
    this.#events.serviceStopped({ reason, durationMs: Math.round(this.#clock.monotonicMs() - beganMs) })
  }

  async #openState(): Promise<StateStore> {
    const alarms = this.#alarms
    await mkdir(this.#dataFolder, { recursive: true, mode: 0o700 })
    const lock = DataFolderLock.take(this.#dataFolder, process.pid)
    this.#undo.push(() => lock.release())
    this.#events.serviceStarted({ version: VERSION, data: this.#dataFolder, processId: process.pid })
    const state = new StateStore({
      path: `${this.#dataFolder}/state.sqlite`,
      clock: this.#clock,
      report: (message) =>
        alarms.raise({ code: 'state-file', severity: 'critical', message, mend: STATE_MEND }),
    })
    this.#undo.push(() => state.close())
    for (const message of state.findings) {
      const mend = 'Look at the disk; compare the list with a backup.'
      alarms.raise({ code: 'state-at-start', severity: 'warning', message, mend })
    }
    return state
  }

  async #openSettings(state: StateStore): Promise<SettingsDesk> {
    const desk = await SettingsDesk.open({
      input: this.#options.demo ? inputWithDemoNetworks(this.#options.input) : this.#options.input,
      repository: state,
      clock: this.#clock,
      box: SecretBox.open(`${this.#dataFolder}/secrets.key`),
      apply: (settings) => this.#apply(settings),
      onChange: (details) => this.#events.settingChanged(details),
    })
    for (const message of desk.warnings) {
      const mend = 'Set it anew or take it back: active-defense settings set.'
      this.#alarms.raise({ code: 'setting-ignored', severity: 'warning', message, mend })
    }
    return desk
  }

  async #serveList(state: StateStore, desk: SettingsDesk): Promise<{ parts: Parts; serving: Serving }> {
    const [clock, alarms, events] = [this.#clock, this.#alarms, this.#events]
    const serving = await Serving.open({
      dataFolder: this.#dataFolder,
      settings: () => desk.settings,
      clock,
      alarms,
      events,
      metrics: this.#metrics,
      refuse: (target) => parts.decider?.refuse(target) ?? null,
      never: () => parts.decider?.never() ?? [],
      spared: () => sparedPeers(parts),
      state,
    })
    const { list, certificate, fetches } = serving
    const signedIn = new SignedIn()
    signedIn.isOn = desk.settings['detection.guards.administrators']
    const peers = new KnownPeers({
      clock,
      ask: (sql, parameters, signal) =>
        parts.logs?.isReady === true ? parts.logs.client.rows(sql, parameters, signal) : null,
      completeSinceMs: () => parts.logs?.peers.completeSinceMs ?? null,
      report: (reason) => events.partFailed('known-peers', 'ask the log store about peers', reason),
    })
    const parts: Parts = {
      signedIn,
      peers,
      version: VERSION,
      dataFolder: this.#dataFolder,
      settings: () => desk.settings,
      isPlainOidcAllowed: this.#options.isPlainOidcAllowed === true,
      clock,
      startedAtMs: clock.nowMs(),
      alarms,
      events,
      list,
      feeds: serving.feeds,
      feedDesk: serving.feedDesk,
      certificate,
      fetches,
      rates: new Rates(clock),
      listUrls: () => listUrls(serving.address, certificate.served, desk.settings['web.names']),
      decider: null,
      state,
      pipeline: null,
      logs: null,
      notifications: null,
      accounts: null,
      crowdsec: null,
      importer: null,
      enforcement: null,
      firewalls: null,
      firewallPushes: null,
      actions: null,
      geo: null,
    }
    this.#undo.push(() => serving.stop())
    await serving.start(parts, (code) => this.#setupCode.redeem(code))
    return { parts, serving }
  }

  async #openDecisions(parts: Parts, state: StateStore, desk: SettingsDesk): Promise<Decider> {
    const { list, clock, alarms } = parts
    const decider = await Decider.open({
      repository: state,
      rules: decisionRules(desk.settings),
      clock,
      alarms,
      protectionSources: { administrators: () => parts.signedIn.addresses() },
      countryLookup: (address) => parts.geo?.countryOf(address) ?? null,
    })
    parts.signedIn.onChange = () => decider.refreshSources()
    this.#undo.push(() => decider.flush())
    await readMachine(decider)
    const last = list.snapshot
    if (state.openedFresh && last.origin === 'file' && last.entries > 0) {
      await recoverFromList(decider, last.body, desk.settings, clock, alarms)
    }
    parts.decider = decider
    parts.feeds.takeDecisions(decider)
    return decider
  }

  async #openAccounts(parts: Parts, state: StateStore): Promise<void> {
    const box = SecretBox.open(`${this.#dataFolder}/secrets.key`)
    parts.accounts = await Accounts.open({
      repository: state,
      box,
      clock: this.#clock,
      places: await signInPlaces(state, this.#clock.nowMs()),
      onAdministrator: (session, address) => {
        if (address === null) parts.signedIn.remove(session)
        else parts.signedIn.add(session, address)
      },
    })
  }

  async #openNotifications(
    parts: Parts,
    state: StateStore,
    desk: SettingsDesk,
    serving: Serving,
  ): Promise<void> {
    const notifications = await Notifications.open({
      parts,
      state,
      settings: () => desk.settings,
      box: SecretBox.open(`${this.#dataFolder}/secrets.key`),
      pageUrl: () => pageUrl(serving.address, serving.certificate.served, desk.settings['web.names']),
    })
    parts.notifications = notifications
    this.#notifications = notifications
    this.#undo.push(() => notifications.stop())
  }

  /** Nothing waits for it: lines are safe in segments, and the list needs no logs. */
  #startLogs(parts: Parts, desk: SettingsDesk): void {
    const { dataFolder, clock, alarms, events } = parts
    const url = desk.settings['logs.url']
    const memoryBytes = desk.settings['logs.memory']
    const logs = new LogStoreKeeper({ dataFolder, url, memoryBytes, clock, alarms, events })
    parts.logs = logs
    this.#undo.push(() => logs.stop())
    logs.start().catch((error: unknown) => events.partFailed('log-store', 'start the log store', error))
  }

  async #startPipeline(
    parts: Parts,
    serving: Serving,
    desk: SettingsDesk,
    decider: Decider,
  ): Promise<{ thread: PipelineThread; reports: PipelineReports }> {
    const reports = new PipelineReports(parts, decider, () => desk.settings)
    const [reset] = (await parts.state?.audit({ action: RESET_ACTION, limit: 1 })) ?? []
    const resetAtMs = reset?.atMs ?? null
    const thread = new PipelineThread(
      { dataFolder: this.#dataFolder, seed: randomInt(2 ** 32), resetAtMs, ...reports.handlers() },
      desk.settings,
      serving.certificate.served,
    )
    parts.pipeline = thread
    thread.changeBlocked(decider.published().map(formatNetwork), [])
    serving.onCertificate = (served) => thread.changeCertificate(served)
    decider.onListChange((change) => {
      const { added, removed } = change
      serving.feeds.apply(change)
      thread.changeBlocked(added.map(formatNetwork), removed.map(formatNetwork))
    })
    decider.engine.onReset((atMs) => thread.resetWindows(atMs))
    this.#undo.push(async () => {
      await thread.stop()
      await reports.idle()
    })
    await thread.start()
    for (const { name, address } of thread.inputs)
      if (address !== null) this.#events.listenerStarted({ what: name, address })
    return { thread, reports }
  }

  #startJobs(parts: Parts, desk: SettingsDesk, thread: PipelineThread, reports: PipelineReports): Jobs {
    const jobs = new Jobs(
      parts,
      () => desk.settings,
      () => {
        parts.rates.note(thread.inputs)
        pipelineMetrics(this.#metrics, thread.status)
        reports.raiseFindings([...thread.inputs, ...pipelineFindings(thread.status, parts.clock.nowMs())])
        this.#events.componentsChanged(componentsOf(parts))
        tickParts(parts)
      },
    )
    jobs.start()
    this.#undo.push(() => jobs.stop())
    return jobs
  }

  /** For `explain`; the pipeline has its own. */
  async #openGeo(parts: Parts, desk: SettingsDesk): Promise<void> {
    const paths = { country: desk.settings['geo.country'], owner: desk.settings['geo.owner'] }
    const report = (message: string): void => this.#events.partFailed('geo', message, message)
    parts.geo = await GeoDatabase.open(paths, report)
    const timer = setInterval(() => void parts.geo?.check(), GEO_CHECK_MS)
    this.#undo.push(() => clearInterval(timer))
  }

  async #startControl(parts: Parts, settings: SettingsDesk): Promise<void> {
    const stop = (reason: string): void => {
      void this.stop(reason).then(() => this.#ended.resolve())
    }
    const actions = serviceActions({ parts, settings, stop })
    parts.actions = actions
    const control = new ControlServer({
      dataFolder: this.#dataFolder,
      actions,
      report: (error, route) => this.#events.partFailed('control', route, error),
    })
    await control.start()
    this.#undo.push(() => control.stop())
    this.#undo.push(() => parts.live?.stop())
  }

  #announceReady(parts: Parts, thread: PipelineThread, urls: { page: string; list: string }): void {
    const facts = {
      version: VERSION,
      dataFolder: this.#dataFolder,
      inputs: thread.inputs,
      pageUrl: urls.page,
      listUrl: urls.list,
      listEntries: parts.list.snapshot.entries,
      setupCode: parts.accounts?.isEmpty === true ? this.#setupCode.text : null,
      findings: parts.alarms.active(),
      isDemo: this.#options.demo,
    }
    for (const line of bannerLines(facts)) this.#options.announce(line)
  }
}
