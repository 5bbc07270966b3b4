/**
 * Whether a long table flies past: dragged so fast that nothing of one frame is in the next. Rows are then made light, since
 * nobody can read them, and the scroll bar keeps up with the hand; they are whole again when it slows down or rests. One
 * jump, as by a key, is no flight.
 */
import { observeElementOffset, type Virtualizer } from '@tanstack/react-virtual'
import { useState } from 'react'

/** Of the height of the view, in one step. */
const FAR = 0.75
/** Between two steps of one movement, at most. */
const STEP_MS = 200

class Flight {
  /** Of the last step; read while the table is drawn, which every step brings about. */
  isFlying = false
  #offsetPx = 0
  #farAtMs = Number.NEGATIVE_INFINITY

  /** For the virtualizer, in place of its own. */
  readonly observe = (
    virtualizer: Virtualizer<HTMLDivElement, Element>,
    tell: (offset: number, isScrolling: boolean) => void,
  ) =>
    observeElementOffset(virtualizer, (offsetPx, isScrolling) => {
      const viewPx = virtualizer.scrollElement?.clientHeight ?? Number.POSITIVE_INFINITY
      this.step(offsetPx, isScrolling, viewPx, performance.now())
      tell(offsetPx, isScrolling)
    })

  step(offsetPx: number, isScrolling: boolean, viewPx: number, nowMs: number): void {
    const isFar = isScrolling && Math.abs(offsetPx - this.#offsetPx) > viewPx * FAR
    this.isFlying = isFar && nowMs - this.#farAtMs <= STEP_MS
    this.#offsetPx = offsetPx
    if (isFar) this.#farAtMs = nowMs
  }
}

/** One for the life of a table. */
export function useFlight(): Flight {
  const [flight] = useState(() => new Flight())
  return flight
}
