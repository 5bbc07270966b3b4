/**
 * A table of things of one kind that may be a thousand: words narrow it down, and a hundred are drawn until more are
 * wanted. A short one is the table alone.
 */
import { Button, Group, Text, TextInput } from '@mantine/core'
import { type ComponentProps, useState } from 'react'
import { useWords } from '../i18n/language.tsx'
import { Empty } from './problem.tsx'
import { Rows } from './rows.tsx'

const DRAWN = 100
/** From so many on words help to find one. */
const MANY = 20

type LongRowsProps<Row> = ComponentProps<typeof Rows<Row>> & {
  /** What is looked through for the words. */
  readonly textOf: (row: Row) => string
  /** There are more than were asked for. */
  readonly hasMore?: boolean
}

export function LongRows<Row>({ rows, textOf, hasMore = false, ...table }: LongRowsProps<Row>) {
  const { t } = useWords()
  const [typed, setTyped] = useState('')
  const [most, setMost] = useState(DRAWN)
  if (rows.length <= MANY && !hasMore) return <Rows rows={rows} {...table} />
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const found = rows.filter((row) => {
    const text = textOf(row).toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const drawn = found.slice(0, most)
  return (
    <>
      <Group gap="sm" mb="xs" justify="space-between">
        <TextInput
          aria-label={t('rows.find')}
          placeholder={t('rows.find')}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          w={{ base: '100%', xs: 260 }}
        />
        <Text size="sm" c="dimmed" role="status">
          {t(hasMore ? 'rows.firstOf' : 'rows.shown', { drawn: drawn.length, count: found.length })}
        </Text>
      </Group>
      {found.length === 0 ? <Empty>{t('rows.none')}</Empty> : <Rows rows={drawn} {...table} />}
      {found.length > drawn.length && (
        <Group justify="center" mt="sm">
          <Button variant="default" onClick={() => setMost(most + DRAWN)}>
            {t('common.more')}
          </Button>
        </Group>
      )}
    </>
  )
}
