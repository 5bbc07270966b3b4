/** Who is on another system's list only or on ours only, and why. */
import { Badge, Button, Group, SegmentedControl, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { AddressLink } from '../../components/address-link.tsx'
import { Part } from '../../components/part.tsx'
import { Answer, Empty } from '../../components/problem.tsx'
import { Rows } from '../../components/rows.tsx'
import { differencesQuery } from '../../data/enforcing.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

const SIDES = ['all', 'theirs', 'ours'] as const
type Side = (typeof SIDES)[number]
const SHOWN = 500

export function Differences({ name }: { readonly name: string }) {
  const { t } = useWords()
  const [side, setSide] = useState<Side>('all')
  const differences = useQuery(differencesQuery(name))
  return (
    <Part
      title={t('imports.differences')}
      actions={
        <Button
          variant="default"
          size="compact-sm"
          loading={differences.isFetching}
          onClick={() => void differences.refetch()}
        >
          {t('imports.differencesAgain')}
        </Button>
      }
    >
      <Answer query={differences}>
        {({ items, nextCursor }) => {
          const theirs = items.filter((one) => one.side === 'theirs').length
          const shown = items.filter((one) => side === 'all' || one.side === side)
          if (items.length === 0) return <Empty>{t('imports.differencesNone')}</Empty>
          return (
            <>
              <Group mb="sm" justify="space-between">
                <Text size="sm">
                  {nextCursor === null
                    ? t('imports.counts', { theirs, ours: items.length - theirs })
                    : t('imports.countsMore', { count: items.length, theirs, ours: items.length - theirs })}
                </Text>
                <SegmentedControl
                  size="xs"
                  aria-label={t('imports.side')}
                  value={side}
                  data={SIDES.map((value) => ({ value, label: t(`imports.side.${value}`) }))}
                  onChange={(value) => setSide(SIDES.find((one) => one === value) ?? 'all')}
                />
              </Group>
              <Rows
                rows={shown.slice(0, SHOWN)}
                keyOf={(one) => `${one.side} ${one.target}`}
                minWidth={300}
                columns={[
                  {
                    head: t('imports.column.target'),
                    cell: (one) => <AddressLink address={one.target} />,
                  },
                  {
                    head: t('imports.column.side'),
                    cell: (one) => (
                      <Badge variant="light" color={one.side === 'theirs' ? 'orange' : 'blue'}>
                        <span aria-hidden>{one.side === 'theirs' ? '← ' : '→ '}</span>
                        {t(`imports.side.${one.side}`)}
                      </Badge>
                    ),
                  },
                  { head: t('imports.column.why'), cell: ({ why }) => <Said text={why} isTyped /> },
                ]}
              />
              {(shown.length > SHOWN || nextCursor !== null) && (
                <Text size="sm" c="dimmed" mt="xs">
                  {t('imports.cut', { count: Math.min(SHOWN, shown.length), name })}
                </Text>
              )}
            </>
          )
        }}
      </Answer>
    </Part>
  )
}
