/** Every screen of the web page in a real browser on the real service: hostile text is text, and accessibility. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'node:test'
import { browserTest as test, faultsOf, openScreen, type Screen, setUp, show } from './browser.ts'
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

describe('every screen', () => {
  test('shows hostile text in every field of a log line as text', async (t) => {
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

  test('has no fault of accessibility, light or dark, in English or German', async (t) => {
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
