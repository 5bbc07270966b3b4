import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { ListFile } from './list-file.ts'
import { type ListSnapshot, startSnapshot } from './list-snapshot.ts'

const START_MS = Date.UTC(2026, 0, 31, 12)

async function fixture(context: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'list-file-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const clock = new ManualClock(START_MS)
  const alarms = new Alarms({ clock })
  const make = (): ListFile =>
    new ListFile({ folder: join(folder, 'lists'), clock, alarms, minIntervalMs: 0 })
  return { path: (name: string) => join(folder, 'lists', name), folder, clock, alarms, make }
}

function revision(number: number, ...lines: readonly string[]): ListSnapshot {
  return {
    ...startSnapshot(lines.join('\n'), START_MS + number * 1000),
    revision: number,
    entries: lines.length,
    origin: 'decisions',
  }
}

/** Two revisions on disk, the second the newest. */
async function savedTwice(file: ListFile): Promise<void> {
  file.save(revision(1, '198.51.100.1'))
  await file.close()
  file.save(revision(2, '198.51.100.0', '198.51.100.2'))
  await file.close()
}

describe('the last good copy of the list', () => {
  test('is what was saved last, with its validators, and says nothing when all is well', async (context) => {
    const { make, path, alarms, clock } = await fixture(context)
    await savedTwice(make())
    assert.equal(await readFile(path('blacklist.txt'), 'utf8'), '198.51.100.0\n198.51.100.2\n')
    clock.advance(3_600_000)
    const { snapshot, findings } = await make().load()
    assert.deepEqual(findings, [])
    assert.equal(snapshot?.body.toString(), '198.51.100.0\n198.51.100.2\n')
    assert.equal(snapshot?.etag, revision(2, '198.51.100.0', '198.51.100.2').etag)
    assert.equal(snapshot?.revision, 2)
    assert.equal(snapshot?.entries, 2)
    assert.equal(snapshot?.madeAtMs, START_MS + 2000)
    assert.equal(snapshot?.origin, 'file')
    assert.equal(alarms.active().length, 0)
  })

  test('is none at the first start, which is no finding', async (context) => {
    const { make, alarms } = await fixture(context)
    assert.deepEqual(await make().load(), { snapshot: null, findings: [] })
    assert.equal(alarms.active().length, 0)
  })

  const damages: readonly [string, (text: string) => string][] = [
    ['is cut', (text) => text.slice(0, -4)],
    ['is cut at a line', (text) => text.slice(0, 13)],
    ['is empty', () => ''],
    ['has another digit', (text) => text.replace('100.2', '100.3')],
    ['holds rubbish', () => '<html>\n'],
  ]
  for (const [name, damage] of damages) {
    test(`that ${name} is not used: the copy before it is, and both facts are told`, async (context) => {
      const { make, path, alarms } = await fixture(context)
      await savedTwice(make())
      await writeFile(path('blacklist.txt'), damage(await readFile(path('blacklist.txt'), 'utf8')))
      const { snapshot, findings } = await make().load()
      assert.equal(snapshot?.body.toString(), '198.51.100.1\n')
      assert.equal(snapshot?.revision, 1)
      assert.match(findings.join(' '), /blacklist\.txt is damaged .* Serving revision 1 with 1 entries/)
      assert.ok(alarms.has('list-file-damaged'))
    })
  }

  test('that is missing gives the copy before it', async (context) => {
    const { make, path } = await fixture(context)
    await savedTwice(make())
    await rm(path('blacklist.txt'))
    const { snapshot, findings } = await make().load()
    assert.equal(snapshot?.revision, 1)
    assert.match(findings.join(' '), /blacklist\.txt is missing/)
  })

  test('both copies damaged is none, and is told', async (context) => {
    const { make, path, alarms } = await fixture(context)
    await savedTwice(make())
    await writeFile(path('blacklist.txt'), 'x')
    await writeFile(path('blacklist.previous.txt'), '198.51.100.99\n')
    const { snapshot, findings } = await make().load()
    assert.equal(snapshot, null)
    assert.equal(findings.length, 2)
    assert.equal(alarms.active()[0]?.severity, 'critical')
  })

  test('without its description is used when its lines are whole', async (context) => {
    const { make, path } = await fixture(context)
    await savedTwice(make())
    await writeFile(path('blacklist.json'), '{"copies":')
    const { snapshot, findings } = await make().load()
    assert.equal(snapshot?.entries, 2)
    assert.match(findings.join(' '), /description .* cannot be read/)
  })

  test('E02: is the old or the new revision, whole, when the writer dies after its first step', async (context) => {
    const { make, path } = await fixture(context)
    await savedTwice(make())
    const described = JSON.parse(await readFile(path('blacklist.json'), 'utf8')) as { copies: unknown[] }
    // The description of revision 3 was written, its text was not.
    const next = { revision: 3, sha256: 'a'.repeat(64), entries: 3, bytes: 39, madeAtMs: START_MS }
    await writeFile(path('blacklist.json'), JSON.stringify({ copies: [next, described.copies[0]] }))
    const { snapshot, findings } = await make().load()
    assert.equal(snapshot?.revision, 2)
    assert.deepEqual(findings, [])
  })
})

describe('saving the list', () => {
  test('of many revisions at once ends with the newest on disk', async (context) => {
    const { make, path } = await fixture(context)
    const file = make()
    for (let i = 1; i <= 50; i++) file.save(revision(i, `198.51.100.${i}`))
    await file.close()
    assert.equal(await readFile(path('blacklist.txt'), 'utf8'), '198.51.100.50\n')
  })

  test('that fails is an alarm with the mend and no exception, and is made good by the next one', async (context) => {
    const { make, folder, path, alarms } = await fixture(context)
    // A file where the folder should be.
    await writeFile(join(folder, 'lists'), '')
    const file = make()
    file.save(revision(1, '198.51.100.1'))
    await file.close()
    assert.match(alarms.active()[0]?.message ?? '', /Cannot write the block list/)
    await rm(join(folder, 'lists'))
    file.save(revision(2, '198.51.100.2'))
    await file.close()
    assert.equal(await readFile(path('blacklist.txt'), 'utf8'), '198.51.100.2\n')
    assert.equal(alarms.active().length, 0)
  })
})
