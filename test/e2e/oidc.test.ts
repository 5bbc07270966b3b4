/** Signing in at an identity provider, in a real browser on the real service: there, back, the role, and out again. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { FakeProvider } from '../../src/api/accounts/oidc-fixture.ts'
import { browserTest as test, enter, openScreen, type Screen } from './browser.ts'
import { PASSWORD } from './caller.ts'
import { atEnd, type Service, startService } from './harness.ts'

async function begin(
  t: TestContext,
): Promise<{ provider: FakeProvider; service: Service; screen: Screen; complaints: () => string[] }> {
  const provider = await FakeProvider.start()
  atEnd(t, () => provider.stop())
  const service = await startService(t, { isPlainOidcAllowed: true })
  await service.app.parts.accounts?.addUser('ada', 'administrator', PASSWORD, { user: 'test' }, false)
  await service.control.call('changeSettings', { changes: provider.settings, reason: '' })
  const screen = await openScreen(t, service)
  // The provider is another site, which a person leaves for: all else must stay here.
  const complaints = (): string[] => screen.complaints.filter((one) => !one.includes(provider.issuer))
  return { provider, service, screen, complaints }
}

test('the button leads there and back to where one wanted to go, with the role of the group', async (t) => {
  const { provider, service, screen, complaints } = await begin(t)
  const { page, origin } = screen
  provider.person = { ...provider.person, groups: ['guests'] }
  await page.goto(`${origin}/allow`)
  await enter(page.getByRole('link', { name: 'Example login' }))
  await page.getByRole('heading', { level: 1, name: 'Allowlist' }).waitFor()
  await page.getByText('You are signed in as viewer').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Allow addresses' }).count(), 0)
  assert.equal(service.app.parts.accounts?.userByName('grace')?.role, 'viewer')
  await page.goto(`${origin}/account`)
  await page.getByText('You sign in at Example login').waitFor()
  assert.equal(await page.getByLabel('Old password').count(), 0)
  await enter(page.getByRole('button', { name: 'grace' }))
  await enter(page.getByRole('menuitem', { name: 'Sign out' }))
  await page.getByRole('link', { name: 'Example login' }).waitFor()
  assert.equal(service.app.parts.accounts?.sessions().length, 0)
  const secret = provider.settings['oidc.clientSecret'] ?? assert.fail()
  assert.ok(!JSON.stringify(await service.app.parts.state?.settings()).includes(secret), 'kept sealed')
  assert.ok(!service.said.join('\n').includes(secret))
  assert.deepEqual(complaints(), [])
})

test('who is refused reads why, and a password still opens', async (t) => {
  const { provider, screen, complaints } = await begin(t)
  const { page } = screen
  provider.person = { ...provider.person, groups: ['others'] }
  await enter(page.getByRole('link', { name: 'Example login' }))
  await page.getByText('You are in no group that has a role here').waitFor()
  await page.getByLabel('User name').fill('ada')
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'ada' }).waitFor()
  assert.deepEqual(complaints(), [])
})
