/**
 * Where more is known of an address or a threat. The links are only followed by a click, in a new tab, and tell the place
 * nothing but the address (`rel="noreferrer noopener"`). Addresses that only mean something inside a network get none.
 */
interface Link {
  readonly name: string
  readonly url: string
}

const OF_ADDRESS = [
  ['AbuseIPDB', 'https://www.abuseipdb.com/check/{ip}'],
  ['GreyNoise', 'https://viz.greynoise.io/ip/{ip}'],
  ['Shodan', 'https://www.shodan.io/host/{ip}'],
  ['VirusTotal', 'https://www.virustotal.com/gui/ip-address/{ip}'],
  ['CrowdSec CTI', 'https://app.crowdsec.net/cti/{ip}'],
  ['Censys', 'https://search.censys.io/hosts/{ip}'],
  ['RIPEstat', 'https://stat.ripe.net/{ip}'],
  ['bgp.he.net', 'https://bgp.he.net/ip/{ip}'],
  ['RDAP', 'https://rdap.org/ip/{ip}'],
] as const
const THREAT_VAULT = 'https://threatvault.paloaltonetworks.com/?query={threatid}'
const INSIDE =
  /^(?:0|10|127)\.|^169\.254\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.168\.|^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^f[cd]|^fe[89ab]|^::1?$/i

export function linksOf(address: string | null, threatId: string | null): readonly Link[] {
  const ofAddress =
    address === null || INSIDE.test(address)
      ? []
      : OF_ADDRESS.map(([name, url]) => ({ name, url: url.replace('{ip}', encodeURIComponent(address)) }))
  const ofThreat =
    threatId === null
      ? []
      : [
          {
            name: `Threat Vault ${threatId}`,
            url: THREAT_VAULT.replace('{threatid}', encodeURIComponent(threatId)),
          },
        ]
  return [...ofThreat, ...ofAddress]
}
