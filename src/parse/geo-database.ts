/**
 * Country and network owner of an address, from databases in MaxMind's format that the operator supplies (GeoLite2
 * or GeoIP2 Country or City, and ASN). The files are read whole into memory, and again when they change; a new file
 * that cannot be read leaves the old one in use. Nothing is downloaded and nobody is asked.
 */
import { readFile, stat } from 'node:fs/promises'
import { type AsnResponse, type CountryResponse, Reader } from 'maxmind'
import { messageOf } from '../lib/errors.ts'

export interface NetworkOwner {
  /** Autonomous system number. */
  readonly asNumber: number | null
  readonly name: string | null
}

export interface GeoPaths {
  /** Country or City database; empty for none. */
  readonly country: string
  /** ASN database; empty for none. */
  readonly owner: string
}

interface Loaded<Response extends CountryResponse | AsnResponse> {
  readonly reader: Reader<Response>
  /** Size and time of the file that was read. */
  readonly signature: string
}

export class GeoDatabase {
  readonly #paths: GeoPaths
  readonly #report: (message: string) => void
  #country: Loaded<CountryResponse> | null = null
  #owner: Loaded<AsnResponse> | null = null
  /** Counts up with every file read: what was cached from the one before is stale. */
  generation = 0

  private constructor(paths: GeoPaths, report: (message: string) => void) {
    this.#paths = paths
    this.#report = report
  }

  /** Null when no database is configured. A file that cannot be read is reported and looked for again by `check`. */
  static async open(paths: GeoPaths, report: (message: string) => void): Promise<GeoDatabase | null> {
    if (paths.country === '' && paths.owner === '') return null
    const database = new GeoDatabase(paths, report)
    await database.check()
    return database
  }

  /** Reads files that are new or have changed. Never rejects. */
  async check(): Promise<void> {
    this.#country = await this.#load(this.#paths.country, this.#country)
    this.#owner = await this.#load(this.#paths.owner, this.#owner)
  }

  /** The country's English name; null when unknown. */
  countryOf(address: string): string | null {
    const found = this.#country?.reader.get(address)
    return found?.country?.names.en ?? found?.registered_country?.names.en ?? null
  }

  /** Whether owners can be known at all. */
  get hasOwners(): boolean {
    return this.#owner !== null
  }

  /** Who announces the address; null when unknown. */
  ownerOf(address: string): NetworkOwner | null {
    const found = this.#owner?.reader.get(address)
    if (found == null) return null
    return {
      asNumber: found.autonomous_system_number ?? null,
      name: found.autonomous_system_organization ?? null,
    }
  }

  async #load<Response extends CountryResponse | AsnResponse>(
    path: string,
    before: Loaded<Response> | null,
  ): Promise<Loaded<Response> | null> {
    if (path === '') return null
    try {
      const { size, mtimeMs } = await stat(path)
      const signature = `${size} ${mtimeMs}`
      if (before?.signature === signature) return before
      const reader = new Reader<Response>(await readFile(path))
      this.generation++
      return { reader, signature }
    } catch (error) {
      const kept =
        before === null ? 'countries and owners from it are unknown' : 'the one read before stays in use'
      this.#report(`cannot read the address database ${path}: ${messageOf(error)}; ${kept}`)
      return before
    }
  }
}
