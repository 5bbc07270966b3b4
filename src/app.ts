/**
 * Builds the parts of the service, starts them in an order that serves the list first, and stops them in the reverse.
 * Tests run the whole of it in-process on free ports. What each part does is in its own folder; this file only joins.
 *
 * The list is served from the last good copy before state, pipeline or log store are up, and goes on when they fail.
 */
import { randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { serviceActions } from './app/actions.ts'
import { bannerLines } from './app/banner.ts'
import { Jobs } from './app/jobs.ts'
import { LogStoreKeeper } from './app/log-store-keeper.ts'
import { readMachine } from './app/machine.ts'
import { recoverFromList } from './app/recovery.ts'
import type { Parts } from './app/parts.ts'
import { PipelineThread } from './app/pipeline-thread.ts'
import { pipelineMetrics } from './app/pipeline-metrics.ts'
import { PipelineReports } from './app/pipeline-reports.ts'
import { Rates } from './app/rates.ts'
import { SettingsDesk } from './app/settings-desk.ts'
import { componentsOf, serviceStatus } from './app/status.ts'
import { listUrls, pageUrl } from './app/urls.ts'
import { ControlServer } from './api/control-server.ts'
import { MetricsServer } from './api/metrics-server.ts'
import { HttpsServer } from './api/server.ts'
import type { RunningApp, StartOptions } from './cli/run.ts'
import { loadConfiguration } from './config/load.ts'
import type { Settings } from './config/schema.ts'
import { Decider } from './decide/decider.ts'
import { decisionRules } from './decide/decision-rules.ts'
import { DEMO_NETWORKS, playDemo } from './demo/firewall.ts'
import { formatNetwork } from './lib/address.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { AppError } from './lib/errors.ts'
import { parseListen } from './lib/listen-address.ts'
import { DataFolderLock } from './lib/lock.ts'
import { BlockList } from './publish/block-list.ts'
import { ServerCertificate } from './publish/certificate.ts'
import { FetchLog } from './publish/fetch-log.ts'
import { ListFile } from './publish/list-file.ts'
import type { ServedCertificate } from './publish/own-certificate.ts'
import { SetupCode } from './setup-code.ts'
import { StateStore } from './store/state/state-store.ts'
import { Alarms } from './telemetry/alarms.ts'
import { Events } from './telemetry/events.ts'
import { createLog } from './telemetry/log.ts'
import { createMetrics, type Metrics, metricsText } from './telemetry/metrics.ts'
import { VERSION } from './version.ts'

export interface AppOptions extends StartOptions {
  readonly clock?: Clock
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

class Builder {
  readonly #options: AppOptions
  readonly #clock: Clock
  /** Undone in reverse at the end. */
  readonly #undo: (() => Promise<unknown> | unknown)[] = []
  readonly #ended = Promise.withResolvers<void>()
  readonly #metrics: Metrics = createMetrics({ withProcess: true })
  readonly #events: Events
  readonly #alarms: Alarms
  #stopping: Promise<void> | null = null

  constructor(options: AppOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const level = options.configuration.settings['log.level']
    this.#events = new Events(
      createLog({ level, stream: options.logStream ?? process.stderr }),
      this.#metrics,
    )
    this.#alarms = new Alarms({
      clock: this.#clock,
      onChange: (change, alarm) => this.#events.alarmChanged(change, alarm, this.#alarms.counts()),
    })
  }

  async start(): Promise<App> {
    const clock = this.#clock
    const events = this.#events
    const alarms = this.#alarms
    const early = this.#options.configuration.settings
    const dataFolder = resolve(this.#options.input.workingDirectory, early['data.dir'])
    const announce = this.#options.announce
    await mkdir(dataFolder, { recursive: true, mode: 0o700 })
    const lock = DataFolderLock.take(dataFolder, process.pid)
    this.#undo.push(() => lock.release())
    events.serviceStarted({ version: VERSION, data: dataFolder, processId: process.pid })

    announce('Opening the state ...')
    const state = new StateStore({
      path: `${dataFolder}/state.sqlite`,
      clock,
      report: (message) =>
        alarms.raise({ code: 'state-file', severity: 'critical', message, mend: STATE_MEND }),
    })
    this.#undo.push(() => state.close())
    for (const message of state.findings) {
      alarms.raise({
        code: 'state-at-start',
        severity: 'warning',
        message,
        mend: 'Look at the disk; compare the list with a backup.',
      })
    }
    let apply: (settings: Settings) => void = () => {}
    const desk = await SettingsDesk.open({
      input: this.#withDemoNetworks(),
      repository: state,
      clock,
      apply: (settings) => apply(settings),
      onChange: (details) => events.settingChanged(details),
    })
    for (const message of desk.warnings) {
      alarms.raise({
        code: 'setting-ignored',
        severity: 'warning',
        message,
        mend: 'Set it anew or take it back: active-defense settings set.',
      })
    }

    // The list first: from here on firewalls are answered, whatever comes.
    announce('Serving the block list ...')
    const listFile = new ListFile({ folder: `${dataFolder}/lists`, clock, alarms })
    const loaded = await listFile.load()
    events.listLoaded({
      revision: loaded.snapshot?.revision ?? null,
      entries: loaded.snapshot?.entries ?? 0,
      findings: loaded.findings,
    })
    let decider: Decider | null = null
    const list = new BlockList({
      clock,
      sentinel: desk.settings['list.sentinel'],
      refuse: (target) => decider?.refuse(target) ?? null,
      alarms,
      initial: loaded.snapshot,
      onRendered: (report) => {
        events.listRendered(report)
        listFile.save(report.snapshot)
      },
    })
    if (loaded.snapshot !== null) events.listServed(loaded.snapshot)
    this.#undo.push(async () => {
      list.flush()
      list.close()
      await listFile.close()
    })

    let server: HttpsServer | null = null
    let pipeline: PipelineThread | null = null
    const certificate = new ServerCertificate({
      folder: `${dataFolder}/certificates`,
      names: desk.settings['web.names'],
      certPath: desk.settings['web.tls.cert'],
      keyPath: desk.settings['web.tls.key'],
      clock,
      alarms,
      onChange: (served: ServedCertificate) => {
        events.certificateServed(served)
        server?.setCertificate(served)
        pipeline?.changeCertificate({ cert: served.cert, key: served.key })
      },
    })
    await certificate.start()
    this.#undo.push(() => certificate.stop())

    const parts: Parts = {
      version: VERSION,
      dataFolder,
      clock,
      startedAtMs: clock.nowMs(),
      alarms,
      events,
      list,
      certificate,
      fetches: new FetchLog(),
      rates: new Rates(clock),
      listUrls: () => listUrls(server?.address ?? null, certificate.served, desk.settings['web.names']),
      decider: null,
      state,
      pipeline: null,
      logs: null,
    }
    server = await this.#startServer(parts, desk)

    announce('Loading the decisions ...')
    decider = await Decider.open({ repository: state, rules: decisionRules(desk.settings), clock, alarms })
    const opened = decider
    parts.decider = opened
    this.#undo.push(() => opened.flush())
    await readMachine(opened)
    if (state.openedFresh && loaded.snapshot !== null && loaded.snapshot.entries > 0) {
      await recoverFromList(opened, loaded.snapshot.body, desk.settings, clock, alarms)
    }
    list.replace(opened.published())

    announce('Starting the log store ...')
    const logs = new LogStoreKeeper({
      dataFolder,
      url: desk.settings['logs.url'],
      memoryBytes: desk.settings['logs.memory'],
      clock,
      alarms,
      events,
    })
    parts.logs = logs
    this.#undo.push(() => logs.stop())
    // Nothing waits for it: lines are safe in segments, and the list needs no logs.
    const logsStarted = logs.start()
    logsStarted.catch((error: unknown) => events.partFailed('log-store', 'start the log store', error))

    announce('Opening the syslog ports ...')
    const reports = new PipelineReports(parts, opened)
    pipeline = new PipelineThread(
      { dataFolder, seed: randomInt(2 ** 32), ...reports.handlers() },
      desk.settings,
      { cert: certificate.served.cert, key: certificate.served.key },
    )
    const thread = pipeline
    parts.pipeline = thread
    thread.changeBlocked(opened.published().map(formatNetwork), [])
    opened.onListChange(({ added, removed }) => {
      list.apply({ added, removed })
      thread.changeBlocked(added.map(formatNetwork), removed.map(formatNetwork))
    })
    opened.engine.onReset(() => thread.resetWindows())
    this.#undo.push(async () => {
      await thread.stop()
      await reports.idle()
    })
    await thread.start()
    for (const { name, address } of thread.inputs)
      if (address !== null) events.listenerStarted({ what: name, address })

    const jobs = new Jobs(
      parts,
      () => desk.settings,
      () => {
        parts.rates.note(thread.inputs)
        pipelineMetrics(this.#metrics, thread.status)
        reports.raiseFindings(thread.inputs)
        events.componentsChanged(componentsOf(parts))
      },
    )
    jobs.start()
    this.#undo.push(() => jobs.stop())
    apply = (settings) => {
      opened.configure(decisionRules(settings))
      list.setSentinel(settings['list.sentinel'])
      list.recheck()
      thread.changeSettings(settings)
      jobs.plan()
    }

    const control = new ControlServer({
      dataFolder,
      actions: serviceActions({ parts, settings: desk, stop: (reason) => void this.#stopAndEnd(reason) }),
      report: (error, route) => events.partFailed('control', route, error),
    })
    await control.start()
    this.#undo.push(() => control.stop())
    if (this.#options.demo) this.#playDemo(thread)

    reports.raiseFindings(thread.inputs)
    const urls = {
      page: pageUrl(server.address, certificate.served, desk.settings['web.names']),
      list: parts.listUrls()[0] ?? '',
    }
    const setupCode = new SetupCode(clock)
    for (const line of bannerLines({
      version: VERSION,
      dataFolder,
      inputs: thread.inputs,
      pageUrl: urls.page,
      listUrl: urls.list,
      listEntries: list.snapshot.entries,
      setupCode: setupCode.text,
      findings: alarms.active(),
      isDemo: this.#options.demo,
    }))
      announce(line)
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

  async #stopAndEnd(reason: string): Promise<void> {
    await this.stop(reason)
    this.#ended.resolve()
  }

  async #startServer(parts: Parts, desk: SettingsDesk): Promise<HttpsServer> {
    const { certificate, list, fetches, clock } = parts
    const onFailure = (what: string, error: unknown): void => this.#events.partFailed('web', what, error)
    const listen = parseListen(desk.settings['web.listen'])
    if (listen === null)
      throw new AppError('bad-configuration', 'web.listen is empty: firewalls could not fetch the list')
    const metrics = (): ReturnType<typeof metricsText> => metricsText(this.#metrics)
    const server = new HttpsServer({
      listen,
      certificate: certificate.served,
      sources: {
        list: () => list.snapshot,
        components: () => componentsOf(parts),
        status: () => serviceStatus(parts),
        metrics,
        authorityPem: () => certificate.authorityPem(),
        metricsToken: () => desk.settings['metrics.token'],
      },
      clock,
      sentinel: desk.settings['list.sentinel'],
      onFetch: (fetch) => {
        fetches.record(fetch)
        this.#events.listFetched(fetch)
      },
      onFailure,
      onAnswer: (route, status) => this.#events.httpAnswered(route, status),
    })
    await server.start()
    this.#undo.push(() => server.stop())
    const metricsListen = parseListen(desk.settings['metrics.listen'])
    if (metricsListen !== null) {
      const metricsServer = new MetricsServer({ listen: metricsListen, metrics, onFailure })
      await metricsServer.start()
      this.#undo.push(() => metricsServer.stop())
    }
    return server
  }

  /** The demo's documentation addresses count as public, unless the operator has named networks. */
  #withDemoNetworks(): AppOptions['input'] {
    const { input, demo } = this.#options
    if (!demo) return input
    const { origins } = loadConfiguration(input)
    const sets = [
      ...(origins['networks.own'] === 'default' ? [`networks.own=${DEMO_NETWORKS.own.join(',')}`] : []),
      ...(origins['networks.public'] === 'default'
        ? [`networks.public=${DEMO_NETWORKS.public.join(',')}`]
        : []),
    ]
    return { ...input, sets: [...sets, ...(input.sets ?? [])] }
  }

  #playDemo(thread: PipelineThread): void {
    const udp = thread.inputs.find(({ name }) => name === 'udp')?.address
    const port = Number(udp?.split(':').at(-1))
    if (!Number.isInteger(port))
      throw new AppError('bad-configuration', '--demo needs syslog over UDP: syslog.udp.listen is off')
    const ending = new AbortController()
    const playing = playDemo({
      host: '127.0.0.1',
      port,
      signal: ending.signal,
      clock: this.#clock,
      random: Math.random,
    })
    playing.catch((error: unknown) => this.#events.partFailed('demo', 'play the demo', error))
    this.#undo.push(async () => {
      ending.abort()
      await playing.catch(() => {}) // reported above
    })
  }
}

const STATE_MEND =
  'The list goes on from memory. Look at the disk and the data folder; restart the service when they are whole.'
