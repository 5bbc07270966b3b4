/** What is done to many blocks at once, in a real browser on the real service: another end, tags, and the way back. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import { begin, browserTest as test, enter, faultsOf, show } from './browser.ts'
import { until } from './harness.ts'

const TARGETS = ['198.51.100.7', '198.51.100.8', '198.51.100.9']

describe('many blocks at once', () => {
  test('get another end with a preview, and their own back by undo', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    const until1 = new Date(Date.now() + 3_600_000).toISOString()
    const common = { reason: 'x', dryRun: false }
    await service.control.call('addBlocks', { ...common, targets: TARGETS.slice(0, 2), until: until1 })
    await service.control.call('addBlocks', { ...common, targets: TARGETS.slice(2), until: null })
    const ends = async (): Promise<(string | null)[]> => {
      const blocks: { target: string; expiresAt: string | null }[] = []
      for await (const block of service.control.rows('listBlocks', {})) blocks.push(block)
      return TARGETS.map((one) => blocks.find(({ target }) => target === one)?.expiresAt ?? null)
    }
    await show(screen, '/blocks')
    await page.getByRole('checkbox', { name: 'All that are shown' }).check()
    await enter(page.getByRole('button', { name: 'Another end' }))
    const dialog = page.getByRole('dialog', { name: 'Another end' })
    await dialog.getByText(/^would be blocked until .* \(now until removed\)$/).waitFor()
    await dialog.getByLabel('End', { exact: true }).selectOption('never')
    await dialog
      .getByText(/^would be blocked until removed \(now until \d/)
      .first()
      .waitFor()
    assert.deepEqual(await faultsOf(page, 'another end'), [])
    await dialog.getByLabel('Reason').fill('known bad')
    await page.keyboard.press('Enter')
    await until('they are permanent', async () => (await ends()).every((end) => end === null))
    await page.getByText('Another end: 3 addresses').waitFor()
    await dialog.waitFor({ state: 'detached' })
    await page.keyboard.press('Control+z')
    await until('they end as before', async () => (await ends())[0] === until1)
    assert.deepEqual(await ends(), [until1, until1, null])
    assert.deepEqual(screen.complaints, [])
  })

  test('a wide network is blocked when it was typed once more, and not before', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    await show(screen, '/blocks')
    await enter(page.getByRole('button', { name: 'Block addresses' }).first())
    const dialog = page.getByRole('dialog', { name: 'Block addresses' })
    await dialog.getByRole('textbox', { name: 'Addresses or networks' }).fill('2001:db8:10::/47')
    await dialog.getByLabel('Reason').fill('bulletproof hoster')
    await page.keyboard.press('Enter')
    await dialog
      .getByText(/is wider than \/48/)
      .first()
      .waitFor()
    assert.equal((await service.list()).includes('2001:db8:10::/47'), false)
    await dialog.getByLabel('Type 2001:db8:10::/47 if the whole network is meant').fill('2001:db8:10::/47')
    await page.keyboard.press('Enter')
    await until('it is listed', async () => (await service.list()).includes('2001:db8:10::/47'))
    assert.deepEqual(screen.complaints, [])
  })

  test('get tags, are found by them, and lose what they got by undo', async (t) => {
    const { service, screen } = await begin(t)
    const { page } = screen
    const common = { reason: 'x', dryRun: false, until: null }
    await service.control.call('addBlocks', { ...common, targets: TARGETS })
    const tag = { targets: TARGETS.slice(0, 1), add: ['botnet'], remove: [], reason: '', dryRun: false }
    await service.control.call('tagBlocks', tag)
    const tags = async (): Promise<string[]> => {
      const blocks: { target: string; tags: string[] }[] = []
      for await (const block of service.control.rows('listBlocks', {})) blocks.push(block)
      return TARGETS.map((one) => blocks.find(({ target }) => target === one)?.tags.join(' ') ?? '')
    }
    await show(screen, '/blocks')
    for (const target of TARGETS.slice(0, 2))
      await page.getByRole('checkbox', { name: target, exact: true }).check()
    await enter(page.getByRole('button', { name: 'Tag' }))
    const dialog = page.getByRole('dialog', { name: 'Tags' })
    await dialog.getByText('2 blocks are chosen.').waitFor()
    await page.keyboard.type('Botnet')
    await page.keyboard.press('Enter')
    await page.keyboard.type('ticket 4711')
    await page.keyboard.press('Enter')
    assert.deepEqual(await faultsOf(page, 'tags'), [])
    await enter(dialog.getByRole('button', { name: 'Put on' }))
    await until('they have them', async () => (await tags())[1] === 'Botnet ticket 4711')
    assert.deepEqual(await tags(), ['botnet ticket 4711', 'Botnet ticket 4711', ''])
    await page
      .getByText(/#ticket 4711/)
      .first()
      .waitFor()
    await dialog.waitFor({ state: 'detached' })
    await page.getByLabel('Tags').selectOption('ticket 4711')
    await page.waitForURL(/tag=/)
    await page.getByRole('checkbox', { name: TARGETS[2] ?? '', exact: true }).waitFor({ state: 'detached' })
    await page.keyboard.press('Control+z')
    await until('they are as before', async () => (await tags())[1] === '')
    assert.deepEqual(await tags(), ['botnet', '', ''])
    assert.deepEqual(screen.complaints, [])
  })
})
