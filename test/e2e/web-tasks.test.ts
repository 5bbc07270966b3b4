/** What people do on the screens beside the daily ones, in a real browser on the real service. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { begin, browserTest as test, enter, show } from './browser.ts'
import { scan, until } from './harness.ts'

const HOUR_MS = 3_600_000

describe('the web page, screen by screen', () => {
  test('the wizard gives lines with this address, sees the first line and the first fetch, and sets the start', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await show(screen, '/welcome')
    await page.getByLabel('Address of this service for the firewall').fill('203.0.113.20')
    const port = service.app.parts.pipeline?.inputs
      .find(({ name }) => name === 'udp')
      ?.address?.split(':')
      .at(-1)
    await page.getByText(`set shared log-settings syslog ActiveDefense server ads port ${port}`).waitFor()
    await page
      .getByText(/external-list ActiveDefense-Blacklist type ip url https:\/\/203\.0\.113\.20:/)
      .waitFor()
    await page.getByText('No line yet.').waitFor()
    await service.sendUdp(scan('198.51.100.7', 3))
    await page.getByText('Every line was read').waitFor()
    await page.getByText('Nobody has fetched it yet.').waitFor()
    await service.list()
    await page.getByText('Nobody has fetched it yet.').waitFor({ state: 'detached' })
    await enter(page.getByRole('button', { name: 'Start in shadow' }))
    await page.getByText('The three rules run in shadow.').waitFor()
    await page.getByLabel('Addresses and networks, one a line').fill('198.51.100.53')
    await enter(page.getByRole('button', { name: 'Put on the allowlist' }))
    await page.getByText('one entry is on the allowlist').waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('a lower threshold shows beside the number whom it would have found, and is saved by its card', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.sendUdp(scan('198.51.100.9', 7))
    await until('it is stored', async () => (await service.stored()) >= 7)
    await show(screen, '/detections')
    await page.getByLabel('Port scan: ports').fill('5')
    const card = page.getByRole('region', { name: 'Port scan', exact: true })
    await card.getByText('1 gained', { exact: true }).waitFor()
    await card.getByRole('link', { name: '198.51.100.9' }).waitFor()
    await card.getByText('As a table').press('Enter')
    await card.getByRole('row', { name: '6 1 0', exact: true }).waitFor()
    await card.getByRole('row', { name: '7 0 0', exact: true }).waitFor()
    assert.equal(service.app.parts.decider === null, false)
    await card.getByRole('button', { name: 'Save' }).press('Enter')
    await page.getByText('Saved: Port scan').waitFor()
    await service.sendUdp(scan('198.51.100.10', 6))
    await until('the new number is in force', async () => (await service.list()).includes('198.51.100.10'))
    assert.deepEqual(screen.complaints, [])
  })

  test('the list is frozen and freed, and blocks since an hour are withdrawn after a look at them', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await show(screen, '/engine')
    await enter(page.getByRole('button', { name: 'Freeze' }))
    await enter(page.getByRole('dialog').getByRole('button', { name: 'Freeze' }))
    await page.getByText(/The list is frozen since/).waitFor()
    await enter(page.getByRole('button', { name: 'Let it change again' }))
    await enter(page.getByRole('dialog').getByRole('button', { name: 'Let it change again' }))
    await page.getByText('The list follows the decisions.').first().waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const since = new Date(Date.now() - HOUR_MS - new Date().getTimezoneOffset() * 60_000)
    await page.getByLabel('Blocked since').fill(since.toISOString().slice(0, 16))
    await enter(page.getByRole('button', { name: 'Show which' }))
    await page.getByText('One block would be lifted:').waitFor()
    assert.equal((await service.list()).includes('198.51.100.7'), true)
    await enter(page.getByRole('button', { name: 'Withdraw one block' }))
    await page.getByLabel('Reason').fill('our own test')
    await page.keyboard.press('Enter')
    await page.getByText('One block withdrawn').waitFor()
    await until('it is gone', async () => !(await service.list()).includes('198.51.100.7'))
    assert.deepEqual(screen.complaints, [])
  })

  test('what was just blocked or lifted is taken back within ten seconds', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await show(screen, '/ip/198.51.100.77')
    await enter(page.getByRole('button', { name: 'Block', exact: true }))
    await page.getByLabel('Reason').fill('by mistake')
    await page.keyboard.press('Enter')
    await until('it is listed', async () => (await service.list()).includes('198.51.100.77'))
    await enter(page.getByRole('button', { name: 'Undo' }))
    await page.getByText('Undone: 198.51.100.77').waitFor()
    await until('it is gone', async () => !(await service.list()).includes('198.51.100.77'))
    assert.deepEqual(screen.complaints, [])
  })

  test('a feed shows who fetches it, exactly what is served, and a feed of its own is added', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await show(screen, '/feeds')
    await page.getByRole('link', { name: 'Open blacklist' }).press('Enter')
    await page.getByText(/set external-list ActiveDefense-Blacklist type ip url/).waitFor()
    await page.getByRole('tab', { name: 'Fetchers' }).press('Enter')
    await page.getByRole('cell', { name: '127.0.0.1' }).first().waitFor()
    await page.getByRole('tab', { name: 'Preview' }).press('Enter')
    await page.locator('pre', { hasText: '198.51.100.7' }).waitFor()
    await page.getByRole('tab', { name: 'Revisions' }).press('Enter')
    await page.getByText('served now').waitFor()
    await show(screen, '/feeds')
    await enter(page.getByRole('button', { name: 'Add a feed' }))
    await page.getByLabel('Name').fill('branch')
    await page.getByLabel('Not from these countries').fill('FR, Nowhere Land')
    await page.getByLabel('Reason').fill('the small firewall')
    await enter(page.getByRole('button', { name: 'Preview' }))
    await page
      .getByText(/^1 entries, /)
      .or(page.getByText(/^one entry/))
      .first()
      .waitFor()
    await enter(page.getByRole('dialog').getByRole('button', { name: 'Add a feed' }))
    await page.getByRole('link', { name: 'Open branch' }).waitFor()
    const { filter } = await service.control.call('showFeed', { feed: 'branch' })
    assert.deepEqual(
      [filter.exceptCountries, filter.countries, filter.minSeverity],
      [['FR', 'Nowhere Land'], null, null],
    )
    assert.deepEqual(screen.complaints, [])
  })

  test('a recipient is added and tested, and the delivery log says why nothing went out', async (t) => {
    const { screen } = await begin(t)
    const { page } = screen
    await show(screen, '/notifications')
    await enter(page.getByRole('button', { name: 'Add a recipient' }).first()) // the empty list offers it too
    await page.getByLabel('Short name').fill('soc')
    await page.getByLabel('Mail address').fill('soc@example.net')
    await page.keyboard.press('Enter')
    await enter(page.getByRole('button', { name: 'Send a test' }))
    await page.getByText('Not delivered: smtp.host is not set').first().waitFor()
    await page.getByRole('cell', { name: /given up/ }).waitFor()
    await page.getByLabel('Server').fill('mail.example.net')
    await page.keyboard.press('Enter')
    await page.getByText('Mail server saved').waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('a device gets a time zone, and a file outside the allowed folders is refused', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await show(screen, '/sources')
    await enter(page.getByRole('button', { name: 'Register a device' }))
    await page.getByLabel(/^Host name/).fill('fw-lab-01')
    await page.getByLabel('Log file to follow').fill('/etc/shadow')
    await page.getByText(/The file must lie in \/var\/log/).waitFor()
    assert.equal(await page.getByRole('dialog').getByRole('button', { name: 'Register' }).isDisabled(), true)
    await page.getByLabel('Log file to follow').fill('')
    await page.getByLabel('Time zone').selectOption('Europe/Berlin')
    await enter(page.getByRole('dialog').getByRole('button', { name: 'Register' }))
    await page.getByText('time zone Europe/Berlin').waitFor()
    const zones: string[] = []
    for await (const { key, value } of service.control.rows('listSettings', {}))
      if (key === 'time.deviceZones') zones.push(value)
    assert.deepEqual(zones, ['fw-lab-01=Europe/Berlin'])
    assert.deepEqual(screen.complaints, [])
  })

  test('every screen is reached by the command palette, and ? tells the keys', async (t) => {
    const { screen } = await begin(t)
    const { page } = screen
    await page.keyboard.press('Shift+?')
    await page.getByText('Go anywhere, do anything').last().waitFor()
    await page.keyboard.press('Escape')
    for (const [typed, heading] of [
      ['engine', 'Engine'],
      ['notif', 'Notifications'],
      ['withdraw', 'Engine'],
      ['198.51.100.7', '198.51.100.7'],
    ] as const) {
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Screen or action').fill(typed)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    }
    assert.deepEqual(screen.complaints, [])
  })
})
