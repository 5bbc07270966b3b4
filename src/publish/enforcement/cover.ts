/** Which targets lie within the rows of a list. Single IPv4 addresses, nearly all rows there are, are looked up as numbers. */
import { isV4, lastAddress, type Network } from '../../lib/address.ts'
import { NetworkSet } from '../../lib/network-set.ts'

export class Cover {
  readonly #hosts = new Set<number>()
  readonly #rest: NetworkSet

  constructor(rows: readonly Network[]) {
    const rest: Network[] = []
    for (const row of rows)
      if (row.prefixLength === 128 && isV4(row.words)) this.#hosts.add(row.words[3])
      else rest.push(row)
    this.#rest = new NetworkSet(rest)
  }

  /** True when the rows hold all of the target. */
  holds({ words, prefixLength }: Network): boolean {
    if (prefixLength === 128 && isV4(words) && this.#hosts.has(words[3])) return true
    if (this.#rest.isEmpty || !this.#rest.has(words)) return false
    return prefixLength === 128 || this.#rest.has(lastAddress({ words, prefixLength }))
  }
}
