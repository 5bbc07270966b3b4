/** A sentence whose `{name}` places are fields: text and fields flow as one line of text. */
import { Fragment, type ReactNode } from 'react'

export function InlineSentence({
  text,
  field,
}: {
  readonly text: string
  readonly field: (name: string) => ReactNode
}) {
  return (
    <div className="inline-sentence">
      {text.split(/(\{\w+\})/).map((part) => {
        const name = /^\{(\w+)\}$/.exec(part)?.[1]
        return <Fragment key={part}>{name === undefined ? part : field(name)}</Fragment>
      })}
    </div>
  )
}
