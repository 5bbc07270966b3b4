/**
 * Where a webhook may go: the public Internet, and networks that a setting names. The question is asked of the address
 * that is really connected to: the name is resolved by the connection itself through `lookup` here, and what was reached is
 * looked at once more before a byte of the message is written, so a name that changes its answer gains nothing.
 */
import { lookup as resolve } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { contains, parseAddress, parseNetwork } from '../../lib/address.ts'
import { SPECIAL_PURPOSE } from '../../lib/special-purpose.ts'

export class WebTargets {
  readonly #allowed: readonly NonNullable<ReturnType<typeof parseNetwork>>[]

  readonly #setting: string

  /** Networks as text that may be reached although they are no public ones, and the setting that names them. */
  constructor(allowed: readonly string[], setting = 'notify.privateTargets') {
    this.#setting = setting
    this.#allowed = allowed.map((text) => parseNetwork(text)).filter((network) => network !== null)
  }

  /** Why the address must not be connected to, or null. */
  refusal(address: string): string | null {
    const words = parseAddress(address)
    if (words === null) return `${address} is no address`
    if (this.#allowed.some((network) => contains(network, words))) return null
    const special = SPECIAL_PURPOSE.find(({ network }) => contains(network, words))
    return special === undefined
      ? null
      : `${address} is not public: ${special.name}; ${this.#setting} can allow it`
  }

  /** Named on purpose: plain HTTP is spoken there only. */
  isNamed(address: string): boolean {
    const words = parseAddress(address)
    return words !== null && this.#allowed.some((network) => contains(network, words))
  }

  /** For `net.connect`: resolves a name and gives only addresses that may be reached. */
  lookup(): LookupFunction {
    return (hostname, options, callback) => {
      resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) {
          callback(error, [])
          return
        }
        const addresses = found.filter(({ address }) => this.refusal(address) === null)
        const [first] = addresses
        if (first === undefined) {
          const why = this.refusal(found[0]?.address ?? '') ?? 'it has no address'
          callback(Object.assign(new Error(`${hostname}: ${why}`), { code: REFUSED_TARGET }), [])
        } else if (options.all === true) callback(null, addresses)
        else callback(null, first.address, first.family)
      })
    }
  }
}

/** The code of an error that says that the address must not be reached. */
export const REFUSED_TARGET = 'REFUSED_TARGET'
