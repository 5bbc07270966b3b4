/** A link to a screen by its plain address, where the screen is only known at run time; no reload of the page. */
import { Button } from '@mantine/core'
import { useRouter } from '@tanstack/react-router'
import type { MouseEvent, ReactNode } from 'react'

interface JumpProps {
  readonly href: string
  readonly onJump?: () => void
  readonly children: ReactNode
}

export function Jump({ href, onJump, children }: JumpProps) {
  const router = useRouter()
  return (
    <Button
      component="a"
      href={href}
      size="compact-sm"
      variant="default"
      onClick={(event: MouseEvent) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        onJump?.()
        router.history.push(href)
      }}
    >
      {children}
    </Button>
  )
}
