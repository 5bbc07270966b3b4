/**
 * What is never blocked, by anybody, and why: special-purpose networks (less `networks.public`), the own networks, this
 * machine's addresses, resolvers and gateways, senders of syslog, signed-in administrators, critical infrastructure,
 * `decisions.protected`, the list's sentinel, and IPv6 forms that embed a protected IPv4 address (NAT64, 6to4).
 * A network is protected when it shares one address with a protected one.
 *
 * Limits: IPv6 prefixes of NAT64 other than the well-known one are not recognised; name them in `decisions.protected`.
 */
import { formatNetwork, type Network, networkOf, parseAddress } from '../lib/address.ts'
import { NetworkSet } from '../lib/network-set.ts'
import { SPECIAL_PURPOSE } from '../lib/special-purpose.ts'
import { CRITICAL_INFRASTRUCTURE } from './critical-infrastructure.ts'
import { holds, isV4Network, shareAddress } from './network-map.ts'

export interface ProtectedEntry {
  readonly network: Network
  /** What it is, as a phrase that follows "is" or "is in": `one of your own networks (networks.own)`. */
  readonly why: string
}

export interface ProtectionRules {
  readonly own: readonly Network[]
  readonly public: readonly Network[]
  /** `decisions.protected`. */
  readonly further: readonly Network[]
  readonly sentinel: Network
}

/** Addresses that change while the service runs; asked at every `refreshSources`. */
export interface ProtectionSources {
  /** Addresses from which administrators are signed in now. */
  readonly administrators?: () => Iterable<string>
  /** Addresses that send us firewall logs. */
  readonly syslogSenders?: () => Iterable<string>
}

const host = (text: string): Network | null => {
  const words = parseAddress(text)
  return words === null ? null : { words, prefixLength: 128 }
}

const CRITICAL: readonly ProtectedEntry[] = CRITICAL_INFRASTRUCTURE.flatMap(({ address, name }) => {
  const network = host(address)
  return network === null ? [] : [{ network, why: name }]
})

export class Protection {
  readonly #sources: ProtectionSources
  #rules: ProtectionRules
  #machine: readonly ProtectedEntry[] = []
  /** In the order in which reasons are told. */
  #entries: readonly ProtectedEntry[] = []
  #special: readonly ProtectedEntry[] = []
  /** Says quickly that a single address is in none of the entries. */
  #all = new NetworkSet([])
  #public = new NetworkSet([])
  /** What `refreshSources` found last, by address text. */
  #dynamic: ReadonlyMap<string, ProtectedEntry> = new Map()
  #dynamicSet = new NetworkSet([])

  constructor(rules: ProtectionRules, sources: ProtectionSources = {}) {
    this.#rules = rules
    this.#sources = sources
    this.#rebuild()
    this.refreshSources()
  }

  /** Asks who is signed in and who sends logs, and returns the addresses that came or went. Cost: O(addresses). */
  refreshSources(): Network[] {
    const found = new Map<string, ProtectedEntry>()
    const sources = [
      [this.#sources.syslogSenders, 'an address that sends us firewall logs'],
      [this.#sources.administrators, 'the address of a signed-in administrator'],
    ] as const
    for (const [addresses, why] of sources) {
      for (const address of addresses?.() ?? []) {
        const network = host(address)
        if (network !== null) found.set(address, { network, why })
      }
    }
    const before = this.#dynamic
    const changed = [
      ...Array.from(found).filter(([address]) => !before.has(address)),
      ...Array.from(before).filter(([address]) => !found.has(address)),
    ].map(([, entry]) => entry.network)
    this.#dynamic = found
    if (changed.length > 0)
      this.#dynamicSet = new NetworkSet(Array.from(found.values(), (entry) => entry.network))
    return changed
  }

  configure(rules: ProtectionRules): void {
    this.#rules = rules
    this.#rebuild()
  }

  /** This machine: its listeners and interfaces, resolvers and gateways (machine.ts makes the entries). */
  setMachine(entries: readonly ProtectedEntry[]): void {
    this.#machine = entries
    this.#rebuild()
  }

  #rebuild(): void {
    const { own, further, sentinel } = this.#rules
    this.#entries = [
      { network: sentinel, why: 'the sentinel of the block list (list.sentinel)' },
      ...own.map((network) => ({ network, why: 'one of your own networks (networks.own)' })),
      ...this.#machine,
      ...CRITICAL,
      ...further.map((network) => ({ network, why: 'protected by setting (decisions.protected)' })),
    ]
    this.#special = SPECIAL_PURPOSE.map(({ network, name }) => ({ network, why: name }))
    this.#public = new NetworkSet(this.#rules.public)
    this.#all = new NetworkSet([...this.#entries, ...this.#special].map((entry) => entry.network))
  }

  /** All networks that are protected as a whole, for who must not merge over them; special ones that hold public ones are not. */
  networks(): Network[] {
    const special = this.#special.filter(
      ({ network }) => !this.#rules.public.some((open) => shareAddress(open, network)),
    )
    return [...this.#entries, ...special, ...this.#dynamic.values()].map(({ network }) => network)
  }

  /** One sentence why the network is never blocked, or null when it may be. */
  reasonFor(target: Network): string | null {
    return this.#find(target) ?? this.#findEmbedded(target)
  }

  #find(target: Network): string | null {
    const dynamic = this.#dynamicReason(target)
    if (dynamic !== null) return dynamic
    if (target.prefixLength === 128 && !this.#all.has(target.words)) return null
    const entry = this.#entries.find(({ network }) => shareAddress(network, target))
    if (entry !== undefined) return sentence(target, entry)
    if (this.#isPublicBySetting(target)) return null
    const special = narrowest(this.#special.filter(({ network }) => shareAddress(network, target)))
    return special === null ? null : sentence(target, special)
  }

  #isPublicBySetting(target: Network): boolean {
    return !this.#public.isEmpty && this.#rules.public.some((network) => holds(network, target))
  }

  #dynamicReason(target: Network): string | null {
    if (this.#dynamicSet.isEmpty) return null
    if (target.prefixLength === 128 && !this.#dynamicSet.has(target.words)) return null
    for (const entry of this.#dynamic.values()) {
      if (shareAddress(target, entry.network)) return sentence(target, entry)
    }
    return null
  }

  /** 6to4 (2002::/16) carries the IPv4 address in bits 16 to 48, NAT64 (64:ff9b::/96) in the last 32. */
  #findEmbedded(target: Network): string | null {
    const [word0, word1, word2, word3] = target.words
    let v4: Network | null = null
    let form = ''
    if (target.prefixLength > 16 && word0 >>> 16 === 0x2002) {
      const embedded = (((word0 & 0xffff) << 16) | (word1 >>> 16)) >>> 0
      v4 = networkOf([0, 0, 0xffff, embedded], 96 + Math.min(32, target.prefixLength - 16))
      form = '6to4'
    } else if (target.prefixLength >= 96 && word0 === 0x64ff9b && word1 === 0 && word2 === 0) {
      v4 = networkOf([0, 0, 0xffff, word3], target.prefixLength)
      form = 'NAT64'
    }
    if (v4 === null || isV4Network(target)) return null
    const reason = this.#find(v4)
    return reason === null ? null : `${formatNetwork(target)} embeds an IPv4 address by ${form}: ${reason}`
  }
}

function narrowest(entries: readonly ProtectedEntry[]): ProtectedEntry | null {
  let found: ProtectedEntry | null = null
  for (const entry of entries) {
    if (found === null || entry.network.prefixLength > found.network.prefixLength) found = entry
  }
  return found
}

function sentence(target: Network, { network, why }: ProtectedEntry): string {
  const [of, by] = [formatNetwork(target), formatNetwork(network)]
  if (of === by) return `${of} is never blocked: it is ${why}`
  if (network.prefixLength <= target.prefixLength) return `${of} is never blocked: it is in ${by}, ${why}`
  return `${of} is never blocked: it contains ${by}, ${why}`
}
