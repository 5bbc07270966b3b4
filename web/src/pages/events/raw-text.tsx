/** A line of strangers with every sign that cannot be seen written out and marked: ␛ for controls, ⟦U+202E⟧ for the rest. */
import type { ReactNode } from 'react'
import { UNSAFE_CHARACTERS } from '../../../../src/lib/visible-text.ts'

const PICTURES = 0x2400
const DELETE_PICTURE = '\u2421'

export function unsafeCount(text: string): number {
  return [...text.matchAll(UNSAFE_CHARACTERS)].length
}

export function RawText({ text }: { readonly text: string }) {
  const pieces: ReactNode[] = []
  let from = 0
  for (const found of text.matchAll(UNSAFE_CHARACTERS)) {
    pieces.push(text.slice(from, found.index))
    pieces.push(
      <mark key={found.index} className="ev-unsafe" title={codeOf(found[0])}>
        {shown(found[0])}
      </mark>,
    )
    from = found.index + found[0].length
  }
  pieces.push(text.slice(from))
  return (
    <pre className="ev-raw" dir="ltr">
      {pieces}
    </pre>
  )
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return String.fromCodePoint(PICTURES + code)
  return code === 0x7f ? DELETE_PICTURE : `⟦${codeOf(character)}⟧`
}
