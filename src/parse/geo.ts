/**
 * Fills the countries that a firewall did not send, from the operator's address database. What the firewall said is
 * never overwritten, and nothing is decided by it (DESIGN.md section 6: public or private goes by the address).
 *
 * Cost: a look-up in a direct-mapped cache of 65,536 addresses, about 15 ns; on a miss some microseconds. Names are
 * appended once per batch.
 */
import { type Address, formatAddress } from '../lib/address.ts'
import {
  ADDRESS_SLOT,
  ADDRESS_STRIDE,
  type RecordBatch,
  TEXT_SLOT,
  TEXT_STRIDE,
} from '../model/record-batch.ts'
import type { GeoDatabase } from './geo-database.ts'

const CACHE = 1 << 16
const SIDES = [
  { address: ADDRESS_SLOT.sourceAddress, country: TEXT_SLOT.sourceCountry },
  { address: ADDRESS_SLOT.destinationAddress, country: TEXT_SLOT.destinationCountry },
] as const

export class GeoStage {
  readonly #database: GeoDatabase
  readonly #words = new Uint32Array(CACHE * 4)
  /** Index into `#names` plus 1; 0 is empty. */
  readonly #nameOf = new Uint16Array(CACHE)
  /** Country names seen; index 0 is "unknown". At most some hundreds, as many as the database has countries. */
  #names: (Buffer | null)[] = [null]
  #indexOf = new Map<string, number>()
  #generation = -1

  constructor(database: GeoDatabase) {
    this.#database = database
  }

  /** Fills `sourceCountry` and `destinationCountry` where they are unknown and the address is known. */
  enrich(batch: RecordBatch): void {
    if (this.#generation !== this.#database.generation) this.#forget()
    const { text, addresses, count } = batch
    /** Where a name lies in this batch, by its index. */
    const starts = new Map<number, number>()
    for (const side of SIDES) {
      for (let row = 0; row < count; row++) {
        const slot = row * TEXT_STRIDE + side.country
        if (text[slot] !== text[slot + 1]) continue
        const at = row * ADDRESS_STRIDE + side.address
        if ((addresses[at + 3] as number) === 0 && (addresses[at] as number) === 0) continue
        const index = this.#lookUp(addresses, at)
        const name = this.#names[index]
        if (name == null) continue
        let start = starts.get(index)
        if (start === undefined) {
          start = batch.raw.append(name)
          starts.set(index, start)
        }
        text[slot] = start
        text[slot + 1] = start + name.length
      }
    }
  }

  #lookUp(addresses: Uint32Array, at: number): number {
    const words: Address = [
      addresses[at] as number,
      addresses[at + 1] as number,
      addresses[at + 2] as number,
      addresses[at + 3] as number,
    ]
    const hash = Math.imul(
      words[0] ^ Math.imul(words[1], 0x85ebca6b) ^ Math.imul(words[3], 0xc2b2ae35),
      0x27d4eb2f,
    )
    const slot = (hash >>> 16) & (CACHE - 1)
    const cached = this.#words
    const isHit =
      this.#nameOf[slot] !== 0 &&
      cached[slot * 4] === words[0] &&
      cached[slot * 4 + 1] === words[1] &&
      cached[slot * 4 + 2] === words[2] &&
      cached[slot * 4 + 3] === words[3]
    if (isHit) return (this.#nameOf[slot] as number) - 1
    const index = this.#indexOfName(this.#database.countryOf(formatAddress(words)))
    cached.set(words, slot * 4)
    this.#nameOf[slot] = index + 1
    return index
  }

  #indexOfName(name: string | null): number {
    if (name === null || name === '') return 0
    let index = this.#indexOf.get(name)
    if (index === undefined) {
      index = this.#names.push(Buffer.from(name, 'utf8')) - 1
      this.#indexOf.set(name, index)
    }
    return index
  }

  #forget(): void {
    this.#generation = this.#database.generation
    this.#nameOf.fill(0)
    this.#names = [null]
    this.#indexOf = new Map()
  }
}
