import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BSD_HEADER, recordOf } from '../test-lines.ts'

/** Who attacked by an IPS line with these values. */
function attackerOf(values: string): string | null {
  const front = 'date=2025-02-20 time=12:28:20 devname="FW" devid="FG100D0000000001" logid="0419016384"'
  return recordOf(`${BSD_HEADER}${front} type="utm" subtype="ips" attack="X" attackid=29844 ${values}`)
    .attacker
}

const CLIENT_FIRST = 'srcip=198.51.100.77 srcport=46552 dstip=203.0.113.10 dstport=80'
const SERVER_FIRST = 'srcip=203.0.113.10 srcport=80 dstip=198.51.100.77 dstport=46552'

test('what goes out of a session is its client, what comes in its server', () => {
  assert.equal(attackerOf(`${CLIENT_FIRST} direction="outgoing"`), 'source')
  assert.equal(attackerOf(`${CLIENT_FIRST} direction="incoming"`), 'destination')
  assert.equal(attackerOf(CLIENT_FIRST), 'source')
})

test("a server's answer that was logged as it went has the server as source and attacker", () => {
  assert.equal(attackerOf(`${SERVER_FIRST} direction="incoming"`), 'source')
  // Without ports nothing shows that.
  const unknown = SERVER_FIRST.replace(/ \w+port=\d+/g, '')
  assert.equal(attackerOf(`${unknown} direction="incoming"`), 'destination')
})
