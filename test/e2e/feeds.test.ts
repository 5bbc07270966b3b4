/** Feeds, end to end: made, fetched in several formats by those who may, held, gone back, rotated, kept over a restart. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { issueLeaf, makeAuthority } from '../../src/publish/made-certificate.ts'
import { certificateNames } from '../../src/publish/machine-names.ts'
import { alarmsOf, type Asked, ask, basic, block, type Got, hosts, lines, reason } from './feed-asker.ts'
import { type Service, startService, temporaryFolder, until } from './harness.ts'

describe('feeds', () => {
  test('are fetched in their formats by those who may, and follow the decisions', async (t) => {
    const service = await startService(t)
    const { control } = service
    await block(service, ['198.51.100.0', '198.51.100.1', '2001:db8:9::/64'])
    const made = await control.call('addFeed', {
      feed: 'edge',
      definition: { format: 'cidr', capacity: { preset: 'pan-os' }, aggregate: 'lossless' },
      credentials: [
        { kind: 'basic', name: 'fw-1', fingerprint: null },
        { kind: 'path-token', name: 'fw-2', fingerprint: null },
        { kind: 'bearer', name: 'script', fingerprint: null },
      ],
      reason,
      dryRun: false,
    })
    const secretOf = (kind: string): string => made.secrets.find((one) => one.kind === kind)?.secret ?? ''
    assert.equal(made.preview.entries, 2)
    assert.match(made.preview.text, /198\.51\.100\.0\/31/)
    await control.call('addFeed', {
      feed: 'routers',
      definition: { format: 'nftables', filter: { families: 'v4' } },
      credentials: [],
      reason,
      dryRun: false,
    })
    const fw1 = basic('fw-1', secretOf('basic'))
    await until('the list is made', async () =>
      (await ask(service, '/feeds/edge.txt', { headers: fw1, from: '127.0.0.2' })).body.includes('/31'),
    )
    const byBasic = await ask(service, '/feeds/edge.txt', { headers: fw1, from: '127.0.0.2' })
    assert.deepEqual(lines(byBasic.body), ['198.51.100.0/31', '2001:db8:9::/64'])
    assert.equal(byBasic.headers['content-length'], String(byBasic.body.length))
    const tokenUrl = made.secrets.find(({ kind }) => kind === 'path-token')?.url ?? ''
    const byToken = await ask(service, new URL(tokenUrl).pathname, { from: '127.0.0.3' })
    const byBearer = await ask(service, '/feeds/edge.txt', {
      headers: { authorization: `Bearer ${secretOf('bearer')}` },
      from: '127.0.0.4',
    })
    assert.equal(byToken.body, byBasic.body)
    assert.equal(byBearer.body, byBasic.body)
    const unchanged = { ...fw1, 'if-none-match': String(byBasic.headers['etag']) }
    assert.equal(
      (await ask(service, '/feeds/edge.txt', { headers: unchanged, from: '127.0.0.2' })).status,
      304,
    )
    const head = await ask(service, '/feeds/edge.txt', { method: 'HEAD', headers: fw1, from: '127.0.0.2' })
    assert.equal(head.body, '')
    assert.equal(head.headers['content-length'], byBasic.headers['content-length'])
    const posted = await ask(service, '/feeds/edge.txt', { method: 'POST', from: '127.0.0.9' })
    assert.equal(posted.status, 405)
    assert.equal(posted.headers['allow'], 'GET, HEAD')
    const routers = await ask(service, '/feeds/routers.nft', { from: '127.0.0.5' })
    assert.match(routers.body, /198\.51\.100\.0/)

    // A stranger learns nothing: a feed that is there and one that is not answer alike.
    const there = await ask(service, '/feeds/edge.txt', { from: '127.0.0.6' })
    const wrong = await ask(service, '/feeds/edge.txt', { headers: basic('fw-1', 'no'), from: '127.0.0.6' })
    const absent = await ask(service, '/feeds/nothing.txt', { from: '127.0.0.6' })
    const { date: _d1, ...headersThere } = there.headers
    const { date: _d2, ...headersAbsent } = absent.headers
    assert.deepEqual([there.status, wrong.status, absent.status], [404, 404, 404])
    assert.deepEqual(headersThere, headersAbsent)
    assert.equal(there.body, absent.body)
    // A firewall that was given the list before is cut off instead, and keeps what it has.
    assert.equal(
      (await ask(service, '/feeds/edge.txt', { headers: basic('fw-1', 'no'), from: '127.0.0.2' })).status,
      0,
    )
    assert.ok(alarmsOf(service).includes('firewall-refused:edge'))
    assert.equal((await ask(service, '/feeds/edge.txt', { headers: fw1, from: '127.0.0.2' })).status, 200)
    assert.ok(!alarmsOf(service).includes('firewall-refused:edge'))

    await control.call('removeBlocks', { targets: ['198.51.100.1'], reason, dryRun: false })
    await until('the lift is in the feed', async () =>
      (await ask(service, '/feeds/edge.txt', { headers: fw1, from: '127.0.0.2' })).body.includes(
        '198.51.100.0/32',
      ),
    )
    const { items } = await control.call('listFeedFetches', { feed: 'edge', limit: 100 })
    const seen = (values: readonly (string | number | null)[]): string[] =>
      [...new Set(values.map(String))].sort()
    assert.deepEqual(seen(items.map(({ status }) => status)), ['0', '200', '304'])
    assert.deepEqual(seen(items.map(({ credential }) => credential)), ['fw-1', 'fw-2', 'null', 'script'])
    const said = `${service.said.join('\n')}${JSON.stringify(items)}${JSON.stringify(await control.call('showFeed', { feed: 'edge' }))}`
    for (const { secret } of made.secrets)
      assert.ok(secret !== null && !said.includes(secret), 'no secret is told again')
  })

  test('keep what they were over a restart: definitions, revisions, credentials, fetchers', async (t) => {
    const folder = await temporaryFolder(t)
    const service = await startService(t, { folder })
    await block(service, hosts(3))
    const { secrets } = await service.control.call('addFeed', {
      feed: 'edge',
      definition: { format: 'fortigate' },
      credentials: [{ kind: 'bearer', name: 'fw', fingerprint: null }],
      reason,
      dryRun: false,
    })
    const headers = { authorization: `Bearer ${secrets[0]?.secret ?? ''}` }
    const get = (from: Service, more: Asked = {}): Promise<Got> =>
      ask(from, '/feeds/edge.txt', { headers, ...more })
    await until('it is made', async () => lines((await get(service)).body).length === 3)
    await block(service, ['203.0.112.9'])
    await until('it is made again', async () => lines((await get(service)).body).length === 4)
    const before = await get(service)
    await service.stop()

    const again = await startService(t, { folder })
    const after = await get(again)
    assert.equal(after.status, 200)
    assert.equal(after.body, before.body)
    assert.equal(after.headers['etag'], before.headers['etag'])
    await until(
      'it follows the decisions',
      async () => (await get(again)).headers['x-ads-stale'] === undefined,
    )
    assert.equal((await get(again)).headers['x-ads-revision'], before.headers['x-ads-revision'])
    // Known from before the restart: cut off, not told of an error.
    assert.equal((await get(again, { headers: { authorization: 'Bearer wrong' } })).status, 0)
    const revisions = []
    for await (const row of again.control.rows('listFeedRevisions', { feed: 'edge' })) revisions.push(row)
    assert.ok(revisions.length >= 2)
    const oldest = revisions.at(-1)?.revision ?? 0
    const { added } = await again.control.call('diffFeed', { feed: 'edge', from: oldest })
    assert.ok(added.includes('203.0.112.9'))
  })

  test('are served to the same people when the state is lost', async (t) => {
    const folder = await temporaryFolder(t)
    const service = await startService(t, { folder })
    await block(service, hosts(3))
    const { secrets } = await service.control.call('addFeed', {
      feed: 'edge',
      definition: {},
      credentials: [{ kind: 'bearer', name: 'fw', fingerprint: null }],
      reason,
      dryRun: false,
    })
    const headers = { authorization: `Bearer ${secrets[0]?.secret ?? ''}` }
    await until(
      'it is made',
      async () => lines((await ask(service, '/feeds/edge.txt', { headers })).body).length === 3,
    )
    await service.stop()
    for (const end of ['', '-wal', '-shm'])
      await rm(join(folder, 'data', `state.sqlite${end}`), { force: true })

    const again = await startService(t, { folder })
    const got = await ask(again, '/feeds/edge.txt', { headers })
    assert.equal(got.status, 200)
    assert.deepEqual(lines(got.body), hosts(3))
    assert.equal((await ask(again, '/feeds/edge.txt', { from: '127.0.0.2' })).status, 404)
  })

  test('hold a list that would lose most, stay where a person wants them, and never hold what is allowed', async (t) => {
    const service = await startService(t)
    const { control } = service
    await block(service, hosts(30))
    await control.call('addFeed', { feed: 'edge', definition: {}, credentials: [], reason, dryRun: false })
    const entries = async (): Promise<string[]> => lines((await ask(service, '/feeds/edge.txt')).body)
    await until('it is made', async () => (await entries()).length === 30)
    const first = (await control.call('showFeed', { feed: 'edge' })).list.revision
    await until(
      'it is kept on disk',
      () => service.app.parts.feeds.get('edge')?.store.notes[0]?.revision === first,
    )

    const definition = { filter: { rules: ['port-scan' as const] } }
    const dry = await control.call('changeFeed', {
      feed: 'edge',
      definition,
      version: null,
      reason,
      dryRun: true,
    })
    assert.match(dry.preview.holds.join(), /would be empty/)
    await control.call('changeFeed', { feed: 'edge', definition, version: null, reason, dryRun: false })
    await until('it is held', async () => (await control.call('showFeed', { feed: 'edge' })).held !== null)
    assert.equal((await entries()).length, 30)
    assert.ok(alarmsOf(service).includes('feed-held:edge'))
    // The allowlist wins over a held list as well.
    await control.call('addAllow', { targets: ['198.51.100.1'], reason, until: null, dryRun: false })
    await until('what is allowed leaves it', async () => !(await entries()).includes('198.51.100.1'))
    assert.equal((await entries()).length, 29)
    await control.call('releaseFeed', { feed: 'edge', reason })
    assert.deepEqual(await entries(), ['192.0.2.255'])
    assert.ok(!alarmsOf(service).includes('feed-held:edge'))

    const { refused } = await control.call('rollbackFeed', { feed: 'edge', revision: first, reason })
    assert.equal(refused, 1)
    assert.equal((await entries()).length, 29)
    await control.call('changeFeed', {
      feed: 'edge',
      definition: { filter: { rules: null } },
      version: null,
      reason,
      dryRun: false,
    })
    await block(service, ['203.0.112.7'])
    await service.app.parts.feeds.idle()
    assert.equal((await entries()).length, 29, 'it stays until it is released')
    await control.call('releaseFeed', { feed: 'edge', reason })
    await until('it follows the decisions again', async () => (await entries()).length === 30)
    const actions = (await service.app.parts.state?.audit({ limit: 50 }))?.map(({ action }) => action) ?? []
    for (const action of ['feed.add', 'feed.change', 'feed.release', 'feed.rollback'])
      assert.ok(actions.includes(action), action)
  })

  test('the first feed holds and goes back as the others, and changes its form and back', async (t) => {
    const service = await startService(t)
    const { control } = service
    await block(service, hosts(24))
    await until('it is listed', async () => (await service.list()).length === 24)
    const parts = service.app.parts
    await until('it is kept', () => (parts.feeds.get('blacklist')?.store.notes[0]?.entries ?? 0) === 24)
    const revision = parts.list.snapshot.revision
    await control.call('removeBlocks', { targets: hosts(24).slice(0, 20), reason, dryRun: false })
    await until('what people lift is not held', async () => (await service.list()).length === 4)
    await control.call('rollbackFeed', { feed: 'blacklist', revision, reason })
    assert.equal((await service.list()).length, 24)
    await control.call('addAllow', { targets: ['198.51.100.41'], reason, until: null, dryRun: false })
    await until('what is allowed leaves it', async () => !(await service.list()).includes('198.51.100.41'))
    await control.call('releaseFeed', { feed: 'blacklist', reason })
    await until('it follows again', async () => (await service.list()).length === 3)

    const change = { feed: 'blacklist', version: null, reason, dryRun: false }
    await control.call('changeFeed', { ...change, definition: { format: 'json' } })
    await until('it is JSON', async () => (await service.get('/files/blacklist.txt')).body.startsWith('['))
    const asJson = Number((await service.get('/files/blacklist.txt')).headers['x-ads-revision'])
    await control.call('changeFeed', { ...change, definition: { format: 'plain' } })
    await until('it is plain', async () =>
      (await service.get('/files/blacklist.txt')).body.startsWith('198.'),
    )
    assert.ok(Number((await service.get('/files/blacklist.txt')).headers['x-ads-revision']) > asJson)
    await assert.rejects(control.call('removeFeed', { feed: 'blacklist', reason }), /the first feed stays/)
  })

  test('old and new credentials are valid together; a client certificate opens by its fingerprint', async (t) => {
    const service = await startService(t)
    const { control } = service
    const nowMs = Date.now()
    const authority = await makeAuthority('clients', nowMs)
    const client = await issueLeaf(authority, certificateNames(['fw-3.example']), nowMs)
    const fingerprint = new X509Certificate(client.cert).fingerprint256
    const { secrets } = await control.call('addFeed', {
      feed: 'edge',
      definition: {},
      credentials: [
        { kind: 'basic', name: 'fw-1', fingerprint: null },
        { kind: 'client-certificate', name: 'fw-3', fingerprint },
      ],
      reason,
      dryRun: false,
    })
    const old = basic('fw-1', secrets[0]?.secret ?? '')
    const credential = { kind: 'basic' as const, name: 'fw-1', fingerprint: null }
    const rotate = { feed: 'edge', credential, reason }
    const next = await control.call('rotateFeedToken', { ...rotate, graceHours: 24 })
    const fresh = basic('fw-1', next.secret.secret ?? '')
    const status = async (asked: Asked): Promise<number> =>
      (await ask(service, '/feeds/edge.txt', asked)).status
    assert.deepEqual(
      [
        await status({ headers: old, from: '127.0.0.2' }),
        await status({ headers: fresh, from: '127.0.0.2' }),
      ],
      [200, 200],
    )
    await control.call('rotateFeedToken', { ...rotate, graceHours: 0 })
    assert.equal(await status({ headers: old, from: '127.0.0.3' }), 404)
    const { cert, key } = client
    assert.equal(await status({ cert, key, from: '127.0.0.4' }), 200)
    const other = await issueLeaf(authority, certificateNames(['fw-9.example']), nowMs)
    assert.equal(await status({ cert: other.cert, key: other.key, from: '127.0.0.5' }), 404)
    await control.call('revokeFeedToken', { feed: 'edge', kind: 'client-certificate', name: 'fw-3', reason })
    assert.equal(await status({ cert, key, from: '127.0.0.4' }), 0, 'it was known: it keeps its list')
  })
})
