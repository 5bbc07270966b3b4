/** What administrators and others do with accounts, tokens and the certificate on the page, in a real browser. */
import assert from 'node:assert/strict'
import { connect } from 'node:tls'
import { Secret, TOTP } from 'otpauth'
import { SESSION_COOKIE } from '../../src/api/accounts/session-cookie.ts'
import { newCertificate } from '../../src/api/test-server.ts'
import { begin, browserTest as test, enter, openScreen, setUp, show } from './browser.ts'
import { ask, enterAs, PASSWORD } from './caller.ts'
import { startService, until } from './harness.ts'

const SCREENS = [
  '/',
  '/blocks',
  '/allow',
  '/detections',
  '/engine',
  '/feeds',
  '/sources',
  '/notifications',
  '/settings',
  '/audit',
  '/users',
] as const

/** Buttons that edit, by their names on those screens. */
const EDITS = [
  /^Block addresses$/,
  /^Lift/,
  /^Allow addresses$/,
  /^Remove$/,
  /^Save$/,
  /^Switch/,
  /^Freeze$/,
  /^Reset/,
  /^Add /,
  /^Register a device$/,
  /^Replace$/,
  /^Show which$/,
]

test('a viewer finds no button that the service would refuse, and reads which role may', async (t) => {
  const service = await startService(t)
  const cookie = await enterAs(service, 'viewer')
  await service.control.call('addAllow', { targets: ['192.0.2.7'], reason: 'x', until: null, dryRun: false })
  const screen = await openScreen(t, service)
  const { page } = screen
  await page.context().addCookies([
    {
      name: SESSION_COOKIE,
      value: cookie,
      domain: '127.0.0.1',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
    },
  ])
  const refused: string[] = []
  page.on('response', (answer) => {
    if (answer.status() === 403) refused.push(answer.url())
  })
  for (const path of SCREENS) {
    await show(screen, path)
    await page.waitForLoadState('networkidle')
    for (const name of EDITS)
      assert.equal(await page.getByRole('button', { name }).count(), 0, `${path} has ${name.source}`)
    if (path !== '/' && path !== '/audit')
      await page.getByText('You are signed in as viewer').first().waitFor()
  }
  assert.deepEqual(refused, [], 'and the page asks for nothing that is refused')
  assert.deepEqual(screen.complaints, [])
})

test('a second factor is set up on the page, and asked for at the next sign-in; a recovery code opens once', async (t) => {
  const { screen } = await begin(t)
  const { page } = screen
  await show(screen, '/account')
  await enter(page.getByRole('button', { name: 'Set up a second factor' }))
  const seed = (await page.locator('pre').first().textContent())?.replaceAll(' ', '') ?? ''
  assert.match(seed, /^[A-Z2-7]{32}$/)
  const codeAt = (offsetMs: number): string =>
    TOTP.generate({ secret: Secret.fromBase32(seed), timestamp: Date.now() + offsetMs })
  await page.getByLabel('Code of the second factor').fill(codeAt(0))
  await page.keyboard.press('Enter')
  await page.getByText('Keep these recovery codes').waitFor()
  const recovery =
    (await page
      .getByRole('listitem')
      .filter({ hasText: /^[0-9a-f]{10}$/ })
      .first()
      .textContent()) ?? ''
  assert.match(recovery, /^[0-9a-f]{10}$/)
  const signIn = async (code: string): Promise<void> => {
    await page.getByLabel('User name').fill('ada')
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByLabel('Code of the second factor').fill(code)
    await page.keyboard.press('Enter')
  }
  const signOut = async (): Promise<void> => {
    await enter(page.getByRole('button', { name: 'ada', exact: true }))
    await enter(page.getByRole('menuitem', { name: 'Sign out' }))
    await page.getByLabel('User name').waitFor()
  }
  await signOut()
  await signIn('000000')
  await page.getByText('name, password or code is not right').waitFor()
  await page.reload()
  await signIn(codeAt(30_000)) // the next step's: one of difference is allowed
  await page.getByRole('button', { name: 'ada', exact: true }).waitFor()
  await signOut()
  await signIn(recovery)
  await page.getByRole('button', { name: 'ada', exact: true }).waitFor()
  await signOut()
  await signIn(recovery)
  await page.getByText('name, password or code is not right').waitFor()
  assert.deepEqual(screen.complaints, [])
})

test('an edit long after the sign-in asks for the password, goes on with it, and changes nothing without', async (t) => {
  let aheadMs = 0
  const clock = { nowMs: () => Date.now() + aheadMs, monotonicMs: () => performance.now() }
  const service = await startService(t, { clock })
  const screen = await openScreen(t, service)
  await setUp(screen, service)
  const { page } = screen
  await show(screen, '/account')
  await page.getByRole('textbox', { name: 'Name' }).fill('siem')
  aheadMs = 11 * 60_000
  const make = page.getByRole('button', { name: 'Make a token' })
  const dialog = page.getByRole('dialog', { name: 'Your password once more' })
  await enter(make)
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('nothing was changed: this needs your password once more').waitFor()
  assert.equal(service.app.parts.accounts?.tokens.all().length, 0)
  await enter(make)
  await dialog.locator('input[type=password]').fill('not the password')
  await page.keyboard.press('Enter')
  await dialog.getByText('password or code is not right').waitFor()
  await dialog.locator('input[type=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByText('Copy the token now').waitFor()
  await dialog.waitFor({ state: 'hidden' }) // it fades
  assert.equal(service.app.parts.accounts?.tokens.all().length, 1)

  // Above a dialog of its own, which stays until its edit is done.
  aheadMs += 11 * 60_000
  await enterAs(service, 'operator', 'bob')
  await show(screen, '/users')
  await enter(page.getByRole('button', { name: 'Change bob' }))
  const below = page.getByRole('dialog', { name: 'Change bob' })
  await below.getByLabel('May not sign in').check()
  await enter(below.getByRole('button', { name: 'Save' }))
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await below.getByText('nothing was changed').waitFor()
  await dialog.waitFor({ state: 'hidden' }) // it fades
  await enter(below.getByRole('button', { name: 'Save' }))
  await dialog.locator('input[type=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('cell', { name: 'disabled', exact: true }).waitFor()
  assert.deepEqual(screen.complaints, [])
})

test('the certificate is replaced on the page after a check, a bad one is refused with the reason', async (t) => {
  const { service, screen } = await begin(t)
  const { page } = screen
  const shown = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const port = Number(new URL(service.app.urls.page).port)
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().fingerprint256)
        socket.destroy()
      })
      socket.on('error', reject)
    })
  const before = await shown()
  const [good, other] = [await newCertificate(), await newCertificate()]
  await show(screen, '/settings')
  await page.getByText('Made and renewed by this service').waitFor()
  await enter(page.getByRole('button', { name: 'Replace', exact: true }))
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Certificate and chain (PEM)').fill(good.served.cert)
  await dialog.getByLabel('Private key (PEM').fill(other.served.key)
  await enter(dialog.getByRole('button', { name: 'Check' }))
  await dialog.getByText('the key does not belong to the certificate').waitFor()
  assert.equal(await shown(), before)
  await dialog.getByLabel('Private key (PEM').fill(good.served.key)
  await enter(dialog.getByRole('button', { name: 'Check' }))
  await dialog.getByText('it holds: key, chain and dates are right').waitFor()
  assert.equal(await shown(), before, 'a check changes nothing')
  await enter(dialog.getByRole('button', { name: 'Replace' }))
  await page.getByText('Handed over here by a person').waitFor()
  await until('the new one is shown', async () => (await shown()) === good.served.fingerprint)
  const rows = (await service.app.parts.state?.audit({ action: 'certificate.replace', limit: 1 })) ?? []
  assert.equal(rows[0]?.actor, 'ada')
  assert.ok(!JSON.stringify(rows).includes('PRIVATE KEY'))
  await enter(page.getByRole('button', { name: 'Take back' }))
  await page.getByLabel('Reason').fill('back to ours')
  await page.keyboard.press('Enter')
  await page.getByText('Made and renewed by this service').waitFor()
  await until('ours is shown again', async () => (await shown()) === before)
  assert.deepEqual(screen.complaints, [])
})

test('a token is made with scopes and an end, does only that, and a user is disabled', async (t) => {
  const { service, screen } = await begin(t)
  const { page } = screen
  await show(screen, '/account')
  await page.getByRole('textbox', { name: 'Name' }).fill('siem')
  await page.getByLabel('Until').selectOption('30')
  await page.getByLabel('blocks', { exact: true }).check()
  await enter(page.getByRole('button', { name: 'Make a token' }))
  await page.getByText('Copy the token now').waitFor()
  const text = (await page.getByText(/^ads_[\w-]{43}$/).textContent()) ?? ''
  const headers = { authorization: `Bearer ${text}` }
  assert.equal((await ask(service, { path: '/api/v1/blocks', headers })).status, 200)
  assert.equal((await ask(service, { path: '/api/v1/status', headers })).status, 403)
  await page.getByRole('cell', { name: 'blocks', exact: true }).waitFor()
  await page.getByRole('cell', { name: /^ends in / }).waitFor()

  const bob = await enterAs(service, 'operator', 'bob')
  await show(screen, '/users')
  await enter(page.getByRole('button', { name: 'Change bob' }))
  await page.getByLabel('May not sign in').check()
  await enter(page.getByRole('dialog').getByRole('button', { name: 'Save' }))
  await page.getByRole('cell', { name: 'disabled', exact: true }).waitFor()
  const asBob = { cookie: `${SESSION_COOKIE}=${bob}` }
  assert.equal((await ask(service, { path: '/api/v1/status', headers: asBob })).status, 401)
  assert.deepEqual(screen.complaints, [])
})
