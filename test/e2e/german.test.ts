/**
 * The German page, on a service with what its screens show one of: no sentence of the service, and no English word, stands outside of
 * what is marked as English (`lang`) or as text that stays as it is (`translate="no"`, code, addresses, log data, typed text).
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe } from 'node:test'
import { browserTest as test, openScreen, type Screen, setUp, show } from './browser.ts'
import { customLine, scan, type Service, startService, until } from './harness.ts'
import { furnish, NEW_LIST, SCREENS } from './screens.ts'

const PATHS = [
  ...SCREENS,
  '/blocks?mode=hold',
  '/blocks?mode=shadow',
  '/ip/198.51.100.9',
  '/ip/198.51.100.11',
  '/ip/8.8.8.8',
  '/ip/10.1.2.3',
  '/imports?list=gone',
]

/** What stands on the page as it is: code, commands and addresses, log data, what was typed, names. */
const AS_IT_IS =
  '[lang="en"], [translate="no"], code, pre, kbd, .mono, .evidence, .ev-raw, input, textarea, select, script, style, .document, .ev-table td'

/** In the page: texts, titles and names for readers outside of the places above that are seen. */
const TEXTS = `(() => {
  const found = []
  const take = (text, element) => {
    if (text !== null && text.trim() !== '' && element.closest(${JSON.stringify(AS_IT_IS)}) === null) found.push(text.trim())
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) take(walker.currentNode.data, walker.currentNode.parentElement)
  for (const one of document.querySelectorAll('[title], [aria-label], [placeholder]'))
    for (const name of ['title', 'aria-label', 'placeholder']) take(one.getAttribute(name), one)
  return found
})()`

/** Words that German does not have. */
const ENGLISH =
  /\b(?:the|is|were|within|which|with|from|and|not|that|has|does|its|been|by|until|seen|blocked|allowed|cannot|nothing|only|line|lines|list|since)\b/i

/** English words in German names and commands. */
const FINE =
  /active-defense |^Zeile \d+ von \d+: |POST \/api\/v1\/lines|firewalls (?:check|change|add|leaks)|feeds (?:diff|release|refuse|preview)|from, /

/** Adds what has a sentence of its own: a list that cannot be read, changes by hand, a rule in shadow mode. */
async function furnishMore({ control, folder }: Service): Promise<void> {
  const person = { reason: 'Probe', dryRun: false, until: null }
  await control.call('addImport', {
    ...NEW_LIST,
    name: 'gone',
    direction: 'block',
    from: join(folder, 'gone.txt'),
  })
  await control.call('addBlocks', { ...person, targets: ['192.0.2.240/29'] })
  await control.call('removeBlocks', { reason: 'Probe', dryRun: false, targets: ['198.51.100.9'] })
  await control.call('addAllow', { ...person, targets: ['198.51.100.53'] })
  await control.call('changeSettings', {
    changes: { 'detection.randomScan.mode': 'shadow' },
    reason: 'Probe',
  })
}

/** English texts that the screen shows, each with its path. */
async function englishOf({ page }: Screen, path: string): Promise<string[]> {
  const texts = await page.evaluate<string[]>(TEXTS)
  assert.ok(texts.length > 10, `${path} shows nothing`)
  return [...new Set(texts)]
    .filter((text) => ENGLISH.test(text) && !FINE.test(text))
    .map((text) => `${path}: ${text}`)
}

describe('the page in German', () => {
  test('no screen shows an English sentence where no log data, name or typed text stands', async (t) => {
    const service = await startService(t, {
      sets: ['detection.threat.spoofable=hold', 'detection.hostSweep.mode=shadow', 'web.plainPage=signed-in'],
    })
    await service.sendUdp([
      ...scan('198.51.100.7', 14),
      ...scan('198.51.100.9', 12),
      customLine({ source: '198.51.100.11', port: 443, type: 'THREAT', action: 'reset-both' }),
      ...Array.from({ length: 40 }, (_, i) =>
        customLine({ source: '198.51.100.13', destination: `203.0.113.${i + 20}`, port: 22 }),
      ),
      '<14>Nov 22 12:00:00 edge-fw-1 keine Zeile einer Firewall',
      '<14>Nov 22 12:00:00 edge-fw-1 1,2026/11/22 12:00:00,1,TRAFFIC,drop,2561,2026/11/22',
    ])
    await until('two are listed', async () => {
      const list = await service.list()
      return list.includes('198.51.100.7') && list.includes('198.51.100.9')
    })
    await furnish(service, '198.51.100.9\n198.51.100.77\n')
    await furnishMore(service)
    const screen = await openScreen(t, service)
    await setUp(screen, service)
    await screen.page.evaluate(() => globalThis.localStorage.setItem('ads-language', 'de'))
    const found: string[] = []
    for (const path of PATHS) {
      await show(screen, path)
      await screen.page.waitForLoadState('networkidle')
      for (const more of await screen.page.locator('details').all())
        await more.evaluate((one) => one.setAttribute('open', ''))
      found.push(...(await englishOf(screen, path)))
    }
    // A line with why it counts, a refused block with its reason, and what a person may type wrong.
    const { page } = screen
    await show(screen, '/events?from=now-1h&filter=severity%20geq%20high')
    const why = page.getByRole('tab', { name: 'Warum', exact: true })
    // A row that is drawn anew while the key comes loses it.
    await until('a line is open', async () => {
      if (!(await why.isVisible())) await page.locator('tr[data-index="0"]').first().press('Enter')
      return why.isVisible()
    })
    await why.click()
    await page.getByText('Gelesen als').first().waitFor()
    found.push(...(await englishOf(screen, 'drawer')))
    await show(screen, '/blocks')
    await page.keyboard.press('b')
    await page.getByLabel('Adressen oder Netze').fill('8.8.8.8\n10.0.0.0/8\nkein Netz')
    await page.getByLabel('Grund').fill('Probe')
    await page.getByRole('button', { name: 'Vorschau' }).click()
    await page.getByText('wird nie gesperrt').first().waitFor()
    found.push(...(await englishOf(screen, 'preview')))
    assert.equal(await screen.page.locator('html').getAttribute('lang'), 'de')
    assert.deepEqual(found, [])
    assert.deepEqual(screen.complaints, [])
  })
})
