/** Leads to the stored records that meet a filter: the same filter that people type there. */
import { useRouter } from '@tanstack/react-router'
import type { MouseEvent, ReactNode } from 'react'

interface EventsLinkProps {
  readonly filter: string
  /** Times as that screen takes them: `now-7d`, or ISO 8601. */
  readonly from?: string
  readonly to?: string
  readonly className?: string
  readonly children: ReactNode
}

export function eventsHref({ filter, from, to }: Pick<EventsLinkProps, 'filter' | 'from' | 'to'>): string {
  const query = new URLSearchParams({
    filter,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  })
  return `/events?${query.toString()}`
}

export function EventsLink({ filter, from, to, className, children }: EventsLinkProps) {
  const router = useRouter()
  const href = eventsHref({
    filter,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  })
  const onClick = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    router.history.push(href)
  }
  return (
    <a href={href} className={className} onClick={onClick}>
      {children}
    </a>
  )
}
