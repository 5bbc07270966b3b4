import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Address, formatAddress, parseAddress } from '../lib/address.ts'
import { looksLikeAddress, readAddress } from './address-bytes.ts'
import { ascii } from './bytes.ts'

function read(text: string): Address | null {
  const out = new Uint32Array(4)
  const bytes = Buffer.from(text, 'utf8')
  if (!readAddress(bytes, 0, bytes.length, out, 0)) return null
  return [out[0] as number, out[1] as number, out[2] as number, out[3] as number]
}

test('addresses read from bytes are those that parseAddress reads from text', () => {
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.stringMatching(/^[0-9a-f:.]{2,40}$/),
    fc.ipV6().map((text) => text.replace(/[0-9a-f]+/, '')),
    fc.tuple(fc.ipV6(), fc.nat(40)).map(([text, cut]) => text.slice(0, cut)),
    fc.ipV4().map((text) => `::ffff:${text}`),
  )
  fc.assert(
    fc.property(texts, (text) => assert.deepEqual(read(text), parseAddress(text))),
    { numRuns: 2000 },
  )
})

for (const text of [
  '010.1.1.1',
  '1.2.3',
  '0x7f.1',
  '１.2.3.4',
  '1.2.3.4\n',
  '1.2.3.4, 5.6.7.8',
  '10.2.75.414',
  '00.00.000.00',
  'fe80::1%eth0',
  '1::2::3',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  '',
]) {
  test(`"${text}" is not an address`, () => assert.equal(read(text), null))
}

test('an IPv4-mapped address is the IPv4 address', () => {
  assert.equal(formatAddress(read('::ffff:192.0.2.1') as Address), '192.0.2.1')
})

test('masked and impossible addresses look like addresses, names and lists do not', () => {
  const looks = (text: string): boolean => looksLikeAddress(ascii(text), 0, text.length)
  for (const text of ['xxx.xx.x.xx', '10.2.75.414', '00.00.000.00', 'fe80::1%eth0', '*.*.*.*'])
    assert.ok(looks(text), text)
  for (const text of ['untrust', '1.2.3.4, 5.6.7.8', 'rule.a.b', '443', '']) assert.ok(!looks(text), text)
})
