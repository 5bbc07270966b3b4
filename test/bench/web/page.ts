/**
 * The page as a browser sees it: when something useful is painted with an empty cache, what its first load weighs, and how
 * evenly the Events table scrolls through 100,000 rows, by the browser's own tracing. Headless Chromium draws in software,
 * so figures of a machine with a graphics card are better.
 */
import { join } from 'node:path'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { launchBrowser, PASSWORD } from '../../e2e/browser.ts'
import { quantile } from '../measure.ts'
import type { RunningService } from '../service.ts'
import type { SearchRange } from './search.ts'

const USER = 'bench'
const PAINTS = 7
const SCROLLED_ROWS = 100_000
const LOAD_LIMIT_MS = 300_000
const SCROLL_SECONDS = 10
/** A brisk turn of the wheel, and the whole table within the time. */
const PACES = { 'with the wheel': 90, 'through all rows': 3400 } as const
const VIEWPORT = { width: 1440, height: 900 }

/** The tables' lines, as they are printed. Rejects when there is no Chromium. */
export async function measurePage(
  service: RunningService,
  range: SearchRange,
  parts: readonly string[],
  say: (text: string) => void,
): Promise<string[]> {
  const origin = `https://127.0.0.1:${service.webPort}`
  await addUser(service)
  const browser = await launchBrowser()
  try {
    const state = await signedIn(browser, origin)
    const lines: string[] = []
    if (parts.includes('page')) lines.push(...(await paints(browser, origin, state)))
    if (parts.includes('scroll')) lines.push(...(await scrolls(browser, origin, state, range, say)))
    return lines
  } finally {
    await browser.close()
  }
}

type State = Awaited<ReturnType<BrowserContext['storageState']>>

async function addUser({ control }: RunningService): Promise<void> {
  const known = await Array.fromAsync(control.rows('listUsers', {}))
  if (known.some(({ name }) => name === USER)) return
  await control.call('addUser', { name: USER, role: 'administrator', password: PASSWORD, mustChange: false })
}

async function newContext(browser: Browser, storageState?: State): Promise<BrowserContext> {
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: VIEWPORT,
    ...(storageState === undefined ? {} : { storageState }),
  })
  await context.addInitScript({ path: join(import.meta.dirname, 'in-page.js') })
  return context
}

async function signedIn(browser: Browser, origin: string): Promise<State> {
  const context = await newContext(browser)
  const page = await context.newPage()
  await page.goto(origin)
  await page.getByLabel('User name').fill(USER)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: USER }).waitFor()
  const state = await context.storageState()
  await context.close()
  return state
}

/** With an empty cache each: until the overview says whether the site is protected. */
async function paints(browser: Browser, origin: string, state: State): Promise<string[]> {
  const usefulMs: number[] = []
  const firstMs: number[] = []
  let scripts = 0
  let styles = 0
  for (let i = 0; i < PAINTS; i++) {
    const context = await newContext(browser, state)
    const page = await context.newPage()
    const cdp = await context.newCDPSession(page)
    await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
    await page.goto(origin, { waitUntil: 'commit' })
    const useful = await page.evaluate<Painted>('benchWeb.usefulPaint()')
    usefulMs.push(useful.usefulMs)
    firstMs.push(useful.firstMs)
    scripts = useful.scriptBytes
    styles = useful.styleBytes
    await context.close()
  }
  return [
    '| the page, cold | median | worst | target |',
    '|---|---|---|---|',
    `| first paint, ms | ${quantile(firstMs, 0.5).toFixed(0)} | ${Math.max(...firstMs).toFixed(0)} | |`,
    `| first useful paint (the overview's verdict), ms | ${quantile(usefulMs, 0.5).toFixed(0)} | ${Math.max(...usefulMs).toFixed(0)} | <= 1500 |`,
    `| JavaScript of the first load, KiB gz | ${(scripts / 1024).toFixed(0)} | | <= 300 |`,
    `| CSS, KiB gz | ${(styles / 1024).toFixed(0)} | | <= 45 |`,
  ]
}

interface Painted {
  readonly usefulMs: number
  readonly firstMs: number
  readonly scriptBytes: number
  readonly styleBytes: number
}

async function scrolls(
  browser: Browser,
  origin: string,
  state: State,
  { fromMs, toMs }: SearchRange,
  say: (text: string) => void,
): Promise<string[]> {
  const context = await newContext(browser, state)
  const page = await context.newPage()
  const range = `since=${new Date(fromMs).toISOString()}&until=${new Date(toMs).toISOString()}`
  await page.goto(`${origin}/events?${range}`)
  await page.locator('tr[data-index="0"]').waitFor()
  const beganMs = performance.now()
  const rows = await page.evaluate<number>(`benchWeb.loadRows(${SCROLLED_ROWS}, ${LOAD_LIMIT_MS})`)
  const loadSeconds = (performance.now() - beganMs) / 1000
  const cdp = await context.newCDPSession(page)
  say(`scrolling through ${rows} rows`)
  const lines = [
    `| scrolling through ${rows.toLocaleString('en')} rows (loaded in ${loadSeconds.toFixed(0)} s) | frames/s by tracing | frames/s by requestAnimationFrame | frame, p95 ms | worst ms | target |`,
    '|---|---|---|---|---|---|',
  ]
  for (const [name, stepPx] of Object.entries(PACES)) {
    await page.evaluate('benchWeb.toTop()')
    const { frames, times } = await traced(cdp, page, stepPx)
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number))
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000
    lines.push(
      `| ${name}, ${stepPx} px a frame | ${(frames / seconds).toFixed(1)} | ${(gaps.length / seconds).toFixed(1)} | ${quantile(gaps, 0.95).toFixed(1)} | ${Math.max(...gaps).toFixed(0)} | >= 55 |`,
    )
  }
  await context.close()
  return lines
}

/** Scrolls for some seconds under tracing: frames that the compositor drew, and when each animation frame began. */
async function traced(
  cdp: CDPSession,
  page: Page,
  stepPx: number,
): Promise<{ frames: number; times: number[] }> {
  let frames = 0
  const count = ({ value }: { value: Record<string, unknown>[] }): void => {
    for (const { name } of value) if (name === 'DrawFrame') frames++
  }
  cdp.on('Tracing.dataCollected', count as (event: unknown) => void)
  await cdp.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: {
      includedCategories: ['disabled-by-default-devtools.timeline.frame', 'devtools.timeline.frame'],
    },
  })
  const times = await page.evaluate<number[]>(`benchWeb.scroll(${stepPx}, ${SCROLL_SECONDS * 1000})`)
  const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve))
  await cdp.send('Tracing.end')
  await complete
  cdp.off('Tracing.dataCollected', count as (event: unknown) => void)
  return { frames, times }
}
