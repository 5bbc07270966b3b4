/** Every screen of the web page in a real browser on the real service: hostile text is text, and accessibility. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { browserTest as test, faultsOf, openScreen, type Screen, setUp, show } from './browser.ts'
import { customLine, scan, startService, until } from './harness.ts'
import { furnish, SCREENS } from './screens.ts'

const LIST = '198.51.100.9\n198.51.100.7\n'
const PATHS = [...SCREENS, '/events?live=true']

/** Until the screen has asked for all that it shows. */
async function showAll(screen: Screen, path: string): Promise<void> {
  await show(screen, path)
  await screen.page.waitForLoadState('networkidle')
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
    await furnish(service, LIST)
    const screen = await openScreen(t, service)
    await setUp(screen, service)
    for (const path of PATHS) await showAll(screen, path)
    assert.deepEqual(screen.complaints, [])
  })

  test('has no fault of accessibility, light or dark, in English or German', async (t) => {
    const service = await startService(t)
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await furnish(service, LIST)
    const screen = await openScreen(t, service)
    await setUp(screen, service)
    const found: string[] = []
    for (const language of ['en', 'de']) {
      await screen.page.evaluate(
        (chosen) => globalThis.localStorage.setItem('ads-language', chosen),
        language,
      )
      for (const path of PATHS) {
        await showAll(screen, path)
        found.push(...(await faultsOf(screen.page, `${language} ${path}`)))
      }
      assert.equal(await screen.page.locator('html').getAttribute('lang'), language)
    }
    assert.deepEqual(found, [])
    assert.deepEqual(screen.complaints, [])
  })
})
