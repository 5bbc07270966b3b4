/** Feeds by TAXII and with MineMeld's arguments, and blocks out of pasted text, end to end. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, block, hosts, lines, reason } from './feed-asker.ts'
import { startService, until } from './harness.ts'

describe('feeds by other ways', () => {
  test('are collections of TAXII 2.1 where their format is stix, and take arguments of MineMeld', async (t) => {
    const service = await startService(t)
    const { control } = service
    await block(service, hosts(5))
    await control.call('addFeed', {
      feed: 'intel',
      definition: { format: 'stix' },
      credentials: [],
      reason,
      dryRun: false,
    })
    const accept = { headers: { accept: 'application/taxii+json;version=2.1' } }
    const taxii = async (path: string): Promise<Record<string, unknown>> => {
      const { status, headers, body } = await ask(service, `/taxii2/${path}`, accept)
      assert.equal(status, 200, path)
      assert.equal(headers['content-type'], 'application/taxii+json;version=2.1')
      return JSON.parse(body) as Record<string, unknown>
    }
    const { collections } = (await taxii('root/collections/')) as {
      collections: { id: string; title: string }[]
    }
    assert.deepEqual(
      collections.map(({ title }) => title),
      ['intel'],
    )
    const objects = async (more = ''): Promise<{ id: string; revoked?: boolean }[]> =>
      (
        (await taxii(`root/collections/${collections[0]?.id ?? ''}/objects/${more}`)) as {
          objects?: { id: string; revoked?: boolean }[]
        }
      ).objects ?? []
    await until('all are there', async () => (await objects()).length === 5)
    await control.call('removeBlocks', { targets: ['198.51.100.1'], reason, dryRun: false })
    await until('the lifted one is revoked', async () =>
      (await objects()).some(({ revoked }) => revoked === true),
    )

    const slice = await ask(service, '/files/blacklist.txt?s=1&n=2&tr=1')
    assert.deepEqual(lines(slice.body), ['198.51.100.5', '198.51.100.7'])
    const json = await ask(service, '/files/blacklist.txt?v=json&n=1')
    assert.equal((JSON.parse(json.body) as { indicator: string }[])[0]?.indicator, '198.51.100.3')
    assert.equal(
      (await ask(service, '/files/blacklist.txt?tr=1&v=panosurl')).body,
      (await ask(service, '/files/blacklist.txt')).body,
    )
    const beyond = await ask(service, '/files/blacklist.txt?s=99')
    assert.deepEqual(lines(beyond.body), ['192.0.2.255'])
  })

  test('pasted text is judged line by line, and only then blocked or lifted', async (t) => {
    const service = await startService(t)
    const { control } = service
    await block(service, ['198.51.100.0/28'])
    const text = [
      'ip,comment',
      '203.0.112.9,"scans us"',
      '198.51.100.3,inside the block',
      '198.51.100.0/28',
      '203.0.112.9',
      '203.0.113.7,our own',
      'not an address',
      '203.0.112.10/24',
      '# nothing',
      '2001:db8:7::/64;v6',
    ].join('\r\n')
    const importing = { action: 'add' as const, text, until: null, reason }
    const dry = await control.call('importBlocks', { ...importing, dryRun: true })
    const outcomes = dry.rows.map(({ line, outcome }) => `${line} ${outcome}`)
    assert.deepEqual(outcomes, [
      '2 new',
      '3 covered',
      '4 duplicate',
      '5 duplicate',
      '6 refused',
      '7 invalid',
      '8 invalid',
      '10 new',
    ])
    assert.match(dry.rows.find(({ line }) => line === 8)?.message ?? '', /did you mean 203\.0\.112\.0\/24/)
    assert.equal((await service.list()).length, 1, 'a dry run blocks nobody')
    const done = await control.call('importBlocks', { ...importing, dryRun: false })
    assert.equal(done.counts['new'], 2)
    await until('they are listed', async () => (await service.list()).length === 3)
    const lift = { action: 'lift' as const, text: '203.0.112.9\n203.0.112.99', until: null, reason }
    const lifted = await control.call('importBlocks', { ...lift, dryRun: false })
    assert.deepEqual(lifted.counts, { lifted: 1, 'not-found': 1 })
    await until('it is off the list', async () => (await service.list()).length === 2)
  })
})
