/** The overview, the alarms over every screen, the wall, about, and the palette's actions, in a real browser on the real service. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { begin, browserTest as test, enter, show } from './browser.ts'
import { customLine, scan, until } from './harness.ts'

describe('the overview', () => {
  test('it says in one look that the site is protected, and every number leads to its records', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    const threat = { type: 'THREAT', severity: 'informational', action: 'alert' }
    await service.sendUdp([
      ...scan('198.51.100.7', 11),
      ...scan('198.51.100.9', 2, { destination: '203.0.113.20' }),
      customLine({ source: '198.51.100.9', port: 443, ...threat }),
    ])
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await until('it is stored', async () => (await service.stored()) >= 14)
    await show(screen, '/?span=1h')
    await page.getByText('Protected: detection is on, the list has one entry.').waitFor()
    await page.getByRole('region', { name: 'Blocked now' }).getByRole('link', { name: '1' }).first().waitFor()
    const chart = page.getByRole('application', { name: 'Lines over time' })
    await chart.waitFor()
    await page.getByText('As a table').first().press('Enter')
    await page
      .getByRole('table', { name: 'Lines over time' })
      .getByRole('cell', { name: '13', exact: true })
      .waitFor()
    await page.getByRole('img', { name: 'Where attacks come from' }).waitFor()
    const ports = page
      .getByRole('listitem')
      .filter({ has: page.getByRole('link', { name: '1000', exact: true }) })
    await ports.getByText('2', { exact: true }).waitFor()

    await page.getByRole('link', { name: '198.51.100.9', exact: true }).press('Enter')
    await page.waitForURL(/\/events\?/)
    assert.match(new URL(page.url()).searchParams.get('filter') ?? '', /addr\.src eq 198\.51\.100\.9/)
    assert.equal(new URL(page.url()).searchParams.get('from'), 'now-1h')
    assert.deepEqual(screen.complaints, [])
  })

  test('who was blocked today stands there with the reason, and one press undoes it', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await show(screen, '/')
    await page.getByText('reached 11 ports of 203.0.113.10').first().waitFor()
    await enter(page.getByRole('button', { name: 'Undo: 198.51.100.7' }))
    await until('it is off the list', async () => !(await service.list()).includes('198.51.100.7'))
    await page.getByText('Nobody was blocked today.').waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('a span is looked at closer by the keys of the chart, and the way back stands beside', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.sendUdp(scan('198.51.100.7', 3))
    await until('it is stored', async () => (await service.stored()) >= 3)
    await show(screen, '/?span=24h')
    const chart = page.getByRole('application', { name: 'Lines over time' })
    await chart.focus()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await page.waitForURL(/from=/)
    await enter(page.getByRole('button', { name: 'Whole span' }))
    await page.waitForURL((url) => url.search === '')
    assert.deepEqual(screen.complaints, [])
  })

  test('a strip over every screen tells that detection is off, with the one thing to do', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.control.call('setEngine', { action: 'off', reason: 'a test' })
    await show(screen, '/allow')
    const strip = page.getByRole('region', { name: 'Less protection' })
    await strip.getByText('Detection is off: nobody new is blocked.').waitFor()
    await strip.getByRole('link', { name: 'Switch on' }).press('Enter')
    await page.waitForURL(/\/engine$/)
    await service.control.call('setEngine', { action: 'on', reason: 'a test' })
    await strip.waitFor({ state: 'detached' })
    assert.deepEqual(screen.complaints, [])
  })

  test('the bell holds the alarms, each with the place of its mend', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    service.app.parts.alarms.raise({
      code: 'allowed-attacker:test',
      severity: 'warning',
      message: 'One on the allowlist attacks.',
      mend: 'Look at its entry.',
    })
    await show(screen, '/audit')
    await enter(page.getByRole('button', { name: /alarm/i }))
    const alarms = page.getByRole('dialog', { name: 'Alarms' })
    const row = alarms.getByRole('listitem').filter({ hasText: 'One on the allowlist attacks.' })
    await row.getByRole('link', { name: 'Open the allowlist' }).press('Enter')
    await page.waitForURL(/\/allow$/)
    assert.deepEqual(screen.complaints, [])
  })

  test('the wall shows the numbers large, goes on by key, and tells no names of users', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await show(screen, '/')
    await page.getByText('Protected: detection is on').waitFor()
    await page.keyboard.press('w')
    await page.waitForURL(/\/wall$/)
    await page.getByText('Stopped by the list').waitFor()
    for (let view = 0; view < 3; view++) await page.keyboard.press('ArrowRight')
    await page.getByText('198.51.100.7').first().waitFor()
    assert.equal(await page.getByText('ada', { exact: true }).count(), 0)
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('about tells versions, licences and where data lies, and opens a document', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await show(screen, '/about')
    await page.getByText(`${service.folder}/data/state.sqlite`).waitFor()
    await page.getByLabel('Filter by name or licence').fill('uplot')
    await page.getByRole('row', { name: /uplot 1\.6\.\d+ MIT/ }).waitFor()
    const download = page.waitForEvent('download')
    await enter(page.getByRole('button', { name: 'Download the bill of materials (CycloneDX)' }))
    assert.equal((await download).suggestedFilename(), 'active-defense-syslog.cdx.json')
    await enter(page.getByRole('button', { name: /^Detection docs\/detection\.md$/ }))
    await page.getByRole('dialog').getByText('# Detection').first().waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('the palette blocks an address and freezes the list where one stands', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await show(screen, '/audit')
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder(/screen/i).fill('198.51.100.77')
    await enter(page.getByRole('button', { name: 'Block 198.51.100.77', exact: true }))
    await page.getByLabel('Reason').fill('seen elsewhere')
    await page.keyboard.press('Enter')
    await until('it is listed', async () => (await service.list()).includes('198.51.100.77'))
    await until('no dialog is left', async () => (await page.getByRole('dialog').count()) === 0)
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder(/screen/i).fill('Freeze the list')
    await enter(page.getByRole('button', { name: 'Freeze the list' }))
    await page.getByLabel('Reason').fill('a test')
    await page.keyboard.press('Enter')
    await until('it is frozen', () => service.app.parts.decider?.engine.flags.frozen === true)
    await page.getByRole('region', { name: 'Less protection' }).getByText('The list is frozen').waitFor()
    assert.deepEqual(screen.complaints, [])
  })
})
