/**
 * What RELIABILITY.md section 4.7 asks of lists for firewalls, for the list of the older system (`/files/blacklist.txt`,
 * its own engine) and for a packed feed alike. Under load: feed-load.test.ts. E02 kills processes: feed-kill.test.ts. E05 and E09 in the life of
 * one firewall: src/api/feed-routes.test.ts.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import { ManualClock } from '../../src/lib/clock.ts'
import { type Network, parseNetwork } from '../../src/lib/address.ts'
import { ServerCertificate } from '../../src/publish/certificate.ts'
import { CONTRACT } from '../../src/api/control-contract.ts'
import { certificateNames } from '../../src/publish/machine-names.ts'
import { DAY_MS } from '../../src/publish/made-certificate.ts'
import { coveredBy, FakeFirewall, FeedSite, fetchList, range } from '../../src/api/feed-testing.ts'
import { EDGE, EDGE_FEED, engineAt, LIST, PATHS, serve, WHO } from './feed-lists.ts'

const MINUTE_MS = 60_000

const network = (text: string): Network => parseNetwork(text) ?? assert.fail(text)

let site: FeedSite
beforeEach(async () => {
  site = await FeedSite.open()
})
afterEach(async () => {
  await site.close()
})

const heldReasons = (path: string): string =>
  engineAt(site, path)
    .held?.holds.map(({ reason }) => reason)
    .join(' ') ?? ''
const hasAlarm = (code: string): boolean => site.alarms.active().some((alarm) => alarm.code === code)

describe('lists for firewalls', () => {
  test('E03: without the state, or with its definitions damaged, the last good lists are served, marked stale, and it is told', async () => {
    await serve(site, 40)
    await site.close({ keepFolder: true })
    const { folder, state } = site
    state.isAway = true
    site = await FeedSite.open({ folder, state })
    const stale = await fetchList(site, EDGE)
    assert.deepEqual([stale.status, stale.headers['x-ads-stale']], [200, 'true'])
    assert.deepEqual(coveredBy(stale.body), { first: 0, count: 40 })
    await assert.rejects(site.desk.remove('edge', WHO), /the state is away/)
    await site.close({ keepFolder: true })

    // The newest revision on disk is damaged: the one before it is served, and an alarm says so.
    state.isAway = false
    site = await FeedSite.open({ folder, state })
    site.decisions.add(range(41))
    site.feeds.takeDecisions(site.decisions)
    await site.feeds.idle()
    const fresh = await fetchList(site, EDGE)
    assert.equal(fresh.headers['x-ads-stale'], undefined)
    assert.equal(coveredBy(fresh.body).count, 41)
    await site.close({ keepFolder: true })
    const revisions = join(folder, 'feeds/edge')
    const newest =
      (await readdir(revisions))
        .filter((name) => name.endsWith('.gz'))
        .sort()
        .at(-1) ?? ''
    const bytes = await readFile(join(revisions, newest))
    await writeFile(join(revisions, newest), bytes.subarray(0, bytes.length - 9))
    site = await FeedSite.open({ folder, state })
    assert.deepEqual(coveredBy((await fetchList(site, EDGE)).body), { first: 0, count: 40 })
    assert.ok(hasAlarm('feed-file-damaged:edge'))
    await site.close({ keepFolder: true })

    // The copy of the definitions is no JSON: the list of the older system is there all the same.
    await writeFile(join(folder, 'feeds.json'), '{"feeds":[')
    state.isAway = true
    site = await FeedSite.open({ folder, state })
    const { status, body } = await fetchList(site, LIST)
    assert.equal(status, 200)
    assert.ok(body.length > 0)
    assert.ok(hasAlarm('feeds-not-read'))
  })

  test('E04: a list that would be empty or half is held, the previous stays, an alarm says so, and a person with a reason publishes it', async () => {
    await serve(site, 40)
    for (const [left, reason] of [
      [0, /would be empty; it stands for 40 decisions/],
      [19, /would shrink from 40 decisions to 19/],
    ] as const) {
      site.change([], range(40 - left, left))
      await site.feeds.idle()
      for (const path of PATHS) {
        assert.match(heldReasons(path), reason, path)
        assert.deepEqual(coveredBy((await fetchList(site, path)).body), { first: 0, count: 40 })
      }
      assert.ok(hasAlarm('feed-held:edge') && hasAlarm('feed-held:blacklist'))
      site.change(range(40 - left, left))
      await site.feeds.idle()
      assert.deepEqual(PATHS.map(heldReasons), ['', ''], 'what came back lets go of the hold')
    }
    site.change([], range(21, 19))
    await site.feeds.idle()
    assert.ok(!CONTRACT.releaseFeed.input.safeParse({ feed: 'edge', reason: ' ' }).success)
    for (const name of ['edge', 'blacklist']) await site.desk.release(name, WHO)
    for (const path of PATHS) assert.equal(coveredBy((await fetchList(site, path)).body).count, 19)
    assert.ok(!hasAlarm('feed-held:edge') && !hasAlarm('feed-held:blacklist'))
    assert.ok(site.state.audited.some((row) => row.includes('feed.release') && row.includes('ann')))
  })

  test('E04: everything, own and private networks are in no list, whatever is decided, and more than fits is left out and told', async () => {
    const never = ['192.168.0.0/16', '10.0.0.1', '203.0.113.0/24']
    for (const text of never) site.refused.set(text, `${text} is never blocked`)
    site.decisions.add([...never, '0.0.0.0/0', '::/0'].map(network))
    site.decisions.add(range(40))
    site.feeds.takeDecisions(site.decisions)
    const small = {
      ...EDGE_FEED,
      capacity: { entries: 30, scope: 'firewall' } as const,
      aggregate: 'none' as const,
    }
    await site.desk.add(small, [], WHO)
    await site.feeds.idle()
    assert.deepEqual(coveredBy((await fetchList(site, LIST)).body), { first: 0, count: 40 })
    const lines = (await fetchList(site, EDGE)).body.toString('latin1').trimEnd().split('\n')
    assert.equal(lines.length, 27, 'thirty less the headroom')
    assert.ok(lines.every((line) => line.startsWith('198.18.0.')))
    assert.ok(hasAlarm('feed-left-out:edge'))
    assert.equal(engineAt(site, EDGE).facts.refused, 5)
    // What becomes forbidden leaves at once, also a list that is held.
    site.change([], range(35))
    await site.feeds.idle()
    site.refused.set('198.18.0.7', 'allowed now')
    site.feeds.recheck()
    await site.feeds.idle()
    for (const path of PATHS) {
      assert.notEqual(heldReasons(path), '', path)
      assert.ok(!(await fetchList(site, path)).body.toString().includes('198.18.0.7\n'), path)
    }
  })

  test('E05: a stranger with a wrong token or none gets what a path that is not there gets; a known firewall gets no answer', async () => {
    await serve(site, 5)
    const credential = { kind: 'bearer' as const, name: 'fw', fingerprint: null }
    const closed = { ...EDGE_FEED, name: 'closed', path: '/feeds/closed.txt' }
    const access = { open: false, credentials: [], sources: [] }
    const made = await site.desk.add({ ...closed, access }, [credential], WHO)
    await site.feeds.idle()
    const right = { authorization: `Bearer ${made.secrets[0]?.secret ?? ''}` }
    const stranger = { ca: site.authority, servername: 'localhost', localAddress: '127.0.0.3' }
    const asStranger = async (path: string, headers = {}): Promise<unknown[]> => {
      const agent = new Agent(stranger)
      const answer = await fetchList(site, path, { headers, agent })
      const { date: _date, ...others } = answer.headers
      return [answer.status, answer.body.toString(), others]
    }
    const nothing = await asStranger('/feeds/nothing.txt')
    assert.equal(nothing[0], 404)
    assert.deepEqual(await asStranger('/feeds/closed.txt'), nothing)
    assert.deepEqual(await asStranger('/feeds/closed.txt', { authorization: 'Bearer wrong' }), nothing)
    assert.deepEqual(await asStranger('/feeds/wrong-token/closed.txt'), nothing)
    const firewall = new FakeFirewall(site, '/feeds/closed.txt', { headers: right })
    await firewall.fetch()
    assert.equal(firewall.entries.length, 2)
    firewall.headers = { authorization: 'Bearer wrong' }
    await firewall.fetch()
    assert.deepEqual(
      [firewall.outcome, firewall.isEnforcing, firewall.entries.length],
      ['ECONNRESET', true, 2],
    )
    assert.ok(hasAlarm('firewall-refused:closed'))
    // The list of the older system is open: whoever comes gets it.
    assert.equal((await asStranger(LIST))[0], 200)
  })

  test('E06: our certificate is made anew in time and after its end, and firewalls that trust our authority enforce on', async () => {
    await serve(site, 5)
    // TLS looks at the real clock: the certificate's life lies so that each one of it is valid today.
    const todayMs = Math.floor(performance.timeOrigin)
    const clock = new ManualClock(todayMs - 377 * DAY_MS)
    const at = (time: ManualClock): ServerCertificate =>
      new ServerCertificate({
        folder: join(site.folder, 'certificates'),
        names: ['localhost', '127.0.0.1'],
        certPath: '',
        keyPath: '',
        clock: time,
        alarms: site.alarms,
        onChange: (served) => site.server.setCertificate(served),
        machine: async () => certificateNames(['localhost', '127.0.0.1']),
        checkEveryMs: 0,
      })
    const certificate = at(clock)
    await certificate.start()
    site.server.setCertificate(certificate.served)
    site.authority = certificate.authorityPem() ?? ''
    const first = certificate.served.cert
    const firewalls = PATHS.map((path) => new FakeFirewall(site, path))
    const allEnforce = async (): Promise<void> => {
      for (const firewall of firewalls) {
        await firewall.fetch()
        assert.deepEqual([firewall.outcome, firewall.isEnforcing], ['200', true])
      }
    }
    await allEnforce()
    clock.advance(365 * DAY_MS)
    await certificate.check()
    assert.equal(certificate.served.cert, first, '31 days before its end it stays')
    clock.advance(DAY_MS + MINUTE_MS)
    await certificate.check()
    assert.notEqual(certificate.served.cert, first)
    await allEnforce()

    // The service was stopped until after the end: the certificate is made anew before anybody asks.
    await certificate.stop()
    const late = new ManualClock(todayMs + 400 * DAY_MS)
    const again = at(late)
    await again.start()
    assert.ok(new X509Certificate(again.served.cert).validToDate.getTime() > late.nowMs() + 300 * DAY_MS)
    assert.equal(again.authorityPem(), site.authority, 'under the same authority')
    await again.stop()
  })

  test('E07: validators, HEAD, ranges, compression, HTTP/1.0 and no server name, each answered right; ASCII, LF, plain text', async () => {
    await serve(site, 300)
    for (const path of PATHS) {
      const { status, headers, body } = await fetchList(site, path, {
        headers: { 'accept-encoding': 'gzip, br', range: 'bytes=0-3' },
      })
      assert.deepEqual([status, headers['content-type']], [200, 'text/plain; charset=utf-8'])
      assert.equal(headers['content-encoding'], undefined)
      assert.equal(headers['content-range'], undefined)
      assert.equal(headers['content-length'], String(body.length))
      assert.match(body.toString('latin1'), /^(?:[0-9a-f.:/]+\n)+$/)
      assert.equal(coveredBy(body).count, 300)
      const tag = { 'if-none-match': headers.etag ?? '' }
      const known = await fetchList(site, path, { headers: tag })
      assert.deepEqual([known.status, known.body.length], [304, 0])
      assert.equal((await fetchList(site, path, { headers: { 'if-none-match': '"x"' } })).status, 200)
      const head = await fetchList(site, path, { method: 'HEAD' })
      assert.deepEqual([head.status, head.body.length, head.headers.etag], [200, 0, headers.etag])
      assert.equal(head.headers['content-length'], String(body.length))
      const raw = await askRaw(`GET ${path} HTTP/1.0\r\n\r\n`)
      assert.match(raw, /^HTTP\/1\.[01] 200 /)
      assert.ok(raw.endsWith(`\r\n\r\n${body.toString()}`))
    }
    // The validator of one list is none for the other.
    const { headers } = await fetchList(site, LIST)
    assert.equal(
      (await fetchList(site, EDGE, { headers: { 'if-none-match': headers.etag ?? '' } })).status,
      200,
    )
  })

  test('E09: whoever came every five minutes and stays away for more than three of them is told of, by feed and address', async () => {
    await serve(site, 5)
    const firewalls = PATHS.map((path) => new FakeFirewall(site, path))
    for (let i = 0; i < 7; i++) {
      for (const firewall of firewalls) await firewall.fetch()
      site.clock.advance(5 * MINUTE_MS)
    }
    site.clock.advance(9 * MINUTE_MS)
    site.feeds.checkSilence()
    assert.ok(!hasAlarm('firewall-silent:edge') && !hasAlarm('firewall-silent:blacklist'), 'not before three')
    site.clock.advance(3 * MINUTE_MS)
    site.feeds.checkSilence()
    for (const name of ['edge', 'blacklist'])
      assert.match(
        site.alarms.active().find(({ code }) => code === `firewall-silent:${name}`)?.message ?? '',
        new RegExp(`^127\\.0\\.0\\.1 last fetched the feed ${name} 17 min ago; it came every 5 min`),
      )
    for (const firewall of firewalls) await firewall.fetch()
    site.feeds.checkSilence()
    assert.ok(!hasAlarm('firewall-silent:edge') && !hasAlarm('firewall-silent:blacklist'))
  })
})

/** A request as bytes over TLS without a server name; what comes until the end. */
function askRaw(text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const options: ConnectionOptions = {
    host: '127.0.0.1',
    port: site.server.address?.port ?? 0,
    ca: site.authority,
    checkServerIdentity: () => undefined,
  }
  const socket = connect(options, () => socket.write(text))
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')))
  socket.on('error', reject)
  return promise
}
