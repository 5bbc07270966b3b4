/**
 * Addresses that half the Internet needs and that scanners like to forge as their source: public DNS resolvers and the
 * DNS root servers. They are never blocked. Sources: the operators' own pages (developers.google.com/speed/public-dns,
 * one.one.one.one, quad9.net, opendns.com, adguard-dns.io) and IANA, https://www.iana.org/domains/root/servers
 * (b.root with the addresses of 2023 and the ones before, which are still answered).
 */
const RESOLVERS: readonly (readonly [operator: string, addresses: readonly string[]])[] = [
  ['Google Public DNS', ['8.8.8.8', '8.8.4.4', '2001:4860:4860::8888', '2001:4860:4860::8844']],
  ['Google Public DNS64', ['2001:4860:4860::6464', '2001:4860:4860::64']],
  ['Cloudflare DNS', ['1.1.1.1', '1.0.0.1', '2606:4700:4700::1111', '2606:4700:4700::1001']],
  [
    'Cloudflare DNS for families',
    ['1.1.1.2', '1.0.0.2', '1.1.1.3', '1.0.0.3', '2606:4700:4700::1112', '2606:4700:4700::1113'],
  ],
  ['Quad9', ['9.9.9.9', '149.112.112.112', '2620:fe::fe', '2620:fe::9']],
  ['Quad9 unfiltered', ['9.9.9.10', '149.112.112.10', '2620:fe::10', '2620:fe::fe:10']],
  ['OpenDNS', ['208.67.222.222', '208.67.220.220', '2620:119:35::35', '2620:119:53::53']],
  ['AdGuard DNS', ['94.140.14.14', '94.140.15.15', '2a10:50c0::ad1:ff', '2a10:50c0::ad2:ff']],
]

const ROOT_SERVERS: readonly (readonly [letter: string, addresses: readonly string[]])[] = [
  ['a', ['198.41.0.4', '2001:503:ba3e::2:30']],
  ['b', ['170.247.170.2', '2801:1b8:10::b', '199.9.14.201', '2001:500:200::b']],
  ['c', ['192.33.4.12', '2001:500:2::c']],
  ['d', ['199.7.91.13', '2001:500:2d::d']],
  ['e', ['192.203.230.10', '2001:500:a8::e']],
  ['f', ['192.5.5.241', '2001:500:2f::f']],
  ['g', ['192.112.36.4', '2001:500:12::d0d']],
  ['h', ['198.97.190.53', '2001:500:1::53']],
  ['i', ['192.36.148.17', '2001:7fe::53']],
  ['j', ['192.58.128.30', '2001:503:c27::2:30']],
  ['k', ['193.0.14.129', '2001:7fd::1']],
  ['l', ['199.7.83.42', '2001:500:9f::42']],
  ['m', ['202.12.27.33', '2001:dc3::35']],
]

/** Address text and whose it is, as a phrase. */
export const CRITICAL_INFRASTRUCTURE: readonly { readonly address: string; readonly name: string }[] = [
  ...RESOLVERS.flatMap(([operator, addresses]) =>
    addresses.map((address) => ({ address, name: `${operator}, a public resolver` })),
  ),
  ...ROOT_SERVERS.flatMap(([letter, addresses]) =>
    addresses.map((address) => ({ address, name: `${letter}.root-servers.net, a DNS root server` })),
  ),
]
