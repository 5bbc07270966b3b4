/** The web page in a real browser on the real service: signing in and the daily tasks. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { browserTest as test, enter, openScreen, PASSWORD, setUp, show } from './browser.ts'
import { scan, startService, until } from './harness.ts'

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
})
