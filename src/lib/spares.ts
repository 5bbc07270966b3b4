/**
 * Things that are dear to make and large to keep, between two uses. The one given back last is taken first, and what
 * nobody needed during the last `period` takings is dropped, so that a jam does not cost its memory for good.
 */
export class Spares<T> {
  readonly #free: T[] = []
  readonly #period: number
  #taken = 0
  /** How many were left at least since the period began. */
  #unneeded = Number.POSITIVE_INFINITY
  #dropped = 0

  constructor(period: number) {
    this.#period = period
  }

  /** How many lie here. */
  get count(): number {
    return this.#free.length
  }

  /** How many were dropped since the beginning. */
  get dropped(): number {
    return this.#dropped
  }

  give(thing: T): void {
    this.#free.push(thing)
  }

  /** One of them, or undefined when there is none. */
  take(): T | undefined {
    const thing = this.#free.pop()
    this.#unneeded = Math.min(this.#unneeded, this.#free.length)
    if (++this.#taken === this.#period) {
      this.#dropped += this.#free.splice(0, this.#unneeded).length
      this.#taken = 0
      this.#unneeded = Number.POSITIVE_INFINITY
    }
    return thing
  }
}
