/** Which fetches and which lines are one firewall's: what was learned before people said so is not lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EnforcementBook } from './enforcement-book.ts'
import { MINUTE, Site } from './testing/enforcement-site.ts'

test('a firewall that is named later keeps what was learned of its address, before and after a restart', () => {
  const site = new Site()
  const firewall = site.firewall()
  site.pass(10 * MINUTE)
  site.block('198.51.100.7')
  site.pass(10 * MINUTE)
  site.packet(firewall, '198.51.100.7')
  const edge = { id: 'f1', name: 'edge', addresses: ['203.0.113.1'], devices: [], intervalMs: null }
  site.book.name([edge])
  site.pass(30_000)
  assert.deepEqual(site.alarms(), [], 'it is known to have fetched')
  const [line, ...others] = site.line('198.51.100.7').firewalls
  assert.deepEqual([line?.key, line?.name, line?.denied, others.length], ['f1', 'edge', 1, 0])

  const book = new EnforcementBook({ keep: () => assert.fail('nothing new happened') })
  const { target, decisionId, detectedAtMs } = site.book.record('198.51.100.7') ?? assert.fail()
  book.blocked({ target, decisionId, detectedAtMs })
  book.restore(site.steps)
  book.name([edge])
  assert.deepEqual([...(book.record('198.51.100.7')?.marks.keys() ?? [])], ['f1'])
})

test('a fetcher and a device that turn out to be one firewall: what each was known for is joined', () => {
  const site = new Site()
  const firewall = site.firewall()
  const relayed = (source: string): void => {
    site.book.seen(source, [{ ...firewall.packet(source, site.nowMs), sender: '192.0.2.53' }])
  }
  /** By its sensor rule, whatever the list holds. */
  const sensor = (source: string): void => {
    const report = { ...firewall.packet(source, site.nowMs), sender: '192.0.2.53' }
    const atMs = site.nowMs
    const denied = { denied: 1, firstDeniedAtMs: atMs, lastDeniedAtMs: atMs, rule: 'sensor' }
    site.book.seen(source, [{ ...report, ...denied, allowed: 0, lastAllowedAtMs: null }])
  }
  site.block('198.51.100.7', '198.51.100.8')
  site.nowMs += 20_000
  sensor('198.51.100.7') // nothing is known of a fetch: it counts for now
  sensor('198.51.100.8')
  site.pass(10 * MINUTE)
  const fetchedMs = site.line('198.51.100.7').firewalls.find(({ fetchedAtMs }) => fetchedAtMs !== null)
  relayed('198.51.100.7')
  assert.equal(site.line('198.51.100.7').firewalls.length, 2)
  const addresses = ['203.0.113.1']
  site.book.name([{ id: 'f1', name: 'edge', addresses, devices: ['FW-01'], intervalMs: null }])
  const [line, ...others] = site.line('198.51.100.7').firewalls
  assert.equal(others.length, 0)
  assert.equal(line?.fetchedAtMs, fetchedMs?.fetchedAtMs)
  assert.equal(line?.denied, 2)
  assert.equal(line?.firstDeniedAtMs, site.nowMs, 'the first was before it had the list')
  assert.equal(site.line('198.51.100.8').firewalls[0]?.firstDeniedAtMs, null)
  site.block('198.51.100.9')
  sensor('198.51.100.9')
  assert.equal(site.line('198.51.100.9').state, 'waiting', 'it fetches, and has not fetched this yet')
})
