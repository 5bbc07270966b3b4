/**
 * `npm run screenshots`: pictures of every screen, light, dark and narrow, of the service with its demo firewall.
 *   --only NAME,...     screens by name
 *   --seconds N         how long the demo plays before the first picture (default 100)
 *   --folder DIR        where the pictures go (default docs/screenshots)
 * Starts the service in a temporary folder on free ports of 127.0.0.1, makes an administrator, and adds what a site
 * would have. The names and addresses of the machine are replaced in what the page is told: pictures show addresses for
 * documentation only.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:https'
import { hostname, networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Browser, Page, Route } from 'playwright-core'
import { ControlClient } from '../src/api/control-client.ts'
import { systemClock } from '../src/lib/clock.ts'
import { launchBrowser, PASSWORD } from '../test/e2e/browser.ts'
import { withPalette } from './png-palette.ts'
import { freePorts } from '../test/free-ports.ts'

const USER = 'ada'
/** Stands for the machine, and for the firewall that fetches from it. */
const SERVICE = '203.0.113.5'
/** Local addresses as certificates write them. */
const LOCAL_V6 = /\bF[CD][0-9A-F]{2}(?::[0-9A-F]{1,4}){7}\b/g
const START_LIMIT_MS = 120_000
const BLOCKS_WANTED = 8
const LOOKS = [
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'narrow', colorScheme: 'light', viewport: { width: 390, height: 844 } },
] as const
/** After the page is quiet: charts draw themselves, fonts settle. */
const SETTLE_MS = 500
const LOADED_LIMIT_MS = 10_000
const QUIET_LIMIT_MS = 1200
/** What charts show: the demo has not played for longer. */
const LATELY_MS = 150_000
const FETCH_MS = 20_000
const BACKTEST_MS = 6000

interface Shot {
  readonly name: string
  readonly path: string
  /** What is done on the screen before the picture. */
  readonly act?: (page: Page) => Promise<void>
}

function shotsOf(blocked: string): Shot[] {
  const nowMs = systemClock.nowMs()
  const lately = `from=${new Date(nowMs - LATELY_MS).toISOString()}&to=${new Date(nowMs).toISOString()}`
  return [
    { name: 'overview', path: `/?${lately}` },
    { name: 'events', path: '/events?from=now-3m' },
    { name: 'event', path: '/events?from=now-5m&filter=severity%20geq%20high', act: openFirst },
    { name: 'blocks', path: '/blocks' },
    { name: 'address', path: `/ip/${blocked}?${lately}` },
    { name: 'allow', path: '/allow' },
    { name: 'detections', path: '/detections', act: tryFirst },
    { name: 'engine', path: '/engine' },
    { name: 'feeds', path: '/feeds' },
    { name: 'feed', path: '/feeds?feed=blacklist&tab=fetchers' },
    { name: 'notifications', path: '/notifications' },
    { name: 'firewalls', path: '/firewalls' },
    { name: 'bouncers', path: '/bouncers' },
    { name: 'imports', path: '/imports' },
    { name: 'sources', path: '/sources' },
    { name: 'settings', path: '/settings' },
    { name: 'audit', path: '/audit' },
    { name: 'users', path: '/users' },
    { name: 'account', path: '/account' },
    { name: 'welcome', path: '/welcome', act: nameService },
    { name: 'wall', path: '/wall' },
    { name: 'palette', path: '/', act: (page) => page.keyboard.press('Control+K') },
    { name: 'about', path: '/about' },
  ]
}

/** The page takes its own address from the browser's. */
async function nameService(page: Page): Promise<void> {
  await page.getByLabel('Address of this service for the firewall').fill(SERVICE)
}

/** Whom today's numbers would have found. */
async function tryFirst(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Try it' }).first().click({ timeout: LOADED_LIMIT_MS })
  await delay(BACKTEST_MS)
}

async function openFirst(page: Page): Promise<void> {
  await page.locator('tr[data-index="0"]').first().press('Enter', { timeout: LOADED_LIMIT_MS })
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '100' },
    folder: { type: 'string', default: join(import.meta.dirname, '../docs/screenshots') },
  },
})

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** What tells of the machine that makes the pictures, and what it becomes; a longer text goes before one that it holds. */
function disguise(dataFolder: string, port: number): (text: string) => string {
  const own = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  const changed = new Map([
    [`127.0.0.1:${port}`, 'ads.example.net:8443'],
    [dataFolder, '/var/lib/active-defense'],
    ...own
      .filter((address) => !/^(?:192\.0\.2\.|::1$)/.test(address))
      .map((address): [string, string] => [address, SERVICE]),
    ['127.0.0.1', SERVICE],
    [hostname(), 'ads'],
  ])
  const texts = [...changed.keys()].sort((one, other) => other.length - one.length)
  const escaped = texts.map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  // Not within a longer name or address.
  const pattern = new RegExp(`(?<![\\w.-])(?:${escaped.join('|')})(?![\\w-]|\\.\\d)`, 'g')
  return (text) =>
    text
      .replaceAll(pattern, (found) => changed.get(found) ?? found)
      .replaceAll(LOCAL_V6, '2001:DB8:0:0:0:0:0:5')
}

interface Demo {
  readonly origin: string
  readonly port: number
  readonly dataFolder: string
  readonly control: ControlClient
  readonly stop: () => Promise<void>
}

async function startDemo(): Promise<Demo> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'ads-pictures-'))
  const [port, syslogPort] = await freePorts()
  const settings = {
    'web.listen': `127.0.0.1:${port}`,
    'syslog.udp.listen': `127.0.0.1:${syslogPort}`,
    'syslog.tcp.listen': `127.0.0.1:${syslogPort}`,
    'syslog.tls.listen': '',
    'log.level': 'error',
    'senders.known': '127.0.0.1',
    'syslog.udp.receiveBuffer': '1048576', // what any kernel grants, so that no picture shows an alarm of this machine
    'files.watch': '[]',
    'import.privateTargets': '127.0.0.0/8',
  }
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../src/main.ts'),
      'run',
      '--demo',
      '--data',
      dataFolder,
      ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const stop = async (): Promise<void> => {
    await end(child)
    rmSync(dataFolder, { recursive: true, force: true })
  }
  const control = new ControlClient({ dataFolder, user: USER })
  const limitMs = performance.now() + START_LIMIT_MS
  for (;;) {
    if (child.exitCode !== null || performance.now() > limitMs) {
      await stop()
      throw new Error('the service did not start')
    }
    try {
      await control.call('status', {})
      return { origin: `https://127.0.0.1:${port}`, port, dataFolder, control, stop }
    } catch {
      await delay(200) // not up yet: the limit above ends the wait
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const killing = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await exited
  clearTimeout(killing)
}

/** What people and firewalls would have done here. */
async function furnish({ control, origin }: Demo): Promise<void> {
  await control.call('addUser', { name: USER, role: 'administrator', password: PASSWORD, mustChange: false })
  await control.call('addUser', { name: 'grace', role: 'operator', password: PASSWORD, mustChange: true })
  await control.call('addAllow', {
    targets: ['198.51.100.53'],
    reason: 'our resolver',
    dryRun: false,
    until: null,
  })
  await control.call('addBlocks', {
    targets: ['192.0.2.240/29'],
    reason: 'reported by a partner',
    dryRun: false,
    until: null,
  })
  await fetchAsFirewall(origin)
}

/** As a PAN-OS firewall fetches its list. */
function fetchAsFirewall(origin: string): Promise<void> {
  const agent = new Agent({ rejectUnauthorized: false })
  return new Promise((resolve, reject) => {
    const headers = { 'user-agent': 'PAN-OS EDL client' }
    get(`${origin}/files/blacklist.txt`, { agent, headers }, (reply) => {
      reply.resume().on('end', resolve).on('error', reject)
    }).on('error', reject)
  })
}

/** An address that a port scan convicted; waits until some are blocked. */
async function someoneBlocked({ control }: Demo, seconds: number): Promise<string> {
  const endMs = performance.now() + seconds * 1000
  for (;;) {
    await delay(2000)
    const rows = await Array.fromAsync(control.rows('listBlocks', { mode: 'block' }))
    const scanners = rows.filter(({ rule }) => rule === 'port-scan').map(({ target }) => target)
    const isEnough = performance.now() > endMs && rows.length >= BLOCKS_WANTED && scanners.length > 0
    if (isEnough) return scanners.at(-1) as string
    if (performance.now() > endMs + START_LIMIT_MS)
      throw new Error(`the demo led to ${rows.length} blocks only`)
  }
}

async function signIn(page: Page, origin: string): Promise<void> {
  await page.goto(origin)
  await page.getByLabel('User name').fill(USER)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: USER }).waitFor({ state: 'attached' })
}

/** Answers of the API without the machine's own names; what comes as a stream goes through as it is. */
async function answerDisguised(route: Route, change: (text: string) => string): Promise<void> {
  const { pathname } = new URL(route.request().url())
  if (/\/(?:live|export)$/.test(pathname) || route.request().method() !== 'GET') return route.fallback()
  const answer = await route.fetch()
  return route.fulfill({ response: answer, body: change(await answer.text()) })
}

async function takePictures(browser: Browser, demo: Demo, shots: readonly Shot[]): Promise<void> {
  const change = disguise(demo.dataFolder, demo.port)
  let bytes = 0
  for (const { name, colorScheme, viewport } of LOOKS) {
    const context = await browser.newContext({
      ignoreHTTPSErrors: true, // of answers that are fetched to be disguised: the browser takes all by itself
      locale: 'en-GB',
      timezoneId: 'UTC',
      colorScheme,
      viewport,
      reducedMotion: 'reduce',
    })
    const page = await context.newPage()
    await page.route('**/api/v1/**', (route) => answerDisguised(route, change))
    await page.goto(demo.origin)
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    if (values.only === undefined) bytes += await take(page, `sign-in-${name}`)
    await signIn(page, demo.origin)
    for (const shot of shots) {
      await show(page, shot.path)
      await shot.act?.(page)
      bytes += await take(page, `${shot.name}-${name}`)
    }
    await context.close()
  }
  say(`pictures of ${(bytes / 2 ** 20).toFixed(1)} MiB in ${values.folder}`)
}

/** Goes to a screen as a link would: loading all anew each time is more than the service lets one address ask. */
async function show(page: Page, path: string): Promise<void> {
  await page.mouse.move(0, 0) // so that nothing looks as if it were pointed at
  await page.keyboard.press('Escape') // what is open over the screen before
  await page.evaluate(`history.pushState({}, '', ${JSON.stringify(path)})`)
  await delay(SETTLE_MS)
  await loaded(page)
  await loaded(page) // parts that came late load what is theirs
  if ((await page.getByText('Too Many Requests').count()) > 0)
    throw new Error('the service wants fewer requests')
}

/** Waits until nothing says that it is loading; a screen that still does after a while is taken as it is, and told. */
async function loaded(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle', { timeout: QUIET_LIMIT_MS }).catch(() => {}) // a live screen never is
  try {
    await page.locator('main').first().waitFor({ timeout: LOADED_LIMIT_MS })
    await page.waitForFunction(
      "document.querySelector('.ev-bone, .mantine-Loader-root, .mantine-Skeleton-root') === null && !/^Loading/m.test(document.body.innerText)",
      null,
      { timeout: LOADED_LIMIT_MS },
    )
  } catch {
    say(`still loading: ${page.url()}`)
  }
}

async function take(page: Page, name: string): Promise<number> {
  await delay(SETTLE_MS)
  const small = withPalette(await page.screenshot({ animations: 'disabled' }))
  writeFileSync(join(values.folder, `${name}.png`), small)
  say(`${name}.png ${Math.round(small.length / 1024)} KiB`)
  return small.length
}

mkdirSync(values.folder, { recursive: true })
const demo = await startDemo()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void demo.stop().finally(() => process.exit(1)))
let fetching: NodeJS.Timeout | null = null
try {
  await furnish(demo)
  const failed = (error: unknown): void => say(`a fetch failed: ${String(error)}`)
  fetching = setInterval(() => void fetchAsFirewall(demo.origin).catch(failed), FETCH_MS)
  say(`the demo plays for ${values.seconds} s`)
  const blocked = await someoneBlocked(demo, Number(values.seconds))
  const wanted = values.only?.split(',')
  const shots = shotsOf(blocked).filter(({ name }) => wanted === undefined || wanted.includes(name))
  const browser = await launchBrowser()
  try {
    await takePictures(browser, demo, shots)
  } finally {
    await browser.close()
  }
} finally {
  if (fetching !== null) clearInterval(fetching)
  await demo.stop()
}
