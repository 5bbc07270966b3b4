/** The never-block list: what is on it and how it says why. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { network, rules } from './decide-fixture.ts'
import { gatewaysOf, machineEntries, resolversOf } from './machine.ts'
import { NetworkMap } from './network-map.ts'
import { Protection } from './protected.ts'
import { defaultSettings } from '../config/schema.ts'
import { decisionRules } from './decision-rules.ts'

const strict = (): Protection => new Protection(decisionRules(defaultSettings()).protection)

for (const [target, why] of [
  ['0.1.2.3', /this network/],
  ['100.64.0.1', /carriers/],
  ['127.0.0.1', /loopback/],
  ['169.254.1.1', /link-local/],
  ['172.31.255.255', /private/],
  ['192.168.1.1', /private/],
  ['198.18.0.1', /benchmarking/],
  ['203.0.113.9', /documentation/],
  ['239.1.1.1', /multicast/],
  ['255.255.255.255', /broadcast/],
  ['::1', /loopback/],
  ['fe80::1', /link-local/],
  ['fd00::/64', /unique local/],
  ['2001:db8::/64', /documentation/],
  ['ff02::1', /multicast/],
  ['1.1.1.1', /Cloudflare/],
  ['9.9.9.9', /Quad9/],
  ['208.67.222.222', /OpenDNS/],
  ['2620:fe::/64', /contains 2620:fe::.*Quad9/],
  ['198.41.0.4', /a\.root-servers\.net/],
  ['2001:dc3::/64', /m\.root-servers\.net/],
  ['8.0.0.0/8', /contains 8\.8\.8\.8/],
] as const) {
  test(`${target} is never blocked and says why`, () => {
    assert.match(strict().reasonFor(network(target)) ?? 'not protected', why)
  })
}

test('ordinary public addresses are not protected, of either family', () => {
  for (const text of ['8.8.8.9', '11.0.0.1', '172.32.0.1', '2a00:1450:4001::/64', '2606:4700::/64']) {
    assert.equal(strict().reasonFor(network(text)), null, text)
  }
})

test('networks.public opens special-purpose ranges, and nothing else', () => {
  const protection = new Protection(rules({ 'networks.own': ['203.0.113.0/28'] }).protection)
  assert.equal(protection.reasonFor(network('203.0.113.99')), null)
  assert.match(protection.reasonFor(network('203.0.113.5')) ?? '', /own networks/)
  assert.match(protection.reasonFor(network('192.0.2.255')) ?? '', /sentinel/)
  assert.match(protection.reasonFor(network('203.0.112.0/23')) ?? '', /contains 203\.0\.113/)
})

test('an IPv6 form that embeds a protected IPv4 address is protected, another one is not', () => {
  const protection = new Protection(
    rules({ 'networks.public': ['2002::/16', '64:ff9b::/96'], 'decisions.protected': ['198.51.100.7'] })
      .protection,
  )
  assert.match(protection.reasonFor(network('2002:c633:6407::/64')) ?? '', /6to4: 198\.51\.100\.7/)
  assert.match(protection.reasonFor(network('64:ff9b::a00:1')) ?? '', /NAT64: 10\.0\.0\.1/)
  assert.match(protection.reasonFor(network('64:ff9b::808:808')) ?? '', /Google/)
  assert.equal(protection.reasonFor(network('2002:0b00:0001::/64')), null)
})

test("this machine's addresses, resolvers and gateways and the syslog senders are protected", () => {
  const senders = ['203.0.113.50']
  const protection = new Protection(rules().protection, { syslogSenders: () => senders })
  protection.setMachine(
    machineEntries({
      interfaces: ['203.0.113.20', '::', '0.0.0.0', 'fe80::1%eth0'],
      resolvConf: '# x\nnameserver 203.0.113.21\n nameserver\t203.0.113.22 \noptions edns0\n',
      routes:
        'Iface\tDestination\tGateway\tFlags\neth0\t00000000\t177100CB\t0003\neth0\t000010AC\t00000000\t0001\n',
      ipv6Routes: `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 20010db8000000000000000000000001 00000400 0 0 3 eth0\n`,
    }),
  )
  const reason = (text: string): string => protection.reasonFor(network(text)) ?? 'not protected'
  assert.match(reason('203.0.113.20'), /an address of this machine/)
  assert.match(reason('203.0.113.21'), /resolver/)
  assert.match(reason('203.0.113.22'), /resolver/)
  assert.match(reason('2001:db8::1'), /default gateway/)
  assert.match(reason('203.0.113.50'), /sends us firewall logs/)
  assert.equal(reason('203.0.113.51'), 'not protected')
})

test('the default gateway is read from the kernel table', () => {
  assert.deepEqual(gatewaysOf('Iface\tDestination\tGateway\neth0\t00000000\t017100CB\n'), ['203.0.113.1'])
  assert.deepEqual(resolversOf('nameserver 192.0.2.1\n#nameserver 192.0.2.2'), ['192.0.2.1'])
})

test('a network map keeps the families apart and finds holders and overlaps', () => {
  const map = new NetworkMap<string>()
  map.set(network('::/0'), 'all of IPv6')
  map.set(network('198.51.100.0/24'), 'the /24')
  map.set(network('198.51.100.7'), 'the host')
  assert.equal(map.holder(network('203.0.113.1')), undefined)
  assert.equal(map.holder(network('198.51.100.7')), 'the host')
  assert.equal(map.holder(network('198.51.100.8')), 'the /24')
  assert.equal(map.holder(network('2001:db8::1')), 'all of IPv6')
  assert.deepEqual(map.overlapping(network('198.51.100.0/28')).sort(), ['the /24', 'the host'])
  map.delete(network('198.51.100.0/24'))
  assert.equal(map.holder(network('198.51.100.8')), undefined)
})
