import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { SecretBox } from '../lib/secret-box.ts'
import { NOW_MS, StateFolder } from '../store/state/state-fixture.ts'
import { SettingsDesk } from './settings-desk.ts'

test('a secret set here is kept sealed, read again with its key, and ignored with a warning without it', async (t) => {
  const folder = new StateFolder()
  const state = folder.open()
  t.after(async () => {
    await state.close()
    folder.remove()
  })
  const open = (key: string): Promise<SettingsDesk> =>
    SettingsDesk.open({
      input: { workingDirectory: folder.folder, environment: {} },
      repository: state,
      clock: new ManualClock(NOW_MS),
      box: SecretBox.open(join(folder.folder, key)),
      apply: () => {},
      onChange: () => {},
    })
  const desk = await open('secrets.key')
  await desk.change({ 'smtp.password': 'pässword', 'smtp.user': 'ads' }, 'tester', '')
  assert.equal(desk.settings['smtp.password'], 'pässword')
  assert.doesNotMatch(JSON.stringify(await state.settings()), /pässword/)
  assert.equal((await open('secrets.key')).settings['smtp.password'], 'pässword')

  const other = await open('other.key')
  assert.equal(other.settings['smtp.password'], '')
  assert.equal(other.settings['smtp.user'], 'ads')
  assert.match(other.warnings.join('\n'), /smtp\.password/)

  await desk.change({ 'smtp.password': null }, 'tester', '')
  assert.equal((await open('secrets.key')).settings['smtp.password'], '')
})

test('a log file outside the allowed folders is refused, those that are followed already stay', async (t) => {
  const folder = new StateFolder()
  const state = folder.open()
  t.after(async () => {
    await state.close()
    folder.remove()
  })
  const [allowed, other] = [join(folder.folder, 'logs'), join(folder.folder, 'other')]
  const open = (folders: string): Promise<SettingsDesk> =>
    SettingsDesk.open({
      input: { workingDirectory: folder.folder, environment: {}, sets: [`files.folders=${folders}`] },
      repository: state,
      clock: new ManualClock(NOW_MS),
      box: SecretBox.open(join(folder.folder, 'secrets.key')),
      apply: () => {},
      onChange: () => {},
    })
  const desk = await open(`${allowed},${other}`)
  await desk.change({ 'files.watch': `${allowed}/*.log,${other}/fw.log` }, 'tester', '')
  await assert.rejects(desk.change({ 'files.watch': '/etc/shadow' }, 'tester', ''), /files\.folders/)
  assert.deepEqual(desk.settings['files.watch'], [`${allowed}/*.log`, `${other}/fw.log`])
  await assert.rejects(
    desk.change({ 'files.folders': '/' }, 'tester', ''),
    /files\.folders cannot be changed/,
  )

  const narrower = await open(allowed)
  const both = `${allowed}/*.log,${other}/fw.log`
  await narrower.change({ 'files.watch': `${both},${allowed}/x.log` }, 'tester', '')
  await narrower.change({ 'files.watch': null }, 'tester', '')
  await assert.rejects(narrower.change({ 'files.watch': both }, 'tester', ''), /other/)
})
