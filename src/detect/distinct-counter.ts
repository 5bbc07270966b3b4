/** A set of 32-bit numbers that is emptied in no time: for counting the distinct values of short lists, again and again. */
export class DistinctCounter {
  #places = new Uint32Array(0)
  /** The round in which a place was written; others are free. */
  #rounds = new Uint32Array(0)
  #round = 0
  #mask = 0

  /** Empties it, and makes room for so many numbers. */
  begin(count: number): void {
    if (count * 2 > this.#places.length) {
      const capacity = 2 ** Math.ceil(Math.log2(Math.max(64, count * 4)))
      this.#places = new Uint32Array(capacity)
      this.#rounds = new Uint32Array(capacity)
      this.#round = 0
      this.#mask = capacity - 1
    }
    this.#round++
    if (this.#round > 0xffffffff) {
      this.#rounds.fill(0)
      this.#round = 1
    }
  }

  /** Puts a number in; false when it was in. */
  add(value: number): boolean {
    let at = (Math.imul(value, 0x9e3779b1) >>> 12) & this.#mask
    while (this.#rounds[at] === this.#round) {
      if (this.#places[at] === value) return false
      at = (at + 1) & this.#mask
    }
    this.#rounds[at] = this.#round
    this.#places[at] = value
    return true
  }
}
