/** Log files that people may have followed: within the allowed folders, wherever links lead. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { refuseOutside } from './watched-files.ts'

let folder = ''
let logs = ''
before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'watched-files-')))
  logs = join(folder, 'logs')
  mkdirSync(join(logs, 'fw'), { recursive: true })
  mkdirSync(join(folder, 'secret'))
  mkdirSync(join(folder, 'logs-of-others'))
  symlinkSync(join(folder, 'secret'), join(logs, 'escape'))
  symlinkSync(join(logs, 'fw'), join(folder, 'short'))
  symlinkSync(join(folder, 'nowhere'), join(logs, 'broken'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('files and globs within the folders may be followed, by whatever way, also where nothing is yet', async () => {
  const inside = [
    join(logs, '*.log'),
    join(logs, 'fw', 'a.log'),
    join(logs, 'later', 'deep', '*.log'),
    join(logs, 'fw', '..', 'b.log'),
    join(folder, 'short', 'c.log'),
    'logs/{a,b}/*.log',
  ]
  await refuseOutside(inside, [logs], folder)
  await refuseOutside(inside, ['logs'], folder)
  await refuseOutside(['/etc/*.log'], ['/'], folder)
})

test('what leads outside is refused and named: other folders, dots, links, and folders whose name begins alike', async () => {
  for (const glob of [
    '/etc/shadow',
    join(logs, '..', 'secret', '*.log'),
    join(logs, '*', '..', '..', 'secret', '*.log'),
    join(logs, 'escape', '*.log'),
    join(logs, 'escape', 'later', 'a.log'),
    join(folder, 'logs-of-others', '*.log'),
    join(folder, '*', 'a.log'),
    '*.log',
    '/**',
  ])
    await assert.rejects(
      refuseOutside([join(logs, 'a.log'), glob], [logs], folder),
      (error: Error) => error.message.startsWith(`${glob} is not followed`),
      glob,
    )
  await assert.rejects(refuseOutside([join(logs, 'a.log')], [], folder), /none is allowed/)
})
