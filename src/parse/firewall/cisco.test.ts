import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonOf, recordOf } from '../test-lines.ts'
import { compileTemplate } from './cisco-form.ts'
import { Match } from './cisco-match.ts'

const HEADER = '<166>Feb 20 2025 12:00:00 fw1 : %ASA-'

test('a template takes its parts from their places, and blanks as they come', () => {
  const match = new Match()
  const form = compileTemplate('Deny {proto} src {a}[ ({au})] dst {b} by {rule}[ {n} times]')
  const read = (text: string): boolean => match.one(form, Buffer.from(text), 0, Buffer.byteLength(text))
  assert.ok(read('deny TCP  src outside:192.0.2.1/40000 (LOCAL\\a b) dst in-1:name/443 by "x y"'))
  assert.deepEqual([...match.a.address], [0, 0, 0xffff, 0xc0000201])
  assert.deepEqual([match.a.port, match.b.port, [...match.b.address]], [40000, 443, [0, 0, 0, 0]])
  assert.ok(!read('Deny TCP src 192.0.2.1/1 from 192.0.2.2/2'))
  assert.ok(!read('Deny TCP'))
})

test('a template with a part that is not known is a mistake', () => {
  assert.throws(() => compileTemplate('Deny {what}'), /is no part/)
  assert.throws(() => compileTemplate('Deny ] x'), /too many/)
})

test('a message that is not listed is kept with number and severity, and means nothing', () => {
  const { type, severity, sourceAddress, disposition, flags } = recordOf(
    `${HEADER}1-999999: Deny tcp src outside:192.0.2.1/40000 dst inside:192.0.2.2/22 by access-group "x"`,
  )
  assert.deepEqual(
    { type, severity, sourceAddress, disposition, flags },
    { type: '999999', severity: 'critical', sourceAddress: null, disposition: 'unknown', flags: [] },
  )
})

const bare: readonly (readonly [string, string])[] = [
  [
    'Deny tcp src outside:192.0.2.1/50240 dst inside:192.0.2.2/23 by access-group "in" [0x54c7fa80, 0x0]',
    'blocked',
  ],
  [
    'Built inbound TCP connection 1 for o:192.0.2.1/50240 (192.0.2.1/50240) to i:192.0.2.2/23 (192.0.2.2/23)',
    'allowed',
  ],
  [
    'access-list inside denied tcp inside/192.0.2.1(51763) -> outside/192.0.2.2(80) hit-cnt 3 first hit [0x1, 0x0]',
    'blocked',
  ],
  [
    'Group <VPN> User <alice> IP <192.0.2.1> AnyConnect session lost connection. Waiting to resume.',
    'unknown',
  ],
]
for (const [text, disposition] of bare) {
  test(`a message whose number was lost is known by its whole form: ${text.slice(0, 30)}`, () => {
    const record = recordOf(`Feb 20 2025 12:00:00 fw1 ${text}`)
    assert.equal(record.format, 'cisco')
    assert.equal(record.sourceAddress, '192.0.2.1')
    assert.equal(record.disposition, disposition)
    assert.equal(record.type, null)
    assert.match(reasonOf(`Feb 20 2025 12:00:00 fw1 ${text.slice(0, 25)}`), /no known/)
  })
}

test('the level digit makes no threat worse than it is documented', () => {
  const line = `${HEADER}0-400013: IPS:2003 ICMP redirect from 192.0.2.1 to 192.0.2.2 on interface dmz`
  assert.equal(recordOf(line).severity, 'medium')
})

test('a translated address that is the real one is no translation', () => {
  const { natDestinationAddress, natDestinationPort } = recordOf(
    `${HEADER}6-302013: Built inbound TCP connection 1 for o:192.0.2.1/4 (192.0.2.1/4) to i:192.0.2.2/23 (192.0.2.2/23)`,
  )
  assert.deepEqual([natDestinationAddress, natDestinationPort], [null, null])
})
