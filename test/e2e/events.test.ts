/** The events screen in a real browser on the real service: found, counted, opened, blocked, live, exported, kept. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, type TestContext } from 'node:test'
import { begin, browserTest as test, enter, eventRows, eventTotal, faultsOf, type Screen } from './browser.ts'
import { customLine, scan, type Service, until } from './harness.ts'

const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}javascript:alert(3)`
const HIDDEN = '\u202egnp.exe\u0007\u200b'

/** Drags through the table until rows fly past, and back; answers how many do. */
const FLY = `(async () => {
  const scroller = document.querySelector('.ev-scroll')
  let most = 0
  for (let step = 0; step < 200 && most === 0; step++) {
    scroller.scrollTop += (step % 20 < 10 ? 3 : -3) * scroller.clientHeight
    await new Promise(requestAnimationFrame)
    most = document.querySelectorAll('.ev-flying').length
  }
  return most
})()`

/** These lines stored, and a page signed in. */
async function beginWith(
  t: TestContext,
  lines: readonly string[],
): Promise<{ service: Service; screen: Screen }> {
  const { service, screen } = await begin(t)
  // Over TCP none is lost, however many there are.
  if (lines.length > 0) await service.sendTcp(`${lines.join('\n')}\n`)
  await until('the lines are stored', async () => (await service.stored()) === lines.length, 60_000)
  return { service, screen }
}

async function open({ page, origin }: Screen, search = ''): Promise<void> {
  await page.goto(`${origin}/events${search}`)
  await page.getByRole('heading', { level: 1, name: 'Events' }).waitFor({ state: 'attached' })
}

describe('the events screen', () => {
  test('records are found by a filter that is completed, mended and turned round, by counts, time and chart', async (t) => {
    const lines = [
      ...scan('198.51.100.7', 5),
      customLine({ source: '198.51.100.9', port: 443, action: 'allow' }),
      customLine({ source: '198.51.100.9', port: 22, type: 'THREAT', severity: 'high' }),
    ]
    const { screen } = await beginWith(t, lines)
    const { page } = screen
    await open(screen)
    await eventTotal(page, '7 events')
    await until('all are shown', async () => (await eventRows(page).count()) === 7)

    await page.keyboard.press('/')
    await page.keyboard.type('( acti')
    await page.getByRole('option', { name: /^action/ }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.type('eq allo')
    await page.getByRole('option', { name: /^allow/ }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.keyboard.type(')')
    await page.keyboard.press('Enter')
    await eventTotal(page, 'One event')
    assert.match(page.url(), /filter=/)
    await page.getByRole('button', { name: 'action eq allow', exact: true }).click()
    await eventTotal(page, '6 events')
    await page.getByRole('button', { name: 'Remove the condition ( action neq allow )' }).click()
    await eventTotal(page, '7 events')

    const field = page.getByRole('combobox', { name: 'Filter' })
    await field.fill('( acton eq allow )')
    await field.press('Enter')
    await page.getByText('At character 3: expected the name of a field.').waitFor()
    assert.equal(await page.locator('.ev-fault mark').textContent(), 'acton')
    await page.getByRole('button', { name: /Use this instead/ }).press('Enter')
    await eventTotal(page, 'One event')
    await page.goBack()
    await eventTotal(page, '7 events')

    const counts = page.getByRole('navigation', { name: 'Counts' })
    await counts.getByRole('button', { name: 'Source: 198.51.100.9 2' }).press('Enter')
    await eventTotal(page, '2 events')
    await counts.getByRole('button', { name: 'Not Level high' }).press('Enter')
    await eventTotal(page, 'One event')
    await page.getByRole('button', { name: 'Clear the filter' }).click()
    await eventTotal(page, '7 events')
    await page
      .locator('td[data-field="sourceAddress"] .ev-value')
      .filter({ hasText: '198.51.100.9' })
      .first()
      .click({ modifiers: ['Alt'] })
    await eventTotal(page, '5 events')
    await page.goBack()
    await eventTotal(page, '7 events')

    await page.keyboard.press('Escape')
    await page.keyboard.press('t')
    await page.getByRole('button', { name: 'Last 15 minutes' }).press('Enter')
    await page.waitForURL(/from=now-15m/)
    await eventTotal(page, '7 events')
    const chart = page.locator('.ev-chart .u-over')
    const box = await chart.boundingBox()
    if (box === null) assert.fail('there is no chart')
    await page.mouse.move(box.x + box.width * 0.1, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.4, box.y + 20, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=\d{4}-\d{2}-\d{2}T/)
    await page.getByText('Nothing matches.').waitFor()
    await page.getByRole('button', { name: 'Search the last 30 days' }).press('Enter')
    await eventTotal(page, '7 events')
    assert.deepEqual(screen.complaints, [])
  })

  test('by keyboard alone an event is opened, read, explained, and its source is blocked', async (t) => {
    const { service, screen } = await beginWith(t, scan('198.51.100.7', 3))
    const { page } = screen
    await open(screen)
    await eventRows(page).first().waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    const event = page.getByRole('complementary', { name: 'One event' })
    await event.getByRole('row', { name: /Rule Active Defense sensor/ }).waitFor()
    const first = page.url()
    await page.keyboard.press('j')
    await page.waitForURL((url) => url.href !== first)
    await event.getByRole('tab', { name: 'Raw' }).press('Enter')
    await event.getByText('SrcIP=198.51.100.7').waitFor()
    await event.getByRole('tab', { name: 'Why' }).press('Enter')
    await event.getByText(/Read as paloalto-custom/).waitFor()
    await page.keyboard.press('b')
    await page.getByText('would be blocked').waitFor()
    await page.getByLabel('Reason').fill('seen in the events')
    await page.keyboard.press('Enter')
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await event.getByText('blocked', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Undo' }).waitFor()
    await page.keyboard.press('Escape')
    await event.waitFor({ state: 'detached' })
    await page.keyboard.press('x')
    await page.getByText('one selected').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('one selected').waitFor({ state: 'detached' })
    await page.keyboard.press('m')
    const link = page.getByRole('menuitem', { name: 'AbuseIPDB' })
    assert.equal(await link.getAttribute('rel'), 'noreferrer noopener')
    assert.equal(await link.getAttribute('href'), 'https://www.abuseipdb.com/check/198.51.100.7')
    await page.getByRole('menuitem', { name: 'All from its network' }).press('Enter')
    await page.getByRole('button', { name: 'Remove the condition ( src.net24 eq 198.51.100.7 )' }).waitFor()
    await eventTotal(page, '3 events')
    assert.deepEqual(screen.complaints, [])
  })

  test('the live view shows events as they come, waits while somebody reads, and says what it left out', async (t) => {
    const { service, screen } = await beginWith(t, scan('198.51.100.7', 1))
    const { page } = screen
    await open(screen)
    await eventTotal(page, 'One event')
    await page.keyboard.press('l')
    await page.getByText('Live: new events appear by themselves').waitFor()
    await service.sendTcp(`${scan('198.51.100.8', 40).join('\n')}\n`)
    await page.getByText('198.51.100.8').first().waitFor()
    await until('all are shown', async () => (await eventRows(page).count()) > 20)
    await page.locator('.ev-scroll').evaluate((element) => element.scrollTo(0, 300))
    await page.getByText('Paused').waitFor()
    await service.sendTcp(`${scan('198.51.100.10', 12).join('\n')}\n`)
    await page.getByRole('button', { name: '12 new' }).waitFor()
    assert.equal(await page.getByText('198.51.100.10').count(), 0)
    await page.getByRole('button', { name: '12 new' }).press('Enter')
    await page.getByText('198.51.100.10').first().waitFor()
    await service.sendTcp(`${scan('198.51.100.11', 900, { device: 'edge-fw-2' }).join('\n')}\n`)
    await page.getByText(/shown, [\d,]+ left out/).waitFor()
    await eventRows(page).first().dblclick()
    await page
      .getByRole('complementary', { name: 'One event' })
      .getByRole('tab', { name: 'Raw' })
      .press('Enter')
    await page.getByText(/SrcIP=198\.51\.100\.1/).waitFor()
    // What is stored after the search has begun is not in it.
    await until('all are stored', async () => (await service.stored()) === 953, 60_000)
    await enter(page.getByRole('button', { name: 'Stop' }))
    await eventTotal(page, '953 events')
    assert.deepEqual(screen.complaints, [])
  })

  test('the whole result is exported, safe for spreadsheets; a view keeps filter, time and columns for others', async (t) => {
    const lines = Array.from({ length: 250 }, (_, i) =>
      customLine({ source: '198.51.100.7', port: 2000 + i, user: '=1+1' }),
    )
    const { screen } = await beginWith(t, lines)
    const { page } = screen
    await open(
      screen,
      `?filter=${encodeURIComponent('( port.dst geq 2050 )')}&from=now-7d&cols=sourceUser,destinationPort`,
    )
    await eventTotal(page, '200 events')
    await page.keyboard.press('e')
    await page.getByLabel('The columns shown').press('Space')
    const download = page.waitForEvent('download')
    await enter(page.getByRole('dialog').getByRole('button', { name: 'Export' }))
    const file = await download
    await page.getByText(/^200 events exported/).waitFor()
    const text = await readFile(await file.path(), 'utf8')
    const table = text.trimEnd().split('\r\n')
    assert.equal(table[0], '"sourceUser","destinationPort"')
    assert.equal(table.length, 201)
    assert.ok(table.slice(1).every((line) => line.startsWith(`"'=1+1",2`)))
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })

    await page.keyboard.press('s')
    await page.getByLabel('Name').fill('High ports')
    await page.getByLabel('Show it to everybody').press('Space')
    await page.keyboard.press('Enter')
    await page.getByText('Saved: High ports').waitFor()
    await open(screen)
    await eventTotal(page, '250 events')
    await enter(page.getByRole('button', { name: 'Views' }))
    await page.getByRole('button', { name: /^High ports/ }).press('Enter')
    await eventTotal(page, '200 events')
    assert.deepEqual(await page.locator('.ev-table thead th').allInnerTexts(), [
      'Select',
      'Source user',
      'Port',
      'What can be done with this event',
    ])
    await enter(page.getByRole('button', { name: 'Views' }))
    await enter(page.getByRole('button', { name: 'Remove the view High ports' }))
    await page.getByText('No view is saved yet.').waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('an export is cancelled, and a long list is walked through with few rows in the page', async (t) => {
    const many = 4000
    const lines = Array.from({ length: many }, (_, i) =>
      customLine({ source: `198.51.100.${1 + (i % 200)}`, port: 1 + i, atMs: Date.now() - (many - i) }),
    )
    const { screen } = await beginWith(t, lines)
    const { page } = screen
    await open(screen)
    await eventTotal(page, '4,000 events')
    assert.equal(await page.locator('.ev-table').getAttribute('aria-rowcount'), String(many + 1))
    const scroller = page.locator('.ev-scroll')
    const last = page.locator(`tr[aria-rowindex="${many + 1}"]:not(.ev-wait)`)
    // That it is all is known, and written below, before the last rows are drawn.
    await until(
      'the end is reached',
      async () => {
        await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight))
        return (await page.getByText('That is all.').isVisible()) && (await last.count()) === 1
      },
      60_000,
    )
    assert.ok((await eventRows(page).count()) < 80)
    assert.equal(await eventRows(page).last().getAttribute('aria-rowindex'), String(many + 1))
    await scroller.evaluate((element) => element.scrollTo(0, 0))
    await page.locator('tr[aria-rowindex="2"]').waitFor()
    assert.equal(await page.locator('.ev-flying').count(), 0, 'one jump is no flight')
    assert.ok((await page.evaluate<number>(FLY)) > 0)
    await page.locator('.ev-flying').first().waitFor({ state: 'detached' })
    await eventRows(page).first().locator('.ev-value').first().waitFor()

    await page.route('**/records/export?**', () => {}) // is never answered
    await page.keyboard.press('e')
    await enter(page.getByRole('dialog').getByRole('button', { name: 'Export' }))
    await page.getByText('0 of 4,000 events').waitFor()
    await enter(page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last())
    await page.getByText('The export was cancelled.').waitFor()
  })

  test('hostile and unseen signs in every field are text: in table, card, counts, menu, drawer and chips', async (t) => {
    const bad = customLine({ source: '198.51.100.7', port: 443, type: 'THREAT', user: HOSTILE })
      .replace('SrcLocation=Testland', `SrcLocation=${HOSTILE}`)
      .replace('DstLocation=Testland', `DstLocation=${HOSTILE}`)
      .replace('RuleName=Active Defense sensor', `RuleName=${HOSTILE}`)
      .replace('ThreatName=Test Overflow Attempt', `ThreatName=${HOSTILE}`)
      .replace('Action=drop', `Action=${HOSTILE}`)
    const hidden = customLine({ source: '198.51.100.8', port: 443, user: HIDDEN })
    const { screen } = await beginWith(t, [bad, hidden, `<14>${HOSTILE} no firewall wrote this`])
    const { page } = screen
    const cols =
      'receivedAt,action,sourceAddress,sourceUser,sourceCountry,destinationCountry,rule,threatName,device,unparsedReason'
    await open(screen, `?cols=${cols}`)
    await eventTotal(page, '3 events')
    const counts = page.getByRole('navigation', { name: 'Counts' })
    for (const label of ['Source user', 'Threat', 'Source country', 'Action'])
      await counts.getByText(label, { exact: true }).first().click()
    await counts.getByRole('button', { name: /^Rule: .*onerror/ }).waitFor()
    for (const index of [0, 1, 2]) {
      await page.locator(`tr[data-index="${index}"]`).dblclick({ position: { x: 90, y: 10 } })
      const event = page.getByRole('complementary', { name: 'One event' })
      for (const tab of ['Parsed', 'Raw', 'Why'] as const) {
        await event.getByRole('tab', { name: tab }).click()
        await page.waitForLoadState('networkidle')
      }
      await page.keyboard.press('Escape')
      await event.waitFor({ state: 'detached' })
      await page.keyboard.press('m')
      await page.getByRole('menu').waitFor()
      await page.keyboard.press('Escape')
    }
    const index = await page.locator('tr.ev-row', { hasText: '198.51.100.8' }).getAttribute('data-index')
    await page.locator(`tr[data-index="${index}"]`).dblclick({ position: { x: 90, y: 10 } })
    await page.getByRole('tab', { name: 'Raw' }).click()
    await page.getByText(/signs that cannot be seen are written out/).waitFor()
    assert.deepEqual(await page.locator('.ev-unsafe').allInnerTexts(), ['⟦U+202E⟧', '␇', '⟦U+200B⟧'])
    await page.keyboard.press('Escape')
    await counts.getByRole('button', { name: /^Rule: .*onerror/ }).click()
    await eventTotal(page, 'One event')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.locator('.ev-card').first().waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('no part of it has a fault of accessibility, light or dark, in English or German', async (t) => {
    const { service, screen } = await beginWith(t, [
      ...scan('198.51.100.7', 11),
      customLine({ source: '198.51.100.9', port: 22, type: 'THREAT', severity: 'high' }),
    ])
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    const { page } = screen
    const found: string[] = []
    for (const language of ['en', 'de']) {
      await page.evaluate((chosen) => globalThis.localStorage.setItem('ads-language', chosen), language)
      await page.goto(
        `${screen.origin}/events?filter=${encodeURIComponent('( port.dst geq 1 ) and ( addr.dst in 203.0.113.0/24 )')}`,
      )
      await page.locator('.ev-chip-blocked').first().waitFor()
      await page.waitForLoadState('networkidle')
      found.push(...(await faultsOf(page, `${language} list`)))
      for (const key of ['Enter', 'e', 's', 't', 'm']) {
        const opened = page.locator(key === 'Enter' ? '.ev-fields' : '[role="dialog"], [role="menu"]').first()
        await page.keyboard.press(key)
        await opened.waitFor()
        await page.waitForLoadState('networkidle')
        found.push(...(await faultsOf(page, `${language} ${key}`)))
        await page.keyboard.press('Escape')
        await opened.waitFor({ state: 'detached' })
      }
      await page.goto(`${screen.origin}/events?live=true`)
      await page.locator('.ev-live').waitFor()
      found.push(...(await faultsOf(page, `${language} live`)))
    }
    assert.deepEqual(found, [])
    assert.deepEqual(screen.complaints, [])
  })
})
