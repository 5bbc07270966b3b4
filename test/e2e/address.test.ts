/** The page of one address, and blocks as a long list, in a real browser on the real service. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { begin, browserTest as test, enter, show } from './browser.ts'
import { scan, until } from './harness.ts'

const MANY = 1200
const DAY_MS = 86_400_000

describe('the page of an address', () => {
  test('the verdict is one sentence with its numbers; matrix, firewalls and steps lead to the records', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await service.sendUdp([
      ...scan('198.51.100.7', 11),
      ...scan('198.51.100.7', 2, { destination: '203.0.113.20' }),
    ])
    await until('it is listed', async () => (await service.list()).includes('198.51.100.7'))
    await until('it is stored', async () => (await service.stored()) >= 13)
    await show(screen, '/ip/198.51.100.7')
    await page.getByText(/^Blocked until .* by Port scan\.$/).waitFor()
    await page
      .getByText(
        /^Reached 11 ports on 2 of your addresses within .*, in 13 lines; 0 connections completed\.$/,
      )
      .waitFor()
    await page.getByText('Could be forged', { exact: true }).waitFor()
    await page.getByText('1 of 256 in 198.51.100.0/24 are blocked.').waitFor()
    await page.getByText('Port scan found, count 11').waitFor()
    const matrix = page.getByRole('table', { name: 'Destinations and ports' })
    await matrix.getByRole('rowheader', { name: '203.0.113.20' }).waitFor()
    const seen = page.getByRole('table', { name: 'Seen by' })
    await seen.getByRole('row', { name: /edge-fw-1 13 13 0 2/ }).waitFor()
    const out = page.getByRole('link', { name: 'AbuseIPDB' })
    assert.equal(await out.getAttribute('rel'), 'noreferrer noopener')
    assert.equal(await out.getAttribute('href'), 'https://www.abuseipdb.com/check/198.51.100.7')
    await matrix.getByRole('link', { name: '1', exact: true }).first().press('Enter')
    await page.waitForURL(/\/events\?/)
    assert.match(
      new URL(page.url()).searchParams.get('filter') ?? '',
      /addr\.src eq 198\.51\.100\.7 .*addr\.dst eq 203\.0\.113\.\d+ .*port\.dst eq 1000/,
    )
    assert.deepEqual(screen.complaints, [])
  })

  test('it is blocked, given another end and unblocked by keyboard, and all of it is in its audit', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await show(screen, '/ip/198.51.100.77')
    await page.getByText('Not blocked.', { exact: true }).waitFor()
    await page.keyboard.press('b')
    await page.getByLabel('Reason').fill('seen elsewhere')
    await page.keyboard.press('Enter')
    await until('it is listed', async () => (await service.list()).includes('198.51.100.77'))
    await page.getByText(/^Blocked until removed by hand, by ada\.$/).waitFor()
    await enter(page.getByRole('button', { name: 'Extend' }))
    const end = new Date(Date.now() + 7 * DAY_MS - new Date().getTimezoneOffset() * 60_000)
    await page.getByLabel('Until').fill(end.toISOString().slice(0, 16))
    await page.getByLabel('Reason').fill('only for a week')
    await page.keyboard.press('Enter')
    await until('it has an end', () => {
      const [decision] = service.app.parts.decider?.active() ?? []
      return decision?.expiresAtMs !== null
    })
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await enter(page.getByRole('button', { name: 'Unblock' }))
    await page.getByLabel('Reason').fill('a mistake')
    await page.keyboard.press('Enter')
    await until('it is gone', async () => !(await service.list()).includes('198.51.100.77'))
    for (const action of ['block.add', 'block.extend', 'block.lift'])
      await page.getByText(action, { exact: true }).waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('notes are kept with who and when, removed again, and audited', async (t) => {
    const { screen } = await begin(t)
    const { page } = screen
    await show(screen, '/ip/2001:db8:7::1')
    await page.getByLabel('What the next one should know').fill('<b>the partner’s</b> monitoring')
    await enter(page.getByRole('button', { name: 'Keep the note' }))
    // The field of the next note measures its height with a hidden copy of the text.
    const note = page.locator('.note-text', { hasText: '<b>the partner’s</b> monitoring' })
    await note.waitFor()
    await page.getByText('note.add').waitFor()
    await enter(page.getByRole('button', { name: 'Remove the note' }))
    await note.waitFor({ state: 'detached' })
    await page.getByText('note.remove').waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('many blocked neighbours are a reason to think of their network, which has a page of its own', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    const targets = Array.from({ length: 9 }, (_, i) => `198.51.100.${i + 1}`)
    await service.control.call('addBlocks', { targets, reason: 'one by one', until: null, dryRun: false })
    await show(screen, '/ip/198.51.100.7')
    await page
      .getByText('9 of 256 in 198.51.100.0/24 are blocked. Consider blocking 198.51.100.0/24')
      .waitFor()
    await enter(page.getByRole('button', { name: 'Block 198.51.100.0/24' }))
    await page.getByLabel('Reason').fill('all of it')
    await page.keyboard.press('Enter')
    await until('it is listed', async () => (await service.list()).includes('198.51.100.0/24'))
    await page.getByRole('link', { name: 'Open 198.51.100.0/24' }).press('Enter')
    await page.getByRole('heading', { level: 1, name: '198.51.100.0/24' }).waitFor()
    await page.getByText('198.51.100.0/24 is blocked as a whole.').waitFor()
    assert.deepEqual(screen.complaints, [])
  })

  test('more blocks than fit are a list of which only the rows in view exist, and one is found by its address', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    const targets = Array.from({ length: MANY }, (_, i) => `2001:db8:${(i + 1).toString(16)}::/64`)
    await service.control.call('addBlocks', { targets, reason: 'many', until: null, dryRun: false })
    await show(screen, '/blocks')
    await page.getByText(`Blocked ${MANY.toLocaleString('en')}`).waitFor()
    const rows = page.locator('tbody tr[aria-rowindex]')
    await rows.first().waitFor()
    assert.ok((await rows.count()) < 60, 'rows out of view are there')
    const box = page.locator('.long-scroll')
    // To the end, page by page.
    await until('the last row is there', async () => {
      await box.evaluate((element) => element.scrollTo(0, element.scrollHeight))
      return (await page.locator(`tr[aria-rowindex="${MANY + 1}"]`).count()) === 1
    })
    assert.ok((await rows.count()) < 60, 'rows out of view are there')
    await page.getByLabel('Address or network').fill('2001:db8:7::/64')
    await page.getByRole('link', { name: '2001:db8:7::/64', exact: true }).waitFor()
    await until('only it is shown', async () => (await rows.count()) === 1)
    assert.deepEqual(screen.complaints, [])
  })
})
