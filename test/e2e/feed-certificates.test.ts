/** Feeds that are fetched with client certificates of an authority, over real TLS connections. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ClientCertificate, makeClientAuthority } from '../../src/input/testing/client-authority.ts'
import { alarmsOf, ask, block, reason } from './feed-asker.ts'
import { startService, until } from './harness.ts'

const definitionOf = (
  authority: string,
  names: string[],
): { certificates: { authority: string; names: string[] } } => ({
  certificates: { authority, names },
})

describe('a feed with an authority of client certificates', () => {
  test('opens to the names of that authority alone', async (t) => {
    const service = await startService(t)
    const { control } = service
    const authority = await makeClientAuthority()
    // The same subject and another key: who only compares names takes it for the same.
    const impostor = await makeClientAuthority()
    await block(service, ['198.51.100.7'])
    const made = await control.call('addFeed', {
      feed: 'edge',
      definition: definitionOf(authority.pem, ['fw-1.example.net', 'fw-2.example.net']),
      credentials: [],
      reason,
      dryRun: false,
    })
    const { open, certificates } = made.feed?.access ?? {}
    assert.equal(open, false)
    assert.deepEqual(
      certificates?.authorities.map(({ subject }) => subject),
      ['CN=Test Authority'],
    )
    assert.equal(JSON.stringify(made.feed).includes('BEGIN CERTIFICATE'), false)
    await control.call('addFeed', {
      feed: 'other',
      definition: definitionOf(impostor.pem, ['*']),
      credentials: [],
      reason,
      dryRun: false,
    })

    let host = 10
    /** Each from an address of its own: who was turned away often is not answered any more. */
    const status = async (
      certificate: ClientCertificate | null,
      { from = `127.0.0.${++host}`, path = '/feeds/edge.txt' } = {},
    ): Promise<number> =>
      (
        await ask(
          service,
          path,
          certificate === null ? { from } : { cert: certificate.cert, key: certificate.key, from },
        )
      ).status
    const first = await authority.issue('CN=fw-1.example.net')
    const byAlternative = await authority.issue('CN=something', { alternatives: ['FW-2.example.net'] })
    await until('the list is made', async () => (await status(first, { from: '127.0.0.2' })) === 200)
    assert.equal(await status(byAlternative), 200)

    assert.equal(await status(null), 404, 'without one')
    assert.equal(await status(await authority.issue('CN=fw-9.example.net')), 404, 'another name')
    assert.equal(await status(await impostor.issue('CN=fw-1.example.net')), 404, 'another authority')
    assert.equal(
      await status(await authority.issue('CN=fw-1.example.net', { endsInMs: -1000 })),
      404,
      'expired',
    )
    assert.equal(
      await status(await authority.issue('CN=fw-1.example.net', { usage: 'server' })),
      404,
      'of a server',
    )
    assert.equal(await status(await impostor.issue('CN=anything'), { path: '/feeds/other.txt' }), 200)
    assert.equal(
      await status(first, { path: '/feeds/other.txt' }),
      404,
      'one feed trusts what the other does not',
    )
    // The first feed stays open to all, certificate or not.
    assert.equal(await status(null, { path: '/files/blacklist.txt' }), 200)

    // A firewall that had the list is cut off without a word, and keeps what it has.
    assert.equal(await status(null, { from: '127.0.0.2' }), 0)
    assert.ok(alarmsOf(service).includes('firewall-refused:edge'))
    assert.equal(await status(first, { from: '127.0.0.2' }), 200)
    assert.equal(alarmsOf(service).includes('firewall-refused:edge'), false)
    const fetchers = []
    for await (const row of control.rows('listFeedFetchers', { feed: 'edge' })) fetchers.push(row)
    assert.equal(fetchers.find(({ address }) => address === '127.0.0.2')?.credential, 'fw-1.example.net')
  })

  test('is changed by name and authority, and refuses what is none', async (t) => {
    const service = await startService(t)
    const { control } = service
    const authority = await makeClientAuthority()
    const fw = await authority.issue('CN=fw-1.example.net')
    const change = { feed: 'edge', version: null, reason, dryRun: false }
    const add = (certificates: { authority?: string; names?: string[] }): Promise<unknown> =>
      control.call('addFeed', {
        feed: 'edge',
        definition: { certificates },
        credentials: [],
        reason,
        dryRun: false,
      })
    await assert.rejects(add({ names: ['x'] }), /need the PEM of their authority/)
    await assert.rejects(add({ authority: 'no PEM', names: ['x'] }), /expected as PEM/)
    await assert.rejects(add({ authority: `${authority.pem}\n${fw.key}`, names: ['x'] }), /never its key/)
    await assert.rejects(add({ authority: fw.cert, names: ['x'] }), /is no authority/)
    await add({ authority: authority.pem, names: ['fw-9.example.net'] })
    const { cert, key } = fw
    assert.equal((await ask(service, '/feeds/edge.txt', { cert, key, from: '127.0.0.3' })).status, 404)
    await control.call('changeFeed', {
      ...change,
      definition: { certificates: { names: ['fw-1.example.net'] } },
    })
    await until('its name may fetch', async () => {
      return (await ask(service, '/feeds/edge.txt', { cert, key, from: '127.0.0.3' })).status === 200
    })
    await assert.rejects(
      control.call('changeFeed', { ...change, definition: { certificates: null } }),
      /needs a credential/,
    )
    await assert.rejects(
      control.call('changeFeed', { ...change, definition: { open: true } }),
      /asks for no certificate/,
    )
    const { feed } = await control.call('changeFeed', {
      ...change,
      definition: { certificates: null, open: true },
    })
    assert.equal(feed.access.certificates, null)
    assert.equal((await ask(service, '/feeds/edge.txt', { from: '127.0.0.4' })).status, 200)
  })
})
