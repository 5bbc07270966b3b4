/**
 * Every format read as its consumer reads it, by the rules that its maker documents (FIELD.md B.1, B.12, B.14; nft and ipset by
 * the real programs: test/e2e/feed-scripts.test.ts): whatever is blocked, and whatever text stands in logs, the consumer
 * finds exactly the networks of the rows, and a list of nothing holds the sentinel alone.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatAddress,
  formatNetwork,
  isV4,
  lastAddress,
  type Network,
  networkOf,
  parseAddress,
  parseNetwork,
} from '../../../lib/address.ts'
import { entry, HOSTILE, NOW_MS, network, packed } from '../feed-fixture.ts'
import { FEED_FORMATS, feedFormat, renderFeed } from '../format-table.ts'
import type { FeedRow } from '../feed-rows.ts'
import { maskOf } from './feed-format.ts'

const SENTINEL = '192.0.2.255'

/** What a consumer finds in a file: networks as canonical text. Throws where the consumer would refuse or skip a line. */
type Reader = (text: string) => string[]

function linesOf(text: string): string[] {
  // oxlint-disable-next-line no-control-regex -- which bytes may stand in a list is the question
  assert.match(text, /^[\x20-\x7e\n]*\n$/, 'ASCII with LF ends')
  const lines = text.slice(0, -1).split('\n')
  for (const line of lines)
    assert.ok(line.length > 0 && line.length <= 4000, 'FortiGate: lines below 4 KB, none empty')
  return lines
}

/** Canonical text; host bits and leading zeros are what consumers refuse. */
function canonical(text: string): string {
  const read = parseNetwork(text) ?? assert.fail(`${text} is no address or network`)
  const hosts = read.prefixLength === 128
  assert.equal(
    text,
    formatNetwork(read) + (hosts && text.includes('/') ? `/${isV4(read.words) ? 32 : 128}` : ''),
  )
  return formatNetwork(read)
}

/** PAN-OS: `ENTRY`, or `ENTRY COMMENT` after a space. */
const panOs: Reader = (text) =>
  linesOf(text).map((line) => {
    const [written = '', ...comment] = line.split(' ')
    assert.ok(comment.length === 0 || /^#[0-9a-f]{8}$/.test(comment.join(' ')), line)
    return canonical(written)
  })

const onePerLine: Reader = (text) => linesOf(text).map(canonical)

const prefixOnEveryLine: Reader = (text) =>
  linesOf(text).map((line) => {
    assert.match(line, /\/\d+$/)
    return canonical(line)
  })

/** F5 AFM: `IP,mask,BL,category`. */
const f5: Reader = (text) =>
  linesOf(text).map((line) => {
    const [address = '', mask = '', list, category, ...rest] = line.split(',')
    assert.deepEqual([list, category, rest], ['BL', '', []])
    assert.ok(/^\d+$/.test(mask) && Number(mask) <= (address.includes(':') ? 128 : 32), line)
    return canonical(mask === (address.includes(':') ? '128' : '32') ? address : `${address}/${mask}`)
  })

/** Check Point: seven columns, names once, IPv4 alone, ranges with a hyphen, levels of its own words. */
const checkPoint: Reader = (text) => {
  const names = new Set<string>()
  return linesOf(text)
    .filter((line) => !line.startsWith('#'))
    .map((line) => {
      const [name = '', value = '', type, confidence = '', severity = '', product, comment, ...rest] =
        line.split(',')
      assert.match(name, /^[A-Za-z0-9_-]{1,64}$/)
      assert.ok(!names.has(name), `${name} twice`)
      names.add(name)
      assert.ok(['', 'low', 'medium', 'high', 'critical'].includes(confidence), confidence)
      assert.ok(['', 'low', 'medium', 'high', 'critical'].includes(severity), severity)
      assert.deepEqual([product, rest], ['AB', []])
      assert.match(comment ?? '', /^[a-z0-9 -]*$/)
      if (type === 'IP') return canonical(value)
      assert.equal(type, 'IP Range')
      return networkOfRange(value)
    })
}

function networkOfRange(text: string): string {
  const [first = '', last = ''] = text.split('-')
  const from = parseAddress(first) ?? assert.fail(text)
  const to = parseAddress(last) ?? assert.fail(text)
  assert.ok(isV4(from) && isV4(to))
  const size = to[3] - from[3] + 1
  const found = networkOf(from, 128 - Math.log2(size))
  assert.equal(formatAddress(lastAddress(found)), last)
  return formatNetwork(found)
}

/** RouterOS: the lists are emptied, then one guarded command a line; texts in quotes hold nothing that ends them. */
const mikrotik: Reader = (text) => {
  const [first, second, ...adds] = linesOf(text)
  assert.equal(first, '/ip/firewall/address-list/remove [find where list="ads"]')
  assert.equal(second, ':do { /ipv6/firewall/address-list/remove [find where list="ads"] } on-error={}')
  return adds.map((line) => {
    const parts =
      /^:do \{ \/(ip|ipv6)\/firewall\/address-list\/add list="ads" address=([0-9a-f.:/]+)(?: timeout=[1-9]\d*s)?(?: comment="[a-z0-9 -]*")? \} on-error=\{\}$/.exec(
        line,
      ) ?? assert.fail(line)
    assert.equal(parts[1] === 'ipv6', (parts[2] ?? '').includes(':'))
    return canonical(parts[2] ?? '')
  })
}

const opnsense: Reader = (text) => {
  const read = JSON.parse(text) as { addresses: string[] }
  assert.deepEqual(Object.keys(read), ['addresses'])
  return read.addresses.map(canonical)
}

const json: Reader = (text) =>
  (JSON.parse(text) as { network: string }[]).map((row) => canonical(row.network))

const jsonLines: Reader = (text) =>
  linesOf(text).map((line) => canonical((JSON.parse(line) as { network: string }).network))

/** RFC 4180 with a header: as many cells in every record, and none that a spreadsheet runs. */
const csv: Reader = (text) => {
  const [header = [], ...records] = csvRecords(text)
  return records.map((cells) => {
    assert.equal(cells.length, header.length)
    for (const cell of cells) assert.ok(!/^\s*[=+\-@\t\r]/.test(cell), `a formula: ${cell}`)
    return canonical(cells[0] ?? '')
  })
}

function csvRecords(text: string): string[][] {
  const records: string[][] = []
  let cells: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/y
  while (cell.lastIndex < text.length) {
    const at = cell.lastIndex
    const [, quoted, bare, end] = cell.exec(text) ?? assert.fail(`no cell at ${text.slice(at, at + 40)}`)
    cells.push(quoted?.replaceAll('""', '"') ?? bare ?? '')
    if (end !== '\n') continue
    records.push(cells)
    cells = []
  }
  assert.equal(cells.length, 0)
  return records
}

interface Indicator {
  readonly [name: string]: unknown
  readonly id: string
  readonly pattern: string
  readonly created: string
  readonly modified: string
  readonly valid_from: string
  readonly valid_until?: string
  readonly confidence?: number
}

/** STIX 2.1: what the standard demands of a bundle and of an indicator. */
const stix: Reader = (text) => {
  const bundle = JSON.parse(text) as { type: string; id: string; objects: Indicator[] }
  const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
  assert.equal(bundle.type, 'bundle')
  assert.match(bundle.id, new RegExp(`^bundle--${uuid}$`))
  assert.equal(new Set(bundle.objects.map(({ id }) => id)).size, bundle.objects.length, 'each object once')
  return bundle.objects.map((object) => {
    assert.match(object.id, new RegExp(`^indicator--${uuid}$`))
    assert.deepEqual(
      [object['type'], object['spec_version'], object['pattern_type']],
      ['indicator', '2.1', 'stix'],
    )
    for (const time of [object.created, object.modified, object.valid_from])
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.ok(object.modified >= object.created)
    assert.ok(object.valid_until === undefined || object.valid_until > object.valid_from)
    assert.ok(object.confidence === undefined || (object.confidence >= 0 && object.confidence <= 100))
    const [, kind, value] =
      /^\[(ipv4|ipv6)-addr:value = '([0-9a-f.:/]+)'\]$/.exec(object.pattern) ?? assert.fail()
    assert.equal(kind === 'ipv6', value?.includes(':'))
    return canonical(value ?? '')
  })
}

/** nft: what stands between braces, in two sets by family; that nft takes it is seen with nft itself. */
const nftables: Reader = (text) =>
  [...text.matchAll(/add element inet ads block([46]) \{\n([^}]*)\n\}/g)].flatMap(
    ([, family, elements = '']) =>
      elements.split(',\n').map((element) => {
        const [, value = ''] = /^(\S+)(?: timeout [1-9]\d*s)?$/.exec(element) ?? assert.fail(element)
        assert.equal(family === '6', value.includes(':'))
        return canonical(value)
      }),
  )

const ipset: Reader = (text) =>
  linesOf(text)
    .filter((line) => line.startsWith('add '))
    .map((line) => {
      const [, family, value = ''] =
        /^add ads([46])-new (\S+)(?: timeout \d+)? -exist$/.exec(line) ?? assert.fail(line)
      assert.equal(family === '6', value.includes(':'))
      return canonical(value)
    })

const READERS: Readonly<Record<string, Reader>> = {
  plain: onePerLine,
  'pan-os': panOs,
  cidr: prefixOnEveryLine,
  fortigate: onePerLine,
  'cisco-fmc': onePerLine,
  'check-point': checkPoint,
  f5: f5,
  juniper: prefixOnEveryLine,
  mikrotik: mikrotik,
  nftables: nftables,
  ipset: ipset,
  opnsense: opnsense,
  json: json,
  'json-lines': jsonLines,
  csv: csv,
  stix: stix,
}

const networks: fc.Arbitrary<Network> = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map((last) => network(`198.51.100.${last}`)),
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 24, max: 32 }))
    .map(([last, length]) => networkOf(network(`203.0.113.${last}`).words, 96 + length)),
  fc
    .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 48, max: 128 }))
    .map(([group, length]) => networkOf(network(`2001:db8:1:${group.toString(16)}::1`).words, length)),
)
const text = fc.oneof(fc.constant(HOSTILE), fc.string({ unit: 'binary', maxLength: 30 }), fc.constant('=1+1'))

const rowSets: fc.Arbitrary<FeedRow[]> = fc
  .array(
    fc.record({
      network: networks,
      reason: text,
      country: fc.option(text),
      device: text,
      severity: fc.constantFrom(null, 'informational', 'low', 'medium', 'high', 'critical'),
      proof: fc.constantFrom(null, 'handshake', 'spoofable'),
      origin: fc.constantFrom('detector', 'manual', 'feed'),
      leftMs: fc.option(fc.integer({ min: 1, max: 9e9 })),
    }),
    { maxLength: 25 },
  )
  .map((made) =>
    packed(
      made.map(({ network: target, device, leftMs, origin, ...rest }) =>
        entry(formatNetwork(target), {
          ...rest,
          origin,
          rule: origin === 'detector' ? 'port-scan' : null,
          devices: [device],
          expiresAtMs: leftMs === null ? null : NOW_MS + leftMs,
        }),
      ),
    ),
  )

test('every format has a reader here', () => {
  assert.deepEqual(
    FEED_FORMATS.map(({ name }) => name),
    Object.keys(READERS),
  )
})

for (const [name, read] of Object.entries(READERS)) {
  test(`${name}: its consumer finds exactly what is blocked, whatever text logs hold`, () => {
    const format = feedFormat(name) ?? assert.fail(name)
    fc.assert(
      fc.property(rowSets, fc.boolean(), fc.boolean(), (rows, comments, timeouts) => {
        const options = { sentinels: [network(SENTINEL)], comments, timeouts, nowMs: NOW_MS, listName: 'ads' }
        const found = read(renderFeed(format, rows, options).toString('utf8'))
        const taken = rows.filter(
          (row) => format.families === 'both' || row.network.prefixLength - maskOf(row) === 96,
        )
        const expected = taken.length === 0 ? [SENTINEL] : taken.map((row) => formatNetwork(row.network))
        assert.deepEqual(found, expected)
      }),
      { numRuns: 150, seed: 20_261_122 },
    )
  })
}
