import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type Address,
  contains,
  formatAddress,
  formatNetwork,
  lastAddress,
  overlaps,
  parseAddress,
  parseNetwork,
} from './address.ts'
import { NetworkSet } from './network-set.ts'

const network = (text: string) => {
  const parsed = parseNetwork(text)
  assert.ok(parsed !== null, `${text} is a network`)
  return parsed
}
const address = (text: string): Address => {
  const parsed = parseAddress(text)
  assert.ok(parsed !== null, `${text} is an address`)
  return parsed
}

describe('parseAddress', () => {
  test('refuses every loose form of an address', () => {
    const loose = [
      '010.1.1.1',
      '1.2.3',
      '0x7f.1',
      '１.2.3.4',
      '1.2.3.4\n',
      ' 1.2.3.4',
      '10.2.75.414',
      '1.2.3.4.5',
      '',
      'fe80::1%eth0',
      '1.2.3.4, 5.6.7.8',
      ':::',
      '1:2',
      '::g',
      '1.2.3.',
      '.1.2.3',
      '256.1.1.1',
      '00.00.000.00',
      'xxx.xx.x.xx',
    ] // prettier-ignore
    for (const text of loose) assert.equal(parseAddress(text), null, JSON.stringify(text))
  })

  test('takes an IPv4-mapped address as the IPv4 address', () => {
    assert.equal(formatAddress(address('::ffff:10.0.0.1')), '10.0.0.1')
    assert.equal(formatAddress(address('::ffff:c000:201')), '192.0.2.1')
  })

  test('accepts exactly what net.isIP accepts, zones aside', () => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.x% '.split('')) }),
    )
    fc.assert(
      fc.property(
        text,
        (sample) => (parseAddress(sample) !== null) === (isIP(sample) !== 0 && !sample.includes('%')),
      ),
      {
        numRuns: 3000,
      },
    )
  })

  test('prints what it read, in the canonical form', () => {
    const canonical = (text: string) => new URL(`http://[${text}]/`).hostname.slice(1, -1)
    fc.assert(fc.property(fc.ipV4(), (text) => formatAddress(address(text)) === text))
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const words = address(text)
        if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return true
        return formatAddress(words) === canonical(text)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('networks', () => {
  test('host bits are refused unless asked for', () => {
    assert.equal(parseNetwork('192.0.2.1/24'), null)
    assert.equal(formatNetwork(parseNetwork('192.0.2.1/24', true) ?? assert.fail()), '192.0.2.0/24')
    for (const text of [
      '192.0.2.0/33',
      '192.0.2.0/',
      '192.0.2.0/024',
      '192.0.2.0/-1',
      '2001:db8::/129',
      '/24',
    ])
      assert.equal(parseNetwork(text), null, text)
  })

  test('print in their own family', () => {
    for (const text of ['192.0.2.0/24', '192.0.2.7', '2001:db8::/64', '2001:db8::1', '0.0.0.0/0', '::/0'])
      assert.equal(formatNetwork(network(text)), text)
  })

  test('overlap when one holds the other', () => {
    assert.equal(overlaps(network('192.0.2.0/24'), network('192.0.2.128/25')), true)
    assert.equal(overlaps(network('192.0.2.128/25'), network('192.0.2.0/24')), true)
    assert.equal(overlaps(network('192.0.2.0/25'), network('192.0.2.128/25')), false)
    assert.equal(formatAddress(lastAddress(network('192.0.2.0/24'))), '192.0.2.255')
  })
})

describe('NetworkSet', () => {
  const anyNetwork = fc
    .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 128 }))
    .map(([text, length]) => {
      const longest = text.includes(':') ? 128 : 32
      return parseNetwork(`${text}/${Math.min(length, longest)}`, true) ?? assert.fail(text)
    })
    .filter((candidate) => candidate.prefixLength >= 96 || candidate.words[0] !== 0)

  test('answers as asking each network in turn would', () => {
    fc.assert(
      fc.property(
        fc.array(anyNetwork, { maxLength: 12 }),
        fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { maxLength: 12 }),
        (list, texts) => {
          const set = new NetworkSet(list)
          const probes = [...texts.map(address), ...list.map((item) => item.words), ...list.map(lastAddress)]
          for (const probe of probes)
            assert.equal(
              set.has(probe),
              list.some((item) => contains(item, probe)),
              formatAddress(probe),
            )
        },
      ),
      { numRuns: 500 },
    )
  })

  test('::/0 is all of IPv6 and nothing of IPv4', () => {
    const set = new NetworkSet([network('::/0')])
    assert.equal(set.has(address('2001:db8::1')), true)
    assert.equal(set.has(address('192.0.2.1')), false)
  })

  test('find names the narrowest network', () => {
    const set = new NetworkSet([network('192.0.0.0/8'), network('192.0.2.0/24')])
    assert.equal(formatNetwork(set.find(address('192.0.2.9')) ?? assert.fail()), '192.0.2.0/24')
    assert.equal(set.find(address('198.51.100.1')), null)
  })
})
