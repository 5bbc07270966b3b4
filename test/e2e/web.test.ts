/** The web page in a real browser on the real service: signing in, the daily tasks, hostile text, accessibility. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import {
  browserTest as test,
  enter,
  faultsOf,
  openScreen,
  PASSWORD,
  type Screen,
  setUp,
  show,
} from './browser.ts'
import { customLine, scan, type Service, startService, until } from './harness.ts'

const SCREENS = [
  '/',
  '/events',
  '/events?live=true',
  '/blocks',
  '/blocks?mode=ended',
  '/ip/198.51.100.7',
  '/ip/198.51.100.0%2F24',
  '/wall',
  '/about',
  '/allow',
  '/detections',
  '/engine',
  '/feeds',
  '/feeds?feed=blacklist&tab=use',
  '/feeds?feed=blacklist&tab=fetchers',
  '/feeds?feed=blacklist&tab=preview',
  '/feeds?feed=blacklist&tab=revisions',
  '/feeds?feed=blacklist&tab=access',
  '/firewalls',
  '/firewalls?firewall=edge',
  '/bouncers',
  '/bouncers?bouncer=web-1',
  '/imports',
  '/imports?list=old',
  '/notifications',
  '/welcome',
  '/sources',
  '/settings',
  '/audit',
  '/users',
  '/account',
]

/** Until the screen has asked for all that it shows. */
async function showAll(screen: Screen, path: string): Promise<void> {
  await show(screen, path)
  await screen.page.waitForLoadState('networkidle')
}

/** What the screens of firewalls, bouncers and imports show one of. */
async function furnish({ control, folder }: Service): Promise<void> {
  await control.call('addFirewall', {
    name: 'edge',
    addresses: ['127.0.0.2'],
    devices: ['edge-fw-1'],
    intervalSeconds: null,
    feed: 'blacklist',
    api: null,
    reason: '',
  })
  await control.call('addBouncer', { name: 'web-1', hostsOnly: true, sources: [], note: 'reverse proxy' })
  const from = join(folder, 'old.txt')
  await writeFile(from, '198.51.100.9\n198.51.100.7\n')
  await control.call('addImport', {
    name: 'old',
    direction: 'compare',
    from,
    hosts: [],
    refreshMinutes: 5,
    confidence: null,
    keepHours: 24,
    takesWide: false,
    maxEntries: 100,
    note: '',
    dryRun: false,
  })
}

describe('the web page', () => {
  test('the first account needs the setup code; then name, password and second factor open the page', async (t) => {
    const service = await startService(t)
    const screen = await openScreen(t, service)
    const { page } = screen
    await page.getByLabel('Setup code').fill('WRON-GCOD-EAAA-AAAA')
    await page.getByLabel('User name').fill('ada')
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByText('the setup code is not right').waitFor()
    await setUp(screen, service)

    await show(screen, '/account')
    await page.getByRole('button', { name: 'Set up a second factor' }).click()
    const seed = (await page.locator('pre').first().textContent())?.replaceAll(' ', '') ?? ''
    const code = (): string => TOTP.generate({ secret: Secret.fromBase32(seed), timestamp: Date.now() })
    await page.getByLabel('Code of the second factor').fill(code())
    await page.keyboard.press('Enter')
    await page.getByText('Keep these recovery codes').waitFor()
    const recovery = (await page.locator('li').first().textContent()) ?? ''

    await page.getByRole('button', { name: 'ada' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.getByLabel('User name').fill('ada')
    await page.locator('input[name=password]').fill('not the password')
    await page.keyboard.press('Enter')
    await page.getByText('name, password or code is not right').waitFor()
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByLabel('Code of the second factor').fill(recovery)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    await page.getByRole('button', { name: 'ada' }).waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('a scanner appears, is explained, lifted and allowed, and another is blocked: by keyboard', async (t) => {
    const service = await startService(t)
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    const screen = await openScreen(t, service)
    const { page } = screen
    await setUp(screen, service)
    await page.getByText('Protected: detection is on, the list has one entry.').waitFor()

    await page.keyboard.press('/')
    await page.keyboard.type('198.51.100.7')
    await page.keyboard.press('Enter')
    await page.getByText('198.51.100.7 is blocked. It is on the list that firewalls fetch.').waitFor()
    await page.getByText('reached 11 ports of').first().waitFor()

    await page.getByRole('button', { name: 'Allow' }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Reason').fill('our partner')
    await page.keyboard.press('Enter')
    await page.getByText('Not on the list').waitFor()
    await until('the list is empty', async () => !(await service.list()).includes('198.51.100.7'))

    await show(screen, '/blocks')
    await page.keyboard.press('b')
    await page.getByLabel('Addresses or networks').fill('198.51.100.200\n8.8.8.8')
    await page.getByLabel('Reason').fill('seen elsewhere')
    await enter(page.getByRole('button', { name: 'Preview' }))
    await page.getByText('8.8.8.8 is never blocked').waitFor()
    await page.getByText('would be blocked').waitFor()
    assert.equal((await service.list()).includes('198.51.100.200'), false)
    await enter(page.getByRole('button', { name: 'Block', exact: true }))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.200'))
    assert.deepEqual(screen.complaints, [])
  })

  test('hostile text in every field of a log line is shown as text on every screen', async (t) => {
    const service = await startService(t)
    const payload = `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}javascript:alert(3)`
    const lines = Array.from({ length: 11 }, (_, i) =>
      customLine({ source: '198.51.100.7', port: i + 1, user: payload }),
    )
    await service.sendUdp([...lines, `<14>${payload} not a firewall line`])
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await furnish(service)
    const screen = await openScreen(t, service)
    await setUp(screen, service)
    for (const path of SCREENS) await showAll(screen, path)
    assert.deepEqual(screen.complaints, [])
  })

  test('no screen has a fault of accessibility, light or dark, in English or German', async (t) => {
    const service = await startService(t)
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await furnish(service)
    const screen = await openScreen(t, service)
    await setUp(screen, service)
    const found: string[] = []
    for (const language of ['en', 'de']) {
      await screen.page.evaluate(
        (chosen) => globalThis.localStorage.setItem('ads-language', chosen),
        language,
      )
      for (const path of SCREENS) {
        await showAll(screen, path)
        found.push(...(await faultsOf(screen.page, `${language} ${path}`)))
      }
      assert.equal(await screen.page.locator('html').getAttribute('lang'), language)
    }
    assert.deepEqual(found, [])
    assert.deepEqual(screen.complaints, [])
  })
})
