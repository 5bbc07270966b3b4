/** Keys of the screen: single letters, where nobody types and no dialog or menu is open. */
import { useEffect, useRef } from 'react'

export type Keys = Readonly<Record<string, () => void>>

const TYPED_INTO = 'input:not([type="checkbox"]), textarea, select, [contenteditable="true"]'
/** Enter and blank belong to what has the focus there. */
const PRESSED = 'button, a, summary, [role="tab"], input'

export function useKeys(keys: Keys): void {
  const now = useRef(keys)
  useEffect(() => {
    now.current = keys
  }, [keys])
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      const target = event.target instanceof Element ? event.target : document.body
      if (target.closest(TYPED_INTO) !== null) return
      if (event.key === 'Enter' && target.closest(PRESSED) !== null) return
      // Within the open event they scroll.
      if (event.key.startsWith('Arrow') && target.closest('.ev-drawer, .ev-facets') !== null) return
      const act = now.current[event.key]
      if (act === undefined || isOverlaid()) return
      event.preventDefault()
      event.stopPropagation() // the same key may mean something on all screens
      act()
    }
    document.addEventListener('keydown', onKeyDown, { capture: true })
    return () => document.removeEventListener('keydown', onKeyDown, { capture: true })
  }, [])
}

function isOverlaid(): boolean {
  return document.querySelector('[role="dialog"], [role="menu"]') !== null
}
