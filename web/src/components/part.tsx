/** A part of a screen in a frame, with a heading and what can be done with it at the right. */
import { Group, Paper, Text } from '@mantine/core'
import type { ReactNode } from 'react'

interface PartProps {
  readonly title: string
  readonly actions?: ReactNode
  readonly children: ReactNode
}

export function Part({ title, actions, children }: PartProps) {
  return (
    <Paper withBorder p="md" component="section">
      <Group justify="space-between" mb="sm" mih={30}>
        <Text component="h2" fz="h2" fw={600} m={0}>
          {title}
        </Text>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Paper>
  )
}
