/**
 * The usability run: twelve tasks of people on the page, by keyboard alone. One service and one browser for all, so each
 * task finds what those before it left. A pointer that comes down in the page is a complaint; what is reached by Tab must
 * be seen to have the focus; a dialog that closes gives the focus back to what opened it.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { browserTest as test, eventRows, eventTotal, openScreen, PASSWORD, type Screen } from './browser.ts'
import { scan, type Service, startService, until } from './harness.ts'

const MOST_KEYS = 150
const SCANNER = '198.51.100.7'
/** With fewer ports than the rule asks for, at first. */
const QUIET = '198.51.100.9'

interface Desk extends Screen {
  readonly service: Service
}

/** What is drawn anew just then has it not. */
const hasFocus = async (target: Locator): Promise<boolean> =>
  (await target.count()) === 1 &&
  (await target.evaluate((element) => element.ownerDocument.activeElement === element))

async function focusOn(what: string, target: Locator): Promise<void> {
  await target.waitFor()
  await until(`the focus is on ${what}`, () => hasFocus(target))
}

const focusWithin = (what: string, place: Locator): Promise<void> =>
  until(`the focus is in ${what}`, () =>
    place.evaluate((element) => element.contains(element.ownerDocument.activeElement)),
  )

/** Drawn with an outline, or (rows) a shadow of the cells, or (fields) another border than the field without the focus. */
const isSeen = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => {
    const view = element.ownerDocument.defaultView
    const style = view.getComputedStyle(element)
    if (style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0) return true
    const cell = element.querySelector(':scope > td')
    if (cell !== null) return view.getComputedStyle(cell).boxShadow !== 'none'
    const twin = element.cloneNode()
    element.parentElement.append(twin)
    const unfocused = view.getComputedStyle(twin).borderTopColor
    twin.remove()
    return style.borderTopColor !== unfocused
  })

/** By Tab, or by Shift+Tab when it stands before what has the focus. */
async function reach(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  await until(`it can be pressed: ${target.toString()}`, () => target.isEnabled())
  const key = await target.evaluate((element) => {
    const from = element.ownerDocument.activeElement
    const isBehind = from !== null && (element.compareDocumentPosition(from) & 4) !== 0
    return isBehind ? 'Shift+Tab' : 'Tab'
  })
  for (let pressed = 0; !(await hasFocus(target)); pressed++) {
    assert.ok(pressed < MOST_KEYS, `${key} does not reach ${target.toString()}`)
    await page.keyboard.press(key)
  }
  await until(`the focus is seen on ${target.toString()}`, () => isSeen(target))
}

async function press(page: Page, target: Locator): Promise<void> {
  await reach(page, target)
  await page.keyboard.press('Enter')
}

/** In a menu: down to an entry, and takes it. */
async function take(page: Page, entry: Locator): Promise<void> {
  await entry.waitFor()
  for (let pressed = 0; !(await hasFocus(entry)); pressed++) {
    assert.ok(pressed < MOST_KEYS, `the arrow does not reach ${entry.toString()}`)
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
}

/** The command palette with this typed; the caller chooses. */
async function palette(page: Page, typed: string): Promise<void> {
  await page.keyboard.press('Control+k')
  const field = page.getByPlaceholder('Screen or action')
  await focusOn('the command palette', field)
  await page.keyboard.type(typed)
  await page.getByText(typed, { exact: false }).first().waitFor()
}

async function go(page: Page, screen: string): Promise<void> {
  await palette(page, screen)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: screen, exact: true }).waitFor()
  await page.getByPlaceholder('Screen or action').waitFor({ state: 'detached' })
}

const dialogOf = (page: Page): Locator => page.getByRole('dialog')
/** The palette may still fade out behind the dialog that it opened. */
const closed = (page: Page): Promise<void> =>
  until('no dialog is open', async () => (await dialogOf(page).count()) === 0)
const currentRow = (page: Page): Locator => page.locator('tr.ev-row[aria-current]')

async function isListed({ service }: Desk, address: string): Promise<boolean> {
  return (await service.list()).includes(address)
}

async function firstSignIn({ page, service }: Desk): Promise<void> {
  const code = /Setup code +(\S+)/.exec(service.said.join('\n'))?.[1] ?? ''
  await focusOn('the first field', page.getByLabel('Setup code'))
  await page.keyboard.type(code)
  await page.keyboard.press('Tab')
  await page.keyboard.type('ada')
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')

  await reach(page, page.getByLabel('Address of this service for the firewall'))
  await page.keyboard.press('Control+a')
  await page.keyboard.type('203.0.113.20')
  await page
    .getByText(/external-list ActiveDefense-Blacklist type ip url https:\/\/203\.0\.113\.20:/)
    .waitFor()
  await press(page, page.getByRole('button', { name: 'Start enforcing' }))
  await page.getByText('The three rules enforce.').waitFor()
  await press(page, page.getByRole('link', { name: 'Done: to the overview' }))
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await page.waitForLoadState('networkidle')

  await press(page, page.getByRole('button', { name: 'ada', exact: true }))
  await take(page, page.getByRole('menuitem', { name: 'Sign out' }))
  await focusOn('the user name', page.getByLabel('User name'))
  await page.keyboard.type('ada')
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
}

async function amIProtected({ page }: Desk): Promise<void> {
  await page.getByText('Protected: detection is on, the list has one entry.').waitFor()
  await press(page, page.getByRole('link', { name: 'Skip to content' }))
  await focusWithin('the content', page.locator('#content'))
  await press(page, page.getByRole('region', { name: 'Blocked now' }).getByRole('link', { name: '1' }))
  await page.getByRole('heading', { level: 1, name: 'Blocks' }).waitFor()
  await page.getByRole('link', { name: SCANNER }).first().waitFor()
}

async function whyBlocked({ page }: Desk): Promise<void> {
  await page.keyboard.press('/')
  await focusOn('the search', page.getByRole('search').getByRole('textbox'))
  await page.keyboard.type(SCANNER)
  await page.keyboard.press('Enter')
  await page.getByText(`${SCANNER} is blocked. It is on the list that firewalls fetch.`).waitFor()
  await page.getByText('reached 11 ports of').first().waitFor()
  const evidence = page.getByRole('group', { name: 'Lines that convicted' })
  await reach(page, evidence)
  assert.match((await evidence.textContent()) ?? '', /SrcIP=198\.51\.100\.7/)
}

async function block(desk: Desk): Promise<void> {
  const { page, service } = desk
  await go(page, 'Blocks')
  const opener = page.getByRole('button', { name: 'Block addresses' })
  await press(page, opener)
  await focusOn('the addresses', page.getByLabel('Addresses or networks'))
  await page.keyboard.type('198.51.100.200')
  await page.keyboard.press('Tab')
  await page.keyboard.type('seen elsewhere')
  await page.keyboard.press('Tab')
  // The same day and hour however the browser orders its parts.
  const year = new Date().getFullYear() + 1
  await page.keyboard.type('1212')
  await page.keyboard.type(String(year))
  await page.keyboard.press('ArrowRight')
  await page.keyboard.type('1230PM')
  await press(page, page.getByRole('button', { name: 'Preview' }))
  await page.getByText('would be blocked').waitFor()
  assert.equal(await isListed(desk, '198.51.100.200'), false)
  await press(page, dialogOf(page).getByRole('button', { name: 'Block', exact: true }))
  await until('it is listed', () => isListed(desk, '198.51.100.200'))
  await closed(page)
  await focusOn('what opened the dialog', opener)
  const told = await service.control.call('explain', { address: '198.51.100.200' })
  assert.equal(told.block?.expiresAt, new Date(year, 11, 12, 12, 30).toISOString())
}

async function undo(desk: Desk): Promise<void> {
  const { page } = desk
  const mistaken = '198.51.100.77'
  await palette(page, mistaken)
  const entry = page.getByRole('button', { name: `Block ${mistaken}`, exact: true })
  await entry.waitFor()
  for (let pressed = 0; (await entry.getAttribute('data-selected')) === null; pressed++) {
    assert.ok(pressed < MOST_KEYS, 'the arrow does not reach it')
    await page.keyboard.press('ArrowDown')
  }
  await page.keyboard.press('Enter')
  await focusOn('the reason', page.getByLabel('Reason'))
  await page.keyboard.type('by mistake')
  await page.keyboard.press('Enter')
  await page.getByText(`Blocked: ${mistaken}`).waitFor()
  assert.equal(await isListed(desk, mistaken), true)
  await closed(page)
  await page.keyboard.press('Control+z')
  await page.getByText(`Undone: ${mistaken}`).waitFor()
  await until('it is gone', async () => !(await isListed(desk, mistaken)))
}

async function allow({ page, service }: Desk): Promise<void> {
  await go(page, 'Allowlist')
  // An empty list offers the same once more.
  const opener = page.getByRole('button', { name: 'Add to the allowlist' }).first()
  await press(page, opener)
  await focusOn('the networks', page.getByLabel('Addresses or networks'))
  await page.keyboard.press('Escape')
  await closed(page)
  await focusOn('what opened the dialog', opener)
  await page.keyboard.press('Enter')
  await focusOn('the networks', page.getByLabel('Addresses or networks'))
  await page.keyboard.type('192.0.2.0/24')
  await page.keyboard.press('Tab')
  await page.keyboard.type('our branch')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: '192.0.2.0/24' }).waitFor()
  await closed(page)
  await focusOn('what opened the dialog', opener)
  const entries: string[] = []
  for await (const { target } of service.control.rows('listAllow', {})) entries.push(target)
  assert.deepEqual(entries, ['192.0.2.0/24'])
}

async function findRecord({ page }: Desk): Promise<void> {
  await go(page, 'Events')
  await eventTotal(page, '18 events')
  const time = page.getByRole('button', { name: /^Time: / })
  await press(page, time)
  await press(page, page.getByRole('button', { name: 'Last 15 minutes' }))
  await page.waitForURL(/from=now-15m/)
  await closed(page)
  await focusOn('what opened the times', time)
  await page.keyboard.press('/')
  await focusOn('the filter', page.getByRole('combobox', { name: 'Filter' }))
  await page.keyboard.type(`( addr.src eq ${QUIET} ) and ( port.dst geq 1005 )`)
  await page.keyboard.press('Enter')
  await eventTotal(page, '2 events')
  await page.keyboard.press('Escape')
  await focusOn('the first event', currentRow(page))
  await page.keyboard.press('j')
  await focusOn('the second event', eventRows(page).nth(1))
  await until('it is seen', () => isSeen(currentRow(page)))
  await page.keyboard.press('Enter')
  const event = page.getByRole('complementary', { name: 'One event' })
  await event.getByRole('row', { name: /Rule Active Defense sensor/ }).waitFor()
  await page.keyboard.press('Escape')
  await event.waitFor({ state: 'detached' })
  await focusOn('the event that was open', eventRows(page).nth(1))
}

async function narrow({ page }: Desk): Promise<void> {
  await go(page, 'Events')
  await eventTotal(page, '18 events')
  const counts = page.getByRole('navigation', { name: 'Counts' })
  const count = counts.getByRole('button', { name: `Source: ${QUIET} 7` })
  await press(page, count)
  await eventTotal(page, '7 events')
  await focusOn('the count', count)
  await page.keyboard.press('j')
  await focusOn('an event', currentRow(page))
  await page.keyboard.press('m')
  await focusWithin('the menu', page.getByRole('menu'))
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  await focusOn('the event', currentRow(page))
  await page.keyboard.press('m')
  await take(page, page.getByRole('menuitem', { name: /^All to port/ }))
  await eventTotal(page, '2 events')

  await page.keyboard.press('s')
  await focusOn('the name', page.getByLabel('Name'))
  await page.keyboard.type('One port')
  await page.keyboard.press('Enter')
  await page.getByText('Saved: One port').waitFor()
  await closed(page)
  await go(page, 'Events')
  await eventTotal(page, '18 events')
  await page.waitForLoadState('networkidle')
  const views = page.getByRole('button', { name: 'Views' })
  await press(page, views)
  await press(page, page.getByRole('button', { name: /^One port/ }))
  await eventTotal(page, '2 events')
  await focusOn('what opened the views', views)
}

async function tryThreshold({ page, service }: Desk): Promise<void> {
  await go(page, 'Detections')
  await reach(page, page.getByLabel('Port scan: ports'))
  await page.keyboard.press('Control+a')
  await page.keyboard.type('5')
  const card = page.getByRole('region', { name: 'Port scan', exact: true })
  await card.getByText('1 gained', { exact: true }).waitFor()
  await card.getByRole('link', { name: QUIET }).waitFor()
  await press(page, card.getByRole('button', { name: 'Save' }))
  await page.getByText('Saved: Port scan').waitFor()
  for await (const { key, value } of service.control.rows('listSettings', {}))
    if (key === 'detection.portScan.ports') assert.equal(value, '5')
}

async function freeze(desk: Desk): Promise<void> {
  const { page, service } = desk
  await palette(page, 'Freeze the list')
  await page.keyboard.press('Enter')
  await focusOn('the reason', page.getByLabel('Reason'))
  await page.keyboard.type('we look first')
  await page.keyboard.press('Enter')
  await closed(page)
  await go(page, 'Engine')
  await page.getByText(/The list is frozen since/).waitFor()
  assert.equal((await service.control.call('status', {})).freeze.frozen, true)
  await press(page, page.getByRole('button', { name: 'Let it change again' }))
  await focusOn('the reason', page.getByLabel('Reason'))
  await press(page, dialogOf(page).getByRole('button', { name: 'Let it change again' }))
  await closed(page)
  await focusOn('the switch', page.getByRole('button', { name: 'Freeze', exact: true }))
  assert.equal((await service.control.call('status', {})).freeze.frozen, false)
}

async function watch({ page, service }: Desk): Promise<void> {
  await go(page, 'Events')
  await eventTotal(page, '18 events')
  await page.keyboard.press('l')
  await page.getByText('Live: new events appear by themselves').waitFor()
  await service.sendTcp(`${scan('198.51.100.8', 12).join('\n')}\n`)
  await until('all are shown', async () => (await eventRows(page).count()) === 12)
  await page.keyboard.press('j')
  await page.getByText('Paused').waitFor()
  await service.sendTcp(`${scan('198.51.100.10', 12).join('\n')}\n`)
  await page.getByRole('button', { name: '12 new' }).waitFor()
  assert.equal(await eventRows(page).filter({ hasText: '198.51.100.10' }).count(), 0)
  await page.keyboard.press('k')
  await page.getByText('Live: new events appear by themselves').waitFor()
  await eventRows(page).filter({ hasText: '198.51.100.10' }).first().waitFor()
  await page.keyboard.press('l')
  await eventTotal(page, '42 events')
}

async function exportAll({ page }: Desk): Promise<void> {
  await go(page, 'Events')
  await eventTotal(page, '42 events')
  const opener = page.getByRole('button', { name: 'Export', exact: true })
  await press(page, opener)
  const start = dialogOf(page).getByRole('button', { name: 'Export' })
  await focusOn('the button that starts it', start)
  await reach(page, page.getByRole('radio', { name: 'CSV, for spreadsheets' }))
  await page.keyboard.press('ArrowDown')
  await until('JSON is chosen', () => page.getByRole('radio', { name: 'JSON lines, exact' }).isChecked())
  const download = page.waitForEvent('download')
  await press(page, start)
  const file = await download
  await page.getByText(/^42 events exported/).waitFor()
  const text = await readFile(await file.path(), 'utf8')
  assert.equal(text.trimEnd().split('\n').length, 42)
  await page.keyboard.press('Escape')
  await closed(page)
  await focusOn('what opened the dialog', opener)
}

const TASKS: readonly (readonly [string, (desk: Desk) => Promise<void>])[] = [
  [
    'the first account is made by the setup code, the wizard is walked, and one signs out and in',
    firstSignIn,
  ],
  ['whether one is protected is read on the first screen, and the first Tab skips to it', amIProtected],
  ['why an address is blocked is told after its number is typed into the search', whyBlocked],
  ['an address is blocked with a reason and an end after a look at what would happen', block],
  ['a block by mistake is taken back by Ctrl+Z', undo],
  ['a network is put on the allowlist', allow],
  ['a record is found by its time and a filter, opened and left', findRecord],
  ['events are narrowed by a count and by the menu of a row, kept as a view, and the view is opened', narrow],
  ['a threshold is changed, the backtest beside it is read, and it is saved', tryThreshold],
  ['the list is frozen from the command palette and freed on its screen', freeze],
  ['the live view is watched, paused and gone on with', watch],
  ['the whole result is exported in another format', exportAll],
]

test('the twelve tasks of the usability run are done by keyboard alone', async (t) => {
  const service = await startService(t)
  await service.sendUdp([...scan(SCANNER, 11), ...scan(QUIET, 7)])
  await until('it is listed', async () => (await service.list()).includes(SCANNER))
  await until('the lines are stored', async () => (await service.stored()) === 18, 60_000)
  const screen = await openScreen(t, service)
  const { page } = screen
  await page.locator('html').evaluate((html) => {
    html.ownerDocument.addEventListener('pointerdown', () => console.error('a pointer was used'), true)
  })
  for (const [name, task] of TASKS)
    await t.test(name, async () => {
      // What a failed task left open.
      for (let left = 3; left > 0 && (await dialogOf(page).or(page.getByRole('menu')).count()) > 0; left--)
        await page.keyboard.press('Escape')
      await closed(page)
      await task({ ...screen, service })
    })
  assert.deepEqual(screen.complaints, [])
})
