/**
 * Which targets are on the list now. The last filter stands here: whatever the decisions say, an allowlisted or
 * protected target does not get in. While additions are stopped (freeze), targets still leave.
 */
import type { Network } from '../lib/address.ts'
import { NetworkMap } from './network-map.ts'

export interface ListChange {
  readonly added: readonly Network[]
  readonly removed: readonly Network[]
  /** Blocks among the cause of it that people ended, as far as it is known. */
  readonly liftedByPeople?: number
  /** Targets that stay on the list and whose decision has another severity or country now. */
  readonly regraded?: readonly Network[]
}

export interface PublishedOptions {
  /** Whether the target is to be on the list: blocked, not allowlisted, not protected. */
  readonly isWanted: (target: Network) => boolean
  /** False while the list is frozen. */
  readonly mayAdd: () => boolean
}

export class Published {
  readonly #isWanted: (target: Network) => boolean
  readonly #mayAdd: () => boolean
  readonly #targets = new NetworkMap<Network>()

  constructor(options: PublishedOptions) {
    this.#isWanted = options.isWanted
    this.#mayAdd = options.mayAdd
  }

  get size(): number {
    return this.#targets.size
  }

  has(target: Network): boolean {
    return this.#targets.get(target) !== undefined
  }

  /** In no particular order. O(entries). */
  all(): Network[] {
    return [...this.#targets.values()]
  }

  overlapping(network: Network): Network[] {
    return this.#targets.overlapping(network)
  }

  /** What stands on the list when the process starts, frozen or not. */
  begin(targets: Iterable<Network>): void {
    for (const target of targets) if (this.#isWanted(target)) this.#targets.set(target, target)
  }

  /** Looks again at these targets and returns what went on and off the list. */
  refresh(touched: Iterable<Network>): ListChange {
    const added: Network[] = []
    const removed: Network[] = []
    for (const target of touched) {
      const isOn = this.has(target)
      const isWanted = this.#isWanted(target)
      if (isOn === isWanted) continue
      if (isOn) {
        this.#targets.delete(target)
        removed.push(target)
      } else if (this.#mayAdd()) {
        this.#targets.set(target, target)
        added.push(target)
      }
    }
    return { added, removed }
  }
}
