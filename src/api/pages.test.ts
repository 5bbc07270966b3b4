import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration, escapeHtml, messagePage, statusPage } from './pages.ts'
import { HOSTILE, sampleStatus } from './sample-status.ts'

test('what comes from log lines is inert text on the page, its control and direction characters visible', () => {
  const page = statusPage(sampleStatus())
  assert.doesNotMatch(page, /<img/)
  assert.doesNotMatch(page, /<script|onerror=alert\(1\)>|style=|javascript:/)
  assert.ok(!['\u001b', '\u0007', '\u202e'].some((character) => page.includes(character)))
  assert.equal(
    escapeHtml(HOSTILE),
    '&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;\\u202e\\u001b]0;x\\u0007',
  )
})

test('the page says how many senders are pending, and how the relay does', () => {
  const page = statusPage(sampleStatus())
  assert.match(page, /Senders: 2 known, 3 pending \(their lines are used, untrusted\)/)
  assert.match(page, /Relay: udp:.*connected: 5 lines sent/)
  const quiet = { ...sampleStatus(), senders: { known: 4, pending: 0, storeOnly: true }, relay: null }
  assert.match(statusPage(quiet), /Senders: 4 known, 0 pending<\/p><\/section>/)
})

test('the page names the list, the parts, losses, clocks, fetchers and findings with their mend', () => {
  const page = statusPage(sampleStatus())
  for (const text of [
    'https://192.0.2.10:8443/<wbr>files/<wbr>blacklist.txt',
    '1 more address',
    '12,345',
    'revision 812',
    '2 kept out',
    'not ready',
    'It is being restarted',
    '1,234,567',
    '17',
    '198.51.100.7',
    '11 ports of 203.0.113.5',
    '2 h ahead',
    'its lines convict nobody',
    '192.0.2.20',
    '396 days',
    'net.core.rmem_max',
    'segments wait on disk',
    'Port Scan Attack v1',
    '7 held for review',
  ]) {
    assert.ok(page.includes(text), text)
  }
})

test('every opened element is closed, whatever is empty', () => {
  const empty = {
    ...sampleStatus(),
    components: [],
    inputs: [],
    devices: [],
    recentBlocks: [],
    fetchers: [],
    findings: [],
  }
  for (const page of [statusPage(sampleStatus()), statusPage(empty), messagePage('a', '<b>')]) {
    const open: string[] = []
    for (const [, close, name] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
      if (['meta', 'link', 'br', 'wbr'].includes(name ?? '')) continue
      if (close === '') open.push(name ?? '')
      else assert.equal(open.pop(), name)
    }
    assert.deepEqual(open, [])
  }
})

test('a long table shows its first rows and how many there are more', () => {
  const status = sampleStatus()
  const device = status.devices[1]
  assert.ok(device !== undefined)
  const devices = Array.from({ length: 25 }, (_, i) => ({ ...device, device: `FW-${i}` }))
  const page = statusPage({ ...status, devices })
  assert.ok(page.includes('FW-19') && !page.includes('FW-20'))
  assert.match(page, /and 5 more/)
})

test('impossible times do not break the page', () => {
  const status = sampleStatus()
  const block = status.recentBlocks[0]
  assert.ok(block !== undefined)
  const page = statusPage({
    ...status,
    recentBlocks: [{ ...block, createdAtMs: Number.NaN, expiresAtMs: Number.POSITIVE_INFINITY }],
  })
  assert.match(page, /unknown/)
})

test('durations are told in their two largest units', () => {
  const cases: readonly [number, string][] = [
    [-5, '0 s'],
    [400, '0 s'],
    [59_000, '59 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [90_061_000, '1 d 1 h'],
    [86_400_000 * 400, '400 d'],
  ]
  for (const [ms, text] of cases) assert.equal(duration(ms), text)
})
