/**
 * Who answers whole offices: public resolvers and the front ends of big content networks. Their late replies come to any
 * port that source translation gives out, so the guard looks at the network and not only at the ports: a record from
 * here whose source port is a server's and whose destination port is 1024 or above is taken for a reply (counting.ts),
 * over TCP too, where the plain guard for late replies begins at 32768.
 *
 * Never a blanket pass. Clouds that rent machines are left out (Google Cloud, Azure, EC2, Linode), and a scanner in one
 * of these networks that uses an ordinary source port, or asks for a port below 1024, counts as anybody.
 *
 * Sources, as published by the operators and known in November 2026; networks change, so `detection.guards.networks`
 * adds and the switches take away: cloudflare.com/ips, api.fastly.com/public-ip-list, gstatic.com/ipranges/goog.json
 * less cloud.json, Meta AS32934, techdocs.akamai.com/origin-ip-acl, ip-ranges.amazonaws.com (service CLOUDFRONT),
 * learn.microsoft.com "Office 365 URLs and IP address ranges" (Exchange, SharePoint, Teams), Netflix AS2906 and AS40027,
 * support.apple.com/101555. Resolvers: the operators' own pages, as in decide/critical-infrastructure.ts.
 */
import { parseNetwork } from '../../lib/address.ts'
import { NetworkSet } from '../../lib/network-set.ts'

const RESOLVERS = [
  '8.8.8.8 8.8.4.4 2001:4860:4860::/48', // Google Public DNS, DNS64
  '1.1.1.0/24 1.0.0.0/24 2606:4700:4700::/48', // Cloudflare
  '9.9.9.0/24 149.112.112.0/24 2620:fe::/48', // Quad9
  '208.67.216.0/21 2620:119:35::/48 2620:119:53::/48', // OpenDNS
  '94.140.14.0/24 94.140.15.0/24 2a10:50c0::/48', // AdGuard
  '76.76.2.0/24 76.76.10.0/24 2606:1a40::/48 2606:1a40:1::/48', // Control D
  '185.228.168.0/24 185.228.169.0/24', // CleanBrowsing
  '4.2.2.0/29 64.6.64.6 64.6.65.6', // Lumen, Vercara
]

const CLOUDFLARE = `
  103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 104.16.0.0/13 104.24.0.0/14
  108.162.192.0/18 131.0.72.0/22 141.101.64.0/18 162.158.0.0/15 172.64.0.0/13
  173.245.48.0/20 188.114.96.0/20 190.93.240.0/20 197.234.240.0/22 198.41.128.0/17
  2400:cb00::/32 2405:8100::/32 2405:b500::/32 2606:4700::/32 2803:f800::/32
  2a06:98c0::/29 2c0f:f248::/32
`

const FASTLY = `
  23.235.32.0/20 43.249.72.0/22 103.244.50.0/24 103.245.222.0/23 103.245.224.0/24
  104.156.80.0/20 140.248.64.0/18 140.248.128.0/17 146.75.0.0/17 151.101.0.0/16
  157.52.64.0/18 167.82.0.0/17 167.82.128.0/20 167.82.160.0/20 167.82.224.0/20
  172.111.64.0/18 185.31.16.0/22 199.27.72.0/21 199.232.0.0/16
  2a04:4e40::/32 2a04:4e42::/32
`

const GOOGLE = `
  64.233.160.0/19 66.102.0.0/20 72.14.192.0/18 74.125.0.0/16 108.177.0.0/17
  142.250.0.0/15 172.217.0.0/16 172.253.0.0/16 173.194.0.0/16 209.85.128.0/17
  216.58.192.0/19 216.239.32.0/19
  2001:4860::/32
  2404:6800::/32
  2607:f8b0::/32
  2800:3f0::/32
  2a00:1450::/32
  2c0f:fb50::/32
`

const META = `
  31.13.24.0/21 31.13.64.0/18 45.64.40.0/22 66.220.144.0/20 69.63.176.0/20
  69.171.224.0/19 74.119.76.0/22 102.132.96.0/20 103.4.96.0/22 129.134.0.0/17
  157.240.0.0/17 157.240.192.0/18 163.70.128.0/17 173.252.64.0/18 179.60.192.0/22
  185.60.216.0/22 185.89.216.0/22 204.15.20.0/22 2620:0:1c00::/40 2a03:2880::/32
`

const AKAMAI = `
  2.16.0.0/13 23.0.0.0/12 23.32.0.0/11 23.64.0.0/14 23.72.0.0/13 23.192.0.0/11
  69.192.0.0/16 72.246.0.0/15 88.221.0.0/16 92.122.0.0/15 95.100.0.0/15 96.6.0.0/15
  96.16.0.0/15 104.64.0.0/10 118.214.0.0/16 173.222.0.0/15 184.24.0.0/13
  184.50.0.0/15 184.84.0.0/14 2600:1400::/24 2a02:26f0::/29
`

const CLOUDFRONT = `
  13.32.0.0/15 13.35.0.0/16 13.224.0.0/14 13.249.0.0/16 18.64.0.0/14 18.154.0.0/15
  18.160.0.0/15 18.164.0.0/15 18.172.0.0/15 18.238.0.0/15 18.244.0.0/15 52.84.0.0/15
  52.222.128.0/17 54.182.0.0/16 54.192.0.0/16 54.230.0.0/17 54.230.128.0/18
  54.239.128.0/18 54.239.192.0/19 54.240.128.0/18 64.252.64.0/18 64.252.128.0/18
  65.8.0.0/16 65.9.0.0/17 65.9.128.0/18 70.132.0.0/18 71.152.0.0/17 99.84.0.0/16
  99.86.0.0/16 108.138.0.0/15 108.156.0.0/14 130.176.0.0/17 143.204.0.0/16
  204.246.168.0/22 205.251.208.0/20 216.137.32.0/19 2600:9000::/28
`

const MICROSOFT_365 = `
  13.107.6.152/31 13.107.18.10/31 13.107.64.0/18 13.107.128.0/22 13.107.136.0/22
  23.103.160.0/20 40.96.0.0/13 40.104.0.0/15 40.108.128.0/17 52.96.0.0/14
  52.104.0.0/14 52.112.0.0/14 52.122.0.0/15 104.146.128.0/17 131.253.33.215
  132.245.0.0/16 150.171.32.0/22 150.171.40.0/22 204.79.197.215
`

const NETFLIX = `
  23.246.0.0/18 37.77.184.0/21 45.57.0.0/17 64.120.128.0/17 66.197.128.0/17
  108.175.32.0/20 185.2.220.0/22 185.9.188.0/22 192.173.64.0/18 198.38.96.0/19
  198.45.48.0/20 208.75.76.0/22 2620:10c:7000::/44 2a00:86c0::/32
`

const APPLE = '17.0.0.0/8 2403:300::/32 2620:149::/32 2a01:b740::/32'

export const RESOLVER_NETWORKS = setOf(RESOLVERS)
export const CONTENT_NETWORKS = setOf([
  CLOUDFLARE,
  FASTLY,
  GOOGLE,
  META,
  AKAMAI,
  CLOUDFRONT,
  MICROSOFT_365,
  NETFLIX,
  APPLE,
])

/** Networks in texts of them, divided by blanks and line ends. */
function setOf(texts: readonly string[]): NetworkSet {
  const words = texts.flatMap((text) => text.split(/\s+/)).filter((word) => word !== '')
  return new NetworkSet(
    words.map((word) => {
      const network = parseNetwork(word)
      if (network === null) throw new TypeError(`BUG: ${word} is no network`)
      return network
    }),
  )
}
