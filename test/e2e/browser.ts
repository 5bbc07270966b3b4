/**
 * Chromium for the tests of the web page: found or installed, headless, with everything it complains of written down; one for
 * all tests of a file, each with a profile of its own.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { atEnd, type Service, startService, until } from './harness.ts'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const INSTALL_LIMIT_MS = 300_000
const BUILT = join(import.meta.dirname, '../../web/dist/index.html')
/**
 * Certificates are not judged here: they have tests of their own. Forgiven one by one, as a context of playwright-core does it, a request
 * starts anew at each new connection, and under load Chromium gives it up (ERR_TOO_MANY_RETRIES). Without the rest it calls home,
 * which a closed network refuses a hundred times.
 */
const ARGUMENTS = [
  '--ignore-certificate-errors',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const PASSWORD = 'correct horse battery'

/** Chromium of the tests of a file. */
let shared: Promise<Browser> | null = null
/** Undefined: not looked for yet. */
let missing: string | null | undefined

/**
 * A test that needs Chromium and the built page: skipped where they are missing, which is a failure in CI. Chromium is installed
 * once where apt and root are at hand, and ends with the file's tests.
 */
export function browserTest(name: string, run: (t: TestContext) => Promise<void>): void {
  after(closeShared) // of this suite: closed already, when a test registered it before
  test(name, async (t) => {
    missing ??= missingBrowser()
    if (missing === null) return run(t)
    if (process.env['CI'] === 'true') assert.fail(missing)
    t.skip(missing)
  })
}

async function closeShared(): Promise<void> {
  const browser = shared
  shared = null
  await (await browser)?.close()
}

/** Why the browser tests cannot run, or null. */
function missingBrowser(): string | null {
  if (!existsSync(BUILT)) return 'the web page is not built: npm test builds it'
  if (find() !== null) return null
  const options = { stdio: 'ignore', timeout: INSTALL_LIMIT_MS } as const
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
  return find() === null
    ? 'there is no Chromium (Debian package chromium), and it could not be installed'
    : null
}

function find(): string | null {
  return PATHS.find((path) => existsSync(path)) ?? null
}

/** Chromium without a window; `more` are further arguments of it. Rejects when there is none. */
export async function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  const executablePath = find()
  if (executablePath === null) throw new Error('there is no Chromium (Debian package chromium)')
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...more] })
}

/** In the page: what was last changed is drawn, and nothing fades any more; what turns for ever, while something is loaded, does not fade. */
const IS_STILL = `new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(() => tell(
  document.getAnimations().every((one) =>
    one.playState !== 'running' || one.effect.getComputedTiming().endTime === Infinity)))))`

export interface Screen {
  readonly page: Page
  readonly origin: string
  /** Errors and warnings of the console, uncaught errors, violations of the content policy, dialogs, foreign requests. */
  readonly complaints: string[]
}

/** A page on the service, not signed in. Closed when the test ends. */
export async function openScreen(
  t: TestContext,
  service: Service,
  options: BrowserContextOptions = {},
): Promise<Screen> {
  shared ??= launchBrowser()
  const context = await (await shared).newContext({ locale: 'en-GB', ...options })
  atEnd(t, () => context.close())
  const page = await context.newPage()
  const port = new URL(service.app.urls.page).port
  const origin = `https://127.0.0.1:${port}`
  const complaints: string[] = []
  page.on('console', (message) => {
    const isExpected = /status of 4\d\d/.test(message.text()) // a refusal is part of some tests
    if (['error', 'warning'].includes(message.type()) && !isExpected)
      complaints.push(`${message.text()} (${message.location().url})`)
  })
  // The console tells the number alone.
  page.on('response', (answer) => {
    if (answer.status() < 500) return
    const tell = (text: string): number => complaints.push(`${answer.status()} from ${answer.url()}: ${text}`)
    answer.text().then(tell, (error: unknown) => tell(String(error)))
  })
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      complaints.push(`request to ${request.url()}`)
  })
  await page.goto(origin)
  return { page, origin, complaints }
}

/** Makes the first account with the code that the service printed, is signed in with it, and leaves the wizard. */
export async function setUp({ page }: Screen, service: Service): Promise<void> {
  const code = /Setup code +(\S+)/.exec(service.said.join('\n'))?.[1] ?? ''
  await page.getByLabel('Setup code').fill(code)
  await page.getByLabel('User name').fill('ada')
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'Later: to the overview' }).press('Enter')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
}

/** A service and a page on it, signed in as its first administrator, on the overview. */
export async function begin(
  t: TestContext,
  options: BrowserContextOptions = {},
): Promise<{ service: Service; screen: Screen }> {
  const service = await startService(t)
  const screen = await openScreen(t, service, options)
  await setUp(screen, service)
  return { service, screen }
}

/** Loads the page anew at a path, until its heading is there. */
export async function show({ page, origin }: Screen, path: string): Promise<void> {
  await page.goto(origin + path)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
}

/** Rows of the events screen that have come. */
export const eventRows = (page: Page): Locator => page.locator('tr.ev-row:not(.ev-wait)')

/** Waits until the events screen tells this number of the search in hand, not of the one before. */
export async function eventTotal(page: Page, text: string): Promise<void> {
  const chart = page.getByRole('region', { name: 'Events over time' }).and(page.locator(':not([data-old])'))
  await chart.getByText(text, { exact: true }).waitFor()
}

/** What is about colours; the other rules judge the same in both schemes. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block']
/** In place of the source of axe, where the document has it already. */
const NO_SOURCE = 'void 0'

/**
 * What axe finds wrong with what the page shows: all of its rules in light, those about colours in dark as well. `where` stands
 * before each fault. Leaves the page in light.
 */
export async function faultsOf(page: Page, where: string): Promise<string[]> {
  const found: string[] = []
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await until('the colours are set and nothing fades', () =>
      page.evaluate<boolean>(
        `document.documentElement.dataset.mantineColorScheme === '${scheme}' && ${IS_STILL}`,
      ),
    )
    const isThere = await page.evaluate<boolean>('globalThis.axe !== undefined')
    const axe = new AxeBuilder({ page, ...(isThere ? { axeSource: NO_SOURCE } : {}) })
    // In the page itself: a page of its own for each report takes five times as long, and is for frames, which there are none of.
    axe.setLegacyMode().options({
      resultTypes: ['violations'],
      ...(scheme === 'light' ? {} : { runOnly: { type: 'rule', values: COLOUR_RULES } }),
    })
    const { violations, passes } = await axe.analyze()
    assert.ok(passes.length > 0, `${where}, ${scheme}: nothing was judged`)
    for (const { id, nodes } of violations)
      found.push(`${where}, ${scheme}: ${id} ${nodes[0]?.html.slice(0, 160) ?? ''}`)
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  return found
}

/** Presses a button by keyboard once it can be pressed: while an answer is on its way it is not, and a key would be lost. */
export async function enter(button: Locator): Promise<void> {
  await button.click({ trial: true })
  await button.press('Enter')
}
