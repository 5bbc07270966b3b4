import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNetwork } from '../../lib/address.ts'
import { entry, HOSTILE, NOW_MS, network, packed, ROWS } from './feed-fixture.ts'
import { FEED_FORMATS, feedFormat, renderFeed, renderFeedInSlices } from './format-table.ts'
import type { FormatOptions } from './formats/feed-format.ts'

const OPTIONS: FormatOptions = {
  sentinels: [network('192.0.2.255')],
  comments: false,
  timeouts: false,
  nowMs: NOW_MS,
  listName: 'ads',
}

const render = (name: string, options: Partial<FormatOptions> = {}, rows = ROWS): string => {
  const format = feedFormat(name)
  assert.ok(format !== null, name)
  return renderFeed(format, rows, { ...OPTIONS, ...options }).toString('utf8')
}
const lines = (...texts: string[]): string => texts.map((text) => `${text}\n`).join('')

test('plain, FortiGate, Cisco FMC and PAN-OS: one address or network a line', () => {
  const golden = lines('198.51.100.0/25', '203.0.113.7', '2001:db8::1', '2001:db8:0:7::/64')
  for (const name of ['plain', 'fortigate', 'cisco-fmc', 'pan-os']) assert.equal(render(name), golden)
})

test('PAN-OS with comments: a space, a mark and the short id behind each entry', () => {
  const golden = lines(
    '198.51.100.0/25 #000000bb',
    '203.0.113.7 #000000aa',
    '2001:db8::1 #000000dd',
    '2001:db8:0:7::/64 #000000cc',
  )
  assert.equal(render('pan-os', { comments: true }), golden)
})

test('CIDR only and Juniper: a prefix length on every line', () => {
  const golden = lines('198.51.100.0/25', '203.0.113.7/32', '2001:db8::1/128', '2001:db8:0:7::/64')
  for (const name of ['cidr', 'juniper']) assert.equal(render(name), golden)
})

test('F5: address, mask, BL and an empty category', () => {
  const golden = lines(
    '198.51.100.0,25,BL,',
    '203.0.113.7,32,BL,',
    '2001:db8::1,128,BL,',
    '2001:db8:0:7::,64,BL,',
  )
  assert.equal(render('f5'), golden)
})

test('severity and country stand in every format that has a field for them', () => {
  const rows = packed([entry('203.0.113.7', { severity: 'high', country: 'Testland' })])
  assert.match(render('csv', {}, rows), /^203\.0\.113\.7,1,port-scan,high,spoofable,.*,"Testland",/m)
  const [object] = JSON.parse(render('json', {}, rows)) as Record<string, unknown>[]
  assert.deepEqual([object?.['severity'], object?.['country']], ['high', 'Testland'])
  assert.match(render('check-point', {}, rows), /,IP,medium,high,AB,port-scan$/m)
})

test('Check Point: IPv4 alone, networks as ranges, unknown fields empty, no text of logs', () => {
  const golden = lines(
    '#UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT',
    'ads-198-51-100-0-25,198.51.100.0-198.51.100.127,IP Range,,,AB,manual 000000bb',
    'ads-203-0-113-7,203.0.113.7,IP,medium,,AB,port-scan 000000aa',
  )
  assert.equal(render('check-point', { comments: true }), golden)
})

test('MikroTik: the list is emptied and filled, each line guarded', () => {
  const golden = lines(
    '/ip/firewall/address-list/remove [find where list="ads"]',
    ':do { /ipv6/firewall/address-list/remove [find where list="ads"] } on-error={}',
    ':do { /ip/firewall/address-list/add list="ads" address=198.51.100.0/25 comment="manual 000000bb" } on-error={}',
    ':do { /ip/firewall/address-list/add list="ads" address=203.0.113.7/32 timeout=3600s comment="port-scan 000000aa" } on-error={}',
    ':do { /ipv6/firewall/address-list/add list="ads" address=2001:db8::1/128 timeout=3600s comment="feed 000000dd" } on-error={}',
    ':do { /ipv6/firewall/address-list/add list="ads" address=2001:db8:0:7::/64 timeout=3600s comment="threat 000000cc" } on-error={}',
  )
  assert.equal(render('mikrotik', { timeouts: true, comments: true }), golden)
})

test('nftables: table and sets, both flushed and filled in one file', () => {
  const golden = lines(
    'add table inet ads',
    'add set inet ads block4 { type ipv4_addr; flags interval, timeout; }',
    'add set inet ads block6 { type ipv6_addr; flags interval, timeout; }',
    'flush set inet ads block4',
    'flush set inet ads block6',
    'add element inet ads block4 {',
    '198.51.100.0/25,',
    '203.0.113.7 timeout 3600s',
    '}',
    'add element inet ads block6 {',
    '2001:db8::1 timeout 3600s,',
    '2001:db8:0:7::/64 timeout 3600s',
    '}',
  )
  assert.equal(render('nftables', { timeouts: true }), golden)
})

test('nftables: a row inside an earlier one is left to it', () => {
  const nested = packed([entry('198.51.100.0/24'), entry('198.51.100.9'), entry('203.0.113.1')], {
    aggregate: 'none',
  })
  assert.ok(render('nftables', {}, nested).includes('{\n198.51.100.0/24,\n203.0.113.1\n}'))
})

test('ipset: new sets are filled and swapped in', () => {
  const golden = lines(
    'create ads4 hash:net family inet maxelem 1048576 timeout 0 -exist',
    'create ads4-new hash:net family inet maxelem 1048576 timeout 0 -exist',
    'flush ads4-new',
    'add ads4-new 198.51.100.0/25 timeout 0 -exist',
    'add ads4-new 203.0.113.7 timeout 3600 -exist',
    'swap ads4-new ads4',
    'destroy ads4-new',
    'create ads6 hash:net family inet6 maxelem 1048576 timeout 0 -exist',
    'create ads6-new hash:net family inet6 maxelem 1048576 timeout 0 -exist',
    'flush ads6-new',
    'add ads6-new 2001:db8::1 timeout 3600 -exist',
    'add ads6-new 2001:db8:0:7::/64 timeout 3600 -exist',
    'swap ads6-new ads6',
    'destroy ads6-new',
  )
  assert.equal(render('ipset', { timeouts: true }), golden)
})

test('OPNsense: an object with one array of texts', () => {
  const golden = lines(
    '{"addresses":[',
    '"198.51.100.0/25",',
    '"203.0.113.7",',
    '"2001:db8::1",',
    '"2001:db8:0:7::/64"',
    ']}',
  )
  assert.equal(render('opnsense'), golden)
})

test('JSON and JSON lines hold the same objects, with unknown as null', () => {
  const objects = JSON.parse(render('json')) as unknown[]
  const fromLines = render('json-lines')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  assert.deepEqual(fromLines, objects)
  assert.deepEqual(objects[0], {
    network: '198.51.100.0/25',
    decisions: 1,
    decisionId: '019c9a00-0000-7000-8000-0000000000bb',
    rule: 'manual',
    severity: null,
    proof: null,
    createdAt: '2026-03-04T03:06:07.000Z',
    lastSeenAt: '2026-03-04T04:06:07.000Z',
    expiresAt: null,
    devices: [],
    hits: null,
    offences: null,
    country: null,
    reason: 'asked for by "Ann"',
  })
  assert.equal((objects[1] as { reason: string }).reason, HOSTILE, 'escaped, not changed')
})

test('CSV: quoted text, no formula', () => {
  const written = render('csv').split('\n')
  assert.equal(
    written[1],
    '198.51.100.0/25,1,manual,,,2026-03-04T03:06:07.000Z,2026-03-04T04:06:07.000Z,,,,,,019c9a00-0000-7000-8000-0000000000bb,"asked for by ""Ann"""',
  )
  assert.equal(written.length, 6)
  const formula = render('csv', {}, packed([entry('203.0.113.7', { reason: '=1+1', country: ' @x' })]))
  assert.ok(formula.includes(`,"' @x",`) && formula.endsWith(`,"'=1+1"\n`), formula)
})

test('STIX: a bundle of indicators with stable ids; the reason only where it is asked for', () => {
  const bundle = JSON.parse(render('stix')) as {
    type: string
    id: string
    objects: Record<string, unknown>[]
  }
  assert.equal(bundle.type, 'bundle')
  assert.match(bundle.id, /^bundle--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.deepEqual(bundle.objects[1], {
    type: 'indicator',
    spec_version: '2.1',
    id: 'indicator--355fedf0-dba4-5696-a988-c2810468c488', // of this network, for ever
    created: '2026-03-04T03:06:07.000Z',
    modified: '2026-03-04T04:06:07.000Z',
    name: 'port-scan: 203.0.113.7',
    pattern: "[ipv4-addr:value = '203.0.113.7']",
    pattern_type: 'stix',
    valid_from: '2026-03-04T03:06:07.000Z',
    valid_until: '2026-03-04T06:06:07.000Z',
    indicator_types: ['malicious-activity'],
    confidence: 40,
    labels: ['port-scan'],
  })
  assert.deepEqual(bundle.objects[3]?.['labels'], ['threat', 'severity:critical'])
  assert.ok(render('stix', { comments: true }).includes('"description"'))
})

test('no format is empty with nothing to block: the sentinel stands alone', () => {
  for (const format of FEED_FORMATS) {
    const text = renderFeed(format, [], OPTIONS).toString('latin1')
    assert.ok(text.includes('192.0.2.255'), format.name)
    const v6 = renderFeed(format, [], { ...OPTIONS, sentinels: [network('2001:db8::ffff')] })
    assert.ok(v6.toString('latin1').replaceAll('-', ':').includes('2001:db8::ffff'), format.name)
  }
})

test('text of logs never leaves its place: formats that cannot escape it hold none, all others keep their lines', () => {
  const options = { comments: true, timeouts: true }
  const harmless = packed(ROWS.map((row) => ({ ...row.lead, reason: 'r', devices: ['d'], country: 'c' })))
  for (const { name } of FEED_FORMATS) {
    const text = render(name, options)
    const expected = render(name, options, harmless)
    if (['json', 'json-lines', 'csv', 'stix'].includes(name))
      assert.equal(text.split('\n').length, expected.split('\n').length, `${name}: as many lines`)
    else assert.equal(text, expected, `${name}: no text of logs at all`)
    const odd = text
      .split('')
      .filter((c) => c !== '\n' && (c < ' ' || c > '~') && !(name === 'csv' && c === '\ufffd'))
    assert.deepEqual(odd, [], name)
  }
})

test('a long plain list: every line is an address or network and nothing else', () => {
  const many = packed(
    Array.from({ length: 2500 }, (_, i) => entry(`2001:db8::${i.toString(16)}`)),
    { aggregate: 'none' },
  )
  const text = render('plain', {}, many)
  assert.equal(text.split('\n').length, 2501)
  assert.ok(text.endsWith('\n'))
  for (const line of text.trimEnd().split('\n')) assert.notEqual(parseNetwork(line), null)
})

test('in slices it is the same text', async () => {
  for (const format of FEED_FORMATS)
    assert.deepEqual(await renderFeedInSlices(format, ROWS, OPTIONS), renderFeed(format, ROWS, OPTIONS))
})
