/** Files that may be read as lists of others: within the allowed folders, wherever links lead, looked at each time. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { WebTargets } from '../../publish/notify/web-target.ts'
import { fetchList } from './fetch-list.ts'
import { listPathOf } from './list-folders.ts'

let folder = ''
let lists = ''
before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'list-folders-')))
  lists = join(folder, 'lists')
  mkdirSync(lists)
  mkdirSync(join(folder, 'lists-of-others'))
  writeFileSync(join(folder, 'secret.txt'), '198.51.100.7\n')
  writeFileSync(join(lists, 'good.txt'), '198.51.100.8\n')
  symlinkSync(join(folder, 'secret.txt'), join(lists, 'link.txt'))
  symlinkSync(lists, join(folder, 'short'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

const read = (from: string, folders = [lists]) =>
  fetchList({ from, authorization: null, pin: null, tag: null, folders }, new WebTargets([], 'x'))

test('a file within is read by whatever way, and may come later', async () => {
  for (const from of [join(lists, 'good.txt'), join(folder, 'short', 'good.txt')]) {
    assert.equal(await listPathOf(from, [lists]), join(lists, 'good.txt'))
    const told = await read(from)
    assert.equal(told.changed && told.text, '198.51.100.8\n')
  }
  assert.equal(await listPathOf(join(lists, 'later', 'x.txt'), [lists]), join(lists, 'later', 'x.txt'))
  assert.equal(await listPathOf(join(folder, 'secret.txt'), ['/']), join(folder, 'secret.txt'))
})

test('what leads outside is refused and names the setting: dots, links, names that begin alike, the folder itself', async () => {
  for (const from of [
    '/etc/passwd',
    join(folder, 'secret.txt'),
    join(lists, '..', 'secret.txt'),
    join(lists, 'link.txt'),
    join(folder, 'lists-of-others', 'x.txt'),
    lists,
    'relative.txt',
  ]) {
    await assert.rejects(listPathOf(from, [lists]), /import\.folders in the configuration file/, from)
    await assert.rejects(read(from), /is not read: it leads to/, from)
  }
  await assert.rejects(read(join(lists, 'good.txt'), []), /none is allowed/)
})
