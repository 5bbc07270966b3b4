/** From detection to the first packet denied, end to end: who fetched, what the lines say then, and all of it after a restart. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakePanOs } from '../../src/publish/paloalto-api/testing/fake-pan-os.ts'
import { issueLeaf, makeAuthority } from '../../src/publish/made-certificate.ts'
import { customLine, scan, startService, temporaryFolder, until } from './harness.ts'

describe('proof of enforcement', () => {
  test('a block is followed to the firewall that denies it, in explain and after a restart', async (t) => {
    const folder = await temporaryFolder(t)
    const service = await startService(t, { folder })
    const { control } = service
    const added = await control.call('addFirewall', {
      name: 'edge',
      addresses: ['127.0.0.1'],
      devices: [],
      intervalSeconds: 300,
      feed: 'blacklist',
      api: null,
      reason: 'test',
    })
    assert.equal(added.origin, 'named')
    await service.sendUdp(scan('198.51.100.1', 11))
    await until('it is listed', async () => (await service.list()).includes('198.51.100.1'))
    const line = async () => (await control.call('showEnforcement', { target: '198.51.100.1' })).enforcement
    await until('its fetch is known', async () => (await line())?.firewalls[0]?.fetchedAt != null)
    assert.equal((await line())?.state, 'idle')

    const denied = customLine({ source: '198.51.100.1', port: 4000 }).replace(
      'Defense sensor',
      'Defense Deny',
    )
    // The custom format has whole seconds: the packet must be of a later second than the fetch.
    await until('a packet is denied', async () => {
      await service.sendUdp([denied])
      return (await line())?.state === 'stopping'
    })
    const found = await line()
    const [firewall] = found?.firewalls ?? []
    assert.equal(firewall?.name, 'edge')
    assert.equal(firewall?.rule, 'Active Defense Deny')
    assert.ok((found?.stopped ?? 0) > 0)
    const steps = [found?.detectedAt, found?.published[0]?.at, firewall?.fetchedAt, firewall?.firstDeniedAt]
    const instants = steps.map((text) => Date.parse(text ?? ''))
    const sorted = instants.toSorted((a, b) => a - b)
    assert.deepEqual(sorted, instants, 'detected, published, fetched, denied')
    const told = (await control.call('explain', { address: '198.51.100.1' })).sentences.join('\n')
    assert.match(told, /entered the feed blacklist with revision \d+/)
    assert.match(
      told,
      /The firewall edge fetched revision \d+ .* denied its first packet after that .* by the rule Active Defense Deny/,
    )

    const problems: string[] = []
    for await (const leak of control.rows('listLeaks', {})) problems.push(leak.target)
    assert.deepEqual(problems, [])
    const { items } = await control.call('listAudit', { action: 'firewall.add', count: 10 })
    assert.equal(items[0]?.subject, 'edge')

    await service.stop()
    const again = await startService(t, { folder })
    const kept = (await again.control.call('showEnforcement', { target: '198.51.100.1' })).enforcement
    assert.equal(kept?.state, 'stopping')
    assert.equal(kept?.published[0]?.at, found?.published[0]?.at)
    assert.equal(kept?.firewalls[0]?.name, 'edge')
    assert.equal(kept?.firewalls[0]?.fetchedAt, firewall?.fetchedAt)
    assert.equal(kept?.firewalls[0]?.firstDeniedAt, firewall?.firstDeniedAt)
  })

  test('a firewall with a management API is told of a block at once, and its key never comes out again', async (t) => {
    const authority = await makeAuthority('test', Date.now())
    const leaf = await issueLeaf(authority, { dns: [], addresses: ['127.0.0.1'] }, Date.now())
    const fake = new FakePanOs({ ...leaf, apiKey: 'the-secret-key', lists: { Blacklist: 1 } })
    const port = await fake.start()
    t.after(() => fake.stop())
    const { control, sendUdp, said, list } = await startService(t)
    const api = {
      host: '127.0.0.1',
      port,
      ca: authority.cert,
      fingerprint: null,
      vsys: [],
      list: 'Blacklist',
      refresh: true,
      readBack: true,
      register: { tag: 'ads-blocked', timeoutSeconds: 3600 },
      clearSessions: true,
      key: 'the-secret-key',
    }
    const wanted = { name: 'edge', devices: [], intervalSeconds: null, feed: 'blacklist', reason: '' }
    const added = await control.call('addFirewall', { ...wanted, addresses: ['127.0.0.1'], api })
    assert.equal(added.api?.hasKey, true)
    await sendUdp(scan('198.51.100.1', 11))
    await until('it is tagged', () => fake.registered.has('198.51.100.1'))
    await until('its sessions are ended', () => fake.cleared.includes('198.51.100.1'))
    await until('the list is refreshed', () => fake.refreshed.includes('Blacklist'))
    await list()
    const line = async () => (await control.call('showEnforcement', { target: '198.51.100.1' })).enforcement
    await until('that it was told is known', async () => (await line())?.firewalls[0]?.registeredAt != null)
    const { firewall } = await control.call('showFirewall', { firewall: 'edge' })
    assert.equal(firewall.api?.state, 'working')
    assert.equal(firewall.loaded[0]?.valid, 1)

    const changed = await control.call('changeFirewall', {
      firewall: 'edge',
      api: { refresh: false },
      reason: '',
    })
    assert.equal(changed.api?.refresh, false)
    assert.equal(changed.api?.list, 'Blacklist', 'what is not named stays')
    const check = await control.call('checkFirewall', { firewall: 'edge' })
    assert.deepEqual(
      check.findings.map(({ code }) => code),
      ['no-own-rules'],
    )
    assert.match((await control.call('refreshFirewall', { firewall: 'edge' })).message, /edge/)
    await assert.rejects(
      control.call('changeFirewall', { firewall: 'edge', api: { host: '192.0.2.1' }, reason: '' }),
      /needs its key anew/,
    )
    const audit = await control.call('listAudit', { count: 100 })
    const told = JSON.stringify([added, firewall, changed, check, audit, said])
    assert.ok(!told.includes('the-secret-key'))
    await control.call('removeFirewall', { firewall: 'edge', reason: 'replaced' })
    await assert.rejects(control.call('checkFirewall', { firewall: 'edge' }), /no firewall edge/)
  })
})
