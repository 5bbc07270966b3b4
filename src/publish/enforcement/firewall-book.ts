/**
 * Which fetcher and which lines belong to which firewall. People's words come first; else an address that fetches and
 * sends log lines is one firewall, and the names in its lines are learned with it.
 *
 * Bounded: 200 firewalls beside the named ones; the one that was heard longest ago goes first, and is counted.
 */
import { Firewall, type NamedFirewall } from './firewall.ts'

const MAX_UNNAMED = 200

export class FirewallBook {
  readonly #byKey = new Map<string, Firewall>()
  readonly #byAddress = new Map<string, Firewall>()
  readonly #byDevice = new Map<string, Firewall>()
  #forgotten = 0

  /** Times that an unnamed firewall was forgotten because there were too many. */
  get forgotten(): number {
    return this.#forgotten
  }

  all(): Firewall[] {
    return [...this.#byKey.values()]
  }

  get(key: string): Firewall | null {
    return this.#byKey.get(key) ?? null
  }

  /** Takes over what people say now, and what was learned of an address or device that is named now. */
  name(named: readonly NamedFirewall[]): void {
    const wanted = new Set(named.map(({ id }) => id))
    for (const firewall of this.all())
      if (firewall.origin === 'named' && !wanted.has(firewall.key)) this.forget(firewall)
    for (const { id, name, addresses, devices, intervalMs } of named) {
      const firewall = this.#byKey.get(id) ?? new Firewall(id, 'named', name)
      firewall.name = name
      firewall.intervalSetMs = intervalMs
      this.#unlink(firewall)
      firewall.addresses.clear()
      firewall.devices.clear()
      for (const address of addresses) {
        this.#adopt(firewall, this.#byAddress.get(address))
        firewall.addresses.add(address)
        this.#byAddress.set(address, firewall)
      }
      for (const device of devices) {
        const before = this.#byDevice.get(device)
        if (before?.origin === 'device') this.#adopt(firewall, before)
        else if (before?.origin === 'fetcher') before.devices.delete(device)
        firewall.addDevice(device)
        this.#byDevice.set(device, firewall)
      }
      this.#byKey.set(id, firewall)
    }
  }

  /** The firewall that fetches from the address. */
  fetcher(address: string): Firewall {
    const known = this.#byAddress.get(address)
    if (known !== undefined) return this.#touch(known)
    const firewall = this.#add(new Firewall(`fetcher:${address}`, 'fetcher', address))
    firewall.addresses.add(address)
    this.#byAddress.set(address, firewall)
    return firewall
  }

  /** The firewall whose lines name the device and come from the sender; null when the line names neither. */
  reporter(device: string | null, sender: string | null): Firewall | null {
    const bySender = sender === null ? undefined : this.#byAddress.get(sender)
    const byDevice = device === null ? undefined : this.#byDevice.get(device)
    // People's words come first, and a name says more than an address: a relay sends for many.
    if (byDevice !== undefined && (byDevice.origin !== 'device' || bySender === undefined))
      return this.#touch(byDevice)
    if (bySender !== undefined) {
      if (device !== null) this.#learn(bySender, device)
      return this.#touch(bySender)
    }
    const name = device ?? sender
    if (name === null) return null
    const firewall = this.#add(new Firewall(`device:${name}`, 'device', name))
    this.#learn(firewall, name)
    return firewall
  }

  forget(firewall: Firewall): void {
    this.#unlink(firewall)
    this.#byKey.delete(firewall.key)
  }

  #learn(firewall: Firewall, device: string): void {
    const before = this.#byDevice.get(device)
    if (before?.origin === 'device') this.forget(before)
    firewall.addDevice(device)
    if (firewall.devices.has(device)) this.#byDevice.set(device, firewall)
  }

  #adopt(firewall: Firewall, unnamed: Firewall | undefined): void {
    if (unnamed === undefined || unnamed.origin === 'named') return
    firewall.adopt(unnamed)
    this.forget(unnamed)
  }

  #unlink(firewall: Firewall): void {
    for (const address of firewall.addresses)
      if (this.#byAddress.get(address) === firewall) this.#byAddress.delete(address)
    for (const device of firewall.devices)
      if (this.#byDevice.get(device) === firewall) this.#byDevice.delete(device)
  }

  #add(firewall: Firewall): Firewall {
    const unnamed = this.all().filter(({ origin }) => origin !== 'named')
    const [oldest] = unnamed
    if (unnamed.length >= MAX_UNNAMED && oldest !== undefined) {
      this.#forgotten++
      this.forget(oldest)
    }
    this.#byKey.set(firewall.key, firewall)
    return firewall
  }

  /** Moves it behind the others: the first is the one heard longest ago. */
  #touch(firewall: Firewall): Firewall {
    if (firewall.origin === 'named' || this.#byKey.size < MAX_UNNAMED) return firewall
    this.#byKey.delete(firewall.key)
    this.#byKey.set(firewall.key, firewall)
    return firewall
  }
}
