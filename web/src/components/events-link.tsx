/** Leads to the stored records that meet a filter: the same filter that people type there. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

interface EventsLinkProps {
  readonly filter: string
  /** Times as that screen takes them: `now-7d`, or ISO 8601. */
  readonly from?: string
  readonly to?: string
  readonly children: ReactNode
}

export function EventsLink({ filter, from, to, children }: EventsLinkProps) {
  const times = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  return (
    <Link to="/events" search={{ filter, ...times }}>
      {children}
    </Link>
  )
}
